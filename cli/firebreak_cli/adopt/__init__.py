"""`firebreak adopt`: the alarms that an account has already, and what each would take to be answered."""
