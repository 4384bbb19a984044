"""The Lambda function that adds tasks to ECS services."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("scale-service")
