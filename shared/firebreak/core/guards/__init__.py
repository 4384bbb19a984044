"""The guards of a decision, and what they look at: whose alarm and target it is, who else acts on it."""
