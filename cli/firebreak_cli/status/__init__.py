"""`firebreak status`: whether Firebreak is stopped and at work, what is open, and who has it."""
