"""The worked example of the runbooks' document: its policy loads, its document and alarm fit it."""

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from template.cloudformation import CloudFormationLoader

from firebreak.core.action_spec import Runbook, RunbookSettings
from firebreak.core.model import Autonomy, Target
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from tests.docs.documents import ROOT, document
from tests.support import builders as a
from tests.support.builders_runbooks import TARGET
from tests.support.sample_events import load

TEXT = document("docs/runbooks.md").text
SHIPPED = (ROOT / "shared/policy.toml").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The document's code of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def policy() -> Policy:
    """The shipped policy with the example's part."""
    return parse_policy(f"{SHIPPED}\n{blocks('toml')[0]}", "docs/runbooks.md")


def resources() -> dict[str, Any]:
    """The properties of every resource in the example's templates, by logical id."""
    found: dict[str, Any] = {}
    for block in blocks("yaml"):
        found |= yaml.load(block, Loader=CloudFormationLoader)["Resources"]  # noqa: S506  # a SafeLoader
    return {name: one["Properties"] for name, one in found.items()}


def test_the_example_names_a_runbook_that_acts_by_itself() -> None:
    rules = policy().rules("run-runbook", TARGET)
    assert rules.autonomy is Autonomy.AUTO
    assert rules.settings_as(RunbookSettings).runbooks == {"drain-orders": policy().runbook("drain-orders")}
    assert policy().runbook("drain-orders") == Runbook(
        document="Firebreak-DrainQueue",
        version="1",
        parameters={
            "QueueArn": ("arn:aws:sqs:eu-west-1:111122223333:orders-dead",),
            "DestinationArn": ("arn:aws:sqs:eu-west-1:111122223333:orders",),
        },
        guard="orders-lost",
        patience=timedelta(minutes=20),
    )


def test_the_examples_document_is_the_one_that_the_policy_names() -> None:
    document, role = resources()["DrainQueue"], resources()["DrainQueueRole"]
    listed = policy().runbook("drain-orders")
    assert listed
    assert (document["Name"], document["DocumentType"]) == (listed.document, "Automation")
    assert set(document["Content"]["parameters"]) == set(listed.parameters)
    assert document["Tags"] == [{"Key": "firebreak:enabled", "Value": "true"}]
    assert role["RoleName"].startswith("Firebreak-")


def test_the_examples_alarm_is_the_sample_events() -> None:
    alarm, detail = resources()["OrdersStuck"], load("runbook_tagged")["detail"]
    assert isinstance(detail, dict)
    tags = {tag["Key"]: tag["Value"] for tag in alarm["Tags"]}
    assert tags.items() <= detail["alarmTags"].items()
    assert detail["alarmName"] == alarm["AlarmName"]
    assert alarm["ActionConfiguration"] == {"AlarmTagsPropagation": {"Enabled": True}}
    assert f"runbook:{TARGET.name}" == tags["firebreak:target"]


def test_a_name_that_the_policy_does_not_list_is_no_runbook() -> None:
    assert policy().runbook("format-disks") is None
    assert a.auto_policy().runbook("drain-orders") is None


@pytest.mark.parametrize("autonomy", ["auto", "observe"])
def test_a_runbook_asks_where_only_the_defaults_say_auto(autonomy: str) -> None:
    text = SHIPPED.replace('autonomy = "observe"', f'autonomy = "{autonomy}"', 1)
    expected = {"auto": Autonomy.APPROVE, "observe": Autonomy.OBSERVE}[autonomy]
    target = Target(a.ACCOUNT, a.REGION, "runbook", "", "another")
    assert expected == parse_policy(text, "policy.toml").rules("run-runbook", target).autonomy


@pytest.mark.parametrize(
    ("prefix", "loads"), [('prefix = "Acme-"', False), ('prefix = "Firebreak-Drain"', True)]
)
def test_the_policys_own_prefix_counts(prefix: str, *, loads: bool) -> None:
    text = SHIPPED.replace('ladder = ["run-runbook", "page"]', prefix, 1) + blocks("toml")[0]
    if loads:
        assert parse_policy(text, "policy.toml").runbook("drain-orders")
        return
    with pytest.raises(Exception, match="begins with 'Acme-'"):
        parse_policy(text, "policy.toml")
