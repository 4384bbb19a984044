"""`firebreak act`: an action by hand, under the limits that hold for alarms."""
