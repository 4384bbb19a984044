"""A backtest of what the functions handled agrees with what they decided, event by event."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from firebreak.core.model import Alarm
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from firebreak_cli.backtest.assumptions import Assumptions
from firebreak_cli.backtest.facts import read_facts
from firebreak_cli.backtest.history_file import read_lines
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.transitions import TransitionReader
from tests.cli.backtest.histories import OPTED_IN, RESTART, History, item
from tests.support import builders as a
from tests.support.world import World

MINUTE = timedelta(minutes=1)


@dataclass
class Recorded:
    """The functions at work, and the history that CloudWatch would have of it."""

    world: World
    history: History = field(default_factory=History)
    decided: list[tuple[str, Reason]] = field(default_factory=list)
    red: dict[str, Alarm] = field(default_factory=dict)

    def service(self, name: str) -> str:
        """An opted-in service with an alarm; restarts of it settle at once."""
        self.world.ecs.services[f"ecs:prod/{name}"] = replace(a.service(name=name), tags=OPTED_IN)
        return self.history.service(name)

    def turn_red(self, alarm: str) -> None:
        name, at = alarm.removesuffix("-memory"), self.world.clock.at
        tags = RESTART | {"firebreak:target": f"ecs:prod/{name}"}
        self.red[alarm] = self.world.red(alarm, tags=tags)
        self.history.items.append(item(alarm, at, "OK", "ALARM"))
        self._note(self.world.send(self.red[alarm]))

    def turn_green(self, alarm: str) -> None:
        self.history.items.append(item(alarm, self.world.clock.at, "ALARM", "OK"))
        self.world.green(self.red[alarm])
        self.world.deliver()

    def _note(self, summary: Summary) -> None:
        self.decided.append((summary.outcome, summary.reason))

    def pass_time(self, minutes: int) -> None:
        """Minute by minute, with the sweep of every five minutes."""
        for _ in range(minutes):
            self.world.pass_time(MINUTE)
            if self.world.clock.at.minute % 5 == 0:
                self.world.sweep()


def replayed(recorded: Recorded, folder: Path) -> list[tuple[str, Reason]]:
    """The decisions of a backtest on the events that turned an alarm red."""
    lines = recorded.history.lines()
    start, end = a.NOW - timedelta(hours=1), recorded.world.clock.at + timedelta(hours=1)
    lines[0] |= {"start": start.isoformat(), "end": end.isoformat()}
    for line in lines:
        if line["line"] == "alarm":
            line["tags"]["firebreak:target"] = (
                f"ecs:prod/{line['config']['AlarmName'].removesuffix('-memory')}"
            )
    path = folder / "history.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    facts, items = read_facts(read_lines(path), str(path))
    reader = TransitionReader(facts.start, facts.end, facts.mutes)
    replay = Replay(facts, recorded.world.policy, reader, Assumptions())
    found = []
    for transition in reader.read(items):
        made = replay.step(transition)[replay.fell_due :]
        if transition.after == "ALARM":
            found.append((made[0].decided.word, made[0].decided.reason))
    return found


def a_night(recorded: Recorded) -> None:
    """An alarm that climbs, a storm over eight services, and what flaps after it."""
    alarms = [recorded.service(f"svc{n}") for n in range(8)]
    recorded.turn_red(alarms[0])
    recorded.pass_time(12)
    recorded.turn_green(alarms[0])
    recorded.pass_time(20)
    for alarm in alarms:
        recorded.turn_red(alarm)
        recorded.world.clock.pass_time(timedelta(seconds=7))
    recorded.pass_time(15)
    for alarm in alarms:
        recorded.turn_green(alarm)
    recorded.pass_time(30)
    for n in range(12):
        alarm = alarms[n % 3]
        recorded.turn_red(alarm)
        recorded.pass_time(3)
        recorded.turn_green(alarm)
        recorded.pass_time(7)


def test_a_backtest_of_a_storm_agrees_with_the_functions_decision_by_decision(
    world: World, tmp_path: Path
) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 6"), "auto.toml")
    recorded = Recorded(world)
    a_night(recorded)
    assert replayed(recorded, tmp_path) == recorded.decided
    reasons = {reason for _, reason in recorded.decided}
    assert {Reason.CLEAR_TO_ACT, Reason.STORM, Reason.COOLDOWN} <= reasons
