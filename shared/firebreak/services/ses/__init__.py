"""SES: sending as it is seen, its client, and the action on it."""
