"""The need of a page: whether anything is asked of its reader."""

from typing import Any

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging import needs
from firebreak.core.paging.needs import need_of
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.reasons import Reason
from tests.core.thread_fixtures import announced

_K = AnnouncementKind
PAUSED: dict[str, Any] = {"cause": Reason.SWITCHED_OFF.value, "by": "ana"}
STAYS: dict[str, Any] = {"facts": ("step 1: scaled", "stays: desired count 3")}
LEFT: dict[str, Any] = {"watches": (WatchedAlarm("api"),)}
SESSION = "arn:aws:sts::111122223333:assumed-role/on-call/ana"


def need(kind: AnnouncementKind, phase: Phase = Phase.TRIGGER, **changes: Any) -> str:
    severity = changes.pop("severity_of_page", Severity.CRITICAL)
    return need_of(announced(kind, **changes), phase, severity)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (_K.GIVEN_TO_HUMANS, ""),
        (_K.APPROVAL, ""),
        (_K.ACTED, needs.NOTHING),
        (_K.UNCERTAIN, needs.NOTHING),
        (_K.RECOVERED, needs.NOTHING),
        (_K.RESTORED, needs.NOTHING),
        (_K.KEPT, needs.NOT_URGENT),
        (_K.OBSERVED, needs.NEWS),
        (_K.ACKNOWLEDGED, needs.TAKEN),
        (_K.DENIED, needs.TAKEN),
        (_K.UNDOING, needs.STAND_BY),
        (_K.UNDONE, needs.ACT),
        (_K.EXPIRED, needs.ACT),
        (_K.HOLD_OVER, needs.ACT),
        (_K.LOOKED_AGAIN, needs.ACT),
        (_K.NO_LONGER_WATCHED, needs.ACT),
        (_K.REFUSED, needs.ACT),
        (_K.NOT_EXECUTED, needs.ACT),
        (_K.BLIND, needs.ACT),
        (_K.CRASHED, needs.ACT),
        (_K.STORM, needs.ACT),
        (_K.HELD_BACK, needs.ACT),
        (_K.STORM_OVER, needs.NOTHING),
        (_K.DIGEST, needs.ACT),
    ],
)
def test_every_kind_of_announcement_says_what_it_asks(kind: AnnouncementKind, expected: str) -> None:
    assert need(kind) == expected


@pytest.mark.parametrize("kind", list(AnnouncementKind))
@pytest.mark.parametrize("phase", list(Phase))
def test_only_words_that_ask_by_themselves_are_left_alone(kind: AnnouncementKind, phase: Phase) -> None:
    assert bool(need(kind, phase)) is (kind not in {_K.GIVEN_TO_HUMANS, _K.APPROVAL})


@pytest.mark.parametrize("phase", [Phase.UPDATE, Phase.RESOLVE])
def test_a_call_that_came_too_late_to_call_is_news(phase: Phase) -> None:
    assert need(_K.REFUSED, phase) == needs.NEWS


@pytest.mark.parametrize("kind", [_K.ACTED, _K.UNCERTAIN, _K.RECOVERED, _K.RESTORED])
def test_a_change_that_stays_is_not_urgent(kind: AnnouncementKind) -> None:
    assert need(kind, **STAYS) == needs.NOT_URGENT


@pytest.mark.parametrize("left", [LEFT, {"unwatched": 1}])
@pytest.mark.parametrize("phase", [Phase.TRIGGER, Phase.RESOLVE])
def test_the_end_of_a_storm_asks_for_somebody_while_an_alarm_is_not_known_to_be_ok(
    left: dict[str, Any], phase: Phase
) -> None:
    assert need(_K.STORM_OVER, phase, **left) == needs.ACT


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.CRITICAL, "check with ana"),
        (Severity.ERROR, "left to ana"),
        (Severity.WARNING, "left to ana"),
        (None, "left to ana"),
    ],
)
def test_a_refusal_under_a_pause_names_its_holder(severity: Severity | None, expected: str) -> None:
    assert need(_K.REFUSED, severity_of_page=severity, **PAUSED) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"by": "ana", "alarm_state": "ALARM"}, "left to ana"),
        ({"by": "", "alarm_state": ""}, needs.ACT),
        ({"by": "ana", "alarm_state": "OK"}, needs.NOTHING),
    ],
)
def test_a_summary_is_left_to_the_holder_of_the_pause_and_asks_nothing_where_all_is_ok(
    changes: dict[str, Any], expected: str
) -> None:
    assert need(_K.DIGEST, Phase.UPDATE, **changes) == expected


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        (SESSION, "ana (role on-call)"),
        ("x" * 24, "x" * 24),
        ("x" * 25, "x" * 23 + "…"),
    ],
)
def test_the_holder_is_named_as_people_do_and_briefly(by: str, shown: str) -> None:
    assert need(_K.REFUSED, **PAUSED | {"by": by}) == f"check with {shown}"
