"""The functions read runbooks from the policy file that they decide with."""

from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from firebreak.core.action_spec import Runbook
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.services.connections import Connections
from firebreak.settings import Settings
from firebreak.wiring import Wiring
from tests.support import builders as a
from tests.support.fakes import ListLog

SETTINGS = Settings(
    stack_name="firebreak",
    ledger_table="ledger",
    bus_name="firebreak",
    schedule_group="firebreak",
    schedule_role_arn="arn:aws:iam::111122223333:role/scheduler",
    verify_arn="arn:aws:lambda:eu-west-1:111122223333:function:firebreak-verify:live",
    topic_arn="",
    policy_path=Path("policy.toml"),
    function_arn="arn:aws:lambda:eu-west-1:111122223333:function:firebreak-run-runbook:live",
    account=a.ACCOUNT,
    region=a.REGION,
)
RUNBOOK = """
[actions.run-runbook.runbooks.drain-orders]
document = "Firebreak-DrainQueue"
version = "3"
"""


def listed(policy: Path, name: str) -> Reading[Runbook]:
    """The runbook as a deployed function reads it."""
    session = boto3.session.Session(region_name=a.REGION)
    wiring = Wiring(replace(SETTINGS, policy_path=policy), ListLog(), session=session)
    look_up, _, _ = wiring.services().runbooks()
    return look_up(name)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(a.AUTO_POLICY + RUNBOOK, encoding="utf-8")
    return file


def test_a_function_learns_it_from_its_policy(policy: Path) -> None:
    found = listed(policy, "drain-orders")
    assert isinstance(found, Runbook)
    assert (found.document, found.version) == ("Firebreak-DrainQueue", "3")
    assert listed(policy, "format-disks") == ABSENT


def test_a_policy_that_does_not_load_names_nothing_and_hides_nothing(policy: Path) -> None:
    policy.write_text("version = 2", encoding="utf-8")
    assert isinstance(listed(policy, "drain-orders"), Unknown)


def test_without_a_policy_at_hand_it_is_unknown_and_never_absent() -> None:
    look_up, _, _ = Connections(lambda _: None, lambda _: None).runbooks()
    assert isinstance(look_up("drain-orders"), Unknown)
