"""Dimensions are read for the service of the action, from namespaces that mean that service."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.intake import require_supported
from firebreak.core.model import Metric, Target, Unresolved
from firebreak.core.reasons import Reason
from firebreak.services.registry import CATALOG
from tests.intake.lookups import ACCOUNT, REGION, child, composite, found_for, looked_up, outcome, watching

EMF = {"LogGroup": "pay", "ServiceName": "pay", "ServiceType": "AWS::Lambda::Function"}
IN_ECS = Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "api"})
IN_LAMBDA = Metric("AWS/Lambda", "Errors", {"FunctionName": "resize"})


@pytest.mark.parametrize("action", list(CATALOG))
def test_the_default_dimensions_of_embedded_metrics_name_nothing(action: str) -> None:
    found = found_for(watching(Metric("aws-embedded-metrics", "Declined", EMF)), action=action)

    assert isinstance(found, Unresolved)
    assert found.reason is Reason.TARGET_NONE
    assert found.detail.startswith("no firebreak:target tag, and no ")


def test_a_refusal_names_only_the_dimensions_of_the_actions_service() -> None:
    found = found_for(watching(Metric("aws-embedded-metrics", "Declined", EMF)), action="restart-function")

    assert found == Unresolved(
        Reason.TARGET_NONE, "no firebreak:target tag, and no FunctionName in the alarm"
    )


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("restart-service", "ecs:prod/api"),
        ("restart-function", "lambda:resize"),
        ("roll-back-function", "lambda:resize"),
    ],
)
def test_math_over_two_services_is_about_that_of_the_action(action: str, expected: str) -> None:
    assert outcome(found_for(watching(IN_ECS, IN_LAMBDA), action=action)) == expected


def test_without_an_action_two_services_are_ambiguous() -> None:
    assert outcome(found_for(watching(IN_ECS, IN_LAMBDA), action="")) is Reason.TARGET_AMBIGUOUS


def test_an_alarm_about_another_service_says_which() -> None:
    found = require_supported(found_for(watching(IN_LAMBDA)), "restart-service", CATALOG)

    assert found == Unresolved(
        Reason.TARGET_UNSUPPORTED,
        "restart-service is for ecs targets, and the alarm is about lambda:resize",
    )


@pytest.mark.parametrize(
    ("namespace", "dimensions", "expected"),
    [
        ("ECS/ContainerInsights", {"ClusterName": "prod", "ServiceName": "api"}, "ecs:prod/api"),
        ("Shop", {"ClusterName": "prod", "ServiceName": "api"}, "ecs:prod/api"),
        ("Shop", {"ServiceName": "api"}, Reason.TARGET_NONE),
        ("Shop", {"ClusterName": "prod", "ServiceName": "api", **EMF}, Reason.TARGET_NONE),
        ("AWS/AppRunner", {"ServiceName": "api", "ServiceID": "1"}, Reason.TARGET_NONE),
        ("AWS/Other", {"ClusterName": "prod", "ServiceName": "api"}, Reason.TARGET_NONE),
    ],
)
def test_a_custom_namespace_must_give_the_whole_name(
    namespace: str, dimensions: dict[str, str], expected: str | Reason
) -> None:
    assert outcome(found_for(watching(Metric(namespace, "Requests", dimensions)))) == expected


def test_half_a_name_in_another_namespace_does_not_contradict_a_whole_one() -> None:
    other = Metric("AWS/AppRunner", "Requests", {"ServiceName": "web"})

    assert outcome(found_for(watching(IN_ECS, other))) == "ecs:prod/api"


def test_a_composite_reads_its_children_for_the_service_of_its_action() -> None:
    described = {"a": child("a", IN_ECS), "b": child("b", IN_LAMBDA)}

    assert outcome(looked_up(composite("a", "b"), described)) == "ecs:prod/api"


NAMESPACES = st.sampled_from(
    ["AWS/ECS", "AWS/Lambda", "AWS/AppRunner", "AWS/SES", "Shop", "aws-embedded-metrics"]
)
NAMES = st.sampled_from([*EMF, "ClusterName", "FunctionName", "EnvironmentName", "ses:configuration-set"])
METRICS = st.builds(
    Metric, NAMESPACES, st.just("m"), st.dictionaries(NAMES, st.sampled_from(["pay", "api", "prod"]))
)


@given(st.lists(METRICS, max_size=4), st.sampled_from(sorted(CATALOG)))
def test_whatever_the_metrics_no_service_is_named_but_by_a_whole_name_of_its_own(
    metrics: list[Metric], action: str
) -> None:
    found = require_supported(found_for(watching(*metrics), action=action), action, CATALOG)

    if isinstance(found, Target):
        assert found.service == CATALOG.service_of(action)
        assert (found.account, found.region) == (ACCOUNT, REGION)
        values = {found.name, found.group} - {""}
        speaking = [one for one in metrics if values <= set(one.dimensions.values())]
        assert any("ServiceType" not in one.dimensions or found.service != "ecs" for one in speaking)
