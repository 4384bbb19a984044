"""Mute windows in a replay: what is muted waits for the end of the window, as it does in a stack."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Mute
from firebreak.core.reasons import Reason
from firebreak_cli.backtest.mute_windows import MuteRules, MuteWindows, read_mute_rules
from firebreak_cli.backtest.result import history_of
from tests.cli.backtest.histories import START, History, counts, mute_rule
from tests.cli.backtest.test_replay import acts, reasons
from tests.support import builders as a

ALARM = "api-memory"
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> str:
    """An `at` expression for the whole minute that begins half a minute before this one of the history."""
    return f"at({START + minutes * MINUTE:%Y-%m-%dT%H:%M})"


def muted(expression: str, duration: str = "PT20M", **changes: Any) -> History:
    history = History(mutes=[mute_rule(expression, duration, [ALARM], **changes)])
    assert history.service() == ALARM
    return history


def test_an_act_waits_for_the_end_of_the_window(tmp_path: Path) -> None:
    history = muted(at(5))
    history.red(ALARM, 10, lasts=17)
    replay = history.replay(tmp_path)
    assert acts(replay) == [("restart-service", "ecs:prod/api", 24.5)]
    assert reasons(replay)[Reason.MUTED] == 1


def test_an_alarm_that_is_ok_by_the_end_of_the_window_gets_no_act(tmp_path: Path) -> None:
    history = muted(at(5))
    history.red(ALARM, 10, lasts=10)
    replay = history.replay(tmp_path)
    assert (acts(replay), replay.tally.calls.by_severity.total()) == ([], 0)


def test_an_alarm_of_another_name_is_not_muted(tmp_path: Path) -> None:
    history = muted(at(5))
    history.red(history.service("web"), 10, lasts=3)
    assert acts(history.replay(tmp_path)) == [("restart-service", "ecs:prod/web", 10.0)]


@pytest.mark.parametrize(("lasts", "called"), [(30, {5: 1}), (10, {})])
def test_an_alarm_for_humans_calls_at_the_end_of_the_window_unless_it_is_ok(
    tmp_path: Path, lasts: float, called: dict[int, int]
) -> None:
    history = muted(at(5), "PT60M")
    history.alarms[0]["tags"] = {"firebreak:action": "page"}
    history.red(ALARM, 50, lasts=lasts)
    replay = history.replay(tmp_path)
    hour = START.hour
    assert {(at - hour) % 24 * 5: n for at, n in replay.tally.calls.by_hour.items()} == called
    assert reasons(replay)[Reason.MUTED] == 1


def test_the_window_of_the_newest_transition_counts(tmp_path: Path) -> None:
    history = muted(at(5))
    history.mutes = [*(history.mutes or []), mute_rule(at(15), "PT60M", [ALARM], Name="longer")]
    history.alarms[0]["tags"] = {"firebreak:action": "page"}
    history.red(ALARM, 10, lasts=5)
    history.red(ALARM, 20, lasts=20)
    history.turn(ALARM, "ALARM", 50)
    replay = history.replay(tmp_path)
    assert replay.tally.calls.by_severity.total() == 1
    assert reasons(replay)[Reason.MUTED] == 3


def test_both_ways_of_a_replay_count_the_same_where_a_window_interrupts_what_repeats(tmp_path: Path) -> None:
    history = muted("cron(0 * * * *)", "PT20M")
    history.alarms[0]["tags"] = {"firebreak:action": "restart-service"}
    history.targets[0]["tags"] = {}
    for minutes in range(0, 600, 7):
        history.red(ALARM, minutes, lasts=3)
    quick, full = history.replay(tmp_path), history.replay(tmp_path, shortcuts=False)
    assert counts(quick) == counts(full)
    assert quick.tally.repeated


def test_what_the_history_calls_muted_while_no_rule_of_today_is_over_it_is_a_gap(tmp_path: Path) -> None:
    history = muted(at(5))
    history.red(ALARM, 10, lasts=3)
    history.muted_action(ALARM, 10, ends=25)
    history.red(ALARM, 100, lasts=3)
    for _ in range(2):  # each of its actions has an item
        history.muted_action(ALARM, 100, ends=120)
    history.red(ALARM, 200, lasts=3)
    history.muted_action(ALARM, 200)
    history.items.sort(key=lambda one: (one["Timestamp"], one["HistoryItemType"] == "Action"))
    assert history.replay(tmp_path).reader.muted_otherwise == Counter({ALARM: 1})


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (None, "no mute rule of CloudWatch held an alarm back: the history has none of the account"),
        ([], "no mute rule of CloudWatch held an alarm back: there is none today"),
        (
            [mute_rule(at(5), "PT1H", []), mute_rule("rate(5 minutes)", "PT1H", [], Name="odd")],
            "CloudWatch's mute rules were as they are today: 1 of 2 read",
        ),
    ],
)
def test_the_assumption_says_what_is_known_of_mute_rules(
    tmp_path: Path, rules: list[dict[str, Any]] | None, said: str
) -> None:
    history = History(mutes=rules)
    history.service()
    assert said in history.replay(tmp_path).assumptions


def test_a_rule_that_cannot_be_read_is_named_with_the_mistake(tmp_path: Path) -> None:
    odd = [
        mute_rule("rate(5 minutes)", "PT1H", [ALARM], Name="odd"),
        mute_rule(at(5), "PT1H", [ALARM], Name="when", StartDate="tomorrow"),
        {"Name": "bare"},
        {},
    ]
    history = History(mutes=odd)
    history.service()
    found = history_of(history.replay(tmp_path))["mute_rules_unreadable"]
    assert [line.partition(":")[0] for line in found] == ["odd", "when", "bare", "a rule without a name"]
    assert found[0].startswith('odd: a schedule like "cron(')


def rule_of(**changes: Any) -> MuteRules:
    return read_mute_rules([mute_rule("cron(0 2 * * *)", "PT2H", [ALARM], **changes)])


@pytest.mark.parametrize(
    ("changes", "hour", "until"),
    [
        ({}, 1, None),
        ({}, 2, 4),
        ({}, 3, 4),
        ({}, 4, None),
        ({"StartDate": "2026-03-10T02:30:00Z"}, 2, None),
        ({"StartDate": "2026-03-10T02:30:00Z"}, 3, 4),
        ({"ExpireDate": "2026-03-10T03:30:00Z"}, 3, 3.5),
        ({"ExpireDate": "2026-03-10T03:00:00Z"}, 3, None),
    ],
)
def test_a_rule_mutes_within_its_dates(changes: dict[str, str], hour: int, until: float | None) -> None:
    day = datetime(2026, 3, 10, tzinfo=UTC)
    found = MuteWindows(rule_of(**changes)).over(ALARM, day + timedelta(hours=hour))
    arn = f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm-mute-rule:nightly"
    assert found == (Mute(arn, day + timedelta(hours=until)) if until else None)


def test_the_time_zone_of_a_rule_is_that_of_its_schedule() -> None:
    rule = mute_rule("cron(0 2 * * *)", "PT2H", [ALARM])
    rule["Rule"]["Schedule"]["Timezone"] = "Asia/Tokyo"
    windows = MuteWindows(read_mute_rules([rule]))
    assert windows.over(ALARM, datetime(2026, 3, 10, 17, 30, tzinfo=UTC))
    assert not windows.over(ALARM, datetime(2026, 3, 10, 2, 30, tzinfo=UTC))


@given(st.lists(st.integers(0, 60 * 24 * 20), min_size=1, max_size=40), st.booleans())
def test_what_is_remembered_of_a_window_is_what_a_fresh_look_finds(minutes: list[int], ordered: bool) -> None:
    rules = read_mute_rules(
        [
            mute_rule("cron(0 22 * * FRI)", "P2DT8H", [ALARM], ExpireDate="2026-02-20T00:00:00Z"),
            mute_rule("cron(30 1,2 * * *)", "PT2H", [ALARM, "other"], Name="often"),
        ]
    )
    kept, start = MuteWindows(rules), datetime(2026, 2, 1, tzinfo=UTC)
    for minute in sorted(minutes) if ordered else minutes:
        now = start + minute * MINUTE
        assert kept.over(ALARM, now) == MuteWindows(rules).over(ALARM, now)
