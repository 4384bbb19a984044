"""The limits on acts: budgets, breaker, storm, change freeze, disruption budget, and their history."""
