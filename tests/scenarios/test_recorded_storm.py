"""A storm of bench/ through the deployed functions: its recorded history, replayed, decides as they did.

A stack of its own, for a storm holds back everything, and so that the policy is that of the bench.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bench.storm import KINDS, events
from firebreak.core.model import Alarm
from firebreak.intake import alarm_events
from firebreak.policy.loader import load_policy
from firebreak_cli.backtest.assumptions import Assumptions
from firebreak_cli.backtest.facts import read_facts
from firebreak_cli.backtest.history_file import read_lines
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.transitions import TransitionReader
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import CHANGED
from firebreak_cli.main import app
from firebreak_devtools.local.transitions import matching
from firebreak_devtools.local.up import LocalAws
from tests.proofs.concurrency.driver import Limits
from tests.proofs.concurrency.testbed import Delivery, Fleet
from tests.scenarios.bench import Bench
from tests.scenarios.own_stack import built_home, deployed

pytestmark = pytest.mark.local

(STORM,) = (kind for kind in KINDS if kind.name == "storm")
# Enough for a full budget, targets in flight and a storm: two transitions of each alarm, and duplicates.
SERVICES, CLUSTERS, EVENTS = 15, 3, 33
# Local AWS does not say which tags are in an event, so the replay goes by a metric that is routed.
METRIC = "MemoryUtilization"
# The reasons of a transition before the storm, which nobody carries, and of one of it.
BEFORE, CARRIED = "before the storm", "turned by a scenario"

# As many acts again in a cluster, and no storm.
MORE = replace(STORM.limits, storm=Limits().storm, group="6/1h")

# The alarm, the outcome and the reason of a decision.
type Decided = tuple[str, str, str]


@dataclass
class Storm:
    """The deliveries of the bench, as transitions that happen now, one after the other."""

    bench: Bench
    fleet: Fleet
    _functions: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _sent: dict[str, dict[str, Any]] = field(default_factory=dict)

    def play(self, deliveries: list[Delivery]) -> None:
        """Each delivery reaches the functions of its rules before the next one; a duplicate comes again."""
        for one in deliveries:
            if one.key in self._sent:
                self._invoke(self._sent[one.key])
            else:
                self._sent[one.key] = self._turn_red(_alarm(one.event).name)

    def _turn_red(self, alarm: str) -> dict[str, Any]:
        before = [one.since for event in self._sent.values() if (one := _alarm(event)).name == alarm]
        if before:
            self._invoke(self.bench.event_of(alarm, "OK"))
            until_the_second_after(max(before))
        event = self.bench.event_of(alarm, "ALARM")
        self._invoke(event)
        return event

    def _invoke(self, event: dict[str, Any]) -> None:
        alarm = _alarm(event)
        kind = alarm.tags["firebreak:action"], alarm.state.value
        if kind not in self._functions:
            self._functions[kind] = list(self._routed(event))
        for function in self._functions[kind]:
            reply = self.bench.session.client("lambda").invoke(
                FunctionName=function, Payload=json.dumps(event).encode()
            )
            assert "FunctionError" not in reply, reply["Payload"].read()

    def _routed(self, event: dict[str, Any]) -> Iterator[str]:
        client = self.bench.session.client("events")
        for rule in matching(self.bench.session, event):
            yield from (target["Arn"] for target in client.list_targets_by_rule(Rule=rule)["Targets"])


def until_the_second_after(moment: datetime) -> None:
    """Waits for less than a second: the history of local AWS has whole ones, CloudWatch's has milliseconds.

    Twice red in one second would be one transition for a replay, and one decision.
    """
    left = moment.replace(microsecond=0) + timedelta(seconds=1) - datetime.now(UTC)
    if left > timedelta():
        time.sleep(left.total_seconds())


def _alarm(event: dict[str, Any]) -> Alarm:
    alarm = alarm_events.parse(event)
    assert isinstance(alarm, Alarm)
    return alarm


@dataclass(frozen=True)
class Recorded:
    """The saved history of a storm, the policy that decided, and what the functions decided, in order."""

    bench: Bench
    history: Path
    policy: Path
    decided: list[Decided]


def run(bench: Bench, *words: str) -> Result:
    environment = Environment({}, lambda: datetime.now(UTC), lambda: bench.session)
    return CliRunner().invoke(app, list(words), obj=environment)


@pytest.fixture(scope="module")
def bench(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    del local_aws  # that it is up says that there is a build
    build = built_home()
    if build is None:
        pytest.skip("local AWS was not built in this home")
    with deployed(tmp_path_factory.mktemp("own"), build, STORM.limits.policy, {}) as local:
        yield Bench.on(local, "inbox-storm")


@pytest.fixture(scope="module")
def recorded(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The storm, played and recorded."""
    fleet = Fleet.prepare(bench.session, services=SERVICES, clusters=CLUSTERS, metric=METRIC)
    for service in fleet.services:
        bench.session.client("cloudwatch").set_alarm_state(
            AlarmName=service.alarm, StateValue="OK", StateReason=BEFORE
        )
    Storm(bench, fleet).play(events(fleet, EVENTS))
    folder = tmp_path_factory.mktemp("storm")
    policy = folder / "policy.toml"
    policy.write_text(STORM.limits.policy, encoding="utf-8")
    return Recorded(bench, history(bench, policy, folder), policy, decided(bench))


def history(bench: Bench, policy: Path, folder: Path) -> Path:
    """The account's history as the command saves it, from the first transition that was carried."""
    saved, path = folder / "saved.jsonl", folder / "history.jsonl"
    result = run(bench, "backtest", "--save", str(saved), "--policy", str(policy), "--days", "1", "--json")
    assert result.exit_code == 0, result.output
    lines = saved.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["line"] != "item" or CARRIED in line]
    path.write_text("".join(kept), encoding="utf-8")
    return path


def decided(bench: Bench) -> list[Decided]:
    """The stack's own decisions, oldest first. A backtest counts an OK that changes nothing as a recovery."""
    result = run(bench, "export", "decisions", "--since", "1h", "--json")
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return [
        (one["alarm"], one["decision"], one["reason"])
        for one in sorted(rows, key=lambda one: str(one["at"]))
        if one["reason"] != "not_in_alarm"
    ]


def replayed(found: Recorded) -> list[Decided]:
    """The decisions of a backtest, in the order in which it makes them."""
    facts, items = read_facts(read_lines(found.history), str(found.history))
    reader = TransitionReader(facts.start, facts.end, facts.mutes)
    replay = Replay(facts, load_policy(found.policy), reader, Assumptions())
    return [
        (made.alarm, made.decided.word, made.decided.reason.value)
        for transition in reader.read(items)
        for made in replay.step(transition)
    ]


def test_a_backtest_of_a_storm_decides_as_the_deployed_functions_did(recorded: Recorded) -> None:
    assert replayed(recorded) == recorded.decided
    reasons = {reason for _, _, reason in recorded.decided}
    assert reasons == {"clear_to_act", "in_flight", "budget_full", "storm"}


def test_a_storm_is_one_page_and_nobody_is_paged_about_an_alarm_of_it(recorded: Recorded) -> None:
    bench = recorded.bench
    page = bench.expect_page("STORM", "routed alarms")
    assert "routed alarms turned red within 6h: Firebreak stops acting." in page.body
    bench.carry()
    subjects = [one.subject for one in bench.inbox.pages]
    assert len([one for one in subjects if "routed alarms" in one]) == 1, subjects
    held_back = {alarm for alarm, _, _ in recorded.decided} - {
        alarm for alarm, _, reason in recorded.decided if reason != "storm"
    }
    assert held_back
    assert [one for one in subjects for alarm in held_back if service_of(alarm) in one] == []


def service_of(alarm: str) -> str:
    """The service on pages; an alarm of the fleet is named after it."""
    return "/".join(alarm.rsplit("-", 1))


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        pytest.param(STORM.limits, 0, id="the same policy"),
        pytest.param(MORE, CHANGED, id="one that acts more"),
    ],
)
def test_a_policy_that_acts_more_on_it_is_caught(
    recorded: Recorded, tmp_path: Path, limits: Limits, code: int
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(limits.policy, encoding="utf-8")
    files = [str(recorded.policy), str(other), "--history", str(recorded.history)]
    result = run(recorded.bench, "policy", "diff", *files, "--fail-on", "more-acts", "--json")
    assert result.exit_code == code, result.output
    before, after = json.loads(result.stdout)["acts"]
    assert before == sum(outcome == "act" for _, outcome, _ in recorded.decided)
    assert (after > before) == bool(code)
