"""The Lambda function that talks to humans; it may change nothing."""

from firebreak.handlers import page_handler

handler = page_handler()
