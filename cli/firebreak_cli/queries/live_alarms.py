"""A live alarm as the event that CloudWatch sends about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from firebreak.aws.alarm_types import AlarmTypes
from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.aws.translate import translated
from firebreak.core.missing_data import MissingDataRules
from firebreak.core.model import Alarm, AlarmState, OwnEvent
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.ports import AlarmReads
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.intake import alarm_events
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.policies import policy_if_known
from firebreak_cli.queries.state_change import Transition, state_change_event
from firebreak_cli.queries.tag_propagation import riding
from firebreak_cli.stack import Stack


def of_stack(stack: Stack, rules: Callable[[], MissingDataRules] | None = None) -> EffectiveAlarms:
    """The alarms in the state that they are in for their owners.

    Without rules this machine's copy of the policy says what missing data means; one that is not here or does
    not load says nothing.
    """
    alarms_alone = CloudWatchAlarms(stack.reader("cloudwatch"))
    return EffectiveAlarms(alarms_alone, rules or (lambda: _rules_of(stack)))


def _rules_of(stack: Stack) -> MissingDataRules:
    found = policy_if_known(stack)
    return found.policy.missing_data if found else MissingDataRules()


def is_red(found: DescribedAlarm) -> bool:
    """Whether the alarm is red, as CloudWatch shows it or for its owner, whose view a function asks for."""
    return AlarmState.ALARM in (found.state, found.shown)


def described_alarm(alarms: AlarmReads, name: str) -> DescribedAlarm:
    """The alarm of that name. Raises Ending where there is none, or it cannot be read."""
    match alarms.describe(name):
        case DescribedAlarm() as found:
            return found
        case Absent():
            raise Ending(BAD_INPUT, f"there is no alarm {name}: is this the right region and account?")
        case Unknown(why) | NotRead(why):
            raise Ending(NO_AWS, f"alarm {name} could not be read: {why}")


def tags_of(alarms: AlarmReads, found: DescribedAlarm) -> Mapping[str, str]:
    """The alarm's tags. Raises Ending where they cannot be read."""
    match alarms.tags(found.arn):
        case Absent():
            return {}
        case Unknown(why) | NotRead(why):
            raise Ending(NO_AWS, f"the tags of alarm {found.name} could not be read: {why}")
        case tags:
            return tags


def red_event(client: Any, name: str, tags: Mapping[str, str], now: datetime, *, red: bool) -> Alarm:
    """The event of the alarm's turning red: the one that did it where it is `red`, or as if it turned so now.

    Raises Ending or AwsError.
    """
    shape = AlarmTypes().ask(lambda kinds: _shape(client, name, kinds))
    if shape is None:
        raise Ending(BAD_INPUT, f"there is no alarm {name}: is this the right region and account?")
    if red:
        return turned_red_event(shape, tags)
    return _turned_red(
        Transition(name, now, AlarmState.OK, AlarmState.ALARM, "as if it turned red"), shape, tags
    )


def turned_red_event(shape: Mapping[str, Any], tags: Mapping[str, str]) -> Alarm:
    """The event with which the alarm took the state that it is in."""
    at = shape.get("StateTransitionedTimestamp") or shape["StateUpdatedTimestamp"]
    reason, data = shape.get("StateReason", ""), shape.get("StateReasonData")
    after = AlarmState(shape["StateValue"])
    return _turned_red(Transition(shape["AlarmName"], at, AlarmState.OK, after, reason, data), shape, tags)


def turned_red_now(client: Any, name: str, tags: Mapping[str, str], now: datetime) -> Alarm:
    """The event that the alarm's turning red now will send. Raises Ending when it is no metric alarm."""
    shape = _shape(client, name, ["MetricAlarm"])
    if shape is None:
        raise Ending(BAD_INPUT, f"alarm {name} is no metric alarm: nothing but its children can turn it")
    return _turned_red(Transition(name, now, AlarmState.OK, AlarmState.ALARM, "a drill"), shape, tags)


def _shape(client: Any, name: str, kinds: Sequence[str]) -> Mapping[str, Any] | None:
    """The alarm as DescribeAlarms shows it; None where none of these kinds has the name."""
    with translated("DescribeAlarms", mutates=False):
        page = client.describe_alarms(AlarmNames=[name], AlarmTypes=list(kinds))
    listed = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
    return next((one for kind in listed for one in page.get(kind, ())), None)


def as_if_red_event(
    shape: Mapping[str, Any], tags: Mapping[str, str], now: datetime, *, unsaid: bool
) -> Alarm:
    """The event of the alarm's turning red now, with its tags that ride; `unsaid` as in `riding`."""
    change = Transition(shape["AlarmName"], now, AlarmState.OK, AlarmState.ALARM, "as if it turned red")
    return _event(change, shape, riding(shape, tags, unsaid=unsaid))


def _turned_red(change: Transition, shape: Mapping[str, Any], tags: Mapping[str, str]) -> Alarm:
    return _event(change, shape, riding(shape, tags, unsaid=True))


def _event(change: Transition, shape: Mapping[str, Any], tags: Mapping[str, str]) -> Alarm:
    parsed = alarm_events.parse(state_change_event(change, shape, tags))
    if isinstance(parsed, OwnEvent):
        raise TypeError("an alarm's event is not one of Firebreak's requests")
    return parsed


@dataclass(frozen=True, slots=True)
class AsIfRed:
    """Looks at alarms, and sees one as it will be."""

    alarms: AlarmReads
    name: str
    since: datetime

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm of that name; the one in question is red."""
        return self._red(self.alarms.describe(name))

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """Those of these alarms that exist, by name."""
        return self.alarms.describe_all(names)

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """All tags of the alarm."""
        return self.alarms.tags(arn)

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """The contributors in ALARM."""
        return self.alarms.series_in_alarm(name)

    def _red(self, found: Reading[DescribedAlarm]) -> Reading[DescribedAlarm]:
        if isinstance(found, DescribedAlarm) and found.name == self.name:
            return replace(found, state=AlarmState.ALARM, since=self.since)
        return found
