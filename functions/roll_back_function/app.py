"""The Lambda function that points the aliases of Lambda functions at the version before."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("roll-back-function")
