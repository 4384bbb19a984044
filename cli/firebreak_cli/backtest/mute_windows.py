"""The windows that the account's mute rules open over a history, by the rules as they are today.

A mute rule's schedule is the model of the policy's freeze windows, so that the same code reads both
(docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from firebreak.core.model import Mute
from firebreak.policy.time_windows import ScheduledWindow
from firebreak.policy.window_sections import HoursSection
from firebreak.wire.lenient_json import parse_timestamp

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MuteRule:
    """A mute rule: the alarms that it names, its window, and the time within which it opens at all."""

    arn: str
    alarms: frozenset[str]
    window: ScheduledWindow
    starts: datetime | None = None
    expires: datetime | None = None

    def until(self, now: datetime, covering: datetime | None) -> datetime | None:
        """The end of its window at this moment, of which `covering` is the end by its schedule alone."""
        if covering is None or (self.starts and now < self.starts) or (self.expires and now >= self.expires):
            return None
        return min(covering, self.expires) if self.expires else covering


@dataclass(frozen=True, slots=True)
class MuteRules:
    """All mute rules of an account; `unreadable` names those whose schedule cannot be read, and why."""

    rules: tuple[MuteRule, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(slots=True)
class MuteWindows:
    """The windows over each alarm, looked for quickest at moments that follow each other."""

    rules: MuteRules
    _by_alarm: Mapping[str, list[MuteRule]] = field(init=False)
    # By rule: a stretch of time, and the end of the window that covers all of it.
    _known: dict[str, tuple[datetime, datetime, datetime | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        by_alarm = defaultdict(list)
        for rule in self.rules.rules:
            for name in rule.alarms:
                by_alarm[name].append(rule)
        self._by_alarm = dict(by_alarm)

    def over(self, alarm: str, now: datetime) -> Mute | None:
        """The window over the alarm at this moment; of several, the one that ends last."""
        found: Mute | None = None
        for rule in self._by_alarm.get(alarm, ()):
            until = rule.until(now, self._covering(rule, now))
            if until and (found is None or found.until is None or until > found.until):
                found = Mute(rule.arn, until)
        return found

    def _covering(self, rule: MuteRule, now: datetime) -> datetime | None:
        """The end of the rule's window, looked for once for each stretch inside or between its windows."""
        known = self._known.get(rule.arn)
        if known is None or not known[0] <= now < known[1]:
            end = rule.window.covering(now)
            known = self._known[rule.arn] = (now, end or rule.window.next_start(now) or NEVER, end)
        return known[2]


def read_mute_rules(found: Iterable[Mapping[str, Any]]) -> MuteRules:
    """The rules as GetAlarmMuteRule answers them, their times as JSON has them."""
    rules, unreadable = [], []
    for config in found:
        try:
            rules.append(_rule(config))
        except ValidationError as error:
            unreadable.append(f"{_name(config)}: {_first(error)}")
        except (KeyError, ValueError, TypeError, AttributeError):
            unreadable.append(f"{_name(config)}: not as GetAlarmMuteRule answers")
    return MuteRules(tuple(rules), tuple(unreadable))


def _name(config: object) -> str:
    name = config.get("Name") if isinstance(config, Mapping) else None
    return str(name or "a rule without a name")[:100]


def _first(error: ValidationError) -> str:
    return str(error.errors()[0]["msg"]).removeprefix("Value error, ")


def _rule(config: Mapping[str, Any]) -> MuteRule:
    schedule = config["Rule"]["Schedule"]
    section = HoursSection(
        name="mute-rule",
        schedule=schedule["Expression"],
        duration=schedule["Duration"],
        timezone=schedule.get("Timezone") or "UTC",
    )
    return MuteRule(
        arn=str(config["AlarmMuteRuleArn"]),
        alarms=frozenset(map(str, config.get("MuteTargets", {}).get("AlarmNames", ()))),
        window=section.window(),
        starts=_time(config, "StartDate"),
        expires=_time(config, "ExpireDate"),
    )


def _time(config: Mapping[str, Any], key: str) -> datetime | None:
    """The time; None for none. A time that cannot be read is a rule that cannot be read."""
    if config.get(key) is None:
        return None
    found = parse_timestamp(config[key])
    if found is None:
        raise ValueError(key)
    return found
