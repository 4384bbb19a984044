"""Remediation: an alarm is observed, decided on, acted on, verified, swept up after, and recorded."""
