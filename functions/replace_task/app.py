"""The Lambda function that replaces single tasks of ECS services."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("replace-task")
