"""The statistics as plain values, whose shape docs/report.md documents and which have a version."""

from datetime import datetime, timedelta
from typing import Any

from firebreak.core.readings import NotRead, Unknown
from firebreak_cli.statistics.cost import Cost
from firebreak_cli.statistics.coverage import Coverage, Watch
from firebreak_cli.statistics.durations import Distribution
from firebreak_cli.statistics.outcomes import Outcome
from firebreak_cli.statistics.proportions import Share
from firebreak_cli.statistics.record import BudgetUse, Record
from firebreak_cli.statistics.recovery import HoldOut, Recoveries
from firebreak_cli.statistics.summary import OfAction, Statistics

VERSION = 1

type Plain = dict[str, Any]


def as_json(found: Statistics) -> Plain:
    """All of it; times are ISO 8601 in UTC, lengths of time seconds, and what is not known is null."""
    record = found.record
    return {
        "version": VERSION,
        "source": record.source,
        "from": record.first.isoformat(),
        "until": record.until.isoformat(),
        "replayed": record.replayed,
        "damaged": record.damaged,
        "notes": list(record.notes),
        "coverage": _coverage(found),
        "decisions": dict(sorted(found.decisions.items())),
        "despite_freeze": found.despite_freeze,
        "targets": [
            {
                "target": one.target,
                "red": one.red,
                "acts": one.acts,
                "held": one.held,
                "last": _time(one.last),
            }
            for one in found.targets
        ],
        "actions": [_action(one) for one in found.actions],
        "time_to_act": _distribution(found.time_to_act),
        "recovery": _recovery(found.recovery),
        "pages": _pages(found),
        "budgets": _budgets(record),
        "cost": _cost(record.cost),
        "repeat_offenders": [
            {"target": one.target, "acts": one.acts, "held": one.held} for one in found.offenders
        ],
        "reasons": [{"decision": word, "reason": reason, "count": n} for word, reason, n in found.reasons],
    }


def _action(one: OfAction) -> Plain:
    return {
        "action": one.action,
        "outcomes": {outcome.value: one.outcomes.get(outcome, 0) for outcome in Outcome},
        "success": _share(one.success),
    }


def _share(share: Share) -> Plain:
    """A proportion stands only where there are enough."""
    interval = share.interval
    said = None if share.too_few or interval is None else [interval.low, interval.high]
    return {
        "count": share.count,
        "total": share.total,
        "proportion": None if share.too_few else share.proportion,
        "interval": said,
    }


def _distribution(found: Distribution) -> Plain:
    return {
        "count": found.count,
        "open": found.open,
        "median": _seconds(found.quantile(0.5)),
        "p90": _seconds(found.quantile(0.9)),
    }


def _recovery(found: Recoveries | NotRead | Unknown) -> Plain:
    if not isinstance(found, Recoveries):
        return _not_known(found)
    return {
        "times": {treatment.value: _distribution(times) for treatment, times in found.times.items()},
        "in_time": [
            {
                "action": action,
                "acted_on": _share(one.acted_on),
                "left_alone": _share(one.left_alone),
                "compared": one.compared.value,
            }
            for action, one in found.by_action.items()
        ],
        "hold_out": _hold_out(found.hold_out),
    }


def _hold_out(found: HoldOut | None) -> Plain | None:
    if found is None:
        return None
    return {
        "acted_on": _share(found.acted_on),
        "held_out": _share(found.held_out),
        "compared": found.compared.value,
    }


def _not_known(found: NotRead | Unknown) -> Plain:
    return {"not_read" if isinstance(found, NotRead) else "unknown": found.why}


def _pages(found: Statistics) -> Plain:
    return {
        "total": len(found.record.calls),
        "by_severity": dict(sorted(found.severities.items())),
        "by_week": [
            {
                "from": week.begin.isoformat(),
                "calls": week.calls,
                "whole": week.whole,
                "watched": _seconds(week.watched),
            }
            for week in found.weeks
        ],
        "by_hour": list(found.hours),
        "watched_by_hour": (
            None if found.watched_hours is None else [one.total_seconds() for one in found.watched_hours]
        ),
        "per_watched_week": found.calls_per_watched_week,
    }


def _coverage(found: Statistics) -> Plain:
    coverage = found.record.coverage
    if not isinstance(coverage, Coverage):
        return _not_known(coverage)
    return {
        "heartbeat": coverage.every.total_seconds(),
        **{watch.value: coverage.total(watch).total_seconds() for watch in Watch},
        "decided_unwatched": found.decided_unwatched,
        "stretches": [
            {"from": one.begin.isoformat(), "until": one.end.isoformat(), "watch": one.watch.value}
            for one in coverage.stretches
            if one.watch is not Watch.WATCHED
        ],
    }


def _budgets(record: Record) -> list[Plain] | Plain:
    if not isinstance(record.budgets, tuple):
        return _not_known(record.budgets)
    return [_budget(one) for one in record.budgets]


def _cost(found: Cost | NotRead | Unknown) -> Plain:
    if not isinstance(found, Cost):
        return _not_known(found)
    prices = found.prices
    return {
        "currency": "USD",
        "total": found.total,
        "prices": {
            "gb_second": prices.gb_second,
            "million_requests": prices.million_requests,
            "source": prices.source,
        },
        "functions": [
            {
                "function": one.name,
                "invocations": one.invocations,
                "seconds": one.seconds,
                "cost": one.cost(prices),
            }
            for one in found.functions
        ],
    }


def _budget(one: BudgetUse) -> Plain:
    return {
        "scope": one.scope,
        "key": one.key,
        "window": one.window.total_seconds(),
        "most": one.most,
        "limit": one.limit,
        "at": _time(one.at),
    }


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
