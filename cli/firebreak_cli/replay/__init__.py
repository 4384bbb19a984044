"""`firebreak replay`: decisions made again from what was kept with them."""
