"""The Lambda function that looks whether a remediation helped; it may change nothing."""

from firebreak.handlers import verify_handler

handler = verify_handler()
