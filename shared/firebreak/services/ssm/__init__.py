"""SSM Automation: documents and runs as they are seen, its client, and the action that starts one."""
