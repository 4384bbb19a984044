"""Deciding, as pure values: no clock, no environment, no log, no SDK."""
