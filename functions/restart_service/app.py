"""The Lambda function that restarts ECS services."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("restart-service")
