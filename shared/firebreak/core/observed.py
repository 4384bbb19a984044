"""The live state of the things Firebreak looks at, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from firebreak.core.evaluation import Evaluation, Missing
from firebreak.core.model import AlarmState, Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedAlarm:
    """An alarm as DescribeAlarms shows it now.

    `comparison` is empty for composites. `children` are the ARNs or names its rule mentions.
    `evaluation` is the one that led to its present state, `reason` CloudWatch's sentence about it
    (untrusted text). The rest is its configuration, None or empty where CloudWatch says nothing:
    without `datapoints_to_alarm` all `periods` must breach, without `treat_missing_data` it is
    "missing". `actions` are the ARNs that it calls when it turns red, `ok_actions` when it turns OK.

    `missing` is set where no data came and that changes `state` (core/missing_data.py).
    """

    name: str
    arn: str
    state: AlarmState
    since: datetime
    actions_enabled: bool
    comparison: str = ""
    metrics: tuple[Metric, ...] = ()
    children: tuple[str, ...] = ()
    description: str = ""
    evaluation: Evaluation | None = None
    reason: str = ""
    threshold: float | None = None
    period: int | None = None
    periods: int | None = None
    datapoints_to_alarm: int | None = None
    statistic: str = ""
    treat_missing_data: str = ""
    low_samples: str = ""
    actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
    missing: Missing | None = None

    @property
    def shown(self) -> AlarmState:
        """The state that CloudWatch shows, whatever missing data means for this alarm."""
        return AlarmState(self.missing.shown) if self.missing else self.state


@dataclass(frozen=True, slots=True)
class Series:
    """One contributor in ALARM, with CloudWatch's sentence why (untrusted text).

    `state` and `missing` are as those of an alarm.
    """

    reason: str = ""
    state: AlarmState = AlarmState.ALARM
    missing: Missing | None = None
