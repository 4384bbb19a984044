"""`firebreak export`: decisions, incidents and pages of a range of time, for other programs."""
