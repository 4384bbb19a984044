"""How times red ended, with an act and without one, for the same alarms."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.readings import NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak_cli.statistics.durations import Distribution, Lasted
from firebreak_cli.statistics.outcomes import recovered_in_time, red_times
from firebreak_cli.statistics.proportions import Compared, Share, compared
from firebreak_cli.statistics.record import Act, Call, Decided, Record, Red


class Treatment(StrEnum):
    """The response to an alarm while it was red. In JSON: members are never renamed."""

    ACTED_ON = "acted_on"
    LEFT_ALONE = "left_alone"
    SOMEBODY_HELPED = "somebody_helped"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Treated:
    """A time red, what was done about it, and the first action if there was one."""

    red: Red
    treatment: Treatment
    action: str = ""
    at_first_rung: bool = False


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
class HoldOut:
    """The times red that were over in time, of first acts that were made and of those held out by chance.

    Both since the first that was held out. Those in which somebody helped are in neither.
    """

    acted_on: Share
    held_out: Share

    @property
    def compared(self) -> Compared:
        """Whether acting made a difference."""
        return compared(self.acted_on, self.held_out)


@dataclass(frozen=True, slots=True)
class Recoveries:
    """The times red of the alarms that were acted on or held out at least once, by what was done about them.

    `hold_out` is None where nothing was held out.
    """

    times: Mapping[Treatment, Distribution]
    by_action: Mapping[str, Comparison]
    hold_out: HoldOut | None = None


def recoveries_of(record: Record) -> Recoveries | NotRead | Unknown:
    """The recoveries; not known where the times red are not."""
    if not isinstance(record.reds, tuple):
        return record.reds
    alarms = {alarm for act in record.acts for alarm in act.alarms}
    alarms |= {one.alarm for one in record.decisions if one.reason == Reason.HELD_OUT}
    treated = _treated([red for red in record.reds if red.alarm in alarms], record)
    return Recoveries(
        {one: _times(treated, one, record.until) for one in Treatment},
        {action: _comparison(action, treated, record) for action in sorted({a.action for a in record.acts})},
        _hold_out(treated, record),
    )


def _treated(reds: Sequence[Red], record: Record) -> list[Treated]:
    acts, calls, decided = _by_alarm(record.acts), _answered(record.calls), _decided(record)
    return [
        _one(red, acts.get(red.alarm, ()), calls.get(red.alarm, ()), decided.get(red.alarm, ()))
        for red in reds
    ]


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


def _decided(record: Record) -> Mapping[str, Sequence[Decided]]:
    """The decisions that acted on an alarm or held it out, by alarm, oldest first."""
    found: dict[str, list[Decided]] = defaultdict(list)
    for one in sorted(record.decisions, key=lambda one: one.at):
        if one.reason in (Reason.HELD_OUT, Reason.CLEAR_TO_ACT):
            found[one.alarm].append(one)
    return found


def _is_held_out(red: Red, decided: Sequence[Decided]) -> bool:
    return any(one.reason == Reason.HELD_OUT and red.covers(one.at) for one in decided)


def _one(red: Red, acts: Sequence[Act], answered: Sequence[datetime], decided: Sequence[Decided]) -> Treated:
    begins = bisect_left(acts, red.begin, key=_at)
    ends = len(acts) if red.end is None else bisect_right(acts, red.end, key=_at)
    mine = acts[begins:ends]
    action = mine[0].action if mine else ""
    if any(act.acknowledged for act in mine) or any(red.covers(at) for at in answered):
        return Treated(red, Treatment.SOMEBODY_HELPED, action)
    if mine:
        return Treated(red, Treatment.ACTED_ON, action, at_first_rung=mine[0].rung == 0)
    return Treated(red, Treatment.HELD_OUT if _is_held_out(red, decided) else Treatment.LEFT_ALONE)


def _hold_out(treated: Sequence[Treated], record: Record) -> HoldOut | None:
    """The two arms: alarms whose first decision while they were red acted, or held out, and nothing else did.

    Alarms that joined an incident, and incidents that began on a later rung, could not be held out.
    """
    decided = _decided(record)
    began = min((one.at for one in record.decisions if one.reason == Reason.HELD_OUT), default=None)
    if began is None:
        return None
    turned_red = red_times(record)
    arms: dict[str, list[bool]] = {Reason.CLEAR_TO_ACT: [], Reason.HELD_OUT: []}
    for one in treated:
        first = next((d for d in decided.get(one.red.alarm, ()) if one.red.covers(d.at)), None)
        if first is None or first.at < began or not _is_of_its_arm(one, first, record.acts):
            continue
        in_time = recovered_in_time(one.red, turned_red[one.red.alarm], record.until)
        if in_time is not None:
            arms[first.reason].append(in_time)
    acted_on, held_out = (Share(sum(found), len(found)) for found in arms.values())
    return HoldOut(acted_on, held_out)


def _is_of_its_arm(one: Treated, first: Decided, acts: Iterable[Act]) -> bool:
    if first.reason == Reason.CLEAR_TO_ACT:
        return one.treatment is Treatment.ACTED_ON and one.at_first_rung
    return one.treatment is Treatment.HELD_OUT and not any(
        act.target == first.target and one.red.covers(act.at) for act in acts
    )


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
