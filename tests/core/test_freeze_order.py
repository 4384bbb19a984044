"""Windows that end or start at the same moment are named in the order of the policy."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.limits.freeze import Free, Frozen, find_freeze
from tests.support import builders as a

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Once:
    """A window of one stretch."""

    name: str
    start: datetime
    end: datetime

    def covering(self, now: datetime) -> datetime | None:
        return self.end if self.start <= now < self.end else None

    def next_start(self, now: datetime) -> datetime | None:
        return self.start if self.start > now else None


def windows(start: datetime) -> list[Once]:
    """Neither the alphabet's order nor its reverse."""
    return [Once(name, start, start + HOUR) for name in ("b", "c", "a")]


def test_freezes_that_end_together_are_named_in_the_order_of_the_policy() -> None:
    found = find_freeze(windows(a.NOW), [], a.NOW)
    assert isinstance(found, Frozen)
    text = "; ".join(f"inside never-window {name} until 11:00:30Z" for name in ("b", "c", "a"))
    assert (found.detail, found.frozen_by) == (text, "b/until/2026-11-20T11:00:30Z")


def test_of_freezes_that_start_together_the_first_of_the_policy_is_named() -> None:
    found = find_freeze(windows(a.NOW + HOUR), [], a.NOW)
    assert found == Free("no freeze window before b at 11:00:30Z")
