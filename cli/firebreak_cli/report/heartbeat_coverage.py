"""When a stack was watching, by the heartbeats that CloudWatch counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from firebreak.core.readings import NotRead, Unknown
from firebreak.core.watchdog import METRICS_NAMESPACE
from firebreak.errors import AwsError
from firebreak_cli.queries.heartbeats import switched_off_by
from firebreak_cli.queries.metric_data import metric_data
from firebreak_cli.stack import Deployment, Stack
from firebreak_cli.statistics.coverage import LATE, LONGEST, Coverage, Expected, coverage

# CloudWatch keeps points of 5 minutes for 63 days, those of a minute for 15: one period does for every range.
PERIOD = timedelta(minutes=5)
KEPT = timedelta(days=63)
_ID = "heartbeats"


def coverage_of(stack: Stack, first: datetime, until: datetime) -> Coverage | NotRead | Unknown:
    """When it was watching in that time. Not read where the stack has no heartbeat, or none is known of."""
    expected = _expected(stack.deployment, until)
    if isinstance(expected, NotRead):
        return expected
    cloudwatch = stack.reader("cloudwatch")
    # AWS is asked over TLS alone. On local AWS, which is not, no schedule turns the heartbeat red.
    if cloudwatch.meta.endpoint_url.startswith("http://"):
        return NotRead("local AWS has no heartbeat")
    # The one before the range is needed as well; CloudWatch forms its periods from a whole one on.
    begin = first - LONGEST - LATE
    begin -= (begin - datetime.min.replace(tzinfo=UTC)) % PERIOD
    try:
        beats = _heartbeats(cloudwatch, stack.name, begin, until)
    except AwsError as error:
        return Unknown(f"the heartbeats in CloudWatch could not be read ({error.code})")
    return beats if isinstance(beats, Unknown) else coverage(beats, first, until, expected)


def _expected(deployment: Deployment | NotRead, until: datetime) -> Expected | NotRead:
    if isinstance(deployment, NotRead):
        return deployment
    minutes = deployment.parameters.get("HeartbeatMinutes", "")
    if off_by := switched_off_by(deployment.parameters):
        return NotRead(f"the stack has no heartbeat ({off_by})")
    if not minutes.isdecimal():
        return NotRead("the stack names no HeartbeatMinutes")
    return Expected(
        every=timedelta(minutes=int(minutes)),
        same_since=deployment.at.astimezone(UTC),
        known_from=max(deployment.created_at.astimezone(UTC), until - KEPT),
    )


def _heartbeats(client: Any, stack: str, first: datetime, until: datetime) -> list[datetime] | Unknown:
    """The beginnings of the periods with a heartbeat. Raises AwsError."""
    found = metric_data(client, {_ID: _statistic(stack)}, first, until)
    if isinstance(found, Unknown):
        return Unknown("CloudWatch gave only a part of the heartbeats")
    pairs = zip(found[_ID].at, found[_ID].values, strict=True)
    return [at.astimezone(UTC) for at, count in pairs if count > 0]


def _statistic(stack: str) -> dict[str, object]:
    metric = {
        "Namespace": METRICS_NAMESPACE,
        "MetricName": "Heartbeats",
        "Dimensions": [{"Name": "service", "Value": stack}],
    }
    return {"Metric": metric, "Period": int(PERIOD.total_seconds()), "Stat": "Sum"}
