"""A repeated refusal is counted without being made again, and every count is as if it had been."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.reasons import Reason
from firebreak_cli.backtest.assumptions import Assumptions, Effect
from tests.cli.backtest.histories import START, History, counts, item
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


@dataclass(frozen=True)
class Red:
    """One time of red: after so many minutes, of one alarm, for so long, with some of its points missing."""

    after: float
    alarm: int
    lasts: float
    missing: bool


reds = st.lists(
    st.builds(
        Red,
        after=st.sampled_from([0.05, 0.5, 2, 7, 31, 120]),
        alarm=st.integers(0, 5),
        lasts=st.sampled_from([0.5, 3, 6, 45]),
        missing=st.booleans(),
    ),
    max_size=40,
)


def history_of(story: list[Red]) -> History:
    history = History()
    alarms = [history.service(f"svc{n}") for n in range(4)]
    alarms.append(history.service("db", tags={"firebreak:action": "page"}))
    alarms.append(history.service("shy"))
    history.targets[-1]["tags"] = {}
    at, free = 600.0, dict.fromkeys(alarms, 0.0)
    for one in story:
        at += one.after
        alarm = alarms[one.alarm]
        at = max(at, free[alarm])
        history.red(alarm, at, one.lasts)
        free[alarm] = at + one.lasts + 0.1
        if one.missing:
            red = history.items[-2]
            history.items[-2] = item(alarm, START, "OK", "ALARM", values=()) | {"Timestamp": red["Timestamp"]}
    return history


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
    story = [Red(after=2, alarm=n % 6, lasts=3, missing=False) for n in range(600)]
    return history_of(story)


def test_many_decisions_about_flapping_alarms_are_not_made_again(tmp_path: Path) -> None:
    replay = flapping().replay(tmp_path, POLICY)
    assert counts(replay) == counts(flapping().replay(tmp_path, POLICY, shortcuts=False))
    assert replay.tally.repeated > replay.tally.made / 4
    assert {Reason.BREAKER_OPEN, Reason.NOT_OPTED_IN, Reason.ROUTED_TO_HUMANS} <= {
        reason for _, reason, _ in replay.tally.decisions
    }
