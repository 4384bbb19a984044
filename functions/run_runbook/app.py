"""The Lambda function that starts runbooks."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("run-runbook")
