"""The example platforms, deployed on local AWS: every alarm reaches the function that its page says."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firebreak_cli.queries.state_change import Transition, state_change_event
from firebreak_devtools.local.up import LocalAws
from tests.cli.running import run
from tests.scenarios.bench import Bench
from tests.scenarios.test_routing import rules_of
from tests.support.platforms import PLATFORMS, Platform

pytestmark = pytest.mark.local

STEPS, PAUSE = 60, 0.5


@dataclass(frozen=True, slots=True)
class Deployed:
    """A platform's stack."""

    platform: Platform
    stack: str
    local: LocalAws

    def alarms(self) -> dict[str, Mapping[str, Any]]:
        """Every alarm of the stack by the end of its name."""
        cloudwatch = self.local.running.session().client("cloudwatch")
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{self.stack}-")
        described = [alarm for page in pages for alarm in page["MetricAlarms"]]
        return {alarm["AlarmName"].removeprefix(f"{self.stack}-"): alarm for alarm in described}

    def tags(self, alarm: Mapping[str, Any]) -> dict[str, str]:
        """The tags of an alarm."""
        cloudwatch = self.local.running.session().client("cloudwatch")
        found = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def event(self, alarm: Mapping[str, Any], state: str = "ALARM") -> dict[str, Any]:
        """The event that CloudWatch sends when the alarm changes to that state."""
        before = "OK" if state == "ALARM" else "ALARM"
        change = Transition(alarm["AlarmName"], datetime.now(UTC), before, state, "turned by a scenario")
        return state_change_event(change, alarm, self.tags(alarm))


def deploy(local: LocalAws, platform: Platform, stack: str, **parameters: str) -> None:
    """Make the stack and wait until it is there."""
    cloudformation = local.running.session().client("cloudformation")
    given = platform.parameters | parameters
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=(platform.folder / "template.yaml").read_text(encoding="utf-8"),
        Capabilities=["CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    for _ in range(STEPS):
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if found["StackStatus"] == "CREATE_COMPLETE":
            return
        assert found["StackStatus"] == "CREATE_IN_PROGRESS", found.get("StackStatusReason")
        time.sleep(PAUSE)
    pytest.fail(f"{stack} is not made yet")


def fresh(name: str) -> str:
    """A stack's name, new in each run on the same local AWS."""
    return f"{name}-{time.time_ns() // 1_000_000 % 1_000_000_000}"


@pytest.fixture(scope="module", params=PLATFORMS.values(), ids=lambda one: one.name)
def deployed(local_aws: LocalAws, request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """Each platform in turn."""
    platform: Platform = request.param
    stack = fresh(platform.name)
    deploy(local_aws, platform, stack)
    yield Deployed(platform, stack, local_aws)
    local_aws.running.session().client("cloudformation").delete_stack(StackName=stack)


def test_it_creates_every_alarm_that_its_document_lists(deployed: Deployed) -> None:
    lines = [deployed.platform.row(name) for name in deployed.alarms()]
    assert len(lines) == deployed.platform.alarms
    assert set(deployed.platform.rows) == set(lines)


def test_every_alarm_carries_what_its_page_says(deployed: Deployed) -> None:
    for name, alarm in deployed.alarms().items():
        row, tags = deployed.platform.row(name), deployed.tags(alarm)
        assert (row.severity, row.within, row.first_response) == (
            tags["firebreak:severity"],
            tags["respond-within"],
            tags.get("first-response", ""),
        )


def test_every_red_alarm_matches_exactly_the_function_that_answers(deployed: Deployed) -> None:
    expected = {name: [deployed.platform.row(name).ladder[0]] for name in deployed.alarms()}
    found = {
        name: rules_of(deployed.local, deployed.event(alarm)) for name, alarm in deployed.alarms().items()
    }
    assert expected == found


def test_every_recovery_reaches_verify_and_nobody_else(deployed: Deployed) -> None:
    alarms = deployed.alarms().items()
    found = {name: rules_of(deployed.local, deployed.event(alarm, "OK")) for name, alarm in alarms}
    assert {name: ["verify"] for name in found} == found


def test_explain_says_of_every_alarm_what_its_page_says(deployed: Deployed, tmp_path: Path) -> None:
    for name, alarm in deployed.alarms().items():
        row, file = deployed.platform.row(name), tmp_path / f"{name}.json"
        file.write_text(json.dumps(deployed.event(alarm)), encoding="utf-8")
        asked = run("explain", str(file), "--offline", "--json", "--policy", str(deployed.platform.policy))
        assert asked.stdout, asked.stderr
        text = json.loads(asked.stdout)
        assert (text["route"], tuple(text["ladder"] or ["page"])) == (row.ladder[0], row.ladder), name
        if row.ladder != ("page",):
            assert text["autonomy"] == deployed.platform.autonomy(row.ladder[0], text["target"]), name


def updates(bench: Bench, service: str) -> list[dict[str, Any]]:
    """The changes to a service in this run: the names are the platform's, so others had them before."""
    return [call for call in bench.updates_of(service) if call.get("cluster") == bench.workload.cluster]


@pytest.fixture(scope="module")
def turned(bench: Bench, local_aws: LocalAws) -> Iterator[str]:
    """The stack of five services in the bench's own cluster, of which `web` and `search` run."""
    stack = fresh("turned")
    deploy(local_aws, PLATFORMS["ecs-platform"], stack, Cluster=bench.workload.cluster)
    for name in ("web", "search"):
        bench.workload.service(name)
    yield stack
    local_aws.running.session().client("cloudformation").delete_stack(StackName=stack)


def recovers(bench: Bench, alarm: str, service: str) -> None:
    """The alarm goes OK and that is announced: acts that did not help would stop the action for others."""
    bench.turn(alarm, "OK")
    bench.expect_page("RESOLVED", bench.about(service))


def test_the_platforms_red_memory_alarm_restarts_its_service(bench: Bench, turned: str) -> None:
    bench.turn(f"{turned}-web-memory", "ALARM")
    bench.expect_page("ACTED", bench.about("web"))
    assert [call.get("forceNewDeployment") for call in updates(bench, "web")] == [True]
    assert updates(bench, "search") == []
    recovers(bench, f"{turned}-web-memory", "web")


def test_the_platforms_slow_alarm_names_its_service_by_a_tag_and_scales_it(bench: Bench, turned: str) -> None:
    bench.turn(f"{turned}-search-slow", "ALARM")
    bench.expect_page("ACTED", bench.about("search"))
    assert [call.get("desiredCount") for call in updates(bench, "search")] == [3]
    recovers(bench, f"{turned}-search-slow", "search")
