"""The findings of a guard: it passed, it objects, or it could not look."""

from datetime import datetime

from firebreak.core.decision import Check, Result
from firebreak.core.formats import quarter_hour
from firebreak.core.readings import NotRead, Unknown
from firebreak.core.reasons import Reason


def passed(guard: str, detail: str) -> Check:
    """The guard looked and has nothing against acting."""
    return Check(guard, Result.PASSED, detail)


def objected(
    guard: str, reason: Reason, detail: str, until: datetime | None = None, *, cause: str = ""
) -> Check:
    """The guard is against acting; `cause` is what it shares with other objections, if anything."""
    return Check(guard, Result.OBJECTED, detail, reason, until, cause)


def blind(guard: str, reading: Unknown | NotRead, reason: Reason, now: datetime) -> Check:
    """The guard could not look (an objection), or was not asked to (which is kept apart).

    A fault that keeps one guard from looking often keeps all of them: it is announced once a quarter of an
    hour.
    """
    match reading:
        case Unknown(why):
            return objected(guard, reason, f"could not look: {why}", cause=f"{why} {quarter_hour(now)}")
        case NotRead(why):
            return Check(guard, Result.NOT_LOOKED_AT, f"not looked at: {why}")
