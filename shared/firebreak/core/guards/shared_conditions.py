"""Guards: what holds everything: kill switches and a storm."""

from dataclasses import replace

from firebreak.core.decision import Check, Snapshot
from firebreak.core.formats import format_time
from firebreak.core.guards.findings import blind, objected, passed
from firebreak.core.limits import storm as storms
from firebreak.core.limits.budgets import CLOCK_SKEW, format_duration
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import (
    switch_scope_words,
)
from firebreak.core.model import (
    Request,
)
from firebreak.core.people import person
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


def switch_words(hold: Hold) -> str:
    """A held kill switch in one line, with people by the names that others know them by."""
    by = replace(hold, holder=person(hold.holder), claimed_by=person(hold.claimed_by))
    return (
        f"{switch_scope_words(hold.scope)} by {by.shown_holder} until {format_time(hold.until)}: {hold.why}"
    )


def switch(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """A kill switch holds over the target, its group, the action or everything."""
    del request, rules
    match seen.holds:
        case Unknown() | NotRead() as unseen:
            return blind("switch", unseen, Reason.SWITCH_UNREADABLE, seen.now)
        case Absent():
            return passed("switch", "no kill switch is held")
        case holds:
            # The claim compares against its own clock less the skew, so the guard does too.
            active = [hold for hold in holds if hold.until + CLOCK_SKEW > seen.now]
    if not active:
        return passed("switch", "no kill switch is held")
    last = max(active, key=lambda hold: hold.until)
    detail = "; ".join(map(switch_words, active))
    held = ", ".join(f"{hold.scope} {hold.holder} {hold.since:%FT%TZ}" for hold in active)
    found = objected("switch", Reason.SWITCHED_OFF, detail, last.until + CLOCK_SKEW, cause=held)
    return replace(found, by=last.holder)


def storm(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """Too many routed alarms turned red at once for one restart to be the cure."""
    del request
    match seen.storm:
        case Unknown() | NotRead() as unseen:
            return blind("storm", unseen, Reason.STORM_UNREADABLE, seen.now)
        case Absent():
            return passed("storm", f"0/{rules.storm.alarms} routed alarms red")
        case seen_storm:
            pass
    if seen_storm.tripped_at:
        detail = f"a storm since {format_time(seen_storm.tripped_at)}, {len(seen_storm.red)} alarms; it ends"
        detail += f" {format_duration(rules.storm.quiet)} after the last turned red, once fewer than"
        return objected("storm", Reason.STORM, f"{detail} {rules.storm.alarms} are red")
    detail = storms.numbers(seen_storm, rules.storm, seen.now)
    if storms.begins(seen_storm, rules.storm, seen.now):
        return objected("storm", Reason.STORM, f"{detail}: a storm that is not declared yet")
    return passed("storm", detail)
