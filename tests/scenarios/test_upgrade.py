"""An upgrade of the deployed stack, and back: template and functions of 0.1.0, then those of this release.

A stack of its own. Nothing falls due while it is deployed: what waits is due in ten minutes, which pass in
the ledger. The schedules of 0.1.0 are left where they are: their role goes with the update, so AWS would not
deliver them, and the sweep makes up for that. `tests/upgrade` has nineteen moments, in one process.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import Incident, IncidentState
from firebreak_devtools.demo.demo_stack import Inbox, Page
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home
from firebreak_devtools.local.stack import STACK
from firebreak_devtools.local.up import LocalAws
from firebreak_devtools.local.workload import PlayedService
from tests.scenarios.bench import RESTART, Bench
from tests.scenarios.own_stack import built_home, copy_build, deploy, started
from tests.scenarios.release_before import PARAMETERS, ReleaseBefore
from tests.scenarios.test_clock_and_pages import page_sweep, sweep
from tests.scenarios.test_operators_commands import answer

pytestmark = pytest.mark.local

S = IncidentState
WAITS = {'after = "6s"': 'after = "10m"', 'healthy_for = "3s"': 'healthy_for = "1s"'}
ROUTES = """
[[paging.routes]]
severities = ["critical"]
steps = [
  { after = "0s", channels = ["topic"], who = "the platform team" },
  { after = "10m", channels = ["topic"], who = "the engineering lead" },
]
"""
SCALE = {"firebreak:action": "scale-service"}
FOR_HUMANS = {"firebreak:action": "page", "firebreak:severity": "critical"}
# The items that fall due, and their times that count for it.
DUE = ("INC#", "THREAD#", "DEFER#")
OPENS = ("act", "ask_approval")
TIMES = ("attention_at", "due_at", "next_at", "acted_at")
AGE = round(timedelta(minutes=12).total_seconds() * 1000)


@dataclass
class Site:
    """One local AWS with the stack of one of two releases on it."""

    running: Running
    before: ReleaseBefore
    now: Home
    bench: Bench
    services: dict[str, PlayedService] = field(default_factory=dict)

    def deploy_release_before(self) -> None:
        self.bench.stack = deploy(self.before.home, self.running, PARAMETERS).stack

    def deploy_this_release(self) -> None:
        self.bench.stack = deploy(self.now, self.running).stack

    def adopt(self) -> None:
        """Deletes the stack, and makes another that goes on with the ledger that is left."""
        ledger, cloudformation = self.bench.stack.ledger_table, self.bench.session.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        self.bench.stack = deploy(self.now, self.running, {"LedgerTableName": ledger}).stack
        self.bench.inbox = Inbox(self.bench.session, self.bench.stack.page_topic)
        self.bench.inbox.open("inbox-adopted")

    def items(self) -> list[dict[str, Any]]:
        scan = self.bench.session.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(TableName=self.bench.stack.ledger_table)
        return [one for page in pages for one in page["Items"]]

    def pass_time(self) -> None:
        """Moves what waits in the ledger so far back that it is due, and lets both sweeps come."""
        for item in self.items():
            if item["pk"]["S"].startswith(DUE) and "attention_at" in item:
                self._put_back(item)
        sweep(self.bench)
        page_sweep(self.bench)

    def _put_back(self, item: dict[str, Any]) -> None:
        older = {name: {"N": str(int(item[name]["N"]) - AGE)} for name in TIMES if "N" in item.get(name, {})}
        if "acted_at" in older:  # what was red before the act stays so
            since = [one - AGE for one in json.loads(item["members_since"]["S"])]
            older["members_since"] = {"S": json.dumps(since)}
        self.bench.session.client("dynamodb").put_item(
            TableName=self.bench.stack.ledger_table, Item=item | older
        )

    def scheduled(self) -> list[dict[str, Any]]:
        """The schedules that functions made, which come once."""
        scheduler: Any = self.bench.session.client("scheduler")
        found = scheduler.list_schedules(GroupName=STACK)["Schedules"]
        every = [scheduler.get_schedule(Name=one["Name"], GroupName=STACK) for one in found]
        return [one for one in every if one["ScheduleExpression"].startswith("at(")]

    def incident(self, name: str) -> Incident:
        """The incident of a service, as this release reads it."""
        decided = self.bench.decisions(self.bench.alarm(name))
        (incident_id,) = {one["incident"] for one in decided if one["outcome"] in OPENS}
        found = self.bench.ledger.incident(incident_id)
        assert isinstance(found, Incident), found
        return found

    def quarantine(self, incident_id: str) -> None:
        """Puts an incident into a state of a later release."""
        self.bench.session.client("dynamodb").update_item(
            TableName=self.bench.stack.ledger_table,
            Key={"pk": {"S": f"INC#{incident_id}"}, "sk": {"S": "META"}},
            UpdateExpression="SET #state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": {"S": "quarantined"}},
        )

    def quarantined(self) -> list[dict[str, Any]]:
        """The incidents in that state, without the times at which somebody looks at them."""
        found = [one for one in self.items() if one.get("state") == {"S": "quarantined"}]
        times = {*TIMES, "members_since"}
        return [{name: value for name, value in one.items() if name not in times} for one in found]

    def red(self, name: str, tags: dict[str, str] | None = None) -> None:
        """Turns the alarm of a service red; the service is made where it is not there."""
        if name not in self.services:
            self.services[name] = self.bench.service_with_alarm(name, tags=tags)
        else:
            self.ok(name)
        self.bench.turn(self.bench.alarm(name), "ALARM")

    def ok(self, name: str) -> None:
        self.bench.turn(self.bench.alarm(name), "OK")

    def paged(self, mark: str, about: str, *, again: bool = False) -> Page:
        """Waits for a page, by the newest release's first words or by those of 0.1.0."""

        def look() -> Page | None:
            found = [
                one
                for one in self.bench.inbox.pages
                if one.subject.startswith(f"[Firebreak] {mark}") and about in one.subject
            ]
            return found[1 if again else 0] if len(found) > again else None

        return self.bench.wait(f"a page {mark} about {about}", look)


@pytest.fixture(scope="module")
def site(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The stack of 0.1.0."""
    del local_aws  # that it is up says that there is a build
    build = built_home()
    if build is None:
        pytest.skip("local AWS was not built in this home")
    folder = tmp_path_factory.mktemp("upgrade")
    before, now = ReleaseBefore.built(folder / "before", build), Home(folder / "now")
    policy = before.policy.read_text(encoding="utf-8") + ROUTES
    for short, long in WAITS.items():
        assert short in policy
        policy = policy.replace(short, long)
    before.policy.write_text(policy, encoding="utf-8")
    copy_build(build, now, policy)
    with started(Home(folder / "aws")) as running:
        first = deploy(before.home, running, PARAMETERS)
        yield Site(running, before, now, Bench.on(first, "inbox-upgrade"))


@pytest.fixture(scope="module")
def left(site: Site) -> Site:
    """Open incidents, a question, a page with a next step and a held switch, all of 0.1.0."""
    bench = site.bench
    site.red("heals")
    site.red("stubborn", SCALE)
    site.red("approved-later")
    site.red("for-humans", FOR_HUMANS)
    held = f"ecs:{bench.workload.cluster}/held"
    pause = ("pause", "--scope", "target", held, "--reason", "migration", "--for", "2h", "--holder", "ana")
    site.before.command(site.running, *pause)
    site.paged("ACTED", "heals")
    site.paged("ACTED", "stubborn")
    site.paged("APPROVE?", "approved-later")
    site.paged("NOT ACTING", "for-humans")
    return site


def test_release_0_1_0_leaves_open_incidents_schedules_and_a_page_with_a_next_step(left: Site) -> None:
    states = [left.incident(name).state for name in ("heals", "stubborn", "approved-later")]
    assert states == [S.ACTED, S.ACTED, S.AWAITING_APPROVAL]
    assert {"Route", "Report"}.isdisjoint(left.bench.stack.functions)
    assert len(left.scheduled()) == 3
    (thread,) = [one for one in left.items() if one.get("attention") == {"S": "page"}]
    assert thread["steps"] == {"N": "1"}


@pytest.fixture(scope="module")
def upgraded(left: Site) -> Site:
    """The same stack with this release's template."""
    ledger = left.bench.stack.ledger_table
    left.deploy_this_release()
    assert left.bench.stack.ledger_table == ledger
    return left


def test_the_role_of_the_schedules_of_before_is_gone(upgraded: Site) -> None:
    """So AWS delivers none of them, and only the sweep is left."""
    iam = upgraded.bench.session.client("iam")
    roles = {one["Target"]["RoleArn"].rpartition("/")[2] for one in upgraded.scheduled()}
    there = {one["RoleName"] for page in iam.get_paginator("list_roles").paginate() for one in page["Roles"]}
    assert roles
    assert roles.isdisjoint(there)


def test_an_open_incident_whose_alarm_turns_ok_is_closed(upgraded: Site) -> None:
    upgraded.ok("heals")
    upgraded.paged("RESOLVED", "heals")
    assert upgraded.incident("heals").state is S.CLOSED


def test_what_is_due_is_done_by_the_sweep(upgraded: Site) -> None:
    upgraded.pass_time()
    upgraded.paged("NEEDS YOU", "stubborn")
    assert upgraded.incident("stubborn").state is S.PAGED
    assert "now the engineering lead" in upgraded.paged("NOT ACTING", "for-humans", again=True).body


def test_a_question_of_before_is_answered_by_the_command_of_this_release(upgraded: Site) -> None:
    upgraded.bench.approve(upgraded.incident("approved-later").id)
    upgraded.paged("ACTED", "approved-later")
    assert len(upgraded.bench.updates_of("approved-later")) == 1


def test_a_held_switch_holds_and_is_listed(upgraded: Site) -> None:
    upgraded.red("held")
    assert "ana" in upgraded.paged("NOT ACTING", "held").body
    assert upgraded.bench.updates_of("held") == []
    assert [one["holder"] for one in answer(upgraded.bench, "switches")["switches"]] == ["ana"]


@pytest.fixture(scope="module")
def gone_back(upgraded: Site) -> Site:
    """The template of 0.1.0 on what this release left; one incident is in a state that neither knows."""
    upgraded.red("goes-back")
    upgraded.red("unknown-state")
    for name in ("goes-back", "unknown-state"):
        upgraded.paged("ACTED", name)
    upgraded.quarantine(upgraded.incident("unknown-state").id)
    upgraded.deploy_release_before()
    return upgraded


def test_release_0_1_0_ends_an_incident_of_this_release(gone_back: Site) -> None:
    gone_back.ok("goes-back")
    gone_back.paged("RESOLVED", "goes-back")
    assert gone_back.incident("goes-back").state is S.CLOSED


def test_release_0_1_0_keeps_and_announces_an_incident_in_a_state_that_it_does_not_know(
    gone_back: Site,
) -> None:
    (kept,) = gone_back.quarantined()
    gone_back.pass_time()
    gone_back.paged("BLIND", "")
    assert gone_back.quarantined() == [kept]


def test_release_0_1_0_leaves_the_target_of_such_an_incident_alone(gone_back: Site) -> None:
    gone_back.red("unknown-state")
    gone_back.bench.expect_decision(gone_back.bench.alarm("unknown-state"), "in_flight_unreadable")
    assert len(gone_back.bench.updates_of("unknown-state")) == 1


@pytest.fixture(scope="module")
def adopted(gone_back: Site) -> Site:
    """A new stack of this release on the ledger of the one that was deleted."""
    gone_back.red("adopted")
    gone_back.paged("ACTED", "adopted")
    ledger = gone_back.bench.stack.ledger_table
    gone_back.adopt()
    assert gone_back.bench.stack.ledger_table == ledger
    return gone_back


def test_incidents_go_on_when_a_new_stack_adopts_the_ledger_of_a_deleted_one(adopted: Site) -> None:
    adopted.ok("adopted")
    adopted.paged("RESOLVED", "adopted")
    assert adopted.incident("adopted").state is S.CLOSED


def test_a_switch_holds_in_a_stack_that_adopts_the_ledger(adopted: Site) -> None:
    bench, cpu = adopted.bench, adopted.bench.alarm("held", "cpu")
    bench.workload.alarm(cpu, adopted.services["held"], metric="CPUUtilization", tags=RESTART)
    bench.turn(cpu, "ALARM")
    bench.expect_decision(cpu, "switched_off")
    assert bench.updates_of("held") == []


def test_what_no_release_knows_is_still_kept(adopted: Site) -> None:
    assert len(adopted.quarantined()) == 1
