"""The Lambda function that rolls Elastic Beanstalk environments back."""

from firebreak.handlers import remediation_handler

handler = remediation_handler("roll-back-environment")
