"""The Lambda function that pauses the sending of mail."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("pause-sending")
