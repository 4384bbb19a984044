"""The ways to humans besides SNS: Slack, PagerDuty and any webhook, each a paging.ports.Channel."""
