"""The deployments that ECS records for a service, and stopping one: against the real service model."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import AwsError, Conflict, Denied, NotFound, OutcomeUnknown, Rejected, Throttled
from firebreak.services.ecs.client_deployments import DeploymentReader, DeploymentWriter
from firebreak.services.ecs.deployments import DeploymentHistory
from tests.services.ecs.stubbed import SECRET, Stubs
from tests.support.builders_deployments import (
    MINUTE,
    OLD,
    RED,
    arn_of,
    raw_brief,
    raw_described,
    raw_revision,
    revision_arn,
)
from tests.support.builders_ecs import TARGET, TASK_DEFINITION

DAY = timedelta(days=1)
ASKED = {"cluster": "prod", "service": "api", "maxResults": 100}


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


def answer_list(stubs: Stubs, *briefs: dict[str, Any], token: str = "", asked: str = "") -> None:
    page: dict[str, Any] = {"serviceDeployments": list(briefs)} | ({"nextToken": token} if token else {})
    stubs.for_ecs.add_response(
        "list_service_deployments", page, ASKED | ({"nextToken": asked} if asked else {})
    )


def answer_describe(stubs: Stubs, described: dict[str, Any]) -> None:
    asked = {"serviceDeploymentArns": [described["serviceDeploymentArn"]]}
    answer = {"serviceDeployments": [described], "failures": []}
    stubs.for_ecs.add_response("describe_service_deployments", answer, asked)


def answer_revisions(stubs: Stubs, *known: dict[str, Any], asked: list[str], reason: str = "MISSING") -> None:
    """Those that are not known are returned as failures."""
    missing = {revision_arn(one) for one in asked} - {one["serviceRevisionArn"] for one in known}
    failures = [{"arn": arn, "reason": reason} for arn in sorted(missing) if reason]
    answer = {"serviceRevisions": list(known), "failures": failures}
    stubs.for_ecs.add_response(
        "describe_service_revisions", answer, {"serviceRevisionArns": [revision_arn(one) for one in asked]}
    )


def read(stubs: Stubs) -> Any:
    return DeploymentReader(stubs.reader._ecs).history(TARGET)


def test_the_newest_comes_first_whatever_the_order_of_the_pages(stubs: Stubs) -> None:
    answer_list(stubs, raw_brief("d6", "r6", RED - DAY), token="more")
    answer_list(stubs, raw_brief("d7", "r7", RED), asked="more")
    answer_describe(stubs, raw_described("d7"))
    answer_revisions(stubs, raw_revision("r7", TASK_DEFINITION), raw_revision("r6", OLD), asked=["r6", "r7"])
    found = read(stubs)
    assert [(one.arn, one.task_definition) for one in found.deployments] == [
        (arn_of("d7"), TASK_DEFINITION),
        (arn_of("d6"), OLD),
    ]
    assert (found.newest.began, found.newest.ended) == (RED, RED + 2 * MINUTE)
    assert (found.paused_hook, found.replaces) == ("", True)


def test_no_more_than_the_newest_twenty_are_described(stubs: Stubs) -> None:
    names = [f"{n:02d}" for n in range(25)]
    answer_list(stubs, *(raw_brief(f"d{n}", f"r{n}", RED + int(n) * MINUTE) for n in names))
    answer_describe(stubs, raw_described("d24"))
    answer_revisions(stubs, asked=[f"r{n}" for n in names[5:]])
    found = read(stubs)
    assert (len(found.deployments), found.newest.arn) == (20, arn_of("d24"))


def test_a_deployment_that_has_not_started_began_when_it_was_made(stubs: Stubs) -> None:
    brief = raw_brief(status="PENDING")
    del brief["startedAt"], brief["finishedAt"]
    answer_list(stubs, brief)
    answer_describe(stubs, raw_described(status="PENDING"))
    answer_revisions(stubs, raw_revision("r7", TASK_DEFINITION), asked=["r7"])
    found = read(stubs)
    assert (found.newest.began, found.newest.ended) == (RED, None)


def test_the_last_description_gives_the_status_of_the_newest(stubs: Stubs) -> None:
    brief = raw_brief(status="IN_PROGRESS")
    del brief["finishedAt"]
    answer_list(stubs, brief)
    answer_describe(stubs, raw_described(status="STOPPED", stoppedAt=RED + MINUTE))
    answer_revisions(stubs, raw_revision("r7", TASK_DEFINITION), asked=["r7"])
    found = read(stubs)
    assert (found.newest.status, found.newest.ended) == ("STOPPED", RED + MINUTE)


@pytest.mark.parametrize(
    ("hooks", "paused"),
    [
        pytest.param([("PAUSE", "AWAITING_ACTION", "h1")], "h1", id="waits for a human"),
        pytest.param(
            [("PAUSE", "SUCCEEDED", "h1"), ("PAUSE", "AWAITING_ACTION", "h2")], "h2", id="at the next"
        ),
        pytest.param([("PAUSE", "TIMED_OUT", "h1")], "", id="waited too long"),
        pytest.param([("AWS_LAMBDA", "IN_PROGRESS", "h1")], "", id="a function is at work"),
        pytest.param([("AWS_LAMBDA", "AWAITING_ACTION", "h1")], "", id="a function is waited for"),
    ],
)
def test_only_a_pause_that_waits_is_a_paused_hook(
    stubs: Stubs, hooks: list[tuple[str, str, str]], paused: str
) -> None:
    details = [{"targetType": kind, "status": status, "hookId": hook} for kind, status, hook in hooks]
    answer_list(stubs, raw_brief(status="IN_PROGRESS"))
    answer_describe(stubs, raw_described(status="IN_PROGRESS", lifecycleHookDetails=details))
    answer_revisions(stubs, raw_revision("r7", TASK_DEFINITION), asked=["r7"])
    assert read(stubs).paused_hook == paused


def test_the_first_deployment_of_a_service_replaces_nothing(stubs: Stubs) -> None:
    answer_list(stubs, raw_brief())
    answer_describe(stubs, raw_described(sourceServiceRevisions=[]))
    answer_revisions(stubs, raw_revision("r7", TASK_DEFINITION), asked=["r7"])
    assert read(stubs).replaces is False


def test_a_revision_that_ecs_forgot_leaves_its_task_definition_unknown(stubs: Stubs) -> None:
    answer_list(stubs, raw_brief(), raw_brief("d6", "r6", RED - DAY))
    answer_describe(stubs, raw_described())
    answer_revisions(stubs, raw_revision("r7", TASK_DEFINITION), asked=["r6", "r7"])
    assert [one.task_definition for one in read(stubs).deployments] == [TASK_DEFINITION, ""]


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        pytest.param("ACCESS_DENIED", "ACCESS_DENIED", id="may not be read"),
        pytest.param("", "1 of 2 revisions are not in the answer", id="in neither list"),
    ],
)
def test_a_revision_that_could_not_be_looked_at_is_not_taken_for_forgotten(
    stubs: Stubs, reason: str, why: str
) -> None:
    answer_list(stubs, raw_brief(), raw_brief("d6", "r6", RED - DAY))
    answer_describe(stubs, raw_described())
    answer_revisions(stubs, raw_revision("r7", TASK_DEFINITION), asked=["r6", "r7"], reason=reason)
    assert read(stubs) == Unknown(f"DescribeServiceRevisions: {why}")


def settings_of(stubs: Stubs, *changes: dict[str, Any]) -> list[str]:
    """The `settings` that are read of a revision with each of these."""
    names = [str(place) for place in range(len(changes))]
    answer_list(stubs, *(raw_brief(f"d{name}", f"r{name}", RED + int(name) * MINUTE) for name in names))
    answer_describe(stubs, raw_described(f"d{names[-1]}"))
    known = (raw_revision(f"r{name}", OLD) | one for name, one in zip(names, changes, strict=True))
    answer_revisions(stubs, *known, asked=[f"r{name}" for name in names])
    return [one.settings for one in read(stubs).deployments]


def network(group: str) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"], "securityGroups": [group]}}}


def test_other_settings_of_the_service_are_compared_and_not_disclosed(stubs: Stubs) -> None:
    newest, before, same = settings_of(stubs, network("sg-1"), network("sg-1"), network("sg-2"))
    assert newest != before == same
    assert "sg-" not in newest


def test_a_revision_that_lists_the_same_in_another_order_has_the_same_settings(stubs: Stubs) -> None:
    both = {"subnets": ["a", "b"], "securityGroups": ["sg-1", "sg-2"]}
    turned = {"subnets": ["b", "a"], "securityGroups": ["sg-2", "sg-1"]}
    settings = [{"networkConfiguration": {"awsvpcConfiguration": one}} for one in (both, turned)]
    assert len(set(settings_of(stubs, *settings))) == 1


def test_fields_that_ecs_adds_to_a_revision_are_no_setting(stubs: Stubs) -> None:
    group = {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/green/1"}
    made = {
        "createdAt": RED,
        "containerImages": [{"containerName": "api", "image": "api:1"}],
        "resolvedConfiguration": {"loadBalancers": [group]},
        "ecsManagedResources": {},
    }
    assert len(set(settings_of(stubs, made, {}))) == 1


def test_a_service_without_deployments_has_an_empty_memory(stubs: Stubs) -> None:
    answer_list(stubs)
    assert read(stubs) == DeploymentHistory(deployments=(), replaces=False)


def test_pages_without_end_are_not_read_to_the_end(stubs: Stubs) -> None:
    full = [raw_brief()] * 100
    answer_list(stubs, *full, token="0")
    for page in range(19):
        answer_list(stubs, *full, token=str(page + 1), asked=str(page))
    assert read(stubs) == Unknown("more than 2000 deployments in 90 days")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("ServiceNotFoundException", ABSENT, id="no service"),
        pytest.param("ClusterNotFoundException", ABSENT, id="no cluster"),
        pytest.param(
            "AccessDeniedException", Unknown("ListServiceDeployments: AccessDeniedException"), id="denied"
        ),
        pytest.param(
            "UnsupportedFeatureException",
            Unknown("ListServiceDeployments: UnsupportedFeatureException"),
            id="not for such a service",
        ),
    ],
)
def test_absent_and_could_not_look_differ(stubs: Stubs, code: str, expected: object) -> None:
    stubs.for_ecs.add_client_error("list_service_deployments", code, SECRET, 400)
    assert expected == read(stubs)


def test_a_deployment_that_cannot_be_described_is_blindness(stubs: Stubs) -> None:
    answer_list(stubs, raw_brief())
    missing = {"serviceDeployments": [], "failures": [{"arn": arn_of("d7"), "reason": "MISSING"}]}
    stubs.for_ecs.add_response("describe_service_deployments", missing)
    answer_revisions(stubs, asked=["r7"])
    assert read(stubs) == Unknown("DescribeServiceDeployments: MISSING")


def test_revisions_that_cannot_be_described_are_blindness(stubs: Stubs) -> None:
    answer_list(stubs, raw_brief())
    answer_describe(stubs, raw_described())
    stubs.for_ecs.add_client_error("describe_service_revisions", "ServiceNotFoundException", SECRET, 400)
    assert read(stubs) == Unknown("DescribeServiceRevisions: NotFound")


def test_stopping_says_roll_back_and_nothing_else(stubs: Stubs) -> None:
    sent = {"serviceDeploymentArn": arn_of("d7"), "stopType": "ROLLBACK"}
    stubs.for_ecs.add_response("stop_service_deployment", {"serviceDeploymentArn": arn_of("d7")}, sent)
    DeploymentWriter(stubs.reader._ecs).stop_and_roll_back(arn_of("d7"))
    stubs.for_ecs.assert_no_pending_responses()


def test_a_hook_is_never_answered_without_the_word_roll_back(stubs: Stubs) -> None:
    """Left out, the API takes it for CONTINUE."""
    sent = {"serviceDeploymentArn": arn_of("d7"), "hookId": "h1", "action": "ROLLBACK"}
    stubs.for_ecs.add_response("continue_service_deployment", {"serviceDeploymentArn": arn_of("d7")}, sent)
    DeploymentWriter(stubs.reader._ecs).roll_back_at_hook(arn_of("d7"), "h1")
    stubs.for_ecs.assert_no_pending_responses()


WRITES = [
    pytest.param("stop_service_deployment", lambda w: w.stop_and_roll_back(arn_of("d7")), id="stop"),
    pytest.param("continue_service_deployment", lambda w: w.roll_back_at_hook(arn_of("d7"), "h"), id="hook"),
]


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("ConflictException", 400, Conflict, id="it has just ended"),
        pytest.param("ServiceDeploymentNotFoundException", 400, NotFound, id="gone"),
        pytest.param("AccessDeniedException", 400, Denied, id="denied"),
        pytest.param("ThrottlingException", 400, Throttled, id="throttled"),
        pytest.param("UnsupportedFeatureException", 400, Rejected, id="not for such a service"),
        pytest.param("ServerException", 500, OutcomeUnknown, id="AWS failed"),
    ],
)
@pytest.mark.parametrize(("operation", "write"), WRITES)
def test_an_ending_that_fails_says_how_without_quoting_aws(
    stubs: Stubs,
    *,
    operation: str,
    write: Callable[[DeploymentWriter], None],
    code: str,
    status: int,
    expected: type[AwsError],
) -> None:
    stubs.for_ecs.add_client_error(operation, code, SECRET, status)
    with pytest.raises(expected) as caught:
        write(DeploymentWriter(stubs.reader._ecs))
    name = "".join(part.capitalize() for part in operation.split("_"))
    assert f"{name}: {code}" == str(caught.value)
