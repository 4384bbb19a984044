"""The check FB111: drift, as CloudFormation last found it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.doctored import Account, in_sync
from tests.support import builders as a
from tests.support.world import World


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


def resource(name: str, status: str, *paths: str) -> dict[str, Any]:
    """A resource as DescribeStackResourceDrifts answers, with values that nobody may show."""
    return {
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/firebreak/0a1b2c3d",
        "LogicalResourceId": name,
        "PhysicalResourceId": name.lower(),
        "ResourceType": "AWS::Lambda::Function",
        "StackResourceDriftStatus": status,
        "Timestamp": a.NOW,
        "PropertyDifferences": [
            {
                "PropertyPath": path,
                "ExpectedValue": "1",
                "ActualValue": "a secret",
                "DifferenceType": "NOT_EQUAL",
            }
            for path in paths
        ],
    }


def test_a_stack_in_sync_is_good_and_no_detection_is_started(account: Account) -> None:
    found = account.check("FB111")
    assert (found["result"], found["findings"]) == ("good", [])
    assert found["looked_at"] == "IN_SYNC, 10 s ago"
    assert not [call for call in account.calls.made if call.startswith("Detect")]


@pytest.mark.parametrize("drift", [{"StackDriftStatus": "NOT_CHECKED"}, {"StackDriftStatus": "UNKNOWN"}, {}])
def test_where_nobody_asked_it_is_a_warning_with_the_command_that_asks(
    account: Account, drift: dict[str, Any]
) -> None:
    account.drift = drift
    (found,) = account.check("FB111")["findings"]
    assert found["result"] == "warning"
    assert found["mend"] == (
        "aws cloudformation detect-stack-drift --stack-name firebreak --region eu-west-1"
    )


def test_every_resource_that_drifted_is_named_with_its_properties_and_without_their_values(
    account: Account,
) -> None:
    account.drift["StackDriftStatus"] = "DRIFTED"
    account.drifted = [
        resource("Verify", "MODIFIED", "/Timeout", "/MemorySize", "/Role", "/Environment/Variables/A"),
        resource("PageDue", "DELETED"),
    ]
    assert account.details("FB111") == [
        ("warning", "Verify", "MODIFIED at /Timeout, /MemorySize, /Role and 1 more (DRIFTED, 10 s ago)"),
        ("warning", "PageDue", "DELETED (DRIFTED, 10 s ago)"),
    ]
    report = account.report("--only", "FB111")
    assert report["verdict"]["accepted"]
    assert "a secret" not in str(report)


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(days=29), []),
        (timedelta(days=31), ["that is more than a month old"]),
    ],
)
def test_a_result_of_long_ago_says_its_age(account: Account, age: timedelta, said: list[str]) -> None:
    account.world.clock.pass_time(age)
    details = [detail for _, _, detail in account.details("FB111")]
    assert [detail.partition(" ago: ")[2] for detail in details] == said


def test_a_result_from_before_the_last_deployment_says_so(account: Account) -> None:
    account.drift = in_sync() | {"LastCheckTimestamp": a.NOW - timedelta(minutes=1)}
    ((result, _, detail),) = account.details("FB111")
    assert (result, detail) == ("warning", "IN_SYNC, 1 min ago: the stack was deployed after that")
