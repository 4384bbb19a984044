"""Target groups of an alarm: which ones its metrics name, and the one ECS service behind them."""

from datetime import timedelta

import pytest

from firebreak.core.model import Metric, Target, Unresolved
from firebreak.core.reasons import Reason
from firebreak.services.ecs.target_groups import (
    Registrations,
    answers,
    counts_unhealthy_hosts,
    group_in,
    groups_of,
    malformed,
    service_behind,
)
from tests.support.builders import NOW

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"
BLUE, GREEN, WEB, ADMIN, NOBODYS, ODD = (
    f"targetgroup/{name}/6071a0b1c2d3e4f5" for name in ("blue", "green", "web", "admin", "nobodys", "odd")
)
SECOND = timedelta(seconds=1)


def metric(
    namespace: str = "AWS/ApplicationELB", name: str = "HTTPCode_Target_5XX_Count", **dims: str
) -> Metric:
    return Metric(namespace, name, {"LoadBalancer": "app/shop/0a1b2c3d4e5f6071", **dims})


@pytest.mark.parametrize("namespace", ["AWS/ApplicationELB", "AWS/NetworkELB", ""])
def test_a_load_balancers_metrics_and_a_querys_series_name_target_groups(namespace: str) -> None:
    metrics = (metric(namespace, TargetGroup=BLUE), metric(namespace, TargetGroup=WEB), metric(namespace))
    assert groups_of(metrics) == {BLUE, WEB}


def test_the_dimension_of_somebodys_own_metric_names_no_target_group() -> None:
    assert groups_of((metric("Shop", TargetGroup=BLUE),)) == frozenset()


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        pytest.param((metric(name="UnHealthyHostCount"),), True, id="unhealthy hosts"),
        pytest.param((metric(), metric(name="UnHealthyHostCount")), True, id="unhealthy hosts and errors"),
        pytest.param((metric(),), False, id="errors"),
        pytest.param((metric("Shop", "UnHealthyHostCount"),), False, id="somebody's own metric"),
        pytest.param((), False, id="no metric"),
    ],
)
def test_whether_an_alarm_counts_unhealthy_hosts(metrics: tuple[Metric, ...], *, expected: bool) -> None:
    assert counts_unhealthy_hosts(metrics) is expected


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((BLUE, WEB), None),
        ((), None),
        ((BLUE, "targetgroup/web", "targetgroup/api"), "targetgroup/api"),
        (("",), ""),
        ((f"{BLUE}/x",), f"{BLUE}/x"),
    ],
    ids=str,
)
def test_the_first_name_that_is_no_target_groups_is_returned(
    groups: tuple[str, ...], expected: str | None
) -> None:
    assert malformed(groups) == expected


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{BLUE}", BLUE),
        (f"arn:aws-us-gov:elasticloadbalancing:{REGION}:{ACCOUNT}:{BLUE}", BLUE),
        (f"arn:aws:elasticloadbalancing:{REGION}:{OTHER}:{BLUE}", ""),
        (f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:{BLUE}", ""),
        (f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/x/1", ""),
        ("", ""),
    ],
)
def test_a_group_elsewhere_is_not_the_one_of_that_name_here(arn: str, expected: str) -> None:
    assert group_in(arn, ACCOUNT, REGION) == expected


@pytest.mark.parametrize(
    ("groups", "limit"),
    [
        pytest.param({BLUE}, timedelta(minutes=10), id="a group that was found"),
        pytest.param({WEB}, timedelta(minutes=1), id="a group that was not found"),
        pytest.param({BLUE, WEB}, timedelta(minutes=1), id="one of two was not found"),
    ],
)
def test_earlier_registrations_are_used_until_their_limit(groups: set[str], limit: timedelta) -> None:
    known = Registrations(NOW, {BLUE: ("prod/api",)})
    assert answers(known, groups, NOW + limit - SECOND)
    assert answers(known, groups, NOW - limit + SECOND)
    assert not answers(known, groups, NOW + limit)
    assert not answers(known, groups, NOW - limit)


SERVICES = {
    BLUE: ("prod/api",),
    GREEN: ("prod/api",),
    WEB: ("prod/web", "test/web"),
    ADMIN: ("prod/admin", "test/admin"),
    NOBODYS: (),
    ODD: ("prod/api/v2",),
}
NONE, AMBIGUOUS = Reason.TARGET_NONE, Reason.TARGET_AMBIGUOUS
API = Target(ACCOUNT, REGION, "ecs", "prod", "api")


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param({BLUE}, API, id="one group"),
        pytest.param({BLUE, GREEN}, API, id="a blue/green pair"),
        pytest.param(
            {ODD}, Target(ACCOUNT, REGION, "ecs", "prod", "api/v2"), id="a cluster ends at the first slash"
        ),
        pytest.param(
            {BLUE, NOBODYS},
            Unresolved(NONE, f"no ECS service is registered behind {NOBODYS}"),
            id="a group without a service",
        ),
        pytest.param(
            {WEB, "targetgroup/x/1", "targetgroup/y/1"},
            Unresolved(NONE, "no ECS service is registered behind targetgroup/x/1"),
            id="groups that are not known",
        ),
        pytest.param(
            {WEB},
            Unresolved(AMBIGUOUS, f"2 ECS services behind {WEB}: ecs:prod/web, ecs:test/web"),
            id="one group of two services",
        ),
        pytest.param(
            {BLUE, GREEN, WEB, ADMIN},
            Unresolved(
                AMBIGUOUS,
                f"5 ECS services behind {ADMIN}, {BLUE}, {GREEN}: ecs:prod/admin, ecs:prod/api, ecs:prod/web",
            ),
            id="three of many are named",
        ),
    ],
)
def test_the_service_behind_groups_is_the_one_behind_all_of_them(
    groups: set[str], expected: Target | Unresolved
) -> None:
    assert service_behind(Registrations(NOW, SERVICES), groups, ACCOUNT, REGION) == expected
