"""Histories of an account for tests: alarms, targets and transitions, as the file has them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak_cli.backtest.assumptions import Assumptions
from firebreak_cli.backtest.facts import read_facts
from firebreak_cli.backtest.history_file import read_lines
from firebreak_cli.backtest.replay import Replay
from firebreak_cli.backtest.transitions import TransitionReader
from tests.support import builders as a

START = a.NOW - timedelta(days=30)
MINUTE = timedelta(minutes=1)
RESTART = {"firebreak:action": "restart-service"}
OPTED_IN = {"firebreak:enabled": "true"}


def config(name: str, dimensions: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    """A metric alarm as DescribeAlarms answers, its times as JSON has them."""
    return {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm:{name}",
        "StateValue": "OK",
        "StateUpdatedTimestamp": a.NOW.isoformat(),
        "StateTransitionedTimestamp": a.NOW.isoformat(),
        "ActionsEnabled": True,
        "AlarmActions": [],
        "OKActions": [],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 80.0,
        "EvaluationPeriods": 3,
        "Period": 60,
        "Statistic": "Average",
        "Namespace": "AWS/ECS",
        "MetricName": "MemoryUtilization",
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "TreatMissingData": "missing",
        "ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": True}},
        **changes,
    }


def item(
    name: str, at: datetime, before: str, after: str, *, values: Iterable[float] = (91.3,)
) -> dict[str, Any]:
    """A StateUpdate as DescribeAlarmHistory answers."""
    points = [{"timestamp": at.isoformat(), "value": value} for value in values]
    evaluated = {"recentDatapoints": [*values], "threshold": 80.0, "evaluatedDatapoints": points}
    new = {"stateValue": after, "stateReason": "Threshold Crossed", "stateReasonData": evaluated}
    data = {"version": "1.0", "oldState": {"stateValue": before}, "newState": new}
    return {
        "line": "item",
        "AlarmName": name,
        "AlarmType": "MetricAlarm",
        "Timestamp": at.isoformat(),
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {before} to {after}",
        "HistoryData": json.dumps(data),
    }


def mute_rule(expression: str, duration: str, alarms: Iterable[str], **changes: Any) -> dict[str, Any]:
    """A mute rule as GetAlarmMuteRule answers."""
    name = changes.pop("Name", "nightly")
    return {
        "Name": name,
        "AlarmMuteRuleArn": f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm-mute-rule:{name}",
        "Rule": {"Schedule": {"Expression": expression, "Duration": duration}},
        "MuteTargets": {"AlarmNames": [*alarms]},
        "Status": "SCHEDULED",
        "MuteType": "RECURRING",
        **changes,
    }


@dataclass
class History:
    """A history to be written line by line; transitions keep the state of each alarm."""

    alarms: list[dict[str, Any]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    mutes: list[dict[str, Any]] | None = None
    items: list[dict[str, Any]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)

    def service(self, name: str = "api", *, tags: Mapping[str, str] = RESTART, **target: Any) -> str:
        """An ECS service with an alarm on its memory; returns the alarm's name."""
        alarm = f"{name}-memory"
        found = config(alarm, {"ClusterName": "prod", "ServiceName": name})
        self.alarms.append({"line": "alarm", "config": found, "tags": dict(tags)})
        line = {"line": "target", "target": f"ecs:prod/{name}", "tags": OPTED_IN, "group_size": 10}
        self.targets.append(line | target)
        return alarm

    def turn(self, alarm: str, state: str, minutes: float) -> None:
        """The alarm changes its state so many minutes after the start."""
        before = self.states.get(alarm, "OK")
        self.states[alarm] = state
        self.items.append(item(alarm, START + minutes * MINUTE, before, state))

    def red(self, alarm: str, minutes: float, lasts: float = 30.0) -> None:
        """The alarm is red for so many minutes."""
        self.turn(alarm, "ALARM", minutes)
        self.turn(alarm, "OK", minutes + lasts)

    def muted_action(self, alarm: str, minutes: float, ends: float | None = None) -> None:
        """An action of the alarm's transition; with `ends` one that a window muted until then."""
        at = START + minutes * MINUTE
        until = None if ends is None else int((START + ends * MINUTE).timestamp() * 1000)
        done = {"actionState": "Succeeded", "stateUpdateTimestamp": int(at.timestamp() * 1000)}
        self.items.append(
            {
                "line": "item",
                "AlarmName": alarm,
                "AlarmType": "MetricAlarm",
                "Timestamp": at.isoformat(),
                "HistoryItemType": "Action",
                "HistoryData": json.dumps(done | {"muteWindowEndTimestamp": until}),
            }
        )

    def lines(self) -> list[dict[str, Any]]:
        """All lines; items in the order of their times."""
        header = {
            "line": "history",
            "version": 1,
            "account": a.ACCOUNT,
            "region": a.REGION,
            "start": START.isoformat(),
            "end": a.NOW.isoformat(),
            "read_at": a.NOW.isoformat(),
        }
        mutes = [] if self.mutes is None else [{"line": "mute_rules", "rules": self.mutes}]
        return [
            header,
            *mutes,
            *self.alarms,
            *self.targets,
            *sorted(self.items, key=lambda one: one["Timestamp"]),
        ]

    def write(self, path: Path) -> Path:
        """The history as a file."""
        path.write_text("".join(json.dumps(line) + "\n" for line in self.lines()), encoding="utf-8")
        return path

    def replay(
        self,
        folder: Path,
        policy: Policy | str = a.AUTO_POLICY,
        assumed: Assumptions = Assumptions(),  # noqa: B008  # a frozen value
        *,
        shortcuts: bool = True,
    ) -> Replay:
        """The finished replay of the history."""
        path = self.write(folder / "history.jsonl")
        facts, items = read_facts(read_lines(path), str(path))
        reader = TransitionReader(facts.start, facts.end, facts.mutes)
        checked = parse_policy(policy, "policy.toml") if isinstance(policy, str) else policy
        replay = Replay(facts, checked, reader, assumed, shortcuts=shortcuts)
        replay.run(reader.read(items))
        return replay


def counts(replay: Replay) -> dict[str, object]:
    """Everything that a replay counted."""
    tally = replay.tally
    return {
        "decisions": dict(tally.decisions),
        "acts": {target: dict(acts.by_action) for target, acts in tally.acts.items()},
        "list": tally.first_acts,
        "verdicts": dict(tally.verdicts),
        "windows": {str(key): window.most for key, window in tally.windows.items()},
        "announcements": dict(tally.calls.by_kind),
        "calls": (dict(tally.calls.by_severity), dict(tally.calls.by_hour)),
        "storms": tally.calls.storms,
        "recovered": tally.recovered,
        "not_opted_in": dict(tally.not_opted_in),
        "unrouted": dict(replay.unrouted),
    }
