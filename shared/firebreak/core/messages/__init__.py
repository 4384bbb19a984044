"""The messages to humans, as values: of incidents, decisions, approvals, storms and threads."""
