"""The Lambda function that raises the memory of ECS tasks."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("adjust-task-memory")
