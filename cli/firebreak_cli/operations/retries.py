"""`firebreak retry`: a red alarm is decided again, because a human requests it.

An alarm that is still red says nothing more, and nothing restarts by itself when a storm, a pause
or a freeze is over. The decision about it is then asked for again: the action's function looks at
everything and goes through every guard, so nothing is lifted here, unless the human overrides a freeze.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from firebreak.core.ledger import alarm_key, incident_name
from firebreak.core.limits.budgets import CLOCK_SKEW
from firebreak.core.limits.scopes import short_key
from firebreak.core.model import Alarm, AlarmState, OwnEvent, RequestKind
from firebreak.core.observed import DescribedAlarm
from firebreak.core.ports import AlarmReads
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.errors import AwsError, UnusableEvent
from firebreak.ledger.switches import Switches
from firebreak.services.registry import CATALOG
from firebreak.wire.epoch import ms
from firebreak.wire.requests import alarm_from_wire
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending, ending_of
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.ledger_queries import Bounds, StoredDecision
from firebreak_cli.queries.live_alarms import is_red, of_stack
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack, human_bus


@dataclass(frozen=True, slots=True)
class Before:
    """The first decision about a transition that still lasts."""

    decision: StoredDecision
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Lasting:
    """The decisions about an alarm as it is red now; `cut` says that not the whole ledger was read."""

    befores: Sequence[Before]
    cut: bool


@dataclass(frozen=True, slots=True)
class Retry:
    """A request, and the decision before it."""

    request: OwnEvent
    before: StoredDecision

    @property
    def id(self) -> str:
        """The id under which `firebreak show` will find the new decision."""
        return incident_name(self.request)


@dataclass(frozen=True, slots=True)
class RetryDesk:
    """Asks one stack's functions again."""

    stack: Stack
    bounds: Bounds = field(default_factory=Bounds)

    def lasting(self, names: Sequence[str], now: datetime) -> tuple[Lasting, Sequence[str]]:
        """The decisions about the alarms as they are red now, and why some of them are left out.

        Raises Ending when that is all of them, or AwsError.
        """
        alarms = of_stack(self.stack)
        found = ledger_queries.decisions_about_any(
            self.stack.reader("dynamodb"), self.stack.ledger_table, names, self.bounds
        )
        befores: list[Before] = []
        left_out: list[Ending] = []
        for name in names:
            try:
                befores += self._lasting(name, alarms, found, now)
            except Ending as ending:
                left_out.append(ending)
        why = [line for ending in left_out for line in ending.lines]
        if not befores:
            raise Ending(max(ending.code for ending in left_out), *why)
        return Lasting(befores, found.cut), why

    def _lasting(
        self, name: str, alarms: AlarmReads, found: ledger_queries.Found, now: datetime
    ) -> Sequence[Before]:
        """The decisions about one alarm, one for each series and action.

        Raises Ending when it is not red, not known, not decided or not readable.
        """
        described = self._red(alarms.describe(name), name, now)
        befores = first_answers(one for one in found.decisions if one.alarm == name)
        # The event and DescribeAlarms may report one transition's time a little differently.
        lasting = [one for one in befores if one.alarm.since >= described.since - CLOCK_SKEW]
        if not lasting:
            since = f"{name} is red since {when(described.since, now)}, and nothing was decided about that"
            where = " in the part of the ledger that was looked at" if found.cut else ""
            raise Ending(BAD_INPUT, f"{since}{where}: there is nothing to decide again")
        return _still_red(lasting, name, alarms)

    def retries(self, lasting: Lasting, by: str, now: datetime, despite_freeze: str = "") -> Sequence[Retry]:
        """A request for each, by AWS's clock. Raises AwsError."""
        switches = Switches(self.stack.reader("dynamodb"), self.stack.ledger_table)
        at = now + switches.clock_offset()  # or a wrong laptop's request would be too old
        return [Retry(_request(one, by, at, despite_freeze), one.decision) for one in lasting.befores]

    def ask(self, retries: Sequence[Retry]) -> None:
        """Put every request on the bus. Raises Ending that says which were."""
        bus = human_bus(self.stack)
        for place, retry in enumerate(retries):
            try:
                bus.ask(retry.request)
            except AwsError as error:
                asked = ", ".join(one.id for one in retries[:place]) or "nothing"
                raise Ending(
                    NO_AWS, f"NOT ALL ASKED: {ending_of(error).lines[0]}; asked was {asked}"
                ) from error

    def _red(self, found: Reading[DescribedAlarm], name: str, now: datetime) -> DescribedAlarm:
        match found:
            case DescribedAlarm() if is_red(found):
                return found
            case DescribedAlarm(shown=state, since=since):
                text = f"{name} is {state} since {when(since, now)}: only a red alarm is decided again"
                raise Ending(BAD_INPUT, text)
            case Absent():
                place = f"{self.stack.account} {self.stack.region}"
                raise Ending(BAD_INPUT, f"there is no alarm {name} in {place}")
            case Unknown(why) | NotRead(why):
                raise Ending(NO_AWS, f"alarm {name} could not be read: {why}")
            case never:
                assert_never(never)


def _still_red(lasting: Sequence[Before], name: str, alarms: AlarmReads) -> Sequence[Before]:
    """The decisions whose series, where they have one, is still red. Raises Ending."""
    if all(one.alarm.contributor is None for one in lasting):
        return lasting
    red = alarms.series_in_alarm(name)
    match red:
        case Unknown(why) | NotRead(why):
            raise Ending(NO_AWS, f"which series of {name} are red could not be read: {why}")
        case Absent():
            still: list[Before] = []
        case _:
            still = [one for one in lasting if not one.alarm.contributor or one.alarm.contributor.id in red]
    if not still:
        raise Ending(BAD_INPUT, f"no series of {name} that was decided about is red any more")
    return still


def first_answers(decisions: Iterable[StoredDecision]) -> list[Before]:
    """The newest of each series and action among what was decided because the alarm turned red.

    Decisions inside an incident (a climb, an undo) are left out: those go their own way.
    """
    newest: dict[tuple[str, str], Before] = {}
    for decision in decisions:
        before = _read(decision)
        if before is None:
            continue
        subject = (before.alarm.series, decision.action)
        if subject not in newest or newest[subject].alarm.since < before.alarm.since:
            newest[subject] = before
    return [newest[subject] for subject in sorted(newest)]


def _read(decision: StoredDecision) -> Before | None:
    """The decision with its alarm; None for what is no action's answer to an alarm."""
    try:
        alarm = alarm_from_wire(decision.transition)
    except UnusableEvent:  # a newer release wrote it
        return None
    # One that lost its data may be red for its owner, which is asked of the alarm as it is now.
    answered = decision.action in CATALOG and alarm.state is not AlarmState.OK
    at_first = decision.key == alarm_key(alarm, decision.action)
    return Before(decision, alarm) if answered and at_first else None


def _request(before: Before, by: str, at: datetime, despite_freeze: str) -> OwnEvent:
    return OwnEvent(
        kind=RequestKind.WAKE,
        action=before.decision.action,
        incident_id="",
        rung=0,
        attempt=ms(at),  # a delivery of its own each time
        at=at,
        alarm=before.alarm,
        by=by,
        despite_freeze=despite_freeze,
    )


_CUT = "the ledger is larger than one look: what was decided of other series may be missing here"


def outcome_rows(
    retries: Sequence[Retry], by: str, stack: Stack, now: datetime, *, cut: bool, left_out: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The rows about the requests that were sent, and where to look."""
    alarms = list(dict.fromkeys(retry.request.alarm.name for retry in retries))
    yield "Asked again", f"{alarms[0] if len(alarms) == 1 else f'{len(alarms)} alarms'}, {stack.place}"
    yield "By", by
    for retry in retries:
        before = retry.before
        yield "Alarm", retry.request.alarm.name if len(alarms) > 1 else ""
        yield "Action", f"{retry.request.action} {short_key(before.target)}".strip()
        contributor = retry.request.alarm.contributor
        yield "Series", contributor.id if contributor else ""
        yield "Before", f"{before.outcome}: {before.reason} at {when(before.at, now)}"
        yield "Look", stack.command("show", retry.id)
    for why in left_out:
        yield "Left out", why
    yield "Note", _CUT if cut else ""
    despite = next((retry.request.despite_freeze for retry in retries), "")
    yield "Despite", f"a freeze: {despite}" if despite else ""
    lifted = "only a freeze is lifted" if despite else "nothing was lifted"
    yield "Next", f"everything is looked at again and every guard is asked; {lifted}"


def as_json(
    retries: Sequence[Retry], by: str, stack: Stack, *, cut: bool, left_out: Sequence[str]
) -> Mapping[str, object]:
    """The requests as plain values."""
    return {
        "stack": stack.name,
        "by": by,
        "cut": cut,
        "left_out": list(left_out),
        "requests": [
            {
                "id": retry.id,
                "alarm": retry.request.alarm.name,
                "series": retry.request.alarm.series,
                "action": retry.request.action,
                "at": retry.request.at.isoformat(),
                "despite_freeze": retry.request.despite_freeze or None,
                "before": ledger_queries.decision_json(retry.before),
            }
            for retry in retries
        ],
    }
