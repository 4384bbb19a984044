"""The examples for other tools, looked at without these tools."""
