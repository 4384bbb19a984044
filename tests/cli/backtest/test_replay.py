"""The decisions of a replay, under each assumption, and its counts."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from firebreak.core.model import Verdict
from firebreak.core.reasons import Reason
from firebreak_cli.backtest.assumptions import Assumptions, Effect
from firebreak_cli.backtest.certainty import Certainty
from firebreak_cli.backtest.replay import Replay
from tests.cli.backtest.histories import OPTED_IN, START, History
from tests.support import builders as a


def reasons(replay: Replay) -> Counter[Reason]:
    found: Counter[Reason] = Counter()
    for (_, reason, _), count in replay.tally.decisions.items():
        found[reason] += count
    return found


def acts(replay: Replay) -> list[tuple[str, str, float]]:
    return [
        (act.action, act.target, (act.at - START) / timedelta(minutes=1)) for act in replay.tally.first_acts
    ]


def test_a_red_alarm_of_an_opted_in_target_is_acted_on_and_climbs_while_it_stays_red(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(), 10, lasts=60)
    replay = history.replay(tmp_path)
    assert acts(replay) == [
        ("restart-service", "ecs:prod/api", 10.0),
        ("scale-service", "ecs:prod/api", 14.0),
    ]
    assert replay.tally.verdicts == {
        ("restart-service", Verdict.NOT_RECOVERED): 1,
        ("scale-service", Verdict.NOT_RECOVERED): 1,
    }
    assert replay.tally.calls.by_severity.total() == 1


def test_an_alarm_that_recovers_in_time_needs_one_act_and_no_human(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(), 10, lasts=3)
    replay = history.replay(tmp_path)
    assert acts(replay) == [("restart-service", "ecs:prod/api", 10.0)]
    assert replay.tally.verdicts == {("restart-service", Verdict.RECOVERED): 1}
    assert replay.tally.calls.by_severity.total() == 0
    assert replay.recoveries.by_alarm["api-memory"].alone == 1


def test_each_act_uses_the_cooldown_that_refuses_the_next(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    history.red(alarm, 10, lasts=3)
    history.red(alarm, 20, lasts=3)
    history.red(alarm, 60, lasts=3)
    replay = history.replay(tmp_path)
    assert [minute for *_, minute in acts(replay)] == [10.0, 60.0]
    assert reasons(replay)[Reason.COOLDOWN] == 1


def test_both_ends_of_what_an_act_may_do_can_be_assumed(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(), 10, lasts=60)
    helps = history.replay(tmp_path, assumed=Assumptions(effect=Effect.HELPS))
    assert [action for action, *_ in acts(helps)] == ["restart-service"]
    assert helps.tally.verdicts == {("restart-service", Verdict.RECOVERED): 1}
    short = History()
    short.red(short.service(), 10, lasts=2)
    never = short.replay(tmp_path, assumed=Assumptions(effect=Effect.DOES_NOT_HELP))
    assert [action for action, *_ in acts(never)] == ["restart-service", "scale-service"]
    assert never.tally.calls.by_severity.total() == 1


def test_change_calendars_are_assumed_to_have_been_open_and_it_says_so(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(), 10)
    said = "the Change Calendars of the policy were OPEN: no history has their past"
    plain, covered = (
        history.replay(tmp_path, policy=a.AUTO_POLICY + more)
        for more in (
            "",
            '[[freeze.calendars]]\nname = "x"\narn = "arn:aws:ssm:eu-west-1:1%s:document/abc"\n' % ("1" * 11),
        )
    )
    assert acts(covered) == acts(plain) != []
    assert said in covered.assumptions
    assert said not in plain.assumptions


def test_a_target_is_opted_in_as_today_or_by_assumption(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(tags={"firebreak:action": "restart-service"}), 10)
    history.targets[0]["tags"] = {}
    assert reasons(history.replay(tmp_path)) == {Reason.NOT_OPTED_IN: 1}
    assert history.replay(tmp_path).tally.not_opted_in == {"ecs:prod/api": 1}
    assumed = history.replay(tmp_path, assumed=Assumptions(opted_in=True))
    assert reasons(assumed)[Reason.CLEAR_TO_ACT] == 2


def test_a_target_whose_tags_nobody_read_could_not_be_replayed_and_calls_nobody(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(), 10)
    history.targets[0]["tags"] = None
    replay = history.replay(tmp_path)
    assert [key[2] for key in replay.tally.decisions] == [Certainty.NOT_REPLAYED]
    assert replay.tally.calls.by_severity.total() == 0
    assert replay.tally.unreplayed == {"ecs:prod/api": 1}


def test_a_lasting_obstacle_of_today_stood_in_the_way_then_and_a_passing_one_did_not(tmp_path: Path) -> None:
    for reason, first in (
        (Reason.UNSUPPORTED_CONTROLLER, "scale-service"),
        (Reason.DEPLOYMENT_RUNNING, "restart-service"),
    ):
        history = History()
        history.red(history.service(obstacles={"restart-service": [reason.value, "it is so"]}), 10, lasts=2)
        replay = history.replay(tmp_path)
        assert [action for action, *_ in acts(replay)] == [first]
        assert reasons(replay)[reason] == (first == "scale-service")


def test_a_roll_back_cannot_be_replayed_for_the_history_has_no_deployments(tmp_path: Path) -> None:
    history = History()
    history.red(history.service(tags={"firebreak:action": "roll-back-service"}), 10)
    policy = a.AUTO_POLICY + '\n[actions.roll-back-service]\nautonomy = "auto"\n'
    decided = history.replay(tmp_path, policy).tally.decisions
    assert [(reason, sure) for _, reason, sure in decided] == [
        (Reason.NOT_READY_UNREADABLE, Certainty.NOT_REPLAYED)
    ]


def test_only_what_rests_on_the_alarm_alone_is_certain_unless_it_was_changed_later(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    paged = history.service("db", tags={"firebreak:action": "page"})
    history.red(alarm, 10, lasts=3)
    history.red(alarm, 20, lasts=3)
    history.red(paged, 30)
    assert {made.reason: made.certainty for made in history.replay(tmp_path).tally.decisions} == {
        Reason.CLEAR_TO_ACT: Certainty.MAYBE,
        Reason.COOLDOWN: Certainty.MAYBE,
        Reason.ROUTED_TO_HUMANS: Certainty.CERTAIN,
    }
    later = (START + timedelta(minutes=60)).isoformat()
    history.alarms[1]["config"]["AlarmConfigurationUpdatedTimestamp"] = later
    history.red(paged, 90)
    found = history.replay(tmp_path).tally.decisions
    assert {made.certainty: n for made, n in found.items() if made.reason is Reason.ROUTED_TO_HUMANS} == {
        Certainty.MAYBE: 1,
        Certainty.CERTAIN: 1,
    }


def test_a_storm_holds_all_acts_back_and_is_one_of_the_counts(tmp_path: Path) -> None:
    history = History()
    for n in range(12):
        history.red(history.service(f"svc{n}"), 10 + n / 60, lasts=40)
    replay = history.replay(tmp_path, a.AUTO_POLICY.replace("alarms = 50", "alarms = 10"))
    assert len(replay.tally.calls.storms) == 1
    assert reasons(replay)[Reason.STORM] > 0


def test_an_alarm_of_target_tracking_and_one_for_humans_reach_no_action(tmp_path: Path) -> None:
    history = History()
    paged = history.service("db", tags={"firebreak:action": "page"})
    tracked = history.service("auto", tags={})
    name = "TargetTracking-service/prod/auto-AlarmHigh-1"
    arn = f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm:{name}"
    history.alarms[-1]["config"] |= {"AlarmName": name, "AlarmArn": arn}
    history.red(paged, 10)
    history.red(name, 20)
    replay = history.replay(tmp_path)
    assert tracked
    assert reasons(replay) == {Reason.ROUTED_TO_HUMANS: 1}
    assert replay.unrouted == {name: 1}
    assert replay.tally.calls.by_severity.total() == 1


def test_what_cannot_be_replayed_is_counted_under_its_reason(tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    history.red(alarm, 10)
    history.items += [
        history.items[0],
        history.items[0] | {"AlarmName": "gone", "Timestamp": history.items[0]["Timestamp"]},
        history.items[0] | {"HistoryItemType": "SomethingNew"},
        history.items[0] | {"HistoryData": "no JSON"},
        history.items[0] | {"HistoryItemType": "Action"},
        history.items[1] | {"Timestamp": "2020-01-01T00:00:00+00:00"},
    ]
    history.turn(alarm, "OK", 70)
    history.states[alarm] = "ALARM"
    history.turn(alarm, "OK", 90)
    replay = history.replay(tmp_path)
    skipped = {reason.name: count for reason, count in (replay.reader.skipped + replay.skipped).items()}
    assert skipped == {
        "DUPLICATE": 1,
        "DELETED_ALARM": 1,
        "UNKNOWN_TYPE": 1,
        "UNREADABLE": 1,
        "OUTSIDE": 1,
        "UNCHANGED": 1,
    }
    assert replay.reader.unknown_types == {"SomethingNew": 1}
    assert replay.deleted == {"gone": 1}
    assert replay.reader.gaps == {alarm: 1}
    assert replay.reader.no_state == 1
    assert replay.reader.items == len(history.items)


def test_no_window_ever_holds_more_than_its_budget(tmp_path: Path) -> None:
    history = History()
    alarms = [history.service(f"svc{n}") for n in range(8)]
    for n in range(60):
        history.red(alarms[n % 8], 10 + 5 * n, lasts=4)
    replay = history.replay(tmp_path)
    assert replay.tally.windows
    for (_, budget), window in replay.tally.windows.items():
        assert window.most <= budget.acts


@pytest.mark.parametrize("effect", Effect)
def test_opt_in_tags_of_the_history_are_not_changed_by_a_replay(tmp_path: Path, effect: Effect) -> None:
    history = History()
    history.red(history.service(), 10)
    replay = history.replay(tmp_path, assumed=Assumptions(effect=effect, opted_in=True))
    assert replay.facts.targets["ecs:prod/api"].tags == OPTED_IN
