"""`firebreak incidents`: what is open, what was decided lately, and what stops Firebreak as a whole."""
