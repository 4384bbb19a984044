from dataclasses import replace
from datetime import UTC, datetime

import pytest

from firebreak.core.model import Alarm, AlarmKind, AlarmState, Contributor, Metric
from firebreak.core.routing import By, Route, primary, route
from firebreak.core.tags import ACTION_TAG, MISSING_DATA_TAG
from firebreak.services.registry import CATALOG

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MEMORY = Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "api"})
CPU = Metric("AWS/ECS", "CPUUtilization", {"ClusterName": "prod", "ServiceName": "api"})
HEALTH = Metric("AWS/ElasticBeanstalk", "EnvironmentHealth", {"EnvironmentName": "shop-prod"})
OTHER = Metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-0123456789abcdef0"})
PLAIN = Alarm(
    arn="arn:aws:cloudwatch:eu-west-1:111122223333:alarm:red",
    name="red",
    account="111122223333",
    region="eu-west-1",
    kind=AlarmKind.METRIC,
    state=AlarmState.ALARM,
    since=NOW,
    sent_at=NOW,
)

RESTART_BY_SYMPTOM = Route("restart-service", By.SYMPTOM)
SCALE_BY_SYMPTOM = Route("scale-service", By.SYMPTOM)
TO_ROUTER = Route("route", By.UNTAGGED)


def with_tag(value: str, *metrics: Metric) -> Alarm:
    return replace(PLAIN, metrics=metrics, tags={ACTION_TAG: value})


def watching(*metrics: Metric) -> Alarm:
    return replace(PLAIN, metrics=metrics)


@pytest.mark.parametrize("action", list(CATALOG))
@pytest.mark.parametrize("kind", AlarmKind)
def test_tag_routes_every_kind_of_alarm(action: str, kind: AlarmKind) -> None:
    assert route(replace(with_tag(action), kind=kind), CATALOG) == (Route(action, By.TAG),)


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        pytest.param((MEMORY,), (RESTART_BY_SYMPTOM,), id="memory"),
        pytest.param((CPU,), (SCALE_BY_SYMPTOM,), id="cpu"),
        pytest.param((CPU, MEMORY), (RESTART_BY_SYMPTOM, SCALE_BY_SYMPTOM), id="both"),
        pytest.param((OTHER, MEMORY), (RESTART_BY_SYMPTOM,), id="one of several"),
        pytest.param((OTHER,), (), id="same metric name elsewhere"),
        pytest.param((HEALTH,), (Route("restart-environment", By.SYMPTOM),), id="health of an environment"),
        pytest.param((), (), id="no metric"),
    ],
)
def test_symptom_routes_an_untagged_alarm(metrics: tuple[Metric, ...], expected: tuple[Route, ...]) -> None:
    assert route(watching(*metrics), CATALOG) == (*expected, TO_ROUTER)


@pytest.mark.parametrize("tag", ["scale-service", "page", "none", "restart", ""])
def test_tag_outweighs_symptom(tag: str) -> None:
    assert all(found.by is not By.SYMPTOM for found in route(with_tag(tag, MEMORY), CATALOG))


def test_lost_tags_outweigh_symptom_and_page() -> None:
    assert route(replace(watching(MEMORY), tags_lost=True), CATALOG) == (Route("page", By.TAGS_LOST),)


@pytest.mark.parametrize("tag", ["restart-service", "none", "page"])
def test_a_tag_that_came_through_outweighs_the_loss_of_others(tag: str) -> None:
    assert route(replace(with_tag(tag), tags_lost=True), CATALOG) == route(with_tag(tag), CATALOG)


def test_target_tracking_is_left_alone_by_symptom() -> None:
    assert route(replace(watching(CPU), name="TargetTracking-service/prod/api-AlarmHigh"), CATALOG) == ()


def test_target_tracking_is_routed_by_tag() -> None:
    alarm = replace(with_tag("scale-service"), name="TargetTracking-service/prod/api-AlarmHigh")

    assert route(alarm, CATALOG) == (Route("scale-service", By.TAG),)


def test_one_series_is_not_routed_by_symptom() -> None:
    assert route(replace(watching(MEMORY), contributor=Contributor("1", {})), CATALOG) == (TO_ROUTER,)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("page", (Route("page", By.TAG),), id="asked for"),
        pytest.param("restart-everything", (Route("page", By.UNKNOWN_TAG),), id="unknown value"),
        pytest.param("", (Route("page", By.UNKNOWN_TAG),), id="empty value"),
        pytest.param("Restart-Service", (Route("page", By.UNKNOWN_TAG),), id="other case"),
        pytest.param("none", (), id="none matches no rule"),
    ],
)
def test_tag_that_names_no_action(tag: str, expected: tuple[Route, ...]) -> None:
    assert route(with_tag(tag, MEMORY), CATALOG) == expected


@pytest.mark.parametrize("previous", [AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, None], ids=str)
@pytest.mark.parametrize(
    "alarm",
    [
        pytest.param(watching(MEMORY), id="symptom"),
        pytest.param(replace(watching(MEMORY), tags_lost=True), id="symptom, tags lost"),
        pytest.param(with_tag("restart-service"), id="tag"),
        pytest.param(with_tag("page"), id="tagged page"),
        pytest.param(with_tag("restart-everything"), id="unknown tag"),
        pytest.param(replace(with_tag("restart-service"), contributor=Contributor("1", {})), id="series"),
    ],
)
def test_recovery_of_a_routed_alarm_wakes_verify(alarm: Alarm, previous: AlarmState | None) -> None:
    recovered = replace(alarm, state=AlarmState.OK, previous=previous)

    assert route(recovered, CATALOG) == (Route("verify", By.RECOVERY),)


@pytest.mark.parametrize(
    "alarm",
    [
        pytest.param(replace(watching(MEMORY), previous=AlarmState.OK), id="from OK"),
        pytest.param(watching(OTHER), id="never routed"),
        pytest.param(with_tag("none", MEMORY), id="tagged none"),
        pytest.param(replace(watching(CPU), name="TargetTracking-x"), id="target tracking"),
    ],
)
def test_other_recoveries_wake_nobody(alarm: Alarm) -> None:
    assert route(replace(alarm, state=AlarmState.OK), CATALOG) == ()


@pytest.mark.parametrize(
    ("alarm", "expected"),
    [
        pytest.param(with_tag("restart-service"), (Route("restart-service", By.TAG),), id="tag of an action"),
        pytest.param(watching(MEMORY), (TO_ROUTER,), id="symptom, whose tags may say more"),
        pytest.param(with_tag("page"), (), id="tagged page"),
        pytest.param(
            replace(PLAIN, tags={ACTION_TAG: "page", MISSING_DATA_TAG: "symptom"}),
            (Route("page", By.TAG),),
            id="tagged page, silence is the symptom",
        ),
        pytest.param(
            replace(PLAIN, tags={ACTION_TAG: "page", MISSING_DATA_TAG: "ignore"}), (), id="page, ignored"
        ),
        pytest.param(with_tag("none"), (), id="tagged none"),
        pytest.param(with_tag("restart-everything"), (), id="unknown tag"),
        pytest.param(replace(PLAIN, tags_lost=True), (), id="tags lost"),
    ],
)
def test_insufficient_data_goes_only_by_tag(alarm: Alarm, expected: tuple[Route, ...]) -> None:
    assert route(replace(alarm, state=AlarmState.INSUFFICIENT_DATA), CATALOG) == expected


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        pytest.param((), None, id="none"),
        pytest.param((Route("verify", By.RECOVERY),), None, id="verify is no action"),
        pytest.param((Route("page", By.TAG),), "page", id="page"),
        pytest.param(
            (Route("page", By.TAGS_LOST), Route("scale-service", By.TAG)), "scale-service", id="action first"
        ),
    ],
)
def test_primary_is_the_one_that_may_act(routes: tuple[Route, ...], expected: str | None) -> None:
    assert primary(routes) == expected
