"""The range of time that `firebreak export` is asked for."""

from datetime import UTC, datetime, time, timedelta

from firebreak.policy.units import read_duration
from firebreak_cli.exit_codes import BAD_INPUT, Ending

# The time back to which it exports unless it is asked otherwise.
DEFAULT_SINCE = "30d"

# Without an end the range ends later than any clock of a function says that it is.
_NO_END = timedelta(days=1)

_EXPECTED = 'a day like "2026-11-30" (its beginning in UTC), or a time like "2026-11-30T08:00Z"'


def read_span(since: str, first: str, until: str, now: datetime) -> tuple[datetime, datetime]:
    """The beginning and the end of the range, the end not in it. Raises Ending."""
    if since and first:
        raise Ending(BAD_INPUT, "--since or --from: expected one of them")
    end = _time_of(until, "--until") if until else now + _NO_END
    begin = _time_of(first, "--from") if first else _back(since or DEFAULT_SINCE, now)
    if begin >= end:
        raise Ending(BAD_INPUT, f"nothing lies between {begin:%Y-%m-%d %H:%MZ} and {end:%Y-%m-%d %H:%MZ}")
    return begin, end


def _back(written: str, now: datetime) -> datetime:
    try:
        return now - read_duration(written)
    except ValueError as error:
        raise Ending(BAD_INPUT, f"--since {written}: expected {error}") from error
    except OverflowError as error:
        raise Ending(BAD_INPUT, f"--since {written}: that is before all time") from error


def _time_of(written: str, option: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise Ending(BAD_INPUT, f"{option} {written}: expected {_EXPECTED}") from error
    if at.tzinfo is None:
        if at.time() != time() or "T" in written or " " in written:
            raise Ending(BAD_INPUT, f"{option} {written}: expected {_EXPECTED}: this one has no zone")
        return at.replace(tzinfo=UTC)
    return at.astimezone(UTC)
