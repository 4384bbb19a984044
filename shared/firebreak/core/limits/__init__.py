"""What limits acts: budgets, breaker, storm, change freeze, disruption budget, and the history they count."""
