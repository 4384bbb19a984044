"""The range of time that a report is about."""

from datetime import datetime, timedelta

from firebreak.policy.units import read_duration
from firebreak_cli.exit_codes import BAD_INPUT, Ending

# CloudWatch keeps the history of alarms for 30 days, and a target remembers its acts for 31.
MOST = timedelta(days=30)


def read_since(written: str, now: datetime) -> datetime:
    """The beginning of the range. Raises Ending."""
    try:
        length = read_duration(written)
    except ValueError as error:
        raise Ending(BAD_INPUT, f"--since {written}: expected {error}") from error
    except OverflowError as error:
        raise Ending(BAD_INPUT, f"--since {written}: expected at most 30d") from error
    if not timedelta() < length <= MOST:
        raise Ending(BAD_INPUT, f"--since {written}: expected more than nothing and at most 30d")
    return now - length
