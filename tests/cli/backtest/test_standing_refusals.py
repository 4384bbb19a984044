"""A repeated refusal is counted without being made again, and every count is as if it had been."""

import json
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.reasons import Reason
from firebreak_cli.backtest.assumptions import Assumptions, Effect
from tests.cli.backtest.histories import RESTART, START, History, config, counts, item
from tests.support import builders as a

# Small limits, so that every kind of refusal comes up in a short history.
POLICY = (
    a.AUTO_POLICY.replace("alarms = 50", "alarms = 4")
    + """
[breaker.target]
failures = 2
[breaker.action]
failures = 4
[[freeze.never]]
name = "lunch"
schedule = "cron(0 12 * * *)"
duration = "PT45M"
[[dependencies]]
name = "db"
targets = ["ecs:prod/svc1", "ecs:prod/svc2"]
budget = ["2/30m"]
"""
)


class How(StrEnum):
    """In which way an alarm turns, and what its item lacks."""

    RED = "red, then OK"
    MISSING = "red with points missing"
    BARE = "red without reason data, as where a state is set by hand"
    NO_DATA = "red, then without data"
    SUPPRESSED = "red, and suppressed"


@dataclass(frozen=True)
class Red:
    """One time of red: after so many minutes, of one alarm, for so long."""

    after: float
    alarm: int
    lasts: float
    how: How


ALARMS = 10
reds = st.lists(
    st.builds(
        Red,
        after=st.sampled_from([0.05, 0.5, 2, 7, 31, 120]),
        alarm=st.integers(0, ALARMS - 1),
        lasts=st.sampled_from([0.5, 3, 6, 45]),
        how=st.sampled_from(How),
    ),
    max_size=40,
)


def world_of_alarms(history: History) -> list[str]:
    """One of each kind: plain, for humans, not opted in, low, disabled, two on one target, a composite."""
    alarms = [history.service(f"svc{n}") for n in range(4)]
    alarms.append(history.service("db", tags={"firebreak:action": "page"}))
    alarms.append(history.service("shy"))
    history.targets[-1]["tags"] = {}
    for name, changes in (
        ("low", {"ComparisonOperator": "LessThanThreshold"}),
        ("off", {"ActionsEnabled": False}),
        ("other", {}),
    ):
        dimensions = {"ClusterName": "prod", "ServiceName": "svc1"}
        tags = {} if name == "low" else RESTART
        history.alarms.append({"line": "alarm", "config": config(name, dimensions, **changes), "tags": tags})
        alarms.append(name)
    both = config("both", {}) | {"AlarmRule": 'ALARM("svc0-memory") OR ALARM("svc1-memory")'}
    for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
        del both[key]
    history.alarms.append({"line": "alarm", "config": both, "tags": RESTART})
    return [*alarms, "both"]


def history_of(story: list[Red]) -> History:
    history = History()
    alarms = world_of_alarms(history)
    at, free = 600.0, dict.fromkeys(alarms, 0.0)
    for one in story:
        alarm = alarms[one.alarm]
        at = max(at + one.after, free[alarm])
        history.turn(alarm, "ALARM", at)
        history.items[-1] |= changed(history.items[-1], one.how)
        history.turn(alarm, "INSUFFICIENT_DATA" if one.how is How.NO_DATA else "OK", at + one.lasts)
        free[alarm] = at + one.lasts + 0.1
    return history


def changed(red: dict[str, Any], how: How) -> dict[str, Any]:
    """The item of a turning red, in that way."""
    data = json.loads(red["HistoryData"])
    match how:
        case How.MISSING:
            return item(red["AlarmName"], START, "OK", "ALARM", values=()) | {"Timestamp": red["Timestamp"]}
        case How.BARE:
            del data["newState"]["stateReasonData"]
        case How.SUPPRESSED:
            data["newState"]["actionsSuppressedBy"] = "Alarm"
        case How.RED | How.NO_DATA:
            pass
    return {"HistoryData": json.dumps(data)}


@settings(max_examples=settings().max_examples // 2)  # each is two replays of up to forty periods of red
@given(reds, st.sampled_from(Effect))
def test_a_replay_with_shortcuts_counts_what_a_replay_without_them_counts(
    story: list[Red], effect: Effect
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history, assumed = history_of(story), Assumptions(effect=effect)
        quick = history.replay(Path(folder), POLICY, assumed)
        full = history.replay(Path(folder), POLICY, assumed, shortcuts=False)
    assert counts(quick) == counts(full)


def flapping() -> History:
    """Alarms that flap for a day: many of their decisions repeat."""
    story = [Red(after=2, alarm=n % 6, lasts=3, how=How.RED) for n in range(600)]
    return history_of(story)


def test_many_decisions_about_flapping_alarms_are_not_made_again(tmp_path: Path) -> None:
    replay = flapping().replay(tmp_path, POLICY)
    assert counts(replay) == counts(flapping().replay(tmp_path, POLICY, shortcuts=False))
    assert replay.tally.repeated > replay.tally.made / 4
    assert {Reason.BREAKER_OPEN, Reason.NOT_OPTED_IN, Reason.ROUTED_TO_HUMANS} <= {
        reason for _, reason, _ in replay.tally.decisions
    }
