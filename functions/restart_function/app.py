"""The Lambda function that recycles the execution environments of Lambda functions."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("restart-function")
