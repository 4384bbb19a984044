"""The looks that the stack makes by itself: the function Report, which has no screen."""
