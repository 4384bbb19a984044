"""From an event to an alarm, and to the one target that its tag, its dimensions or its children name."""
