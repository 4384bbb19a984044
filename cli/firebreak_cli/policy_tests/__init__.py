"""`firebreak policy test`: what a policy decides in stated situations."""
