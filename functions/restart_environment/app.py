"""The Lambda function that restarts the application servers of Elastic Beanstalk environments."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("restart-environment")
