"""Restarting and rolling back an environment through all functions, on botocore's real model."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.model import Alarm, Metric
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from tests.support import builders as a
from tests.support.builders_beanstalk import ID
from tests.support.simulated_beanstalk import BeanstalkWorld, SimulatedBeanstalk, beanstalk_world
from tests.workflow.approving import approve

MINUTE = timedelta(minutes=1)
METRICS = (Metric("AWS/ElasticBeanstalk", "EnvironmentHealth", {"EnvironmentName": "shop-prod"}),)
RESTARTS = a.AUTO_POLICY + '[actions.restart-environment]\nautonomy = "auto"\n'
ROLLS_BACK = (
    RESTARTS.replace('cooldown = "15m"', 'cooldown = "1m"')
    + '[actions.roll-back-environment]\nautonomy = "auto"\n'
    + 'ladder = ["roll-back-environment", "restart-environment", "page"]\n'
)
RESTART = ("RestartAppServer", {"EnvironmentId": ID, "EnvironmentName": "shop-prod"})
ROLL_BACK = (
    "UpdateEnvironment",
    {"EnvironmentId": ID, "EnvironmentName": "shop-prod", "VersionLabel": "v41"},
)


@dataclass
class Harness:
    """The world, and the environment in it."""

    world: BeanstalkWorld
    shop: SimulatedBeanstalk

    def under(self, text: str) -> None:
        self.world.policy = policy(text)

    def send(self, action: str = "restart-environment") -> tuple[Any, Alarm]:
        """The environment's alarm turns red, and its event reaches the action's function."""
        self.shop.now = self.world.clock.at
        alarm = self.world.red("shop-prod-health", metrics=METRICS, tags={"firebreak:action": action})
        return self.world.send(alarm, action), alarm

    def wait(self, length: timedelta) -> None:
        self.world.pass_time(length)
        self.shop.now = self.world.clock.at

    @property
    def labels(self) -> list[str]:
        """The first words of every page."""
        return [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in self.world.subjects]


def policy(text: str) -> Policy:
    return parse_policy(text, "beanstalk.toml")


@pytest.fixture
def harness() -> Iterator[Harness]:
    shop = SimulatedBeanstalk(a.NOW)
    shop.log_event("Environment health has transitioned from Ok to Degraded.", -2 * MINUTE)
    with beanstalk_world(shop) as world:
        harness = Harness(world, shop)
        harness.under(RESTARTS)
        yield harness


def test_a_sick_environment_is_restarted_once_and_its_recovery_closes_the_incident(harness: Harness) -> None:
    summary, alarm = harness.send()
    assert (summary.outcome, harness.shop.changes) == ("act", [RESTART])
    assert "every instance restarts at the same time" in harness.world.pager.sent[0][1]
    harness.shop.come_to_rest()
    harness.world.green(alarm)
    harness.wait(15 * MINUTE)
    assert harness.world.incident(summary.incident_id).state is IncidentState.CLOSED
    assert (harness.labels, harness.shop.changes) == (["ACTED", "RESOLVED"], [RESTART])


def test_where_only_the_defaults_say_auto_a_human_is_asked_and_nothing_restarts(harness: Harness) -> None:
    harness.under(a.AUTO_POLICY)
    summary, _ = harness.send()
    assert (summary.outcome, summary.reason) == ("ask_approval", Reason.NEEDS_APPROVAL)
    assert (harness.labels, harness.shop.changes) == (["APPROVE?"], [])


def test_a_restart_that_still_runs_is_waited_for_and_not_called_worse(harness: Harness) -> None:
    summary, _ = harness.send()
    harness.shop.health = ("Red", "Severe")
    harness.wait(6 * MINUTE)
    assert harness.world.incident(summary.incident_id).state is IncidentState.VERIFYING
    assert harness.labels == ["ACTED"]


def test_an_environment_that_comes_back_worse_is_a_humans(harness: Harness) -> None:
    summary, _ = harness.send()
    harness.shop.come_to_rest(health=("Red", "Severe"))
    harness.wait(6 * MINUTE)
    assert harness.world.incident(summary.incident_id).state is IncidentState.PAGED
    assert harness.shop.changes == [RESTART]
    assert harness.labels[-1] == "NEEDS YOU"


def test_an_environment_that_did_not_opt_in_is_left_alone(harness: Harness) -> None:
    harness.shop.tags = {}
    summary, _ = harness.send()
    assert (summary.reason, harness.shop.changes) == (Reason.NOT_OPTED_IN, [])


def test_a_busy_environment_is_a_humans(harness: Harness) -> None:
    harness.shop.status = "Updating"
    summary, _ = harness.send()
    assert (summary.reason, harness.shop.changes) == (Reason.NOT_READY, [])


def test_a_bad_deployment_is_rolled_back_and_the_same_one_never_twice(harness: Harness) -> None:
    harness.under(ROLLS_BACK)
    harness.shop.deployed_before("v41")
    harness.shop.deploy(5 * MINUTE)
    summary, alarm = harness.send("roll-back-environment")
    assert (summary.outcome, harness.shop.changes) == ("act", [ROLL_BACK])
    harness.shop.come_to_rest()
    harness.shop.deploy(timedelta())
    harness.world.green(alarm)
    harness.wait(15 * MINUTE)
    assert harness.world.incident(summary.incident_id).state is IncidentState.CLOSED

    harness.send("roll-back-environment")
    harness.wait(MINUTE)
    assert harness.shop.changes == [ROLL_BACK, RESTART], "the next rung, not another roll back"


def test_an_alarm_long_after_the_deployment_climbs_past_the_roll_back(harness: Harness) -> None:
    harness.under(ROLLS_BACK)
    harness.shop.deploy(timedelta(hours=3))
    harness.send("roll-back-environment")
    harness.wait(2 * MINUTE)
    assert harness.shop.changes == [RESTART]


def test_a_roll_back_after_which_the_old_version_does_not_run_has_failed(harness: Harness) -> None:
    harness.under(ROLLS_BACK)
    harness.shop.deployed_before("v41")
    harness.shop.deploy(5 * MINUTE)
    summary, _ = harness.send("roll-back-environment")
    harness.shop.version = "v42"
    harness.shop.come_to_rest(health=("Red", "Degraded"))
    harness.wait(8 * MINUTE)
    assert harness.shop.changes == [ROLL_BACK, RESTART]
    assert harness.world.incident(summary.incident_id).rung == 1


def test_a_version_that_only_dates_speak_for_is_asked_for(harness: Harness) -> None:
    harness.shop.deploy(5 * MINUTE)
    harness.under(a.AUTO_POLICY)
    summary, _ = harness.send("roll-back-environment")
    assert (summary.outcome, summary.reason) == ("ask_approval", Reason.NEEDS_APPROVAL)
    assert "only dates speak for v41" in harness.world.pager.sent[0][1]
    assert harness.shop.changes == []


def test_with_auto_it_is_asked_for_as_well_and_a_yes_carries_it_out(harness: Harness) -> None:
    harness.under(ROLLS_BACK)
    harness.shop.deploy(5 * MINUTE)
    summary, _ = harness.send("roll-back-environment")
    assert (summary.outcome, harness.shop.changes) == ("ask_approval", [])
    harness.wait(2 * MINUTE)
    approve(harness.world, harness.world.incident(summary.incident_id))
    assert harness.shop.changes == [ROLL_BACK]
