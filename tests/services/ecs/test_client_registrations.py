"""Looking at every service for its target groups, and keeping what was seen."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.services.ecs import client_registrations
from firebreak.services.ecs.client_registrations import DynamoRegistrations, RegistrationReader
from firebreak.services.ecs.target_groups import Registrations
from tests.services.ecs.stubbed import Stubs
from tests.support import builders as a
from tests.support.builders_ecs import ACCOUNT, ARN, REGION, raw_service
from tests.support.world import TABLE, world_on_moto

BLUE, GREEN = (f"targetgroup/{name}/6071a0b1c2d3e4f5" for name in ("blue", "green"))
PROD, TEST = f"{ARN}:cluster/prod", f"{ARN}:cluster/test"


def group(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:elasticloadbalancing:{REGION}:{account}:{name}"


def balanced(*groups: str, **changes: Any) -> dict[str, Any]:
    return raw_service(loadBalancers=[{"targetGroupArn": group(name)} for name in groups], **changes)


PAIR = raw_service(
    loadBalancers=[
        {
            "targetGroupArn": group(BLUE),
            "advancedConfiguration": {"alternateTargetGroupArn": group(GREEN)},
        }
    ]
)
TASK_SETS = raw_service(
    loadBalancers=[{"targetGroupArn": group(BLUE)}],
    taskSets=[{"loadBalancers": [{"targetGroupArn": group(GREEN)}]}],
)


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


def look(stubs: Stubs, *times: float) -> Reading[Registrations]:
    clock = iter([*times, *[times[-1] if times else 0.0] * 100])
    return RegistrationReader(stubs.reader._ecs, lambda: next(clock), ACCOUNT, REGION).registrations(a.NOW)


def one_cluster(stubs: Stubs, *services: dict[str, Any], failures: tuple[str, ...] = ()) -> None:
    arns = [f"{ARN}:service/prod/{n}" for n in range(len(services) + len(failures))]
    stubs.for_ecs.add_response("list_clusters", {"clusterArns": [PROD]}, {"maxResults": 100})
    stubs.for_ecs.add_response("list_services", {"serviceArns": arns}, {"cluster": PROD, "maxResults": 100})
    lines = [{"reason": reason} for reason in failures]
    stubs.for_ecs.add_response(
        "describe_services",
        {"services": list(services), "failures": lines},
        {"cluster": PROD, "services": arns},
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(balanced(BLUE), {BLUE: ("prod/api",)}, id="one group"),
        pytest.param(balanced(BLUE, GREEN), {BLUE: ("prod/api",), GREEN: ("prod/api",)}, id="two groups"),
        pytest.param(PAIR, {BLUE: ("prod/api",), GREEN: ("prod/api",)}, id="a blue/green pair"),
        pytest.param(TASK_SETS, {BLUE: ("prod/api",), GREEN: ("prod/api",)}, id="task sets"),
        pytest.param(balanced(BLUE, status="DRAINING"), {BLUE: ("prod/api",)}, id="draining"),
        pytest.param(balanced(BLUE, status="INACTIVE"), {}, id="deleted"),
        pytest.param(raw_service(loadBalancers=[{"loadBalancerName": "classic"}]), {}, id="a classic one"),
        pytest.param(raw_service(), {}, id="none"),
        pytest.param(
            raw_service(loadBalancers=[{"targetGroupArn": group(BLUE, "444455556666")}]), {}, id="elsewhere"
        ),
    ],
)
def test_a_service_is_behind_its_target_groups(
    stubs: Stubs, raw: dict[str, Any], expected: dict[str, tuple[str, ...]]
) -> None:
    one_cluster(stubs, raw)
    assert look(stubs) == Registrations(a.NOW, expected)


def test_services_that_share_a_group_are_both_listed_whether_or_not_they_opted_in(stubs: Stubs) -> None:
    one_cluster(stubs, balanced(BLUE), balanced(BLUE, serviceName="web", tags=[]))
    assert look(stubs) == Registrations(a.NOW, {BLUE: ("prod/api", "prod/web")})


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("MISSING", Registrations(a.NOW, {BLUE: ("prod/api",)})),
        ("ACCESS_DENIED", Unknown("DescribeServices: ACCESS_DENIED")),
    ],
)
def test_a_service_missing_from_the_answer_is_gone_or_unknown(
    stubs: Stubs, reason: str, expected: Reading[Registrations]
) -> None:
    one_cluster(stubs, balanced(BLUE), failures=(reason,))
    assert look(stubs) == expected


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_a_call_that_fails_makes_blind(stubs: Stubs, code: str) -> None:
    stubs.for_ecs.add_client_error("list_clusters", code)
    assert isinstance(look(stubs), Unknown)


def test_more_clusters_than_are_looked_at_make_blind(stubs: Stubs) -> None:
    stubs.for_ecs.add_response("list_clusters", {"clusterArns": [PROD, TEST], "nextToken": "more"})
    assert look(stubs) == Unknown("more than 100 clusters")


def test_more_services_than_are_looked_at_make_blind(stubs: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_registrations, "MOST_SERVICES", 1)
    arns = [f"{ARN}:service/prod/{n}" for n in range(2)]
    stubs.for_ecs.add_response("list_clusters", {"clusterArns": [PROD]})
    stubs.for_ecs.add_response("list_services", {"serviceArns": arns, "nextToken": "more"})
    assert look(stubs) == Unknown("more than 1 services")


def test_a_look_that_takes_too_long_is_unknown(stubs: Stubs) -> None:
    stubs.for_ecs.add_response("list_clusters", {"clusterArns": [PROD]})
    assert look(stubs, 0.0, 11.0) == Unknown("looking at all services took longer than 10 s")


def test_every_page_of_a_cluster_is_listed(stubs: Stubs) -> None:
    stubs.for_ecs.add_response("list_clusters", {"clusterArns": [PROD]})
    stubs.for_ecs.add_response("list_services", {"serviceArns": ["a"], "nextToken": "more"})
    stubs.for_ecs.add_response(
        "list_services", {"serviceArns": ["b"]}, {"cluster": PROD, "maxResults": 100, "nextToken": "more"}
    )
    stubs.for_ecs.add_response(
        "describe_services",
        {"services": [balanced(BLUE)], "failures": []},
        {"cluster": PROD, "services": ["a", "b"]},
    )
    assert look(stubs) == Registrations(a.NOW, {BLUE: ("prod/api",)})


# --- keeping


def test_stored_registrations_are_read_back() -> None:
    found = Registrations(a.NOW, {BLUE: ("prod/api", "prod/web"), GREEN: ("prod/api",)})
    with world_on_moto() as world:
        cache = DynamoRegistrations(world.dynamodb, TABLE)
        assert cache.look() == ABSENT
        cache.keep(Registrations(a.NOW - timedelta(hours=1), {}))
        cache.keep(found)
        assert cache.look() == found
        item = world.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": "TARGETGROUPS"}, "sk": {"S": "-"}})[
            "Item"
        ]
    assert int(item["expires_at"]["N"]) > a.NOW.timestamp()


@pytest.mark.parametrize(
    "damage",
    [
        {"services": {"S": "?"}},
        {"services": {"M": {BLUE: {"S": "prod/api"}}}},
        {"services": {"M": {BLUE: {"SS": ["x"]}}}, "at": {"S": "now"}},
    ],
)
def test_a_damaged_item_makes_blind(damage: dict[str, Any]) -> None:
    with world_on_moto() as world:
        item = {"pk": {"S": "TARGETGROUPS"}, "sk": {"S": "-"}, "v": {"N": "1"}, "at": {"N": "0"}} | damage
        world.dynamodb.put_item(TableName=TABLE, Item=item)
        assert isinstance(DynamoRegistrations(world.dynamodb, TABLE).look(), Unknown)
