"""SSM Automation: documents and runs as they are read, its client, and the action that starts one."""
