"""Counting a cluster: one call for its size, a look at each service for their health."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.limits.disruption_budget import NO_FLOOR, GroupCount
from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ecs.client import DESCRIBED_AT_ONCE, MOST_DESCRIBED, EcsReader
from tests.services.ecs.stubbed import Stubs
from tests.support import builders as a
from tests.support.builders_ecs import TARGET, raw_service

ARN = "arn:aws:ecs:eu-west-1:111122223333:service/prod"
CLUSTERS = {"clusters": ["prod"]}


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with Stubs() as both:
        yield both


def service(name: str, **changes: Any) -> dict[str, Any]:
    return {**raw_service(), "serviceName": name, "serviceArn": f"{ARN}/{name}", **changes}


def listed(stubs: Stubs, *pages: list[str]) -> None:
    """ListServices answers with these pages."""
    token = ""
    for n, page in enumerate(pages):
        asked = {"cluster": "prod", "maxResults": 100, **({"nextToken": token} if token else {})}
        token = f"page-{n + 1}" if n + 1 < len(pages) else ""
        stubs.for_ecs.add_response(
            "list_services", {"serviceArns": page, **({"nextToken": token} if token else {})}, asked
        )


def test_the_size_of_a_cluster_is_one_call_and_says_when(stubs: Stubs) -> None:
    stubs.for_ecs.add_response(
        "describe_clusters", {"clusters": [{"activeServicesCount": 12}], "failures": []}, CLUSTERS
    )
    found = stubs.reader.group(TARGET, a.NOW, health=False)
    assert found == GroupCount(total=12, counted_at=a.NOW, healthy=NO_FLOOR)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"clusters": [], "failures": [{"reason": "MISSING"}]}, ABSENT, id="no such cluster"),
        pytest.param(
            {"clusters": [], "failures": [{"reason": "ACCESS"}]},
            Unknown("DescribeClusters: ACCESS"),
            id="another failure",
        ),
    ],
)
def test_a_missing_cluster_is_distinguished_from_one_that_failed(
    stubs: Stubs, answer: dict[str, Any], expected: object
) -> None:
    stubs.for_ecs.add_response("describe_clusters", answer, CLUSTERS)
    assert stubs.reader.group(TARGET, a.NOW, health=False) == expected


@pytest.mark.parametrize(
    ("operation", "health"), [("describe_clusters", False), ("list_services", True)], ids=["size", "health"]
)
def test_a_denied_count_is_blindness(stubs: Stubs, operation: str, *, health: bool) -> None:
    stubs.for_ecs.add_client_error(operation, "AccessDeniedException", http_status_code=400)
    assert isinstance(stubs.reader.group(TARGET, a.NOW, health=health), Unknown)


@pytest.mark.parametrize(
    ("changes", "well"),
    [
        pytest.param({"desiredCount": 2, "runningCount": 2}, True, id="runs all it should"),
        pytest.param({"desiredCount": 2, "runningCount": 3}, True, id="runs more, as while deploying"),
        pytest.param({"desiredCount": 2, "runningCount": 1}, False, id="runs less"),
        pytest.param({"desiredCount": 0, "runningCount": 0}, False, id="scaled to zero"),
        pytest.param({"desiredCount": 1, "runningCount": 1, "status": "DRAINING"}, False, id="draining"),
    ],
)
def test_a_service_is_well_while_it_runs_all_it_should(
    stubs: Stubs, changes: dict[str, Any], *, well: bool
) -> None:
    listed(stubs, [f"{ARN}/web"])
    stubs.for_ecs.add_response(
        "describe_services",
        {"services": [service("web", **changes)], "failures": []},
        {"cluster": "prod", "services": [f"{ARN}/web"]},
    )
    found = stubs.reader.group(TARGET, a.NOW, health=True)
    key = replace(TARGET, name="web").key
    assert found == GroupCount(total=1, counted_at=a.NOW, healthy=frozenset({key} if well else set()))


class Cluster:
    """A cluster of so many services, as ListServices and DescribeServices show it."""

    def __init__(self, services: int) -> None:
        self.arns = [f"{ARN}/s{n}" for n in range(services)]
        self.described: list[int] = []

    def list_services(self, cluster: str, **more: Any) -> dict[str, Any]:
        start = int(more.get("nextToken", 0))
        page = {"serviceArns": self.arns[start : start + more["maxResults"]]}
        end = start + more["maxResults"]
        return {**page, "nextToken": str(end)} if end < len(self.arns) else page

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        self.described.append(len(services))
        return {"services": [service(arn.rsplit("/", 1)[-1]) for arn in services], "failures": []}


@pytest.mark.parametrize("services", [0, 1, 10, 11, 101, MOST_DESCRIBED])
def test_every_service_of_a_cluster_is_looked_at_in_batches(services: int) -> None:
    cluster: Any = Cluster(services)
    found = EcsReader(cluster, cluster).group(TARGET, a.NOW, health=True)
    assert isinstance(found, GroupCount)
    assert found.total == services
    assert isinstance(found.healthy, frozenset)
    assert len(found.healthy) == services
    assert sum(cluster.described) == services
    assert max(cluster.described, default=0) <= DESCRIBED_AT_ONCE


@pytest.mark.parametrize("services", [MOST_DESCRIBED + 1, 1000])
def test_a_cluster_too_large_to_look_at_hides_its_health(services: int) -> None:
    cluster: Any = Cluster(services)
    found = EcsReader(cluster, cluster).group(TARGET, a.NOW, health=True)
    assert isinstance(found, GroupCount)
    assert isinstance(found.healthy, Unknown)
    assert cluster.described == []
