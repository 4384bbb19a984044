"""The Lambda function that rolls back deployments of ECS services."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("roll-back-service")
