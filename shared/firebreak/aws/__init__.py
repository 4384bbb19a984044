"""AWS behind thin adapters: no other module knows the SDK."""
