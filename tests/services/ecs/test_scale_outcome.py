"""scale-service: whether it happened, has come to rest, or made things worse."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Plan, Receipt, Settled
from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ecs.actions.scale_service import ScaleService
from tests.support.builders_ecs import (
    FakeEcs,
    definition,
    owner,
    planned,
    seen,
    service,
)

RECEIPT = Receipt(summary="scaled")


def action(ecs: FakeEcs | None = None) -> ScaleService:
    ecs = ecs or FakeEcs()
    return ScaleService(ecs, ecs)


def count_plan() -> Plan:
    """Four tasks to six, by desired count."""
    return planned(action(), seen(service(), definition()))


def floor_plan() -> Plan:
    """A minimum of two to six, by MinCapacity."""
    return planned(action(), seen(service(), definition(), owner(2, 10)))


@pytest.mark.parametrize(
    ("desired", "expected"),
    [
        pytest.param(6, True, id="the new number"),
        pytest.param(4, False, id="the old number"),
        pytest.param(5, Unknown("desired count is 5: neither 4 as before nor 6 as planned"), id="a third"),
    ],
)
def test_whether_a_count_without_a_reply_was_set(desired: int, expected: object) -> None:
    assert expected == action().outcome(count_plan(), seen(service(desired=desired)))


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        pytest.param(owner(6), True, id="the new number"),
        pytest.param(owner(2), False, id="the old number"),
        pytest.param(
            owner(3), Unknown("minimum capacity is 3: neither 2 as before nor 6 as planned"), id="third"
        ),
        pytest.param(ABSENT, Unknown("the scalable target does not exist"), id="deregistered"),
        pytest.param(Unknown("x"), Unknown("the scalable target could not be read: x"), id="could not look"),
    ],
)
def test_whether_a_floor_without_a_reply_was_set(scaling: Any, expected: object) -> None:
    assert expected == action().outcome(floor_plan(), seen(service(), None, scaling))


def test_without_the_old_number_a_lost_reply_cannot_be_judged() -> None:
    broken = replace(count_plan(), before={})
    expected = Unknown("the stored plan has no usable desired")
    assert action().outcome(broken, seen(service())) == expected


@pytest.mark.parametrize(
    ("desired", "running", "expected"),
    [
        pytest.param(6, 6, Settled.YES, id="as many run"),
        pytest.param(6, 7, Settled.YES, id="more run"),
        pytest.param(6, 5, Settled.NOT_YET, id="a task is still to come"),
        pytest.param(8, 7, Settled.NOT_YET, id="somebody raised it further"),
        pytest.param(
            5, 5, Unknown("desired count is 5, not 6: somebody lowered it since"), id="somebody lowered it"
        ),
    ],
)
def test_whether_a_count_has_come_to_rest(desired: int, running: int, expected: object) -> None:
    now = seen(service(desired=desired, running=running))
    assert expected == action().settled(count_plan(), RECEIPT, now)


@pytest.mark.parametrize(
    ("changes", "scaling", "expected"),
    [
        pytest.param({"desired": 6, "running": 6}, owner(6), Settled.YES, id="as many run"),
        pytest.param({"desired": 8, "running": 8}, owner(6), Settled.YES, id="the autoscaler added more"),
        pytest.param({}, owner(6), Settled.NOT_YET, id="the autoscaler has not moved yet"),
        pytest.param({"desired": 6, "running": 5}, owner(6), Settled.NOT_YET, id="a task is still to come"),
        pytest.param(
            {"desired": 6, "running": 6},
            owner(2),
            Unknown("minimum capacity is 2, not 6: somebody lowered it since"),
            id="somebody lowered the floor",
        ),
        pytest.param({}, ABSENT, Unknown("the scalable target does not exist"), id="deregistered"),
    ],
)
def test_whether_a_floor_has_come_to_rest(changes: dict[str, Any], scaling: Any, expected: object) -> None:
    assert expected == action().settled(floor_plan(), RECEIPT, seen(service(**changes), None, scaling))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"desired": 6, "running": 4}, False, id="as many as before"),
        pytest.param({"desired": 6, "running": 3}, True, id="fewer than before"),
        pytest.param({"desired": 3, "running": 3}, False, id="somebody wants fewer"),
    ],
)
def test_whether_the_service_is_worse_off(changes: dict[str, Any], *, expected: bool) -> None:
    assert action().worse(count_plan(), seen(service(**changes))) is expected


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        pytest.param(Unknown("denied"), "the service could not be read: denied", id="could not look"),
        pytest.param(ABSENT, "the service does not exist", id="gone"),
    ],
)
def test_judging_what_cannot_be_seen_is_unknown(reading: Any, why: str) -> None:
    found = seen(reading, None, owner(6))
    assert action().outcome(count_plan(), found) == Unknown(why)
    assert action().settled(count_plan(), RECEIPT, found) == Unknown(why)
    assert action().settled(floor_plan(), RECEIPT, found) == Unknown(why)
    assert action().worse(count_plan(), found) == Unknown(why)
