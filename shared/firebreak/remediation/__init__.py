"""Remediation: observes an alarm, decides, acts, verifies, sweeps up afterwards, and records."""
