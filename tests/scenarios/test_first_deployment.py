"""A first deployment on local AWS: refused where nobody would hear of it, undone where it fails.

It deploys the template's own parameters, rule, ledger and bus. A bus of that name, which somebody else made,
is in its way. The whole template is deployed for all other scenarios. That DynamoDB refuses to delete a
protected table in a rollback as well, the emulator does not know.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from firebreak_devtools.local.up import LocalAws
from tests.contracts.template import template
from tests.scenarios.test_examples import PAUSE, STEPS, fresh

pytestmark = pytest.mark.local

BY_HAND = {"SubscribeByHand": "true"}


@dataclass(frozen=True, slots=True)
class Site:
    """A place for one stack of the template's ledger and bus."""

    session: Any
    stack: str

    def block(self) -> None:
        """Make what keeps the stack from being made: a bus of its name."""
        self.session.client("events").create_event_bus(Name=self.stack)

    def unblock(self) -> None:
        self.session.client("events").delete_event_bus(Name=self.stack)

    def body(self) -> str:
        whole = template()
        bus = whole["Resources"]["Bus"] | {"DependsOn": "Ledger"}
        parts = {
            "Parameters": whole["Parameters"],
            "Rules": whole["Rules"],
            "Conditions": whole["Conditions"],
            "Resources": {"Ledger": whole["Resources"]["Ledger"], "Bus": bus},
        }
        return json.dumps(parts)

    def deploy(self, **parameters: str) -> str:
        """The state in which the stack ends."""
        cloudformation = self.session.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": one} for key, one in parameters.items()]
        cloudformation.create_stack(StackName=self.stack, TemplateBody=self.body(), Parameters=given)
        return self.ended()

    def ended(self) -> str:
        cloudformation = self.session.client("cloudformation")
        for _ in range(STEPS):
            status = str(cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(PAUSE)
        pytest.fail(f"{self.stack} is still being made")

    def delete(self) -> None:
        cloudformation = self.session.client("cloudformation")
        cloudformation.delete_stack(StackName=self.stack)
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=self.stack, WaiterConfig={"Delay": 1, "MaxAttempts": STEPS})

    def ledgers(self) -> list[str]:
        """The tables that the stack made and that are there."""
        pages = self.session.client("dynamodb").get_paginator("list_tables").paginate()
        return [name for page in pages for name in page["TableNames"] if name.startswith(self.stack)]


@pytest.fixture
def site(local_aws: LocalAws) -> Iterator[Site]:
    made = Site(local_aws.running.session(), fresh("first"))
    yield made
    made.delete()
    dynamodb = made.session.client("dynamodb")
    for table in made.ledgers():
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)


def test_a_deployment_by_which_nobody_would_hear_of_anything_makes_nothing(site: Site) -> None:
    with pytest.raises(ClientError, match="Give PageEmail"):
        site.deploy()
    assert site.ledgers() == []


def test_a_first_deployment_that_fails_leaves_no_ledger_and_the_next_one_works(site: Site) -> None:
    site.block()
    assert site.deploy(**BY_HAND) == "ROLLBACK_COMPLETE"
    assert site.ledgers() == []

    site.delete()
    site.unblock()
    assert site.deploy(**BY_HAND) == "CREATE_COMPLETE"
    assert len(site.ledgers()) == 1


def test_the_ledger_of_a_stack_that_worked_is_kept_when_the_stack_is_deleted(site: Site) -> None:
    assert site.deploy(**BY_HAND) == "CREATE_COMPLETE"
    made = site.ledgers()
    site.delete()
    assert site.ledgers() == made
    assert len(made) == 1
