"""What an alarm is about: which target its tag, its dimensions or its children name."""
