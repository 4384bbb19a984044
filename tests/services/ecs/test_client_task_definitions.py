"""Task definitions: the fields that are read, and a revision that differs only in its memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from firebreak.core.readings import Unknown
from firebreak.errors import AwsError, Conflict, Denied, OutcomeUnknown, Rejected, Throttled, Unavailable
from firebreak.services.ecs.client_task_definitions import DefinitionReader, DefinitionWriter
from firebreak.services.ecs.task_memory import NewSize, TaskSize
from tests.services.ecs.stubbed import SECRET, Stubs
from tests.support.builders_ecs import TASK_DEFINITION, session
from tests.support.builders_task_memory import PINNED, REGISTERED, raw_definition

# The hash of this definition as the release before made it.
AS_LISTED = "49a567b6f3ce177b481edc272245598874e0fc2c2dd6c9018a55760003ae5e2a"
LARGER = NewSize(2048, {"api": 1024})
OWN_TAGS: Any = [{"key": "team", "value": "checkout"}, {"key": "firebreak:enabled", "value": "true"}]
AWS_TAGS = [{"key": "aws:cloudformation:stack-name", "value": "shop"}, {"key": "AWS:x", "value": "y"}]
# The fields that ECS returns and does not accept: all members of its shape except those of the request.
READ_ONLY = {
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
}


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


def read(stubs: Stubs, **changes: Any) -> Any:
    """The size of that definition."""
    answer = {"taskDefinition": raw_definition(**changes)}
    stubs.for_ecs.add_response("describe_task_definition", answer, {"taskDefinition": TASK_DEFINITION})
    return DefinitionReader(stubs.reader._ecs).size(TASK_DEFINITION)


def rest_of(stubs: Stubs, **changes: Any) -> str:
    found = read(stubs, **changes)
    assert isinstance(found, TaskSize), found
    return found.rest


def answer_source(stubs: Stubs, tags: Any = None, **changes: Any) -> None:
    """The source as it is read again before it is registered."""
    answer: dict[str, Any] = {"taskDefinition": raw_definition(**changes)}
    asked = {"taskDefinition": TASK_DEFINITION, "include": ["TAGS"]}
    stubs.for_ecs.add_response("describe_task_definition", answer | {"tags": tags or []}, asked)


def expected_request(**changes: Any) -> dict[str, Any]:
    """Everything of the source except the read-only fields, with the larger memory."""
    whole = raw_definition()
    copied = {key: value for key, value in whole.items() if key not in READ_ONLY and value != []}
    api, proxy = whole["containerDefinitions"]
    return copied | {"memory": "2048", "containerDefinitions": [api | {"memory": 1024}, proxy]} | changes


def register(stubs: Stubs, rest: str) -> str:
    return DefinitionWriter(stubs.reader._ecs).register_with(TASK_DEFINITION, rest, LARGER)


# --- reading


def test_a_definition_is_read_for_its_size(stubs: Stubs) -> None:
    found = read(stubs)
    assert found == TaskSize(
        arn=TASK_DEFINITION,
        cpu=512,
        memory=1024,
        limits={"api": 512},
        images=(PINNED, PINNED),
        fargate=True,
        rest=found.rest,
        rest_as_listed=AS_LISTED,
    )


def test_no_setting_of_a_container_is_disclosed(stubs: Stubs) -> None:
    assert not any(
        secret in repr(read(stubs)) for secret in ("hunter2", "t0ken", "PASSWORD", "ecs-execution")
    )


@pytest.mark.parametrize(
    ("changes", "fargate"),
    [
        pytest.param({}, True, id="asked for"),
        pytest.param({"requiresCompatibilities": ["EC2"], "compatibilities": ["EC2"]}, False, id="instances"),
        pytest.param({"requiresCompatibilities": []}, True, id="found to fit by ECS"),
    ],
)
def test_whatever_may_run_on_fargate_takes_its_sizes(
    stubs: Stubs, changes: dict[str, Any], *, fargate: bool
) -> None:
    assert read(stubs, **changes).fargate is fargate


def test_a_definition_without_a_size_of_its_own_has_that_of_its_containers(stubs: Stubs) -> None:
    found = read(stubs, cpu="", memory="")
    assert (found.cpu, found.memory, found.total) == (0, 0, 512)


def test_the_rest_is_the_same_whatever_the_memory_and_the_author(stubs: Stubs) -> None:
    api, proxy = raw_definition()["containerDefinitions"]
    larger = {
        "memory": "4096",
        "containerDefinitions": [api | {"memory": 2000}, proxy],
        "taskDefinitionArn": REGISTERED,
        "revision": 9,
        "registeredBy": "arn:aws:sts::111122223333:assumed-role/firebreak/x",
    }
    assert rest_of(stubs) == rest_of(stubs, **larger)


def listed_otherwise() -> dict[str, Any]:
    """The same definition with its containers, and what is set in them, in another order."""
    api, proxy = raw_definition()["containerDefinitions"]
    ports = [{"containerPort": 8443}, *api["portMappings"]]
    variables = [{"name": "MODE", "value": "fast"}, *api["environment"]]
    one = api | {"portMappings": ports, "environment": variables}
    other = api | {"portMappings": ports[::-1], "environment": variables[::-1]}
    return {
        "first": {"containerDefinitions": [one, proxy]},
        "again": {"containerDefinitions": [proxy, other]},
    }


def test_a_definition_that_lists_the_same_in_another_order_is_the_same(stubs: Stubs) -> None:
    both = listed_otherwise()
    text, again = read(stubs, **both["first"]), read(stubs, **both["again"])
    assert (text.rest, text.images, text.limits) == (again.rest, again.images, again.limits)
    assert text.rest_as_listed != again.rest_as_listed


def test_images_are_compared_in_any_order_of_containers(stubs: Stubs) -> None:
    api, proxy = raw_definition()["containerDefinitions"]
    proxy |= {"image": "example.com/proxy:1"}
    text = read(stubs, containerDefinitions=[api, proxy]).images
    assert text == read(stubs, containerDefinitions=[proxy, api]).images == (PINNED, "example.com/proxy:1")


def test_a_second_look_in_another_order_registers_what_was_planned(stubs: Stubs) -> None:
    both = listed_otherwise()
    rest = rest_of(stubs, **both["first"])
    answer_source(stubs, **both["again"])
    registered = {"taskDefinition": raw_definition(taskDefinitionArn=REGISTERED)}
    stubs.for_ecs.add_response("register_task_definition", registered)
    assert register(stubs, rest) == REGISTERED


def test_a_plan_of_the_release_before_is_compared_as_that_one_did(stubs: Stubs) -> None:
    answer_source(stubs)
    registered = {"taskDefinition": raw_definition(taskDefinitionArn=REGISTERED)}
    stubs.for_ecs.add_response("register_task_definition", registered)
    assert register(stubs, AS_LISTED) == REGISTERED


def test_a_deregistered_definition_is_not_active(stubs: Stubs) -> None:
    assert (read(stubs).active, read(stubs, status="INACTIVE").active) == (True, False)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"cpu": "1024"}, id="its CPU"),
        pytest.param({"taskRoleArn": "arn:aws:iam::111122223333:role/other"}, id="its role"),
        pytest.param({"image": "example.com/api:2"}, id="an image"),
        pytest.param({"environment": [{"name": "PASSWORD", "value": "hunter3"}]}, id="a variable"),
        pytest.param({"memoryReservation": 300}, id="what it reserves"),
        pytest.param(
            {"healthCheck": {"command": ["true", "CMD"], "interval": 30, "timeout": 5, "retries": 3}},
            id="the order of a command",
        ),
    ],
)
def test_any_other_change_is_noticed(stubs: Stubs, changes: dict[str, Any]) -> None:
    api, proxy = raw_definition()["containerDefinitions"]
    inside = {} if {"cpu", "taskRoleArn"} & set(changes) else {"containerDefinitions": [api | changes, proxy]}
    assert rest_of(stubs) != rest_of(stubs, **(inside or changes))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        pytest.param("ClientException", "DescribeTaskDefinition: ClientException", id="no such definition"),
        pytest.param("AccessDeniedException", "DescribeTaskDefinition: AccessDeniedException", id="denied"),
    ],
)
def test_a_definition_that_cannot_be_read_is_blindness(stubs: Stubs, code: str, why: str) -> None:
    stubs.for_ecs.add_client_error("describe_task_definition", code, SECRET, 400)
    assert DefinitionReader(stubs.reader._ecs).size(TASK_DEFINITION) == Unknown(why)


# --- registering


def test_all_but_the_memory_is_registered_as_it_was(stubs: Stubs) -> None:
    rest = rest_of(stubs)
    answer_source(stubs)
    after = {"taskDefinition": raw_definition(taskDefinitionArn=REGISTERED)}
    stubs.for_ecs.add_response("register_task_definition", after, expected_request())
    assert register(stubs, rest) == REGISTERED


def test_its_tags_go_with_it_but_for_those_of_aws(stubs: Stubs) -> None:
    rest = rest_of(stubs)
    answer_source(stubs, [*OWN_TAGS, *AWS_TAGS])
    after = {"taskDefinition": raw_definition(taskDefinitionArn=REGISTERED)}
    stubs.for_ecs.add_response("register_task_definition", after, expected_request(tags=OWN_TAGS))
    assert register(stubs, rest) == REGISTERED


def test_a_task_without_a_limit_of_its_own_gets_none(stubs: Stubs) -> None:
    on_instances: dict[str, Any] = {
        "cpu": "",
        "memory": "",
        "requiresCompatibilities": ["EC2"],
        "compatibilities": ["EC2"],
    }
    rest = rest_of(stubs, **on_instances)
    answer_source(stubs, **on_instances)
    sent = expected_request(requiresCompatibilities=["EC2"])
    del sent["cpu"], sent["memory"]
    stubs.for_ecs.add_response(
        "register_task_definition", {"taskDefinition": raw_definition(taskDefinitionArn=REGISTERED)}, sent
    )
    writer = DefinitionWriter(stubs.reader._ecs)
    assert writer.register_with(TASK_DEFINITION, rest, NewSize(0, {"api": 1024})) == REGISTERED


def test_fields_that_ecs_returns_and_does_not_accept_are_those_of_the_model(stubs: Stubs) -> None:
    model: Any = stubs.reader._ecs.meta.service_model
    text = set(model.shape_for("TaskDefinition").members)
    taken = set(model.operation_model("RegisterTaskDefinition").input_shape.members)
    assert text - taken == READ_ONLY
    assert taken - text == {"tags"}, "fields next to the definition must be copied by hand"
    assert {key for key in raw_definition() if key not in text} == set()


def test_a_source_that_is_not_what_was_planned_is_not_registered(stubs: Stubs) -> None:
    rest = rest_of(stubs)
    answer_source(stubs, cpu="1024")
    with pytest.raises(Conflict, match=r"^DescribeTaskDefinition: NotWhatWasPlanned$"):
        register(stubs, rest)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("AccessDeniedException", 400, Denied, id="denied"),
        pytest.param("ThrottlingException", 400, Throttled, id="throttled"),
        pytest.param("ServerException", 500, Unavailable, id="AWS failed"),
    ],
)
def test_a_source_that_cannot_be_read_again_changes_nothing(
    stubs: Stubs, code: str, status: int, expected: type[AwsError]
) -> None:
    stubs.for_ecs.add_client_error("describe_task_definition", code, SECRET, status)
    with pytest.raises(expected, match=f"^DescribeTaskDefinition: {code}$"):
        register(stubs, "x")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("ClientException", 400, Rejected, id="no such size"),
        pytest.param("AccessDeniedException", 400, Denied, id="above what IAM allows"),
        pytest.param("ServerException", 500, OutcomeUnknown, id="AWS failed"),
    ],
)
def test_a_registration_that_fails_says_how_without_quoting_aws(
    stubs: Stubs, code: str, status: int, expected: type[AwsError]
) -> None:
    rest = rest_of(stubs)
    answer_source(stubs)
    stubs.for_ecs.add_client_error("register_task_definition", code, SECRET, status)
    with pytest.raises(expected) as caught:
        register(stubs, rest)
    assert str(caught.value) == f"RegisterTaskDefinition: {code}"


def test_an_answer_without_the_new_revision_is_in_doubt(stubs: Stubs) -> None:
    rest = rest_of(stubs)
    answer_source(stubs)
    stubs.for_ecs.add_response("register_task_definition", {})
    with pytest.raises(OutcomeUnknown, match="UnexpectedAnswer"):
        register(stubs, rest)


@mock_aws
def test_the_new_revision_reads_back_as_the_old_one_with_more_memory() -> None:
    ecs = session().client("ecs")
    whole = {key: value for key, value in raw_definition().items() if key not in READ_ONLY}
    source = ecs.register_task_definition(**whole, tags=OWN_TAGS)["taskDefinition"]["taskDefinitionArn"]
    before = DefinitionReader(ecs).size(source)
    assert isinstance(before, TaskSize)
    larger_arn = DefinitionWriter(ecs).register_with(source, before.rest, LARGER)
    after = DefinitionReader(ecs).size(larger_arn)
    assert isinstance(after, TaskSize)
    assert (larger_arn.rsplit(":", 1)[-1], after.memory, after.limits) == ("2", 2048, {"api": 1024})
    assert after.rest == before.rest
    tags = ecs.describe_task_definition(taskDefinition=larger_arn, include=["TAGS"])["tags"]
    assert tags == OWN_TAGS
