"""Own events that cannot be read end in one record and one page, not in three crashes."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.reasons import Reason
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import World

UNUSABLE: list[Any] = [
    pytest.param(
        {"source": "firebreak", "detail-type": "Firebreak Check", "detail": {"v": 9}}, id="later check"
    ),
    pytest.param(
        {
            "source": "firebreak",
            "detail-type": "Firebreak Check",
            "detail": {"v": 1, "incident": "x" * 60_000, "attempt": 1},
        },
        id="long incident",
    ),
    pytest.param(
        {
            "source": "firebreak",
            "detail-type": "Firebreak Check",
            "detail": {"v": 1, "incident": "\ud800", "attempt": 1},
        },
        id="surrogate",
    ),
    pytest.param({"source": "firebreak", "detail-type": "Firebreak Request", "detail": None}, id="no detail"),
    pytest.param(
        {"source": "someone", "detail-type": "Something", "detail": {"at": float("inf")}}, id="other"
    ),
    pytest.param("text", id="text"),
    pytest.param(None, id="null"),
]
ANNOUNCEMENTS: list[Any] = [
    pytest.param({"detail-type": "Firebreak Announcement", "detail": detail}, id=str(detail))
    for detail in (None, {}, {"key": "k", "kind": "recovered", "at": "when?"})
]


@pytest.mark.parametrize("event", UNUSABLE)
def test_verify_records_and_pages_once_what_it_cannot_read(world: World, event: object) -> None:
    for _ in range(3):
        done = world.verifier().handle(event)
        world.deliver()
        assert (done.outcome, done.reason) == ("refuse", Reason.UNUSABLE_EVENT)
    assert len(world.pager.sent) == 1
    assert "cannot be read as an alarm" in world.pager.sent[0][1]


@pytest.mark.parametrize("event", [*UNUSABLE, *ANNOUNCEMENTS])
def test_page_records_and_pages_once_what_it_cannot_read(world: World, event: object) -> None:
    for _ in range(3):
        done = world.page_desk().handle(event)
        assert (done.outcome, done.reason) == ("refuse", Reason.UNUSABLE_EVENT)
    assert len(world.pager.sent) == 1


def test_page_reports_an_unreadable_announcement_without_a_ledger(world: World) -> None:
    client: Any = Wrapped(world.dynamodb, before=fail(NO_CONNECTION))
    dark = replace(world, dynamodb=client)
    dark.page_desk().handle({"detail-type": "Firebreak Announcement", "detail": {}})
    assert len(dark.pager.sent) == 1
