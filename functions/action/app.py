"""The Lambda function of every action: its environment says which one it carries out."""

from firebreak.handlers import remediation_handler

handler = remediation_handler()
