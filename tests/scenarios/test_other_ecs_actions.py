"""The other ECS actions through their deployed functions, as far as local AWS has the calls.

It has no health of tasks and remembers no deployments, so the two that need them refuse here, and say
why; tests/workflow lets them act on botocore's real model.
"""

from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local

MEMORY = {"firebreak:action": "adjust-task-memory"}
ROLL_BACK = {"firebreak:action": "roll-back-service"}
REPLACE = {"firebreak:action": "replace-task"}


def definition(bench: Bench, name: str) -> dict[str, Any]:
    """The task definition that the service runs."""
    ecs = bench.session.client("ecs")
    found = ecs.describe_task_definition(
        taskDefinition=bench.service(name)["taskDefinition"], include=["TAGS"]
    )
    return dict(found["taskDefinition"]) | {"tags": found["tags"]}


def test_the_tasks_of_a_service_get_the_next_size_and_keep_all_else(bench: Bench) -> None:
    bench.service_with_alarm("hungry", tags=MEMORY)
    before = definition(bench, "hungry")
    bench.turn(bench.alarm("hungry"), "ALARM")
    page = bench.expect_page("ACTED", bench.about("hungry"))
    after = definition(bench, "hungry")
    assert (before["memory"], after["memory"], after["revision"]) == ("512", "1024", before["revision"] + 1)
    assert bench.updates_of("hungry")[0]["taskDefinition"] == after["taskDefinitionArn"]
    same = ["family", "cpu", "networkMode", "containerDefinitions", "requiresCompatibilities", "tags"]
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    bench.turn(bench.alarm("hungry"), "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)


def test_a_service_that_did_not_opt_in_keeps_its_size(bench: Bench) -> None:
    bench.service_with_alarm("shy", tags=MEMORY, opted_in=False)
    bench.turn(bench.alarm("shy"), "ALARM")
    bench.expect_decision(bench.alarm("shy"), "not_opted_in")
    assert bench.updates_of("shy") == []


@pytest.mark.parametrize(
    ("name", "tags", "reason"),
    [
        pytest.param("stale", ROLL_BACK, "no_recent_deployment", id="roll-back-service"),
        pytest.param("single", REPLACE, "no_single_bad_task", id="replace-task"),
    ],
)
def test_an_action_that_local_aws_does_not_support_is_refused_with_its_reason_and_paged(
    bench: Bench, name: str, tags: dict[str, str], reason: str
) -> None:
    bench.service_with_alarm(name, tags=tags)
    bench.turn(bench.alarm(name), "ALARM")
    bench.expect_decision(bench.alarm(name), reason)
    bench.expect_page("NOT ACTING", bench.about(name))
    assert bench.updates_of(name) == []
