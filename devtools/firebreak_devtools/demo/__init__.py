"""The demo: scenes on a really deployed stack, with a timeline of what happened."""
