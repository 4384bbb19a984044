"""The ECS services behind each target group, as the protocols in ports.py define them.

No call of AWS goes from a target group to a service, so all services of the account and region are described.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from firebreak.aws.translate import look, translated
from firebreak.core.readings import Unknown
from firebreak.ledger.items import DamagedItem, Fields, key, number, stamped
from firebreak.ledger.reads import read_as
from firebreak.services.ecs.client import DESCRIBED_AT_ONCE, LISTED_AT_ONCE, MISSING, target_groups
from firebreak.services.ecs.target_groups import FRESH, Registrations, group_in
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_ecs import ECSClient

    from firebreak.core.readings import Reading
    from firebreak.ledger.items import Attribute, Item

# 100 calls of DescribeServices; ECS lets an account make 20 a second in the long run.
MOST_CLUSTERS = 100
MOST_SERVICES = 1000
# No call is begun later than this; one takes at most as long as its client waits.
SECONDS = 10.0
INACTIVE = "INACTIVE"

PLACE = "TARGETGROUPS"
KEPT = FRESH + timedelta(days=1)


class RegistrationReader:
    """Describes every service with a client that only reads, in bounded calls and time."""

    def __init__(self, ecs: ECSClient, monotonic: Callable[[], float], account: str, region: str) -> None:
        self._ecs = ecs
        self._monotonic = monotonic
        self._account = account
        self._region = region

    def registrations(self, now: datetime) -> Reading[Registrations]:
        """All or nothing: with one service unseen, a group might have another one behind it."""
        return look("ListClusters", lambda: self._all(now))

    def _all(self, now: datetime) -> Registrations | Unknown:
        deadline = self._monotonic() + SECONDS
        clusters = self._clusters()
        if clusters is None:
            return Unknown(f"more than {MOST_CLUSTERS} clusters")
        with ThreadPoolExecutor(max_workers=4) as pool:
            listed = [*pool.map(partial(self._services, deadline), clusters)]
            if sum(len(arns) for arns in listed) > MOST_SERVICES:
                return Unknown(f"more than {MOST_SERVICES} services")
            batches = [
                (cluster, arns[n : n + DESCRIBED_AT_ONCE])
                for cluster, arns in zip(clusters, listed, strict=True)
                for n in range(0, len(arns), DESCRIBED_AT_ONCE)
            ]
            described = [*pool.map(partial(self._described, deadline), batches)]
        if self._monotonic() > deadline:
            return Unknown(f"looking at all services took longer than {SECONDS:g} s")
        return self._registered(now, described)

    def _clusters(self) -> list[str] | None:
        page = self._ecs.list_clusters(maxResults=LISTED_AT_ONCE)
        return None if page.get("nextToken") else page["clusterArns"]

    def _services(self, deadline: float, cluster: str) -> Sequence[str]:
        """The services of a cluster; past the deadline or above the limit the rest is left out."""
        arns: list[str] = []
        if self._monotonic() > deadline:
            return arns
        pages = self._ecs.get_paginator("list_services").paginate(
            cluster=cluster, PaginationConfig={"PageSize": LISTED_AT_ONCE}
        )
        for page in pages:
            arns += page["serviceArns"]
            if self._monotonic() > deadline or len(arns) > MOST_SERVICES:
                break
        return arns

    def _described(self, deadline: float, batch: tuple[str, Sequence[str]]) -> Sequence[Any] | Unknown:
        if self._monotonic() > deadline:
            return ()
        cluster, arns = batch
        answer = self._ecs.describe_services(cluster=cluster, services=[*arns])
        reasons = {failure.get("reason", "no reason") for failure in answer["failures"]} - {MISSING}
        return Unknown(f"DescribeServices: {', '.join(sorted(reasons))}") if reasons else answer["services"]

    def _registered(
        self, now: datetime, described: Sequence[Sequence[Any] | Unknown]
    ) -> Registrations | Unknown:
        behind: dict[str, set[str]] = defaultdict(set)
        for answer in described:
            if isinstance(answer, Unknown):
                return answer
            for raw in answer:
                name = f"{raw['clusterArn'].rsplit('/', 1)[-1]}/{raw['serviceName']}"
                for arn in target_groups(raw) if raw["status"] != INACTIVE else ():
                    behind[group_in(arn, self._account, self._region)].add(name)
        behind.pop("", None)  # what lives elsewhere
        return Registrations(now, {group: tuple(sorted(found)) for group, found in behind.items()})


class DynamoRegistrations:
    """The last look, in one item of the ledger's table. One that is too large for an item is not kept."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def look(self) -> Reading[Registrations]:
        """One read. Raises AwsError; Unknown when the item is damaged."""
        with translated("GetItem", mutates=False):
            found = self._client.get_item(TableName=self._table, Key=key(PLACE))
        return read_as(found.get("Item"), _read)

    def keep(self, found: Registrations) -> None:
        """The last writer wins: each look is complete. Raises AwsError."""
        item: Item = {
            **stamped(PLACE),
            "at": number(ms(found.at)),
            "services": {"M": {group: {"SS": [*names]} for group, names in found.services.items()}},
            "expires_at": number(int((found.at + KEPT).timestamp())),
        }
        # Safe to re-send: a second write puts the same item.
        with translated("PutItem", mutates=False):
            self._client.put_item(TableName=self._table, Item=item)


def _read(item: Item) -> Registrations:
    fields = Fields(item)
    services = {group: _names(value) for group, value in fields.map("services").items()}
    return Registrations(fields.time("at"), services)


def _names(value: Attribute) -> tuple[str, ...]:
    names = value.get("SS")
    if not names:
        raise DamagedItem("services")
    return tuple(sorted(names))
