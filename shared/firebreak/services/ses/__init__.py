"""SES: sending as it is read, its client, and the action on it."""
