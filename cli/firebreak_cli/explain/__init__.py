"""`firebreak explain`: from an event or a live alarm to the decision that it would get."""
