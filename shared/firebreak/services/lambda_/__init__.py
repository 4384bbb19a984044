"""Lambda: functions, versions and aliases as they are seen, their client, and the actions on them."""
