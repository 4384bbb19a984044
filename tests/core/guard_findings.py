"""Shared parts of the guards' tests: a finding in short, and scopes of the ledger."""

from dataclasses import replace
from datetime import timedelta

from firebreak.core.decision import Check, Result
from firebreak.core.limits.history import Act, Judged, ScopeHistory
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.model import Request, RequestKind, Verdict
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

SECOND = timedelta(seconds=1)
OWN = "i-0123456789"
BLIND = Unknown("ThrottlingException")
UNREAD = NotRead("an earlier guard already objected")
PASSED, OBJECTED, NOT_LOOKED_AT = Result.PASSED, Result.OBJECTED, Result.NOT_LOOKED_AT


def found(check: Check) -> tuple[Result, Reason | None]:
    """A guard's result and reason, without its words."""
    return check.result, check.reason


def climb(**changes: object) -> Request:
    """A request of the incident OWN."""
    return replace(a.request(RequestKind.CLIMB, incident_id=OWN), **changes)  # type: ignore[arg-type]  # names are checked by replace


def act(ago: timedelta, verdict: Verdict | None = None, **changes: object) -> Act:
    """An act on the usual target so long ago, judged a second later if it was."""
    at = a.NOW - ago
    base = Act(at, f"i-{ago.total_seconds():.0f}", "restart-service", 0, a.TARGET.key)
    judged = Judged(verdict, at + SECOND) if verdict else None
    return replace(base, judged=judged, **changes)  # type: ignore[arg-type]  # names are checked by replace


def scopes(level: Level, reading: object) -> dict[Scope, object]:
    """Scopes without a history, but for the one at this level."""
    return {**dict.fromkeys(a.SCOPES, ABSENT), a.scope(level): reading}


def history(level: Level, *acts: Act) -> ScopeHistory:
    """The scope at this level with these acts."""
    return ScopeHistory(a.scope(level), acts, 1)
