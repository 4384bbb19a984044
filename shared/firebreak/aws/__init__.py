"""AWS behind thin adapters: the only place that knows the SDK."""
