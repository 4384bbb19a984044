"""The actions on Lambda functions: each module declares one."""
