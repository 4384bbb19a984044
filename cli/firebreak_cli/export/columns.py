"""The columns of an export, which are documented and have a version.

Columns are only added, at the end. A column that changes its meaning or goes raises `VERSION`, which every
row names. docs/export.md is generated from the tables here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from firebreak.core.incident.states import Incident
from firebreak.core.limits.scopes import short_key
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import Unknown
from firebreak_cli.export.kinds import Kind
from firebreak_cli.queries import by_range, incident_diagnostics, ledger_queries
from firebreak_cli.queries.by_range import Source
from firebreak_cli.queries.diagnostics import section_json
from firebreak_cli.queries.incident_diagnostics import ReadSource
from firebreak_cli.queries.ledger_queries import StoredDecision

VERSION = 1

type Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Table[T]:
    """The columns of one kind with their meanings, and the values of one of its items in that order."""

    columns: Mapping[str, str]
    items: Callable[[Source], Iterator[T | Unknown]]
    values: Callable[[T], tuple[object, ...]]

    def rows(self, source: Source) -> Iterator[Row | Unknown]:
        """A row for each item; one that cannot be read is Unknown. Raises AwsError."""
        for item in self.items(source):
            if isinstance(item, Unknown):
                yield item
            else:
                yield dict(zip(self.columns, (VERSION, *self.values(item)), strict=True))


def table_of(kind: Kind) -> Table[Any]:
    """The table of that kind."""
    match kind:
        case Kind.DECISIONS:
            return DECISIONS
        case Kind.INCIDENTS:
            return INCIDENTS
        case Kind.PAGES:
            return PAGES
        case Kind.DIAGNOSTICS:
            return DIAGNOSTICS
        case never:
            assert_never(never)


_ROW_VERSION = "the version of the columns: 1"


def _decision(one: StoredDecision) -> tuple[object, ...]:
    return (one.key, *ledger_queries.decision_json(one).values(), one.build or None, one.inputs or None)


DECISIONS = Table(
    {
        "version": _ROW_VERSION,
        "key": "the decision's own key: unique",
        "at": "when it was made",
        "incident": "the id under which `show` has its history; several decisions can share it",
        "kind": "the request: `alarm`, `climb`, `wake`, `approval`, `undo` or `restore`",
        "by": "the person who asked, if one did",
        "by_confirmed": "whether AWS confirmed that person; null where nobody asked",
        "action": "the action that was asked for",
        "target": "the target, such as `ecs:prod/api`; empty where the alarm names none",
        "target_key": "the same with account and region",
        "alarm": "the alarm's name",
        "decision": "`act`, `propose`, `ask_approval`, `defer` or `refuse`",
        "reason": "the [reason](reasons.md)",
        "policy": "the hash of the policy that decided",
        "checks": "a list: each [guard](guards.md) with its result, its numbers and its reason;"
        " `overridden` is true where a human [overrode a freeze](acting.md#in-a-freeze)",
        "build": "the build of the code that decided",
        "inputs": "what it decided on, packed: [replay](replay.md) makes the decision again from it",
    },
    by_range.decisions,
    _decision,
)


def _incident(one: Incident) -> tuple[object, ...]:
    plan, receipt = one.plan, one.receipt
    return (
        one.id,
        _iso(one.opened_at),
        one.state.value,
        one.target.display,
        one.target.key,
        one.action,
        one.rung + 1,  # as pages and screens count
        list(one.ladder),
        one.alarm.name,
        [member.name for member in one.members],
        _iso(one.acted_at),
        _iso(one.healthy_since),
        _iso(one.due_at),
        plan.summary if plan else None,
        dict(plan.before) if plan else None,
        receipt.summary if receipt else None,
        dict(receipt.after) if receipt else None,
        one.note,
    )


INCIDENTS = Table(
    {
        "version": _ROW_VERSION,
        "id": "the incident's id: unique",
        "opened_at": "when it opened",
        "state": "its [state](architecture.md#the-incident) when the export read it",
        "target": "the target, such as `ecs:prod/api`",
        "target_key": "the same with account and region",
        "action": "the action of its present rung",
        "rung": "the present rung; the first is 1",
        "ladder": "a list: the actions of its rungs",
        "alarm": "the name of the alarm that opened it",
        "alarms": "a list: the names of all its alarms",
        "acted_at": "when its present rung was claimed",
        "healthy_since": "since when its recovery has held",
        "due_at": "when it is looked at next",
        "plan": "the change of its present rung",
        "before": "an object: the values before that change",
        "receipt": "the result of the change, as AWS answered",
        "after": "an object: the values after the change",
        "note": "the last remark on it",
    },
    by_range.incidents,
    _incident,
)


def _page(one: Thread) -> tuple[object, ...]:
    latest = one.latest
    return (
        one.id,
        _iso(one.opened_at),
        one.state.value,
        one.severity.value,
        latest.incident_id or None,
        short_key(latest.target) or None,
        latest.alarm_name or None,
        latest.kind.value,
        _iso(latest.at),
        latest.headline,
        sorted(one.notified),
        one.steps,
        one.waiting,
        one.acknowledged_by or None,
        _iso(one.next_at),
    )


PAGES = Table(
    {
        "version": _ROW_VERSION,
        "id": "the id of the thread: all pages of one trouble",
        "opened_at": "when its first page was due",
        "state": "`held`, `informed`, `open`, `acknowledged` or `resolved`",
        "severity": "its [severity](pages.md)",
        "incident": "the incident that it is about, if it is about one",
        "target": "the target, if it is about one",
        "alarm": "the name of the alarm, if it is about one",
        "kind": "the [kind](operations.md#reading-a-page) of its latest announcement",
        "at": "when that was announced",
        "headline": "what it says",
        "notified": "a list: the channels that were notified",
        "steps": "how many steps of the route were called",
        "held": "how many announcements wait for the hours of the route",
        "acknowledged_by": "the person who acknowledged it",
        "next_step_at": "when the next step of the route is called",
    },
    by_range.threads,
    _page,
)


def _diagnostics(one: ReadSource) -> tuple[object, ...]:
    incident, act = one.incident, one.act
    return (
        incident.id,
        act.rung + 1,  # as pages and screens count
        _iso(act.at),
        incident.target.display,
        incident.target.key,
        *section_json(one.section).values(),
    )


DIAGNOSTICS = Table(
    {
        "version": _ROW_VERSION,
        "incident": "the incident's id; it has a row for each source of each act",
        "rung": "the rung of the act; the first is 1",
        "at": "when it was read, right before the act",
        "target": "the target, such as `ecs:prod/api`",
        "target_key": "the same with account and region",
        "source": "the [source](operations.md#before-the-act)",
        "state": "`read`, `absent`, `unknown` or `not_read`",
        "lines": "a list: at most 15 lines of 300 characters, without what looks like a secret",
        "why": "why it was not read",
        "metric": (
            "an object, of the source `metric of the alarm`: `name`, `statistic`, `period_seconds`, "
            "`threshold` and at most 30 `points`, each with `at` and `value`"
        ),
    },
    incident_diagnostics.sources,
    _diagnostics,
)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
