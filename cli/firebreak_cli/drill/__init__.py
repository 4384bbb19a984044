"""`firebreak drill`: a test alarm turns red for real, and every step after it is timed."""
