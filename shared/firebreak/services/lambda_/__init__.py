"""Lambda: functions, versions and aliases as they are read, their client, and the actions on them."""
