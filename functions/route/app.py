"""The Lambda function that reads the live tags of alarms whose tags did not ride; it may change nothing."""

from firebreak.handlers import route_handler

handler = route_handler()
