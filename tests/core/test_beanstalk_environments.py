"""The readings of a Beanstalk environment: readiness, pre-image, and health."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.model import Obstacle
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.beanstalk.environments import (
    COLOUR_RANKS,
    STATUS_RANKS,
    ApplicationVersion,
    BeanstalkObservation,
    PreImage,
    ThenAndNow,
    missing,
    not_ready,
    worse,
)
from tests.support import builders as a
from tests.support.builders_beanstalk import ENABLED, ID, QUIET_SINCE, TARGET, environment, event, seen

LATER = timedelta(seconds=1)
BEFORE = PreImage.of(environment(), [event()]).stored()


def test_tags_are_those_of_an_environment_that_is_there() -> None:
    assert seen(environment()).tags == ENABLED
    assert seen(ABSENT).tags == ABSENT
    assert seen(Unknown("x")).tags == Unknown("x")


def test_versions_and_siblings_are_not_read_by_default() -> None:
    unread = NotRead("this action does not need it")
    bare = BeanstalkObservation(environment=ABSENT, tagged=ABSENT, events=())
    assert (bare.versions, bare.environments) == (unread, unread)


def test_a_missing_environment_may_also_be_invisible() -> None:
    assert missing(TARGET) == Obstacle(
        Reason.TARGET_MISSING,
        "beanstalk:shop-prod does not exist, or may not be seen by this function's role",
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Ready", None),
        ("Updating", Obstacle(Reason.NOT_READY, "the environment is Updating, not Ready")),
        ("Terminating", Obstacle(Reason.NOT_ACTIVE, "the environment is Terminating")),
        ("Terminated", Obstacle(Reason.NOT_ACTIVE, "the environment is Terminated")),
    ],
)
def test_only_an_environment_at_rest_is_ready(status: str, expected: Obstacle | None) -> None:
    assert expected == not_ready(environment(status=status))


@pytest.mark.parametrize("status", ["Failed", "FAILED", "Processing", "building"])
def test_a_version_that_is_not_finished_cannot_be_deployed(status: str) -> None:
    assert not ApplicationVersion("v1", a.NOW, status).fit


@pytest.mark.parametrize("status", ["", "Processed", "UNPROCESSED"])
def test_other_versions_can(status: str) -> None:
    assert ApplicationVersion("v1", a.NOW, status).fit


def test_the_pre_image_goes_into_the_plan_and_comes_back() -> None:
    image = PreImage.of(environment(), [event(after=-LATER), event(), event(after=-2 * LATER)])
    assert image.stored() == {
        "environmentId": ID,
        "version": "v42",
        "health": "Red",
        "healthStatus": "Degraded",
        "lastEvent": QUIET_SINCE.isoformat(),
    }
    assert PreImage.read(image.stored()) == image


def test_without_events_the_pre_image_has_no_last_one_and_every_event_is_later() -> None:
    image = PreImage.of(environment(), [])
    assert (image.last_event, image.stored()["lastEvent"]) == (None, "")
    assert PreImage.read(image.stored()) == image
    assert image.since([event()]) == [event()]


def test_only_later_events_are_since_the_pre_image() -> None:
    image = PreImage.of(environment(), [event()])
    earlier, same, later = event(after=-LATER), event(), event(after=LATER)
    assert image.since([later, same, earlier]) == [later]


@pytest.mark.parametrize("key", ["environmentId", "version", "health", "healthStatus", "lastEvent"])
def test_a_pre_image_that_lost_a_value_says_which(key: str) -> None:
    assert PreImage.read({**BEFORE, key: 7}) == Unknown(f"the stored plan has no usable {key}")


def test_a_pre_image_with_an_odd_time_is_unknown() -> None:
    assert isinstance(PreImage.read({**BEFORE, "lastEvent": "yesterday"}), Unknown)


def test_then_and_now_hold_the_events_since() -> None:
    later = event(after=LATER)
    compared = ThenAndNow.of(BEFORE, seen(environment(version="v41"), event(), later))
    assert isinstance(compared, ThenAndNow)
    assert (compared.before.version, compared.now.version, compared.since) == ("v42", "v41", [later])


@pytest.mark.parametrize(
    ("stored", "observation", "why"),
    [
        ({}, seen(environment()), "the stored plan has no usable lastEvent"),
        (BEFORE, seen(ABSENT), "the environment does not exist"),
        (
            BEFORE,
            replace(seen(environment()), events=Unknown("x")),
            "what happened to the environment could not be read: x",
        ),
        (
            BEFORE,
            seen(environment(id="e-2")),
            f"the name belongs to environment e-2 now, not {ID}",
        ),
    ],
    ids=["plan", "environment", "events", "another of the name"],
)
def test_a_state_that_cannot_be_compared_is_unknown(
    stored: dict[str, object], observation: Any, why: str
) -> None:
    assert ThenAndNow.of(stored, observation) == Unknown(why)
    assert worse(stored, observation) == Unknown(why)


def fares(before: tuple[str, str], now: tuple[str, str], status: str = "Ready") -> bool | Unknown:
    """Whether the second health is worse than the first."""
    stored = PreImage.of(environment(health=before[0], health_status=before[1]), []).stored()
    return worse(stored, seen(environment(status=status, health=now[0], health_status=now[1])))


STATUSES = list(STATUS_RANKS)
COLOURS = list(COLOUR_RANKS)


@pytest.mark.parametrize("then", range(5))
@pytest.mark.parametrize("now", range(5))
def test_a_status_further_down_the_list_is_worse_but_for_info(then: int, now: int) -> None:
    expected = now > then and STATUSES[now] != "Info"
    assert STATUSES == ["Ok", "Info", "Warning", "Degraded", "Severe"]
    assert fares(("Red", STATUSES[then]), ("Red", STATUSES[now])) is expected


@pytest.mark.parametrize("then", range(3))
@pytest.mark.parametrize("now", range(3))
def test_without_statuses_the_colours_decide(then: int, now: int) -> None:
    assert COLOURS == ["Green", "Yellow", "Red"]
    assert fares((COLOURS[then], ""), (COLOURS[now], "Degraded")) is (now > then)
    assert fares((COLOURS[then], "Ok"), (COLOURS[now], "")) is (now > then)


def test_while_it_is_busy_nothing_is_worse() -> None:
    assert fares(("Green", "Ok"), ("Red", "Severe"), status="Updating") is False


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (("Grey", "NoData"), ("Green", "Ok"), False),
        (("Red", ""), ("Grey", ""), Unknown("its health is Grey, which is inconclusive")),
        (("Red", ""), ("", ""), Unknown("its health is not reported, which is inconclusive")),
        (
            ("Grey", "NoData"),
            ("Red", "Severe"),
            Unknown("its health is Red/Severe, and was Grey/NoData, which is inconclusive"),
        ),
    ],
)
def test_a_health_that_says_nothing_is_unknown(
    before: tuple[str, str], now: tuple[str, str], expected: object
) -> None:
    assert expected == fares(before, now)
