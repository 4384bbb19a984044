"""Lengths and points of time, formatted for people."""

from datetime import datetime, timedelta

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))


# EventBridge Scheduler fires within the minute of the time asked for.
IN_TIME = timedelta(minutes=2)


def late_words(due_at: datetime | None, now: datetime) -> str:
    """Why a look comes late, where it does: the schedule that was to start it did not."""
    if due_at is None or now - due_at < IN_TIME:
        return ""
    late = f"{format_span(now - due_at)} late"
    return f" (checked {late}: the check that was scheduled for {due_at:%H:%M:%S}Z did not arrive)"


def format_span(span: timedelta) -> str:
    """The two largest units, rounded down: 45 s, 8 min, 1 h 5 min, 2 d 3 h. Negative lengths are 0 s."""
    left = max(span, timedelta())
    words: list[str] = []
    for unit, size in _UNITS:
        if (count := left // size) or words:
            words.append(f"{count} {unit}" if count else "")
            left -= count * size
    text = " ".join(filter(None, words[:2]))
    return text or f"{left // timedelta(seconds=1)} s"


def format_time(at: datetime) -> str:
    """A time as operators read it: UTC, seconds, no date noise."""
    return f"{at:%H:%M:%S}Z"


def format_date_time(at: datetime, now: datetime) -> str:
    """The same with its date, unless it is today."""
    return format_time(at) if at.date() == now.date() else f"{at:%Y-%m-%d} {format_time(at)}"


def quarter_hour(at: datetime) -> str:
    """The quarter of an hour in which one cause is announced once."""
    return f"{at:%Y-%m-%dT%H}:{at.minute // 15 * 15:02d}"
