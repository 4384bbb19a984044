"""The ECS service behind the target groups of an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Alarm, Metric, Target, Unresolved
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Unavailable
from firebreak.intake.lookups import Lookups, Resolution
from firebreak.intake.names import Home
from firebreak.intake.target_groups import ServicesBehind
from firebreak.intake.target_resolution import resolve
from firebreak.services.ecs.target_groups import Registrations
from tests.intake.lookups import (
    ACCOUNT,
    API,
    NOW,
    PLAIN,
    REGION,
    Reads,
    child,
    composite,
    metric,
    outcome,
    series,
    watching,
)

BLUE, GREEN, WEB = (f"targetgroup/{name}/6071a0b1c2d3e4f5" for name in ("blue", "green", "web"))
SERVICES = {BLUE: ("prod/api",), GREEN: ("prod/api",), WEB: ("prod/web",)}


def counting(
    group: str, name: str = "HTTPCode_Target_5XX_Count", namespace: str = "AWS/ApplicationELB"
) -> Metric:
    return Metric(namespace, name, {"LoadBalancer": "app/shop/0a1b2c3d4e5f6071", "TargetGroup": group})


@dataclass
class Account:
    """Registrations as they are, and as they were cached."""

    now: Reading[Registrations] = field(default_factory=lambda: Registrations(NOW, SERVICES))
    cached: Reading[Registrations] = ABSENT
    fails: bool = False
    looks: int = 0

    def registrations(self, _: object) -> Reading[Registrations]:
        self.looks += 1
        return self.now

    def look(self) -> Reading[Registrations]:
        if self.fails:
            raise Unavailable("GetItem", "ServiceUnavailable")
        return self.cached

    def keep(self, found: Registrations) -> None:
        if self.fails:
            raise Unavailable("PutItem", "ServiceUnavailable")
        self.cached = found


def named(
    alarm: Alarm, account: Account | None = None, reads: Reads | None = None, action: str = "restart-service"
) -> Resolution:
    account = account or Account()
    behind = ServicesBehind(account, account, lambda: NOW)
    return resolve(alarm, {}, Lookups(Home(ACCOUNT, REGION), reads or Reads(), behind), action)


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        pytest.param((counting(BLUE),), "ecs:prod/api", id="one group"),
        pytest.param(
            (counting(BLUE, namespace="AWS/NetworkELB"),), "ecs:prod/api", id="a network load balancer"
        ),
        pytest.param((counting(BLUE), counting(GREEN)), "ecs:prod/api", id="a blue/green pair"),
        pytest.param((counting(BLUE), counting(WEB)), Reason.TARGET_AMBIGUOUS, id="groups of two services"),
        pytest.param((counting("targetgroup/none/0123"),), Reason.TARGET_NONE, id="nobody's group"),
        pytest.param(
            (counting(BLUE), counting("targetgroup/none/0123")), Reason.TARGET_NONE, id="one of two nobody's"
        ),
        pytest.param((counting(""),), Reason.TARGET_MALFORMED, id="empty"),
        pytest.param((counting("targetgroup/blue"),), Reason.TARGET_MALFORMED, id="without its id"),
        pytest.param((counting(BLUE, namespace="Shop"),), Reason.TARGET_NONE, id="somebody's own metric"),
        pytest.param(
            (metric("prod", "web"), counting(BLUE)), "ecs:prod/web", id="together with a service's own"
        ),
    ],
)
def test_an_alarm_is_about_the_one_service_behind_its_groups(
    metrics: tuple[Metric, ...], expected: str | Reason
) -> None:
    assert outcome(named(watching(*metrics)).found) == expected


def test_the_refusals_say_the_names() -> None:
    shared = Account(Registrations(NOW, {BLUE: ("prod/api", "test/api")}))

    assert named(watching(counting(BLUE)), shared).found == Unresolved(
        Reason.TARGET_AMBIGUOUS, f"2 ECS services behind {BLUE}: ecs:prod/api, ecs:test/api"
    )
    assert named(watching(counting("targetgroup/none/0123"))).found == Unresolved(
        Reason.TARGET_NONE, "no ECS service is registered behind targetgroup/none/0123"
    )


def test_the_resolution_names_the_target_group_and_the_hosts() -> None:
    hosts = counting(BLUE, "UnHealthyHostCount")

    assert named(watching(counting(BLUE))) == Resolution(API, frozenset({BLUE}))
    assert named(watching(hosts)) == Resolution(API, frozenset({BLUE}), unhealthy_hosts=True)
    assert named(watching(metric("prod", "api"))) == Resolution(API)


def test_the_tag_comes_before_the_group_and_is_not_compared_with_it() -> None:
    account = Account()
    alarm = replace(watching(counting(WEB)), tags={"firebreak:target": "ecs:prod/api"})

    assert named(alarm, account) == Resolution(API)
    assert account.looks == 0


def test_other_services_of_aws_are_not_looked_for_behind_a_group() -> None:
    account = Account()

    assert (
        outcome(named(watching(counting(BLUE)), account, action="restart-function").found)
        is Reason.TARGET_NONE
    )
    assert account.looks == 0


def test_a_series_that_is_a_groups_is_about_the_service_behind_it() -> None:
    alarm = replace(series(TargetGroup=BLUE), metrics=(counting(WEB),))

    assert named(alarm) == Resolution(API, frozenset({BLUE}))


def test_a_red_child_by_target_group_names_its_service_and_unhealthy_hosts() -> None:
    known = {
        PLAIN.name: child(PLAIN.name, children=("5xx", "hosts")),
        "5xx": child("5xx", counting(BLUE)),
        "hosts": child("hosts", counting(GREEN, "UnHealthyHostCount")),
    }

    found = named(composite(), reads=Reads(known.__getitem__))

    assert found == Resolution(API, frozenset({BLUE, GREEN}), unhealthy_hosts=True)


# --- looking up


def test_one_look_answers_for_all_for_some_minutes() -> None:
    account = Account()

    named(watching(counting(BLUE)), account)
    named(watching(counting(WEB)), account)

    assert account.looks == 1


@pytest.mark.parametrize(
    ("age", "group", "looks"),
    [
        (timedelta(minutes=10) - timedelta(seconds=1), BLUE, 0),
        (timedelta(minutes=10), BLUE, 1),
        (-timedelta(minutes=10), BLUE, 1),
        (timedelta(minutes=1) - timedelta(seconds=1), WEB, 0),
        (timedelta(minutes=1), WEB, 1),
    ],
)
def test_cached_registrations_are_used_while_they_are_fresh(age: timedelta, group: str, looks: int) -> None:
    account = Account(cached=Registrations(NOW - age, {BLUE: ("prod/old",)}))

    found = named(watching(counting(group)), account).found

    seen = {BLUE: "ecs:prod/old"} if not looks else {BLUE: "ecs:prod/api", WEB: "ecs:prod/web"}
    assert (outcome(found), account.looks) == (seen.get(group, Reason.TARGET_NONE), looks)


@pytest.mark.parametrize(
    "account",
    [
        pytest.param(Account(now=Unknown("throttled")), id="could not look"),
        pytest.param(Account(now=ABSENT), id="a cluster went away meanwhile"),
        pytest.param(Account(now=NotRead("offline")), id="did not look"),
        pytest.param(
            Account(now=Unknown("throttled"), cached=Registrations(NOW - timedelta(minutes=10), SERVICES)),
            id="only an old look",
        ),
        pytest.param(Account(cached=Unknown("damaged")), id="the cache is damaged"),
        pytest.param(Account(fails=True), id="the ledger cannot be reached"),
    ],
)
def test_a_target_group_that_cannot_be_looked_up_is_never_guessed(account: Account) -> None:
    assert outcome(named(watching(counting(BLUE)), account).found) is Reason.TARGET_UNREADABLE


def test_a_look_that_cannot_be_kept_counts_all_the_same() -> None:
    account = Account()
    account.keep = lambda _: (_ for _ in ()).throw(Unavailable("PutItem", "x"))  # type: ignore[assignment,method-assign]

    assert named(watching(counting(BLUE)), account).found == API


NAMES = st.sampled_from(["prod/api", "prod/web", "test/api"])
GROUPS = st.sampled_from([BLUE, GREEN, WEB])


@given(st.dictionaries(GROUPS, st.sets(NAMES, min_size=1)), st.sets(GROUPS, min_size=1))
def test_a_service_is_named_only_if_it_alone_is_behind_each_group(
    behind: Mapping[str, set[str]], asked: set[str]
) -> None:
    services = {group: tuple(sorted(found)) for group, found in behind.items()}
    alarm = watching(*(counting(group) for group in sorted(asked)))

    found = named(alarm, Account(Registrations(NOW, services))).found

    sets = [behind.get(group, set()) for group in asked]
    alone = all(sets) and len(set.union(*sets)) == 1
    assert isinstance(found, Target) is alone
    if isinstance(found, Target):
        assert {f"{found.group}/{found.name}"} == set.union(*sets)
