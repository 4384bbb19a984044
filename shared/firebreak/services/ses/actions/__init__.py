"""The actions on the sending of mail: each module declares one."""
