"""The actions on SSM Automation documents: each module declares one."""
