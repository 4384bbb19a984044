"""The lines of a page that come from an incident: steps, values, lasting changes. Pure text from values."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from firebreak.core.decision import Decision, Result
from firebreak.core.formats import format_time
from firebreak.core.incident.states import AWAITS_VERDICT, Incident, Purpose
from firebreak.core.model import Alarm
from firebreak.core.rules import PAGE_RUNG

# Fields that only a comparison needs: `firebreak show --json` shows them, a page does not.
_MACHINE = frozenset(
    {
        "deployments",
        "deployment",
        "rest",
        "requestId",
        "environmentId",
        "lastEvent",
        "code",
        "serviceDeployment",
        "limits",
        "description",
    }
)
_CALLED: Mapping[str, str] = MappingProxyType(
    {
        "desired": "desired count",
        "desiredCount": "desired count",
        "minimum": "minimum capacity",
        "minCapacity": "minimum capacity",
        "running": "running tasks",
        "taskDefinition": "task definition",
        "healthStatus": "health status",
        "sendingEnabled": "sending enabled",
        "weighted": "weights",
    }
)
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:(?:[a-z-]+[:/])?(.+)", re.ASCII | re.DOTALL)
# One of services/canonical.py begins with the number of its tables.
_HASH = re.compile(r"(?:[0-9]+:)?[0-9a-f]{32,}")

# The prefix of a line about a change that stays.
STAYS = "stays: "

# The most characters of a human's reason: the command takes fewer, an event may hold any number.
MOST_OF_A_REASON = 300

# A page is read on a phone: it shows only the length of a longer list.
MOST_SHOWN = 3


def rung_words(incident: Incident) -> str:
    """The position on the ladder, as people count."""
    acting = [rung for rung in incident.ladder if rung != PAGE_RUNG]
    return f"rung {incident.rung + 1} of {len(acting)} ({' -> '.join(incident.ladder)})"


def steps(incident: Incident) -> list[str]:
    """The result of each rung up to this one, the first one first."""
    lines = [*incident.earlier, step_line(incident)]
    first = incident.rung + 1 - len(incident.earlier)
    return [f"step {first + number}: {line}" for number, line in enumerate(lines)]


def step_line(incident: Incident) -> str:
    """The result of the present rung."""
    if incident.receipt:
        back = "put back: " if incident.purpose is not Purpose.ACT else ""
        return f"{incident.action}: {back}{incident.receipt.summary}"
    if incident.state in AWAITS_VERDICT:
        return f"{incident.action}: it is not known whether it was carried out"
    return f"{incident.action}: not carried out"


def stays(incident: Incident) -> list[str]:
    """The change that stays until somebody takes it back, and how to do that."""
    plan = incident.plan
    changed = incident.receipt is not None and incident.purpose is Purpose.ACT
    return [f"{STAYS}{plan.stays}"] if changed and plan and plan.stays else []


def values(incident: Incident) -> list[str]:
    """The values before and after the act, as the console calls them."""
    before = _pairs(incident.plan.before) if incident.plan else ""
    after = _pairs(incident.receipt.after) if incident.receipt else ""
    return [f"{word}: {pairs}" for word, pairs in (("before", before), ("after", after)) if pairs]


def _pairs(known: Mapping[str, object]) -> str:
    values = {name: _shown(value) for name, value in known.items() if name not in _MACHINE}
    return ", ".join(f"{_CALLED.get(name, name)} {values[name]}" for name in sorted(values) if values[name])


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            found = _ARN.fullmatch(value)
            short = found.group(1) if found else value
            return "" if _HASH.fullmatch(short) else short
        case Mapping():
            return " and ".join(f"{name} {_shown(inner)}" for name, inner in sorted(value.items()))
        case list() | tuple():
            return _listed([_shown(one) for one in value])
        case None:
            return ""
        case _:
            return str(value)


def _listed(texts: list[str]) -> str:
    return " and ".join(texts) if len(texts) <= MOST_SHOWN else f"{len(texts)} of them"


def mute_facts(alarm: Alarm | None) -> list[str]:
    """The line that a CloudWatch mute rule covered the alarm, so that all of this comes after its window."""
    if alarm is None or alarm.mute is None:
        return []
    rule = alarm.mute.by.rpartition(":")[2] or "a mute rule"
    until = f" until {format_time(alarm.mute.until)}" if alarm.mute.until else ""
    return [
        f"muted: the CloudWatch mute rule {rule} covered this alarm{until}; Firebreak has handled it since"
    ]


def given_reason(alarm: Alarm | None) -> list[str]:
    """The reason that a human gave for a manual request (untrusted text)."""
    return [f"reason given: {alarm.reason[:MOST_OF_A_REASON]}"] if alarm and alarm.manual else []


def override_facts(override: str) -> list[str]:
    """The freeze that a human overrode for this act, by whom and why."""
    return [f"freeze: {override}"] if override else []


def objections(decision: Decision) -> list[str]:
    """The finding of every guard that objected, with its numbers."""
    return [f"{c.guard}: {c.detail}" for c in decision.checks if c.result is Result.OBJECTED]
