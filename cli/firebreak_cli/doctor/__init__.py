"""`firebreak doctor`: the things that would keep Firebreak from acting on the bad day."""
