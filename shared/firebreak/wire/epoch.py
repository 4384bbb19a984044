"""Times as the ledger and the service APIs count them: milliseconds since 1970, in UTC."""

from datetime import UTC, datetime


def ms(at: datetime) -> int:
    """Epoch milliseconds."""
    return int(at.timestamp() * 1000)


def at_ms(value: int) -> datetime:
    """The time of epoch milliseconds, in UTC."""
    return datetime.fromtimestamp(value / 1000, UTC)
