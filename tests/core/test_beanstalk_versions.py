"""Which version an environment ran before, and whether its newest deployment is suspected."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.model import Obstacle
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.services.beanstalk.versions import Previous, VersionDeployment, deployments, previous
from tests.support.builders_beanstalk import (
    DEPLOYED,
    ENDED,
    V40,
    V41,
    V42,
    V43,
    deployed,
    environment,
    event,
)

BEGAN = ENDED - timedelta(seconds=30)
SECOND = timedelta(seconds=1)
WINDOW = timedelta(minutes=30)
DEPLOYMENT = VersionDeployment(BEGAN, ENDED, completed=True)


def back(**changes: Any) -> object:
    """The version before and whether only dates speak for it, or the obstacle."""
    found = previous(environment(), BEGAN, deployed(**changes))
    return (found.label, found.inferred) if isinstance(found, Previous) else found


def test_a_deployment_lasts_from_the_first_of_its_requests_events_to_the_last() -> None:
    assert deployments(DEPLOYED) == (DEPLOYMENT,)


def test_the_newest_deployment_comes_first_and_other_events_do_not_count() -> None:
    other = event("Restarted application server on all ec2 instances.")
    newest = event("New application version was deployed to running EC2 instances.", request_id="r-2")
    newest, other = replace(newest, at=ENDED + SECOND), replace(other, at=ENDED + 2 * SECOND)
    assert deployments((*DEPLOYED, other, newest)) == (
        VersionDeployment(ENDED + SECOND, ENDED + SECOND, completed=True),
        DEPLOYMENT,
    )


def test_events_without_a_requests_id_are_never_one_deployment() -> None:
    plain = [replace(one, request_id="") for one in DEPLOYED]
    assert deployments(plain) == (
        VersionDeployment(ENDED, ENDED, completed=True),
        VersionDeployment(BEGAN, BEGAN),
    )


def test_a_deployment_bears_the_label_and_the_errors_of_its_request() -> None:
    first, *others = DEPLOYED
    text = replace(first, version="v42", severity="ERROR")
    assert deployments((text, *others)) == (replace(DEPLOYMENT, label="v42", failed=True),)
    stranger = replace(text, request_id="r-2")
    assert deployments((stranger, *others)) == (replace(DEPLOYMENT, completed=True),)


@pytest.mark.parametrize("events", [[], [event()]], ids=["none", "of health"])
def test_events_may_name_no_deployment(events: Any) -> None:
    assert deployments(events) == ()


@pytest.mark.parametrize("red", [BEGAN, ENDED, ENDED + WINDOW])
def test_a_deployment_is_suspected_from_its_start_to_the_end_of_the_window(red: Any) -> None:
    assert DEPLOYMENT.not_at_fault(red, WINDOW) is None


@pytest.mark.parametrize(
    ("red", "text"),
    [
        (BEGAN - SECOND, "the alarm turned red 1 s before the newest deployment"),
        (
            ENDED + WINDOW + SECOND,
            "the newest deployment ended 30 min 1 s before the alarm turned red; at most 30 min is its fault",
        ),
        (
            ENDED + timedelta(hours=2),
            "the newest deployment ended 2 h before the alarm turned red; at most 30 min is its fault",
        ),
    ],
)
def test_an_alarm_outside_does_not(red: Any, text: str) -> None:
    assert DEPLOYMENT.not_at_fault(red, WINDOW) == Obstacle(Reason.NO_RECENT_DEPLOYMENT, text)


def test_a_window_of_zero_is_named() -> None:
    found = DEPLOYMENT.not_at_fault(ENDED + SECOND, timedelta())
    assert found
    assert found.detail.endswith("at most 0 s is its fault")


def test_by_dates_the_next_older_version_is_the_one_before() -> None:
    assert back() == ("v41", True)
    assert back(versions=(V40, V42, V41)) == ("v41", True)


def test_two_versions_made_at_one_moment_are_no_roll_back() -> None:
    twin = replace(V41, created=V42.created)
    assert back(events=named("v41"), versions=(V42, twin)) == ("v41", False)


def named(label: str, at: Any = BEGAN - SECOND) -> tuple[Any, ...]:
    return (*DEPLOYED, replace(event(version=label), at=at))


def test_a_version_that_an_earlier_event_names_is_certain() -> None:
    assert back(events=named("v40")) == ("v40", False)


@pytest.mark.parametrize(
    "events", [named("v40", BEGAN), named("v42"), named("")], ids=["at its start", "the same", "none"]
)
def test_events_that_name_no_earlier_version_leave_it_to_the_dates(events: Any) -> None:
    assert back(events=events) == ("v41", True)


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        pytest.param(
            {"versions": (V41,)},
            Reason.NOTHING_TO_ROLL_BACK,
            "version v42, which runs, is not among the application's",
            id="what runs was deleted",
        ),
        pytest.param(
            {"events": named("v39")},
            Reason.NOTHING_TO_ROLL_BACK,
            "version v39, which ran before v42, was deleted or cannot be deployed",
            id="the one before was deleted",
        ),
        pytest.param(
            {"events": named("v43"), "versions": (V43, V42)},
            Reason.ROLLED_BACK_BEFORE,
            "v42 is older than v43, which ran before it: it is a roll back itself",
            id="a newer one ran before",
        ),
        pytest.param(
            {"environments": 3},
            Reason.NOTHING_TO_ROLL_BACK,
            (
                "its events name no earlier version, and any of the 3 environments of shop "
                "may have run the others"
            ),
            id="siblings",
        ),
        pytest.param(
            {"versions": (V43, V42, V41)},
            Reason.ROLLED_BACK_BEFORE,
            "version v43 is newer than v42, which may be a roll back itself",
            id="a newer one exists",
        ),
        pytest.param(
            {"versions": (V42, replace(V41, status="Failed"))},
            Reason.NOTHING_TO_ROLL_BACK,
            "there is no version older than v42",
            id="none is left",
        ),
        pytest.param(
            {"versions": (V42, replace(V41, created=V42.created))},
            Reason.NOTHING_TO_ROLL_BACK,
            "there is no version older than v42",
            id="made at the same moment",
        ),
    ],
)
def test_without_a_certain_rollback_target_it_is_refused(
    changes: dict[str, Any], reason: Reason, detail: str
) -> None:
    assert back(**changes) == Obstacle(reason, detail)


def a_deployment(ended: Any, request: str = "", version: str = "") -> tuple[Any, Any]:
    """The two events of another deployment, a minute apart."""
    begun = event("Deploying new version to instance(s).", request_id=request, version=version)
    return done(ended, request), replace(begun, at=ended - 60 * SECOND)


def done(at: Any, request: str) -> Any:
    """The event at the end of a deployment."""
    words = "New application version was deployed to running EC2 instances."
    return replace(event(words, request_id=request), at=at)


DAY = timedelta(days=1)
LEFT = "deployments lie between the making of v41 and the newest one: it may have been left for an older one"
UNNAMED = (
    "version v40 was named as deployed, but after it and before v42 something was deployed "
    "that no event names"
)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param(a_deployment(BEGAN - DAY, "r-1"), ("v41", True), id="its own"),
        pytest.param(
            (*a_deployment(BEGAN - SECOND, "r-2"), *a_deployment(V41.created + 61 * SECOND, "r-1")),
            Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"2 {LEFT}"),
            id="its own and one more",
        ),
        pytest.param(
            (done(BEGAN, "r-2"), done(BEGAN - DAY, "r-1"), done(V41.created, "r-0")),
            ("v41", True),
            id="one before it was made, and one with the newest",
        ),
        pytest.param(
            a_deployment(BEGAN - DAY), Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"2 {LEFT}"), id="of no request"
        ),
        pytest.param(
            (*a_deployment(BEGAN - DAY, "r-2", "v42"), *a_deployment(BEGAN - 2 * DAY, "r-1")),
            ("v41", True),
            id="one of what runs now",
        ),
        pytest.param(
            tuple(replace(done(BEGAN - n * DAY, ""), version="v42") for n in (1, 2)),
            ("v41", True),
            id="two of what runs now, of no request",
        ),
        pytest.param(
            tuple(replace(event(request_id=f"r-{n}"), at=BEGAN - DAY) for n in range(3)),
            ("v41", True),
            id="no deployments",
        ),
    ],
)
def test_a_version_that_was_left_for_another_is_not_inferred_from_dates(
    others: Any, expected: object
) -> None:
    newest = tuple(one for one in DEPLOYED if one.at >= BEGAN)
    assert back(events=(*newest, *others)) == expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param(a_deployment(BEGAN - DAY, "r-1", "v40"), ("v40", False), id="its own alone"),
        pytest.param(
            (*a_deployment(BEGAN - SECOND, "r-2"), *a_deployment(BEGAN - DAY, "r-1", "v40")),
            Obstacle(Reason.NOTHING_TO_ROLL_BACK, UNNAMED),
            id="another after it",
        ),
        pytest.param(
            (*a_deployment(BEGAN - DAY, "r-2", "v42"), *a_deployment(BEGAN - 2 * DAY, "r-1", "v40")),
            ("v40", False),
            id="what runs now, twice",
        ),
        pytest.param(
            (done(BEGAN, "r-3"), named("v40")[-1], done(BEGAN - SECOND, "r-2")),
            ("v40", False),
            id="at the same moments",
        ),
        pytest.param(
            (*a_deployment(BEGAN - DAY, "r-1", "v40"), *a_deployment(BEGAN - 2 * DAY, "r-0")),
            ("v40", False),
            id="another before it",
        ),
        pytest.param(
            a_deployment(BEGAN - DAY, "", "v40"),
            Obstacle(Reason.NOTHING_TO_ROLL_BACK, UNNAMED),
            id="its own end, which no request identifies as its own",
        ),
    ],
)
def test_a_named_version_that_was_left_for_one_without_a_name_is_not_the_one_before(
    others: Any, expected: object
) -> None:
    assert back(events=(*DEPLOYED, *others)) == expected


def test_an_environment_without_a_version_has_none_before() -> None:
    found = previous(environment(version=""), BEGAN, deployed())
    assert found == Obstacle(
        Reason.NOTHING_TO_ROLL_BACK, "version (none), which runs, is not among the application's"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"versions": Unknown("x")}, "the application's versions could not be read: x"),
        (
            {"environments": Unknown("x")},
            "how many environments the application has could not be read: x",
        ),
    ],
)
def test_a_target_from_unread_events_or_versions_is_unknown(changes: dict[str, Any], why: str) -> None:
    assert back(**changes) == Unknown(why)


def test_events_that_could_not_be_read_name_nothing() -> None:
    assert back(events=Unknown("x")) == ("v41", True)
