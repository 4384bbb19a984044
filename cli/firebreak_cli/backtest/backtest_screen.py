"""A backtest for people: what it rests on, what would have been done, what not, and why."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from rich.console import Console

from firebreak.core.limits.budgets import readable
from firebreak_cli import screen
from firebreak_cli.backtest.result import Plain

# So many lines of each list are shown; --json has up to fifty.
SHOWN = 10
_WORDS = {
    "act": "would act",
    "put_back": "would put back",
    "propose": "would propose",
    "ask_approval": "would ask",
    "defer": "would wait",
    "refuse": "would refuse",
    "unknown": "not known",
}
_CERTAINTY = {"certain": "", "maybe": "maybe", "not_replayed": "could not be replayed"}


def show(found: Plain, console: Console) -> None:
    """Print the result."""
    history, totals = found["history"], found["totals"]
    console.print(screen.facts(_head(found, history)))
    assumed = [("-", line) for line in (*found["assumptions"], *not_seen(history, found["deleted_alarms"]))]
    decisions = list(_decisions(found["decisions"]))
    sections: list[_Section] = [
        ("Assumed, and not seen", ("", ""), assumed),
        ("Decisions", ("Times", "Decision", "Reason", ""), decisions),
        *_sections(found),
    ]
    for title, columns, rows in sections:
        if rows:
            console.print()
            console.print(screen.line_of(title, "bold"))
            console.print(screen.listing(columns, rows))
    console.print()
    console.print(screen.line_of(verdict(totals, found), "bold"))


def verdict(totals: Mapping[str, int], found: Plain) -> str:
    """The last line: the whole result in one sentence."""
    made = sum(totals[word] for word in _WORDS)
    if made == totals["unknown"]:
        return "Nothing was replayed: no decision about this history is known."
    unsure = f", {totals['not_replayed']} decisions could not be replayed" if totals["not_replayed"] else ""
    return (
        f"Firebreak would have acted {_times(totals['act'])}, proposed {_times(totals['propose'])},"
        f" asked {_times(totals['ask_approval'])} and refused {_times(totals['refuse'])};"
        f" {found['calls']['total']} calls for somebody{unsure}."
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _head(found: Plain, history: Plain) -> Iterator[screen.Row]:
    yield "History", f"{history['account']} {history['region']}, {history['from']} to {history['to']}"
    span = f"first {history['first'] or 'none'}, last {history['last'] or 'none'}"
    reached = history["transitions_to_functions"]
    yield "Items", f"{history['items']}, of which {reached} reach a function; {span}"
    yield "Policy", f"{found['policy']['file']} ({found['policy']['hash']})"


def not_seen(history: Plain, deleted: Plain) -> Iterator[str]:
    """The gaps of a replay, each with its count."""
    for reason, count in history["skipped"].items():
        yield f"not replayed: {count} items, {reason}"
    if gaps := history["gaps"]["total"]:
        yield f"gaps: {gaps} transitions begin in a state that the history did not show before them"
    for line in history["mute_rules_unreadable"]:
        yield f"mute rule not read, and not replayed: {line}"
    if muted := history["muted_otherwise"]["total"]:
        yield f"muted: {muted} transitions were muted then and were replayed as if not, by no rule of today"
    if deleted["total"]:
        names = ", ".join(one["alarm"] for one in deleted["list"][:3])
        yield f"deleted alarms: {deleted['distinct']}, such as {names}"


def _decisions(rows: Sequence[Plain]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield str(row["count"]), _WORDS[row["decision"]], row["sentence"], _CERTAINTY[row["certainty"]]


type _Rows = Sequence[tuple[str, ...]]
type _Section = tuple[str, tuple[str, ...], _Rows]


def _sections(found: Plain) -> Iterator[_Section]:
    yield (
        "Most acts",
        ("Target", "Acts", "Actions"),
        [_acts(row) for row in found["acts"]["by_target"][:SHOWN]],
    )
    yield (
        "Fullest windows against their limits",
        ("Scope", "Key", "Budget", "Most", "When"),
        [
            (row["scope"], row["key"], row["budget"], f"{row['most']} of {row['limit']}", row["at"])
            for row in found["limits"][:SHOWN]
        ],
    )
    yield "Calls and recovery", ("", ""), list(_calls(found))
    for title, key, name in (
        ("Targets that are not opted in", "not_opted_in", "target"),
        ("Alarms that no rule matches", "unrouted", "alarm"),
        ("Alarms of target tracking, which no rule matches on purpose", "target_tracking", "alarm"),
        ("What could not be replayed", "not_replayed", "subject"),
    ):
        yield title, ("Times", name.title()), _list(found[key], name)


def _acts(row: Plain) -> tuple[str, ...]:
    return row["target"], str(row["acts"]), ", ".join(f"{name} {n}" for name, n in row["by_action"].items())


def _list(found: Plain, name: str) -> _Rows:
    rows = [(str(row["count"]), str(row[name])) for row in found["list"][:SHOWN]]
    more = found["distinct"] - len(rows)
    return [*rows, ("", f"and {more} more")] if more > 0 else rows


def _calls(found: Plain) -> Iterator[tuple[str, str]]:
    calls, recovery = found["calls"], found["recovery"]
    if calls["total"]:
        by_severity = ", ".join(f"{severity} {count}" for severity, count in calls["by_severity"].items())
        night = sum(count for hour, count in calls["by_hour"].items() if int(hour) < 6)  # noqa: PLR2004
        yield "Calls", f"{calls['total']}: {by_severity}; {night} between 00 and 06 UTC"
    if found["storms"]:
        yield "Storms", f"{len(found['storms'])}, the first at {found['storms'][0]}"
    within = readable(timedelta(seconds=recovery["within_seconds"]))
    if recovery["times_red"]:
        share = f"{recovery['recovered_alone']} of {recovery['times_red']} times red"
        yield "Recovered alone", f"{share} ended within {within}, the time after which an act is verified"
    if recovery["acted_on"]:
        saved = readable(timedelta(seconds=recovery["saved_at_most_seconds"]))
        still = f", of which {recovery['still_red']} had not ended" if recovery["still_red"] else ""
        yield "Time to save", f"at most {saved} in {recovery['acted_on']} times red that were acted on{still}"
