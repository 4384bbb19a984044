"""The words of a report: what happened, or, of a backtest, what would have happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.limits.budgets import readable
from firebreak.core.readings import NotRead, Unknown
from firebreak.core.reasons import MEANINGS, Reason
from firebreak_cli.statistics.durations import Distribution
from firebreak_cli.statistics.outcomes import Outcome
from firebreak_cli.statistics.proportions import Share
from firebreak_cli.statistics.record import Record
from firebreak_cli.statistics.recovery import Treatment

NOT_KNOWN = "not known"
NONE = "none"
DISTRIBUTION = ("Count", "Still open", "Median", "9 of 10 within")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Titles and sentences in one mood; every output takes all of its words about acts from here."""

    title: str
    acted: str
    refused: str
    acts: str
    held: str
    no_acts: str
    no_calls: str
    timeline: str
    outcomes: str
    time_to_recover: str
    in_time: str
    with_act: str
    without_act: str
    time_to_act: str
    budgets: str
    budgets_line: str
    weeks: str
    hours: str
    offenders: str
    offenders_line: str
    reasons: str
    treatments: Mapping[Treatment, str]
    outcome: Mapping[Outcome, str]
    last_act: str
    pages: str
    red: str
    act_held: str
    act_failed: str
    act_open: str
    of_nothing: str


DID = Wording(
    title="Firebreak report",
    acted="Firebreak acted",
    refused="refused",
    acts="Acts",
    held="Held",
    no_acts="No act in this time.",
    no_calls="Nobody was called in this time.",
    timeline="Alarms and acts by target",
    outcomes="What came of the acts",
    time_to_recover="Time to recover",
    in_time="With and without an act",
    with_act="Acted on",
    without_act="Left alone",
    time_to_act="Time to act",
    budgets="Budgets",
    budgets_line="The fullest window of each budget against its limit.",
    weeks="Pages by week",
    hours="Pages by hour of the day",
    offenders="Repeat offenders",
    offenders_line="Kept alive by automation: the cause is still there.",
    reasons="Why nothing was changed",
    treatments={
        Treatment.ACTED_ON: "acted on",
        Treatment.LEFT_ALONE: "left alone",
        Treatment.SOMEBODY_HELPED: "somebody helped",
        Treatment.HELD_OUT: "held out",
    },
    outcome={
        Outcome.HELD: "Held",
        Outcome.CAME_BACK: "Came back",
        Outcome.SOMEBODY_HELPED: "Somebody helped",
        Outcome.NOT_RECOVERED: "Not recovered",
        Outcome.WORSE: "Worse",
        Outcome.UNKNOWN: "Not known",
        Outcome.OPEN: "Still open",
    },
    last_act="Last act",
    pages="Pages",
    red="an alarm was red",
    act_held="an act, and the recovery held",
    act_failed="an act, and no recovery that held",
    act_open="an act of which that is not known, or somebody helped",
    of_nothing="",
)

WOULD_HAVE = Wording(
    title="Firebreak backtest: what it would have done",
    acted="Firebreak would have acted",
    refused="would have refused",
    acts="Acts it would have made",
    held="Would have held",
    no_acts="It would have made no act in this time.",
    no_calls="Nobody would have been called in this time.",
    timeline="Alarms, and the acts that would have been made, by target",
    outcomes="What would have come of the acts",
    time_to_recover="Time to recover of the alarms that would have been acted on",
    in_time="The times red that would have been acted on, and the others",
    with_act="Would have been acted on",
    without_act="Would have been left alone",
    time_to_act="Time to act: how long it would have taken",
    budgets="Budgets as they would have been used",
    budgets_line="The fullest window that each budget would have had, against its limit.",
    weeks="Pages by week that would have been sent",
    hours="Pages by hour of the day that would have been sent",
    offenders="Targets that would have been repeat offenders",
    offenders_line="Automation would have kept them alive: the cause would still be there.",
    reasons="Why nothing would have been changed",
    treatments={
        Treatment.ACTED_ON: "would have been acted on",
        Treatment.LEFT_ALONE: "would have been left alone",
        Treatment.SOMEBODY_HELPED: "somebody would have helped",
        Treatment.HELD_OUT: "would have been held out",
    },
    outcome={
        Outcome.HELD: "Would have held",
        Outcome.CAME_BACK: "Would have come back",
        Outcome.SOMEBODY_HELPED: "Somebody would have helped",
        Outcome.NOT_RECOVERED: "Would not have recovered",
        Outcome.WORSE: "Would have been worse",
        Outcome.UNKNOWN: "Would not have been known",
        Outcome.OPEN: "Would still be open",
    },
    last_act="The last that it would have made",
    pages="Pages it would have sent",
    red="an alarm was red",
    act_held="it would have acted, and the recovery would have held",
    act_failed="it would have acted, and none would have held",
    act_open="it would have acted, with what result is not known",
    of_nothing="Nothing of this was done: a history was replayed, to see what Firebreak would have done.",
)


def wording_of(record: Record) -> Wording:
    """The words for a record: a replay is about what would have been done."""
    return WOULD_HAVE if record.replayed else DID


def length(of: timedelta) -> str:
    """A length of time for people."""
    return readable(of)


def at(time: datetime | None) -> str:
    """A time in UTC to the minute."""
    return f"{time:%Y-%m-%d %H:%MZ}" if time else NOT_KNOWN


def span_of(record: Record) -> str:
    """From when until when the record is."""
    return f"{at(record.first)} to {at(record.until)}"


def times(count: int) -> str:
    """How often."""
    return "once" if count == 1 else f"{count} times"


def counted(count: int, what: str, many: str = "") -> str:
    """A number of things; `many` is their plural where an s does not make it."""
    return f"{count} {what}" if count == 1 else f"{count} {many or f'{what}s'}"


def share(found: Share) -> str:
    """So many of so many, with a percentage and its interval where there are enough."""
    of = f"{found.count} of {found.total}"
    interval, proportion = found.interval, found.proportion
    if not found.total:
        return "no data"
    if found.too_few or interval is None or proportion is None:
        return f"{of}: too few to say"
    return f"{of}: {proportion:.0%} ({interval.low:.0%} to {interval.high:.0%})"


def distribution(found: Distribution) -> tuple[str, ...]:
    """The cells of a distribution; a quantile that open ones hide is not known."""
    quantiles = (found.quantile(part) for part in (0.5, 0.9))
    said = (NOT_KNOWN if one is None else length(one) for one in quantiles)
    return (str(found.count), str(found.open), *said)


def unread(found: NotRead | Unknown) -> str:
    """Why a part cannot be shown."""
    return f"{'Not read' if isinstance(found, NotRead) else 'Not known'}: {found.why}."


def sentence(reason: str) -> str:
    """The sentence of a reason; that of a newer release stands for itself."""
    return MEANINGS[Reason(reason)].sentence if reason in set(Reason) else reason
