"""Auto-remediation for AWS alarms that cannot make an outage worse."""
