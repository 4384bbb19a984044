"""The Lambda function that reports on the stack by a schedule; it may change nothing."""

from firebreak_cli.scheduled.reporter import report_handler

handler = report_handler()
