"""Histories as accounts have them: series, times without data, tags that do not ride, missing parts."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.model import Verdict
from firebreak.core.reasons import Reason
from firebreak_cli.backtest.assumptions import Assumptions, Effect
from firebreak_cli.backtest.certainty import Certainty
from firebreak_cli.backtest.transitions import Skipped
from tests.cli.backtest.histories import RESTART, START, History, config, item
from tests.cli.backtest.test_replay import acts, reasons
from tests.support import builders as a

MINUTE = timedelta(minutes=1)


def series_item(history: History, alarm: str, minutes: float, before: str, after: str) -> None:
    at = START + minutes * MINUTE
    history.items.append(
        item(alarm, at, before, after)
        | {
            "HistoryItemType": "AlarmContributorStateUpdate",
            "AlarmContributorId": "c1",
            "AlarmContributorAttributes": {"ClusterName": "prod", "ServiceName": "api"},
        }
    )


def test_an_alarm_of_a_kind_that_no_event_is_known_of_is_counted_and_ends_nothing(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    odd = {"AlarmName": "log", "AlarmArn": f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm:log"}
    state = {"StateValue": "OK", "StateUpdatedTimestamp": a.NOW.isoformat(), "ActionsEnabled": True}
    history.alarms.append({"line": "alarm", "config": odd | state, "tags": RESTART})
    history.red("log", 5)
    history.red(alarm, 10, lasts=3)
    replay = history.replay(tmp_path)
    assert replay.skipped == {Skipped.UNUSABLE: 2}
    assert len(acts(replay)) == 1


@pytest.mark.parametrize("missing", ["stateReason", "stateReasonData", "actionsSuppressedBy"])
def test_a_null_in_an_item_is_an_absent_part(tmp_path: Path, missing: str) -> None:
    history = History()
    history.red(history.service(), 10, lasts=3)
    data = json.loads(history.items[0]["HistoryData"])
    data["newState"][missing] = None
    data["oldState"] = None
    history.items[0]["HistoryData"] = json.dumps(data)
    replay = history.replay(tmp_path)
    assert (len(acts(replay)), replay.reader.skipped) == (1, {})


def test_a_time_of_red_lasts_until_ok_whatever_comes_between(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    for state, minutes in (("ALARM", 10), ("INSUFFICIENT_DATA", 12), ("ALARM", 40), ("OK", 41)):
        history.turn(alarm, state, minutes)
    history.red(alarm, 20_000, lasts=1)
    found = history.replay(tmp_path).recoveries
    assert (found.by_alarm[alarm].ended, found.by_alarm[alarm].alone) == (2, 1)
    assert found.saved == 27 * MINUTE  # red for 31 minutes, of which the verdict takes 4


def test_what_was_red_at_the_end_counts_up_to_the_end(tmp_path: Path) -> None:
    history = History()
    history.turn(history.service(), "ALARM", 30 * 24 * 60 - 60)
    found = history.replay(tmp_path).recoveries
    assert (found.acted_on, found.still_red, found.saved) == (1, 1, 56 * MINUTE)


def test_a_series_that_is_assumed_to_stay_red_does_so(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    series_item(history, alarm, 10, "OK", "ALARM")
    series_item(history, alarm, 12, "ALARM", "OK")
    as_it_was = history.replay(tmp_path)
    assert as_it_was.tally.verdicts == {("restart-service", Verdict.RECOVERED): 1}
    never = history.replay(tmp_path, assumed=Assumptions(effect=Effect.DOES_NOT_HELP))
    assert ("restart-service", Verdict.NOT_RECOVERED) in never.tally.verdicts
    assert len(acts(never)) == 2


def test_a_target_that_only_a_series_leads_to_is_not_known(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    history.alarms[0]["config"] |= {"Dimensions": []}
    history.targets.clear()
    series_item(history, alarm, 10, "OK", "ALARM")
    replay = history.replay(tmp_path)
    assert [made.certainty for made in replay.tally.decisions] == [Certainty.NOT_REPLAYED]
    assert replay.tally.unreplayed == {"ecs:prod/api": 1}


def test_tags_that_do_not_ride_lead_an_alarm_by_its_symptom_as_well(tmp_path: Path) -> None:
    history = History()
    alarm = history.service(tags={"firebreak:action": "scale-service"})
    history.red(alarm, 10, lasts=3)
    riding = history.replay(tmp_path)
    assert [action for action, *_ in acts(riding)] == ["scale-service"]
    off = {"ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": False}}}
    history.alarms[0]["config"] |= off
    replay = history.replay(tmp_path)
    assert reasons(replay)[Reason.OTHER_ACTION] == 1
    assert [action for action, *_ in acts(replay)] == ["scale-service"]


def test_an_alarm_whose_tags_nobody_read_is_not_one_that_no_rule_matches(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    history.alarms[0]["config"] |= {"Namespace": "Custom", "MetricName": "Odd"}
    history.alarms[0]["tags"] = None
    history.red(alarm, 10)
    replay = history.replay(tmp_path)
    assert not replay.unrouted
    assert [made.certainty for made in replay.tally.decisions] == [Certainty.NOT_REPLAYED]
    assert replay.tally.unreplayed == {alarm: 1}


def test_a_lasting_cause_calls_again_once_it_was_not_met_for_a_while(tmp_path: Path) -> None:
    history = History()
    alarm = history.service(tags={"firebreak:action": "restart-service", "firebreak:target": "ecs:"})
    for minutes in (10, 12, 14, 600, 6000):
        history.red(alarm, minutes, lasts=1)
    for shortcuts in (True, False):
        replay = history.replay(tmp_path, shortcuts=shortcuts)
        assert replay.tally.made == 5
        assert replay.tally.calls.by_severity.total() == 3


def test_a_composite_is_decided_by_the_child_that_is_red_each_time(tmp_path: Path) -> None:
    history = History()
    children = [history.service("a"), history.service("b")]
    rule = " OR ".join(f'ALARM("{name}")' for name in children)
    both: dict[str, Any] = config("both", {}) | {"AlarmRule": rule}
    for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
        del both[key]
    history.alarms.append({"line": "alarm", "config": both, "tags": RESTART})
    for minutes, red in ((10, children), (600, children[1:])):
        for child in red:
            history.red(child, minutes, lasts=5)
        history.red("both", minutes + 1, lasts=3)
    found = reasons(history.replay(tmp_path))
    assert (found[Reason.TARGET_AMBIGUOUS], found[Reason.IN_FLIGHT]) == (1, 1)
