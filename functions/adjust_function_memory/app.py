"""The Lambda function that gives Lambda functions more memory."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("adjust-function-memory")
