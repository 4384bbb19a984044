"""Elastic Beanstalk: its environments as they are seen, its client, and the actions on it."""
