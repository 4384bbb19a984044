"""The declaration of an action, and the catalog of all of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.action_spec import (
    NO_SETTINGS,
    ActionSettings,
    ActionSpec,
    Effect,
    MemorySettings,
    MetricName,
    Permission,
    RollBackSettings,
    RunbookSettings,
    ScaleSettings,
    Symptom,
    catalog_of,
)
from firebreak.core.rules import Rules
from tests.support import builders as a

DEPLOYS = (Permission("ecs:UpdateService", mutates=True), Permission("iam:PassRole", mutates=True))
RESTART = ActionSpec(
    name="restart-it",
    service="ecs",
    effect=Effect.RESTART,
    does="restarts it",
    permissions=DEPLOYS,
    symptom=Symptom("AWS/ECS", "MemoryUtilization", "its memory"),
)
GROW = replace(
    RESTART,
    name="grow-it",
    service="lambda",
    effect=Effect.MEMORY,
    permissions=DEPLOYS[:1],
    symptom=Symptom("AWS/Lambda", "Duration", "its duration"),
    settings=MemorySettings(ceiling=512),
)
SILENT = replace(RESTART, name="silent", symptom=None)
CATALOG = catalog_of((RESTART, GROW, SILENT))


def test_a_catalog_is_in_the_order_of_the_names() -> None:
    assert list(CATALOG) == ["grow-it", "restart-it", "silent"]
    assert [one in CATALOG for one in ("grow-it", "page", None)] == [True, False, False]
    assert CATALOG.specs == {"grow-it": GROW, "restart-it": RESTART, "silent": SILENT}


def test_an_action_has_the_properties_that_it_declares() -> None:
    assert (CATALOG.get("grow-it"), CATALOG.service_of("grow-it")) == (GROW, "lambda")
    assert CATALOG.effect_of("grow-it") is Effect.MEMORY
    assert CATALOG.settings_of("grow-it") == MemorySettings(ceiling=512)


def test_a_removed_action_has_no_properties() -> None:
    assert (CATALOG.get("gone"), CATALOG.service_of("gone"), CATALOG.effect_of("gone")) == (None, "", None)
    assert CATALOG.settings_of("gone") is NO_SETTINGS
    assert CATALOG.starts_deployments("gone") is False


@pytest.mark.parametrize(
    ("permissions", "starts"),
    [
        (DEPLOYS, True),
        ((*DEPLOYS, Permission("ecs:DescribeServices")), True),
        (DEPLOYS[:1], False),
        ((), False),
    ],
)
def test_an_action_that_passes_a_task_definition_starts_a_deployment(
    permissions: tuple[Permission, ...], *, starts: bool
) -> None:
    spec = replace(RESTART, permissions=permissions)
    assert spec.starts_deployments is starts
    assert catalog_of((spec,)).starts_deployments("restart-it") is starts


@pytest.mark.parametrize(
    ("namespace", "metric", "action"),
    [
        ("AWS/ECS", "MemoryUtilization", "restart-it"),
        ("AWS/Lambda", "Duration", "grow-it"),
        ("AWS/Lambda", "MemoryUtilization", None),
        ("AWS/ECS", "Duration", None),
    ],
)
def test_a_symptom_is_a_metric_of_a_namespace(namespace: str, metric: str, action: str | None) -> None:
    assert CATALOG.by_symptom(namespace, metric) == action


ERRORS = MetricName("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count")
SUGGESTED = catalog_of((RESTART, GROW, replace(SILENT, suggested_by=(MetricName("A", "b"), ERRORS))))


@pytest.mark.parametrize(
    ("namespace", "metric", "action"),
    [
        ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "silent"),
        ("A", "b", "silent"),
        ("AWS/ECS", "MemoryUtilization", "restart-it"),
        ("AWS/Lambda", "Duration", "grow-it"),
        ("AWS/ApplicationELB", "b", None),
        ("A", "HTTPCode_Target_5XX_Count", None),
    ],
)
def test_a_metric_suggests_the_action_of_its_symptom_or_the_one_that_names_it(
    namespace: str, metric: str, action: str | None
) -> None:
    assert SUGGESTED.suggested_by(namespace, metric) == action


def test_a_suggestion_leads_to_no_action_without_a_tag() -> None:
    assert SUGGESTED.by_symptom(ERRORS.namespace, ERRORS.metric) is None


@pytest.mark.parametrize("metric", [ERRORS, MetricName("AWS/ECS", "MemoryUtilization")])
def test_a_metric_that_suggests_two_actions_is_a_mistake(metric: MetricName) -> None:
    errors = replace(SILENT, name="errors", suggested_by=(ERRORS,))
    with pytest.raises(ValueError, match=f"^two actions declare {metric.namespace} {metric.metric}$"):
        catalog_of((RESTART, errors, replace(SILENT, suggested_by=(metric,))))


def test_two_actions_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"^two actions declare restart-it$"):
        catalog_of((RESTART, replace(RESTART, symptom=None)))


def test_two_actions_of_one_symptom_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"^two actions declare AWS/ECS MemoryUtilization$"):
        catalog_of((RESTART, replace(RESTART, name="another")))


def test_actions_of_one_namespace_may_have_symptoms_of_their_own() -> None:
    cpu = replace(RESTART, name="another", symptom=Symptom("AWS/ECS", "CPUUtilization", "its CPU"))
    assert catalog_of((RESTART, cpu)).by_symptom("AWS/ECS", "CPUUtilization") == "another"


def test_an_action_without_more_declarations_has_no_symptom_and_no_settings() -> None:
    bare = ActionSpec(name="x", service="ecs", effect=Effect.OTHER, does="x", permissions=())
    assert (bare.undo, bare.irreversible, bare.temporary, bare.symptom) == ("", "", False, None)
    assert bare.suggested_by == ()
    assert (bare.settings, bare.highest_ceiling) == (NO_SETTINGS, 0)
    assert (bare.asks_by_default, bare.always_asks_for) == (False, frozenset())
    assert (Permission("x").mutates, Permission("x").to_decide) == (False, False)


def test_a_setting_that_the_policy_does_not_name_has_its_default() -> None:
    assert ScaleSettings() == ScaleSettings(step=1, ceiling=10, restore_after=timedelta(minutes=30))
    assert MemorySettings(ceiling=1) == MemorySettings(ceiling=1, factor=1.5, raises=3)
    assert RollBackSettings().suspect_within == timedelta(minutes=30)
    assert RunbookSettings() == RunbookSettings(prefix="Firebreak-", runbooks={})


def rules(settings: ActionSettings) -> Rules:
    return replace(a.rules(), settings=settings)


def test_an_action_reads_the_settings_that_it_declares() -> None:
    settings = MemorySettings(ceiling=512)
    assert rules(settings).settings_as(MemorySettings) is settings


def test_the_rules_of_another_action_are_a_mistake_in_the_code() -> None:
    with pytest.raises(TypeError, match=r"^restart-service has MemorySettings, not ScaleSettings$"):
        rules(MemorySettings(ceiling=1)).settings_as(ScaleSettings)


@pytest.mark.parametrize(
    ("does", "in_short"),
    [
        ("restarts it", "restarts it"),
        ("restarts it; a human is asked; twice (or not)", "restarts it"),
        ("restarts it (all of it) at once (or not)", "restarts it"),
        ("restarts it (where it runs; else nothing)", "restarts it"),
    ],
)
def test_the_effect_in_short_ends_at_its_first_condition(does: str, in_short: str) -> None:
    assert replace(RESTART, does=does).in_short == in_short


def test_a_function_is_called_as_its_action_is() -> None:
    assert replace(RESTART, name="roll-back-it").logical_id == "RollBackIt"
