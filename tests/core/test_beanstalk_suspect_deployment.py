"""Which deployment of an environment brought what it runs, and which of the earlier ones ever ran."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.model import Obstacle
from firebreak.core.reasons import Reason
from firebreak.services.beanstalk.environments import EnvironmentEvent
from firebreak.services.beanstalk.versions import Previous, VersionDeployment, previous, suspect
from tests.support.builders_beanstalk import HEALTH_ALARM, V40, V41, V42, V43, deployed, environment

RED = HEALTH_ALARM.since
MINUTE, DAY, WINDOW = timedelta(minutes=1), timedelta(days=1), timedelta(minutes=30)


def deployment(
    label: str, before: timedelta, *, failed: bool = False, completed: bool | None = None, request: str = ""
) -> tuple[EnvironmentEvent, ...]:
    """The events of a deployment that took a minute and ended so long before the alarm turned red."""
    request = request or f"r-{before}"
    end, label = RED - before, label.removesuffix("?")

    def logged(message: str, severity: str = "INFO", ago: timedelta = timedelta()) -> EnvironmentEvent:
        return EnvironmentEvent(
            at=end - ago, message=message, severity=severity, request_id=request, version=label
        )

    events = [logged("Deploying new version to instance(s).", ago=MINUTE)]
    if failed:
        events.append(logged("Failed to deploy application.", "ERROR"))
    if completed if completed is not None else not failed:
        events.append(logged("New application version was deployed to running EC2 instances."))
    return tuple(events)


def events(*those: tuple[EnvironmentEvent, ...]) -> tuple[EnvironmentEvent, ...]:
    return tuple(sorted((one for each in those for one in each), key=lambda one: one.at, reverse=True))


def suspected(*those: tuple[EnvironmentEvent, ...], version: str = "v42") -> VersionDeployment | Obstacle:
    return suspect(environment(version=version), events(*those), RED, WINDOW)


V42_NOW, V41_BEFORE, V40_BEFORE = (
    deployment("v42", 8 * MINUTE),
    deployment("v41", 7 * DAY),
    deployment("v40", 20 * DAY),
)


@pytest.mark.parametrize(
    ("those", "began"),
    [
        pytest.param((V42_NOW, V41_BEFORE), 9 * MINUTE, id="the newest"),
        pytest.param((V42_NOW,), 9 * MINUTE, id="the only one"),
        pytest.param((deployment("", 8 * MINUTE),), 9 * MINUTE, id="the only one, without a name"),
        pytest.param((deployment("", 8 * MINUTE), V41_BEFORE), 9 * MINUTE, id="one without a name"),
        pytest.param((V42_NOW, deployment("v42", 20 * MINUTE)), 21 * MINUTE, id="the first of two"),
        pytest.param(
            (V42_NOW, deployment("v42", 20 * MINUTE, failed=True), V41_BEFORE),
            9 * MINUTE,
            id="not a try that failed",
        ),
        pytest.param(
            (V42_NOW, deployment("v42", 12 * MINUTE, failed=True), deployment("v42", 20 * MINUTE)),
            21 * MINUTE,
            id="behind a try that failed",
        ),
        pytest.param(
            (deployment("v42", 8 * MINUTE, failed=True), V41_BEFORE), 9 * MINUTE, id="failed, and runs"
        ),
        pytest.param(
            (V42_NOW, deployment("", 12 * MINUTE), deployment("v42", 20 * MINUTE)),
            9 * MINUTE,
            id="one without a name in between",
        ),
    ],
)
def test_the_suspect_is_the_deployment_that_brought_the_running_version(those: Any, began: timedelta) -> None:
    found = suspected(*those)
    assert isinstance(found, VersionDeployment)
    assert found.began == RED - began


@pytest.mark.parametrize(
    ("those", "version", "expected"),
    [
        pytest.param(
            (V42_NOW, deployment("v42", 21 * DAY)),
            "v42",
            Obstacle(
                Reason.NOTHING_TO_ROLL_BACK,
                "version v42 was only deployed again: it had been deployed before",
            ),
            id="deployed again",
        ),
        pytest.param(
            (deployment("v42", 8 * MINUTE, failed=True), V41_BEFORE),
            "v41",
            Obstacle(
                Reason.ROLLED_BACK_BEFORE,
                "version v42 was deployed last and v41 runs: its deployment failed, and went back to that",
            ),
            id="failed, and went back by itself",
        ),
        pytest.param(
            (V42_NOW, V41_BEFORE),
            "",
            Obstacle(
                Reason.ROLLED_BACK_BEFORE,
                "version v42 was deployed last and (none) runs: its deployment failed, and went back to that",
            ),
            id="nothing runs",
        ),
        pytest.param(
            (deployment("", 8 * MINUTE, failed=True), V41_BEFORE, V40_BEFORE),
            "v41",
            Obstacle(
                Reason.NOTHING_TO_ROLL_BACK,
                "the newest deployment names no version, and v41 was the one before it already",
            ),
            id="failed without a name",
        ),
        pytest.param(
            (deployment("", 3 * DAY), deployment("v42", 4 * DAY)),
            "v42",
            Obstacle(
                Reason.NO_RECENT_DEPLOYMENT,
                "the newest deployment ended 72 h before the alarm turned red; at most 30 min is its fault",
            ),
            id="one without a name, long ago",
        ),
        pytest.param(
            (deployment("v42", 3 * DAY), V41_BEFORE),
            "v41",
            Obstacle(
                Reason.NO_RECENT_DEPLOYMENT,
                "the newest deployment ended 72 h before the alarm turned red; at most 30 min is its fault",
            ),
            id="failed long ago",
        ),
        pytest.param(
            (deployment("v42", 2 * DAY), deployment("v42", 3 * DAY)),
            "v42",
            Obstacle(
                Reason.NO_RECENT_DEPLOYMENT,
                "the newest deployment ended 48 h before the alarm turned red; at most 30 min is its fault",
            ),
            id="twice, long ago",
        ),
        pytest.param(
            (),
            "v42",
            Obstacle(Reason.NO_RECENT_DEPLOYMENT, "its newest events report no deployment"),
            id="none",
        ),
    ],
)
def test_a_deployment_that_is_not_suspected_is_an_obstacle(
    those: Any, version: str, expected: Obstacle
) -> None:
    assert suspected(*those, version=version) == expected


def before(*those: tuple[EnvironmentEvent, ...], **changes: Any) -> Any:
    """The version before v43, which was deployed eight minutes before the alarm turned red."""
    whole = {"environment": environment(version="v43"), "versions": (V43, V42, V41, V40), **changes}
    seen = deployed(events=events(deployment("v43", 8 * MINUTE), *those), **whole)
    return previous(environment(version="v43"), RED - 9 * MINUTE, seen)


def test_a_version_that_failed_to_be_deployed_did_not_run_before() -> None:
    found = before(deployment("v42", 60 * MINUTE, failed=True), V41_BEFORE)
    assert (found.label, found.inferred, found.doubts) == ("v41", False, ())


def test_a_version_that_was_deployed_with_errors_may_have_run() -> None:
    found = before(deployment("v42", 60 * MINUTE, failed=True, completed=True), V41_BEFORE)
    text = "version v42 was deployed with errors since, and may have run before v43"
    assert (found.label, found.doubts) == ("v41", (text,))
    older = deployment("v40", 20 * DAY, failed=True, completed=True)
    assert before(V41_BEFORE, older).doubts == ()


def test_a_version_that_somebody_tried_to_leave_for_an_older_one_is_in_doubt_although_that_failed() -> None:
    back = deployment("v40", 60 * MINUTE, failed=True)
    found = before(back, V41_BEFORE)
    text = (
        "version v40, which is no newer, was deployed with errors since: somebody may have been leaving v41"
    )
    assert (found.label, found.doubts) == ("v41", (text,))
    deleted = before(back, V41_BEFORE, versions=(V43, V42, V41))
    assert (deleted.label, deleted.doubts) == ("v41", (text,)), "of a deleted one nobody knows how old it was"


@pytest.mark.parametrize("label", ["v41", "v43"], ids=["the candidate", "what runs now"])
def test_errors_of_what_ran_before_or_runs_now_are_no_doubt_about_others(label: str) -> None:
    found = before(deployment(label, 60 * MINUTE, failed=True, completed=True), V41_BEFORE)
    assert (found.label, found.doubts) == ("v41", ())


def test_a_version_made_at_the_same_moment_as_the_candidate_is_no_newer() -> None:
    twin = replace(V42, created=V41.created)
    found = before(deployment("v42", 60 * MINUTE, failed=True), V41_BEFORE, versions=(V43, twin, V41, V40))
    text = (
        "version v42, which is no newer, was deployed with errors since: somebody may have been leaving v41"
    )
    assert (found.label, found.doubts) == ("v41", (text,))


ONLY = Obstacle(
    Reason.NOTHING_TO_ROLL_BACK, "the only deployment that may have been of v42 failed: it never ran"
)


@pytest.mark.parametrize("label", ["", "v42"], ids=["without a name", "named"])
def test_a_version_that_never_ran_is_not_inferred_from_dates(label: str) -> None:
    assert before(deployment(label, 60 * MINUTE, failed=True)) == ONLY


def test_a_failed_deployment_of_another_version_does_not_change_the_version_that_dates_suggest() -> None:
    assert before(deployment("v40", 60 * MINUTE, failed=True)).label == "v42"


def test_a_deployment_that_began_as_a_version_was_made_is_not_its_own() -> None:
    at_once = deployment("", RED - V42.created - MINUTE, failed=True)
    assert before(at_once).label == "v42"
    assert before(deployment("", RED - V42.created - 2 * MINUTE, failed=True)) == ONLY


def test_an_error_that_no_request_caused_is_of_no_deployment() -> None:
    error = EnvironmentEvent(at=RED - MINUTE, message="Out of memory.", severity="ERROR")
    named = replace(error, at=RED - DAY, message="Environment update is starting.", version="v41")
    assert before((error,), (named,)).label == "v41"


def test_a_version_that_failed_and_was_deployed_again_did_run() -> None:
    failed, again = deployment("v42", 90 * MINUTE, failed=True), deployment("v42", 60 * MINUTE)
    assert before(failed, again).label == "v42"
    assert before(again, deployment("v42", 30 * MINUTE, failed=True)).label == "v42"


def test_the_version_before_has_its_beginning_and_its_end() -> None:
    found = before(deployment("v42", 2 * DAY), deployment("v42", 3 * DAY), V41_BEFORE)
    assert (found.ran.began, found.until) == (RED - 3 * DAY - MINUTE, RED - 9 * MINUTE)
    failed = deployment("v40", DAY, failed=True)
    assert before(failed, deployment("v42", 2 * DAY)).until == RED - DAY - MINUTE


def test_a_deployment_of_one_moment_is_the_one_that_ran() -> None:
    found = before(deployment("v42", DAY)[1:])
    assert found.ran == VersionDeployment(RED - DAY, RED - DAY, "v42", completed=True)
    assert found.until == RED - 9 * MINUTE


def test_a_name_without_a_deployment_gives_one_moment() -> None:
    named = EnvironmentEvent(
        at=RED - DAY, message="Environment update is starting.", severity="INFO", version="v42"
    )
    found = before((named,))
    assert (found.ran, found.until) == (VersionDeployment(RED - DAY, RED - DAY, "v42"), RED - 9 * MINUTE)


def test_a_version_that_dates_suggest_ran_since_its_creation_at_the_earliest() -> None:
    found = before(deployment("", DAY))
    assert (found.label, found.inferred) == ("v42", True)
    assert (found.ran, found.until) == (VersionDeployment(V42.created, V42.created), RED - 9 * MINUTE)


def test_the_version_before_has_its_label() -> None:
    made = before(V41_BEFORE)
    assert isinstance(made, Previous)
    assert made.ran == replace(made.ran, label="v41")
