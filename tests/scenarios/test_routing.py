"""The deployed rules, asked with the emulator's own TestEventPattern, route as core.routing says."""

from collections.abc import Mapping
from typing import Any

import pytest

from firebreak.core.model import Alarm
from firebreak.core.routing import route
from firebreak.intake import alarm_events
from firebreak.services.registry import CATALOG
from firebreak_devtools.local.transitions import matching
from firebreak_devtools.local.up import LocalAws
from tests.contracts.template import functions, kebab
from tests.support.sample_events import load, usable

pytestmark = pytest.mark.local

FUNCTIONS = {name: kebab(name) for name in functions()}


def rules_of(local: LocalAws, event: Mapping[str, Any]) -> list[str]:
    """The functions whose rules match, by the names of core.routing."""
    names = [rule.split("-")[1] for rule in matching(local.running.session(), dict(event))]
    return sorted(
        FUNCTIONS[function] for name in names for function in FUNCTIONS if name.startswith(function)
    )


def on_the_default_bus() -> list[str]:
    """The sample events CloudWatch sends to EventBridge, by file name."""
    return [
        name for name in usable() if load(name).get("source") == "aws.cloudwatch" and "detail" in load(name)
    ]


@pytest.mark.parametrize("name", on_the_default_bus())
def test_every_sample_event_matches_exactly_the_rules_it_should(local_aws: LocalAws, name: str) -> None:
    event = load(name)
    alarm = alarm_events.parse(event)
    assert isinstance(alarm, Alarm)
    assert rules_of(local_aws, event) == sorted(found.function for found in route(alarm, CATALOG))


SYMPTOMS = {
    (spec.symptom.namespace, spec.symptom.metric): name
    for name, spec in CATALOG.specs.items()
    if spec.symptom
}
NOBODYS = [
    (namespace, name)
    for namespace in sorted({namespace for namespace, _ in SYMPTOMS})
    for name in sorted({name for _, name in SYMPTOMS})
    if (namespace, name) not in SYMPTOMS
]


@pytest.mark.parametrize(("sample", "only"), [("ecs_memory_alarm", ["route"]), ("ecs_memory_ok", [])])
@pytest.mark.parametrize(("namespace", "name"), NOBODYS, ids=[" ".join(one) for one in NOBODYS])
def test_a_symptoms_name_in_another_namespace_is_no_symptom(
    local_aws: LocalAws, namespace: str, name: str, sample: str, only: list[str]
) -> None:
    event: dict[str, Any] = load(sample)
    event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"] |= {
        "namespace": namespace,
        "name": name,
    }
    assert rules_of(local_aws, event) == only


@pytest.mark.parametrize("name", on_the_default_bus())
def test_an_alarm_that_another_account_sends_matches_no_rule(local_aws: LocalAws, name: str) -> None:
    assert rules_of(local_aws, load(name) | {"account": "444455556666"}) == []


def test_the_ok_of_an_alarm_tagged_none_wakes_nobody(local_aws: LocalAws) -> None:
    event: dict[str, Any] = load("ecs_memory_ok")
    event["detail"] |= {"alarmTags": {"firebreak:action": "none"}, "alarmTagsStatus": "SUCCESS"}
    assert rules_of(local_aws, event) == []


def test_a_configuration_change_matches_no_rule(local_aws: LocalAws) -> None:
    assert rules_of(local_aws, load("unusable/configuration_change")) == []
