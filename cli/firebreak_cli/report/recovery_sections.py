"""The report's sections on recoveries: with an act, without one, and with somebody's help."""

from collections.abc import Mapping

from firebreak_cli.report import words
from firebreak_cli.report.words import Wording
from firebreak_cli.statistics.outcomes import HELD_FOR, IN_TIME
from firebreak_cli.statistics.proportions import Compared
from firebreak_cli.statistics.recovery import Comparison, HoldOut, Recoveries
from firebreak_cli.statistics.summary import Statistics

type Lines = tuple[str, ...]
type Rows = tuple[tuple[str, ...], ...]

_DIFFERENCE: Mapping[Compared, str] = {
    Compared.MORE: "more often with the act",
    Compared.LESS: "less often with the act",
    Compared.NO_DIFFERENCE_SEEN: "no difference seen",
    Compared.TOO_FEW: "too few to say",
}

_REPLAYED = "Nothing was done: the alarms turned OK as the history has it, whatever would have been decided."
_NOT_RANDOM = (
    "Alarms are not left alone at random (storms, cooldowns, pauses): a difference is a hint and no proof."
)


_HELD_OUT = (
    "The row Hold-out compares first acts with those that were held out by chance, since the first of these."
)


def time_to_recover(found: Statistics, said: Wording) -> tuple[Lines, Rows]:
    """The distributions of the times red, of the alarms that were acted on at least once."""
    recovery = found.recovery
    if not isinstance(recovery, Recoveries):
        return (words.unread(recovery),), ()
    rows = tuple(
        (said.treatments[one], *words.distribution(times))
        for one, times in recovery.times.items()
        if times.count
    )
    lines = (
        "From red to OK, of the alarms with at least one act.",
        "Alarms that are still red count as open; a quantile that they hide is not known.",
    )
    if not rows:
        return (said.no_acts if not found.acts else "No time red of these alarms is known.",), ()
    return (*lines, *((_REPLAYED,) if found.record.replayed else ())), rows


def in_time(found: Statistics, said: Wording) -> tuple[Lines, Rows]:
    """The shares that were over in time and stayed so, by one rule for an act and for none."""
    recovery = found.recovery
    if not isinstance(recovery, Recoveries):
        return (words.unread(recovery),), ()
    if not recovery.by_action and recovery.hold_out is None:
        return (said.no_acts,), ()
    within, without = words.length(IN_TIME), words.length(HELD_FOR)
    lines = (
        f"Times red of the same alarms that were over within {within}, and no other within {without} after.",
        "Those in which somebody helped are in neither column.",
        _REPLAYED if found.record.replayed else _NOT_RANDOM,
    )
    rows = tuple(
        (
            action,
            words.share(one.acted_on),
            words.share(one.left_alone),
            _difference(one, replayed=found.record.replayed),
        )
        for action, one in recovery.by_action.items()
    )
    if recovery.hold_out is None:
        return lines, rows
    held_out = (
        "Hold-out",
        words.share(recovery.hold_out.acted_on),
        words.share(recovery.hold_out.held_out),
        _difference(recovery.hold_out, replayed=found.record.replayed),
    )
    return (*lines, _HELD_OUT), (*rows, held_out)


def _difference(one: Comparison | HoldOut, *, replayed: bool) -> str:
    """No difference of a replay is one of acting: nothing was done."""
    return "nothing was done" if replayed else _DIFFERENCE[one.compared]
