"""`sam local` runs every function on every event it should get, and each answers as `explain` says.

The functions are in containers, built as for AWS; local AWS is deployed for them alone. IAM is not
looked at here: the containers have the account's own credentials.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from firebreak.core.model import AlarmState
from firebreak.core.paging.vouching import UNPROVEN
from tests.scenarios.containers import (
    ROUTER,
    Containers,
    about,
    cases,
    decided,
    expected,
    firebreak,
    fresh,
    left_out,
    parsed,
    routed,
    started,
)
from tests.support.sample_events import EVENTS, load

pytestmark = [pytest.mark.local, pytest.mark.docker]

every_case = pytest.mark.parametrize(
    ("name", "function"), [pytest.param(*case, id="-".join(case)) for case in decided()]
)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    if why := left_out():
        pytest.skip(f"left out, functions in containers: {why} (.ci/run makes an engine and an image)")
    with started(tmp_path_factory.mktemp("containers")) as containers:
        yield containers


@pytest.fixture
def containers(warm: Containers) -> Containers:
    """The containers with an empty ledger."""
    warm.forget()
    return warm


@every_case
def test_an_event_of_long_ago_is_answered_as_explained(
    containers: Containers, name: str, function: str
) -> None:
    event = load(name)
    explained = containers.explain(event)

    answer = containers.invoke(function, event)

    assert expected(explained, function) == {key: answer[key] for key in ("outcome", "reason")}


@every_case
def test_an_event_of_now_is_answered_as_explained(containers: Containers, name: str, function: str) -> None:
    event = fresh(load(name), datetime.now(UTC))
    containers.set_alarm(event)
    explained = containers.explain(event)

    answer = containers.invoke(function, event)

    assert expected(explained, function) == {key: answer[key] for key in ("outcome", "reason")}


def test_the_events_of_now_are_in_every_state() -> None:
    states = {parsed(fresh(load(name), datetime.now(UTC))).state for name, _ in cases()}

    assert set(AlarmState) == states


@pytest.mark.parametrize("name", routed())
def test_an_alarm_without_live_tags_is_left_by_the_router(containers: Containers, name: str) -> None:
    event = load(name)
    containers.set_alarm(event)

    answer = containers.invoke(ROUTER, event)

    assert (answer["outcome"], answer["reason"]) == ("left", "not_routed")


def test_an_alarm_that_is_gone_is_left_by_the_router(containers: Containers) -> None:
    event: dict[str, Any] = load("ecs_memory_alarm")
    event["resources"] = [f"{event['resources'][0]}-gone"]

    answer = containers.invoke(ROUTER, event)

    assert (answer["outcome"], answer["reason"]) == ("left", "alarm_gone")


def test_a_restart_from_a_container_reaches_aws(containers: Containers) -> None:
    containers.workload.service("leaking")
    event = about("leaking", "restart-service")
    containers.set_alarm(event)
    before = containers.ecs("leaking")["deployments"][0]["id"]

    explained = containers.explain(event)
    answer = containers.invoke("RestartService", event)

    assert (explained["decision"], answer["outcome"]) == ("act", "act")
    assert before != containers.ecs("leaking")["deployments"][0]["id"]


def test_the_same_event_once_more_changes_nothing(containers: Containers) -> None:
    containers.workload.service("twice")
    event = about("twice", "restart-service")
    containers.set_alarm(event)
    containers.invoke("RestartService", event)
    after_the_first = containers.ecs("twice")["deployments"][0]["id"]

    answer = containers.invoke("RestartService", event)

    assert (answer["outcome"], answer["reason"]) == ("refuse", "duplicate")
    assert after_the_first == containers.ecs("twice")["deployments"][0]["id"]


def test_a_service_is_scaled_from_a_container(containers: Containers) -> None:
    containers.workload.service("busy", desired=2)
    event = about("busy", "scale-service")
    containers.set_alarm(event)

    answer = containers.invoke("ScaleService", event)

    assert answer["outcome"] == "act"
    assert containers.ecs("busy")["desiredCount"] == 3


def test_the_floor_of_a_scaled_service_is_raised_from_a_container(containers: Containers) -> None:
    containers.workload.service("elastic", desired=2)
    scaling = containers.session.client("application-autoscaling")
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/prod/elastic",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2,
        MaxCapacity=6,
    )
    event = about("elastic", "scale-service")
    containers.set_alarm(event)

    answer = containers.invoke("ScaleService", event)

    found = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=["service/prod/elastic"])
    assert answer["outcome"] == "act"
    assert (found["ScalableTargets"][0]["MinCapacity"], found["ScalableTargets"][0]["MaxCapacity"]) == (3, 6)


@pytest.mark.parametrize(
    ("name", "function", "outcome", "reason"),
    [
        pytest.param("check", "Verify", "nothing_claimed", "incident_moved_on", id="check"),
        pytest.param("sweep", "Verify", "swept", "not_in_alarm", id="sweep"),
        pytest.param("announcement", "Page", "notified", "clear_to_act", id="announcement"),
        pytest.param("crash", "Page", "notified", "clear_to_act", id="crash"),
    ],
)
def test_events_that_firebreak_sends_itself_are_understood(
    containers: Containers, name: str, function: str, outcome: str, reason: str
) -> None:
    answer = containers.invoke(function, load(f"internal/{name}"))

    assert (outcome, reason) == (answer["outcome"], answer["reason"])


def test_every_internal_event_has_an_expectation() -> None:
    pytest_marks = test_events_that_firebreak_sends_itself_are_understood.pytestmark  # type: ignore[attr-defined]  # pytest's own
    (table,) = [mark.args[1] for mark in pytest_marks if mark.name == "parametrize"]

    assert sorted(path.stem for path in (EVENTS / "internal").glob("*.json")) == sorted(
        row.values[0] for row in table
    )


def test_a_page_from_a_container_reaches_a_human(containers: Containers) -> None:
    """The ledger is empty here, so the announcement is not confirmed; it is paged all the same."""
    containers.inbox.fetch()

    containers.invoke("Page", load("internal/announcement"))

    (page,) = containers.inbox.fetch()
    assert page.subject.startswith("[Firebreak] BLIND: ")
    assert UNPROVEN in page.body
    assert "deployment ecs-svc/4f1d2c3b5a69788796a5 of api:41 began" in page.body


def test_firebreak_local_invoke_answers_from_a_cold_container(containers: Containers) -> None:
    explained = containers.explain(load("ecs_memory_alarm"))

    said = firebreak(
        "local", "invoke", "RestartService", "events/ecs_memory_alarm.json", home=containers.home
    )

    answer = json.loads(said)
    assert expected(explained, "RestartService") == {key: answer[key] for key in ("outcome", "reason")}
