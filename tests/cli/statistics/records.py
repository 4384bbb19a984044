"""Records for tests: acts, decisions and times red, an hour after the other where nothing else is said."""

from datetime import datetime, timedelta
from typing import Any

from firebreak.core.model import Verdict
from firebreak_cli.statistics.coverage import Coverage, Expected, coverage
from firebreak_cli.statistics.record import Act, Call, Decided, Record, Red
from tests.support import builders as a

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UNTIL = a.NOW
FIRST = UNTIL - 28 * DAY
EVERY = 15 * MINUTE
ALARM, TARGET = "api-memory-high", "ecs:prod/api"


def act(at: datetime, **changes: Any) -> Act:
    """An act five minutes after red that recovered ten minutes later."""
    given: dict[str, Any] = {
        "at": at,
        "action": "restart-service",
        "target": TARGET,
        "incident": f"i-{at:%d%H%M}",
        "alarms": frozenset({ALARM}),
        "red_since": at - 5 * MINUTE,
        "verdict": Verdict.RECOVERED,
        "judged_at": at + 10 * MINUTE,
    }
    return Act(**(given | changes))


def red(begin: datetime, minutes: float | None = 15, alarm: str = ALARM) -> Red:
    """A time red of so many minutes; None for one that is not over."""
    end = None if minutes is None else begin + minutes * MINUTE
    return Red(alarm=alarm, begin=begin, end=end)


def decided(at: datetime, outcome: str = "act", reason: str = "clear_to_act", **changes: Any) -> Decided:
    """A decision about the usual alarm."""
    given: dict[str, Any] = {"alarm": ALARM, "target": TARGET}
    return Decided(at=at, outcome=outcome, reason=reason, **(given | changes))


def call(at: datetime, **changes: Any) -> Call:
    """A call for somebody about the usual alarm."""
    given: dict[str, Any] = {"at": at, "severity": "error", "alarm": ALARM}
    return Call(**(given | changes))


def watching(*off: tuple[datetime, datetime], since: datetime = FIRST - 300 * DAY) -> Coverage:
    """Four weeks of heartbeats, but for these times, of a stack that was made then."""
    beats = [FIRST + n * EVERY for n in range(-4, (UNTIL - FIRST) // EVERY)]
    come = [at for at in beats if not any(begin <= at < end for begin, end in off)]
    expected = Expected(every=EVERY, same_since=since, known_from=since)
    return coverage(come, FIRST, UNTIL, expected)


def record(**changes: Any) -> Record:
    """Four weeks."""
    given: dict[str, Any] = {"source": "stack firebreak", "first": FIRST, "until": UNTIL}
    return Record(**(given | changes))
