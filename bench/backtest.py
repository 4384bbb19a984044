"""The time and the memory of a backtest, as its history grows.

    .venv/bin/python bench/backtest.py [TRANSITIONS ...]

By default 10 thousand, 100 thousand and a million transitions in 30 days. Six of seven are of target
tracking, whose alarms turn red whenever it scales; the others are of two hundred ECS services with an alarm
on memory each (every fifth is not opted in), and of forty alarms that only page. A last row has 100 thousand
transitions of the answered alarms alone, which is an alarm red a minute and storm after storm.

Each row runs in a process of its own, from a file on disk; the file is made first and is not measured.
Seconds are those of the processor: one core does it all.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firebreak.policy.compiler import parse_policy
from firebreak_cli.backtest.assumptions import Assumptions
from firebreak_cli.backtest.backtesting import Question, replayed

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
END = datetime(2026, 11, 20, tzinfo=UTC)
START = END - timedelta(days=30)
ACCOUNT, REGION = "111122223333", "eu-west-1"
SERVICES = 200
# Transitions of target tracking for each of an alarm that Firebreak answers.
TRACKED = 6
ANSWERED_ALONE = 100_000
REASON = (
    "Threshold Crossed: 3 out of the last 3 datapoints [91.3 (20/11/26 10:00:00), 88.0 (20/11/26 09:59:00),"
    " 83.4 (20/11/26 09:58:00)] were greater than the threshold (80.0) (minimum 3 datapoints for"
    " OK -> ALARM transition)."
)


def alarm(name: str, namespace: str, metric: str, dimensions: dict[str, str], action: str) -> dict[str, Any]:
    """An alarm as a line of the file."""
    config = {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
        "StateValue": "OK",
        "StateUpdatedTimestamp": END.isoformat(),
        "ActionsEnabled": True,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 80.0,
        "EvaluationPeriods": 3,
        "Period": 60,
        "Statistic": "Average",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    return {"line": "alarm", "config": config, "tags": {"firebreak:action": action} if action else {}}


def write(path: Path, transitions: int, tracked_each: int = TRACKED) -> None:
    """A history of so many transitions, with so many of target tracking for each of an answered alarm."""
    chance, states = random.Random(7), dict[str, str]()  # noqa: S311  # a sample
    alarms, targets = [], []
    for n in range(SERVICES):
        of_service = {"ClusterName": f"c{n % 10}", "ServiceName": f"svc{n}"}
        alarms.append(alarm(f"svc{n}-memory", "AWS/ECS", "MemoryUtilization", of_service, "restart-service"))
        for side in ("High", "Low"):
            name = f"TargetTracking-service/c{n % 10}/svc{n}-Alarm{side}-{n}"
            alarms.append(alarm(name, "AWS/ECS", "CPUUtilization", of_service, ""))
        tags = {"firebreak:enabled": "true"} if n % 5 else {}
        targets.append({"line": "target", "target": f"ecs:c{n % 10}/svc{n}", "tags": tags, "group_size": 10})
    alarms += [
        alarm(f"db{n}-cpu", "AWS/RDS", "CPUUtilization", {"DBInstanceIdentifier": f"db{n}"}, "page")
        for n in range(SERVICES // 5)
    ]
    names = [one["config"]["AlarmName"] for one in alarms]
    tracked = [name for name in names if name.startswith("TargetTracking-")]
    answered = [name for name in names if not name.startswith("TargetTracking-")]
    header = {
        "line": "history",
        "version": 1,
        "account": ACCOUNT,
        "region": REGION,
        "start": START.isoformat(),
        "end": END.isoformat(),
        "read_at": END.isoformat(),
    }
    with path.open("w", encoding="utf-8") as file:
        for line in (header, *alarms, *targets):
            file.write(json.dumps(line) + "\n")
        for n in range(transitions):
            of = answered if chance.randrange(tracked_each + 1) == 0 else tracked
            file.write(item(chance.choice(of), START + n * (END - START) / transitions, states) + "\n")


def item(name: str, at: datetime, states: dict[str, str]) -> str:
    """One transition as CloudWatch writes it: the other state than before."""
    before = states.get(name, "OK")
    after = states[name] = "ALARM" if before == "OK" else "OK"
    points = [{"timestamp": at.isoformat(), "sampleCount": 1.0, "value": 91.3}]
    evaluated = {
        "version": "1.0",
        "queryDate": at.isoformat(),
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [83.4, 88.0, 91.3],
        "threshold": 80.0,
        "evaluatedDatapoints": points,
    }
    new = {"stateValue": after, "stateReason": REASON, "stateReasonData": evaluated}
    data = {"version": "1.0", "oldState": {"stateValue": before, "stateReason": REASON}, "newState": new}
    return json.dumps(
        {
            "line": "item",
            "AlarmName": name,
            "AlarmType": "MetricAlarm",
            "Timestamp": at.isoformat(),
            "HistoryItemType": "StateUpdate",
            "HistorySummary": f"Alarm updated from {before} to {after}",
            "HistoryData": json.dumps(data),
        }
    )


def measure(path: Path) -> None:
    """One backtest, and what it took."""
    text = (ROOT / "shared/policy.toml").read_text(encoding="utf-8").replace('"observe"', '"auto"')
    asked = Question(history=path, save=None, policy=None, days=None, assumed=Assumptions())
    began = time.process_time()
    replay = replayed(path, parse_policy(text, "policy.toml"), asked, lambda _: None)
    took = time.process_time() - began
    items, tally = replay.reader.items, replay.tally
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each, in_full = 1e6 * took / items, tally.made - tally.repeated
    line = f"{items:>9,} items {took:6.1f} s {each:6.1f} us each {peak:4.0f} MB"
    sys.stdout.write(f"{line}  {tally.made:,} decisions, {in_full:,} of them in full\n")


def main(sizes: list[int]) -> None:
    """Each size in a process of its own."""
    for size, tracked_each in [*((size, TRACKED) for size in sizes), (ANSWERED_ALONE, 0)]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "history.jsonl"
            write(path, size, tracked_each)
            subprocess.run([sys.executable, __file__, "--measure", str(path)], check=True)  # noqa: S603  # itself


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]))
    else:
        main([int(size) for size in sys.argv[1:]] or [*SIZES])
