"""How times red ended, with an act and without one, for the same alarms."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.readings import NotRead, Unknown
from firebreak_cli.statistics.durations import Distribution, Lasted
from firebreak_cli.statistics.outcomes import recovered_in_time, red_times
from firebreak_cli.statistics.proportions import Compared, Share, compared
from firebreak_cli.statistics.record import Act, Call, Record, Red


class Treatment(StrEnum):
    """The response to an alarm while it was red. In JSON: members are never renamed."""

    ACTED_ON = "acted_on"
    LEFT_ALONE = "left_alone"
    SOMEBODY_HELPED = "somebody_helped"


@dataclass(frozen=True, slots=True)
class Treated:
    """A time red, what was done about it, and the first action if there was one."""

    red: Red
    treatment: Treatment
    action: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The times red of an action's alarms that were over in time: with an act of it, and without any.

    Those in which somebody helped are in neither.
    """

    acted_on: Share
    left_alone: Share

    @property
    def compared(self) -> Compared:
        """Whether acting made a difference."""
        return compared(self.acted_on, self.left_alone)


@dataclass(frozen=True, slots=True)
class Recoveries:
    """The times red of the alarms that were acted on at least once, by what was done about them."""

    times: Mapping[Treatment, Distribution]
    by_action: Mapping[str, Comparison]


def recoveries_of(record: Record) -> Recoveries | NotRead | Unknown:
    """The recoveries; not known where the times red are not."""
    if not isinstance(record.reds, tuple):
        return record.reds
    alarms = {alarm for act in record.acts for alarm in act.alarms}
    treated = _treated([red for red in record.reds if red.alarm in alarms], record)
    return Recoveries(
        {one: _times(treated, one, record.until) for one in Treatment},
        {action: _comparison(action, treated, record) for action in sorted({a.action for a in record.acts})},
    )


def _treated(reds: Sequence[Red], record: Record) -> list[Treated]:
    acts, calls = _by_alarm(record.acts), _answered(record.calls)
    return [_one(red, acts.get(red.alarm, ()), calls.get(red.alarm, ())) for red in reds]


def _by_alarm(acts: Iterable[Act]) -> Mapping[str, Sequence[Act]]:
    found: dict[str, list[Act]] = defaultdict(list)
    for act in sorted(acts, key=lambda one: one.at):
        for alarm in act.alarms:
            found[alarm].append(act)
    return found


def _answered(calls: Iterable[Call]) -> Mapping[str, Sequence[datetime]]:
    """When calls began that somebody acknowledged, by their alarms."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for call in calls:
        if call.acknowledged and call.alarm:
            found[call.alarm].append(call.at)
    return found


def _one(red: Red, acts: Sequence[Act], answered: Sequence[datetime]) -> Treated:
    begins = bisect_left(acts, red.begin, key=_at)
    ends = len(acts) if red.end is None else bisect_right(acts, red.end, key=_at)
    mine = acts[begins:ends]
    action = mine[0].action if mine else ""
    if any(act.acknowledged for act in mine) or any(red.covers(at) for at in answered):
        return Treated(red, Treatment.SOMEBODY_HELPED, action)
    return Treated(red, Treatment.ACTED_ON if mine else Treatment.LEFT_ALONE, action)


def _at(act: Act) -> datetime:
    return act.at


def _times(treated: Iterable[Treated], wanted: Treatment, until: datetime) -> Distribution:
    return Distribution.of(
        Lasted((one.red.end or until) - one.red.begin, ended=one.red.end is not None)
        for one in treated
        if one.treatment is wanted
    )


def _comparison(action: str, treated: Sequence[Treated], record: Record) -> Comparison:
    """The shares of one action, among the alarms that it acted on."""
    alarms = {alarm for act in record.acts if act.action == action for alarm in act.alarms}
    turned_red = red_times(record)
    known: dict[Treatment, list[bool]] = {Treatment.ACTED_ON: [], Treatment.LEFT_ALONE: []}
    for one in treated:
        if one.red.alarm not in alarms or one.treatment not in known or one.action not in ("", action):
            continue
        in_time = recovered_in_time(one.red, turned_red[one.red.alarm], record.until)
        if in_time is not None:
            known[one.treatment].append(in_time)
    acted_on, left_alone = (Share(sum(found), len(found)) for found in known.values())
    return Comparison(acted_on, left_alone)
