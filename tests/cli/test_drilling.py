"""A drill from red to its end, through all functions in one process."""

from datetime import datetime
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.errors import AwsError, Denied, OutcomeUnknown
from firebreak.policy.compiler import parse_policy
from firebreak_cli.drill.drills import Report
from firebreak_cli.drill.times import Scenario, Step, Timing
from tests.cli.drilled import MINUTE, NAME, SECOND, WorldAlarm, drill
from tests.support import builders as a
from tests.support.world import TABLE, World, create_table


def timings(report: Report) -> dict[str, Timing]:
    return {step.name: step.timing for step in report.steps}


@pytest.fixture
def alarm(world: World) -> WorldAlarm:
    return WorldAlarm(world)


def test_one_that_recovers_is_set_back_once_it_was_acted_on_and_found_well(alarm: WorldAlarm) -> None:
    lines: list[Step] = []
    report = drill(Scenario.RECOVERS, alarm, lines).run()

    assert (report.good, report.why, report.left_red) == (True, "", "")
    assert set(timings(report).values()) == {Timing.OK}
    assert list(timings(report))[-2:] == ["recovered", "recovery announced"]
    took = {step.name: step.took for step in report.steps}
    assert took["looked again"] is not None
    assert took["looked again"] <= 3 * SECOND, "the OK woke Verify, long before its schedule"
    assert alarm.turned == [AlarmState.ALARM, AlarmState.OK, AlarmState.OK]
    assert alarm.world.incident(report.seen.incident_id).state is IncidentState.CLOSED
    assert len(alarm.world.ecs.writes) == 1
    assert [step.name for step in lines] == list(timings(report)), "each step is printed once"


def test_one_that_stays_red_is_followed_to_the_page_and_then_set_back(alarm: WorldAlarm) -> None:
    report = drill(Scenario.STAYS_RED, alarm).run()

    assert (report.good, report.again) == (True, 0)
    assert list(timings(report)) == [
        "decided",
        "claimed",
        "acted",
        "announced",
        "rung 1 judged",
        "next after rung 1",
        "rung 2 acted",
        "rung 2 judged",
        "humans notified",
    ]
    assert alarm.world.subjects[-1].startswith("[Firebreak] NEEDS YOU")
    assert alarm.world.incident(report.seen.incident_id).state is IncidentState.PAGED
    assert alarm.turned == [AlarmState.ALARM, AlarmState.OK]


def test_one_that_stays_red_is_set_red_again_whenever_its_metric_turns_it(alarm: WorldAlarm) -> None:
    sleep, slept = alarm.sleep, iter(range(10_000))

    def metric_says_ok_once(seconds: float) -> None:
        if next(slept) == 20:
            alarm.world.alarms.turn(NAME, AlarmState.OK, alarm.world.clock.at)
        sleep(seconds)

    played = drill(Scenario.STAYS_RED, alarm)
    played.sleep = metric_says_ok_once
    report = played.run()

    assert (report.again, alarm.turned[:2]) == (1, [AlarmState.ALARM, AlarmState.ALARM])
    assert list(timings(report))[-1] == "humans notified"


def test_one_that_is_watched_is_found_in_the_ledger_and_nothing_was_done(alarm: WorldAlarm) -> None:
    alarm.world.policy = parse_policy(a.AUTO_POLICY.replace('"auto"', '"observe"'), "observe.toml")

    report = drill(Scenario.OBSERVE, alarm).run()

    assert (report.good, report.seen.outcome, report.seen.reason) == (True, "propose", "observe_only")
    assert alarm.world.ecs.writes == []
    assert alarm.turned == [AlarmState.ALARM, AlarmState.OK]


def test_an_answer_that_comes_late_is_called_late(alarm: WorldAlarm) -> None:
    alarm.delay = 3 * MINUTE

    report = drill(Scenario.RECOVERS, alarm).run()

    assert report.good is False
    assert timings(report)["decided"] is Timing.LATE
    assert timings(report)["recovery announced"] is Timing.OK, "what followed is measured all the same"


def test_nothing_comes_within_the_time_of_the_drill(alarm: WorldAlarm) -> None:
    alarm.delay = 60 * MINUTE
    began = alarm.world.clock.at

    report = drill(Scenario.RECOVERS, alarm, timeout=5 * MINUTE).run()

    assert (report.good, report.why) == (False, "the time of the drill was over")
    assert timings(report)["decided"] is Timing.MISSING
    assert alarm.world.clock.at - began <= 5 * MINUTE + SECOND
    assert alarm.turned[-1] is AlarmState.OK


def test_a_refusal_ends_the_drill_with_its_reason(alarm: WorldAlarm) -> None:
    now = alarm.world.clock.at
    alarm.world.switches.pause(Hold("global", "ana", "migration", now, now + 60 * MINUTE))

    report = drill(Scenario.RECOVERS, alarm).run()

    assert report.why == "it was decided to refuse (switched_off), not to act"
    assert (report.good, alarm.turned[-1]) == (False, AlarmState.OK)


def test_an_act_that_aws_refuses_ends_the_drill(alarm: WorldAlarm) -> None:
    def refuse(name: str) -> None:
        raise Denied("UpdateService", "AccessDeniedException")

    alarm.world.ecs.before_write = refuse

    report = drill(Scenario.RECOVERS, alarm).run()

    assert report.why == "an act was claimed, and is not known to have been made"
    assert alarm.turned[-1] is AlarmState.OK


def test_an_incident_that_was_there_before_is_not_taken_for_the_drills_own(alarm: WorldAlarm) -> None:
    alarm.world.send(alarm.world.red())
    alarm.world.clock.pass_time(MINUTE)

    report = drill(Scenario.RECOVERS, alarm).run()

    assert (report.good, report.why) == (False, "it was decided to join, not to act")


def test_a_drill_that_is_interrupted_leaves_the_alarm_ok(alarm: WorldAlarm) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    played = drill(Scenario.RECOVERS, alarm)
    played.sleep = interrupted

    with pytest.raises(KeyboardInterrupt):
        played.run()
    assert (alarm.turned, played.left_red) == ([AlarmState.ALARM, AlarmState.OK], "")


def test_an_alarm_that_cannot_be_set_back_is_said_to_be_red(alarm: WorldAlarm) -> None:
    alarm.refusing = {n: Denied("SetAlarmState", "AccessDenied") for n in (2, 3)}

    report = drill(Scenario.RECOVERS, alarm).run()

    assert report.left_red.startswith("alarm drill-memory could NOT be set back to OK: AWS refused")


def test_an_alarm_that_could_not_be_turned_red_is_left_alone(alarm: WorldAlarm) -> None:
    alarm.refusing = {0: Denied("SetAlarmState", "AccessDenied")}

    with pytest.raises(Denied):
        drill(Scenario.RECOVERS, alarm).run()
    assert alarm.turned == [AlarmState.ALARM]


def test_an_alarm_that_may_have_turned_red_is_set_back(alarm: WorldAlarm) -> None:
    alarm.refusing = {0: OutcomeUnknown("SetAlarmState", "ReadTimeoutError")}

    with pytest.raises(OutcomeUnknown):
        drill(Scenario.RECOVERS, alarm).run()
    assert alarm.turned == [AlarmState.ALARM, AlarmState.OK]


def test_a_ledger_that_cannot_be_read_ends_the_drill_and_the_alarm_is_set_back(
    alarm: WorldAlarm,
) -> None:
    alarm.world.dynamodb.delete_table(TableName=TABLE)

    with pytest.raises(AwsError):
        drill(Scenario.RECOVERS, alarm).run()
    assert alarm.turned == [AlarmState.ALARM, AlarmState.OK]


def test_the_page_is_timed_by_when_it_was_announced(alarm: WorldAlarm) -> None:
    report = drill(Scenario.RECOVERS, alarm).run()

    message = report.seen.announced
    assert message[AnnouncementKind.ACTED, 0] == report.seen.red_at + 2 * SECOND
    assert (AnnouncementKind.RECOVERED, 0) in message


@pytest.mark.parametrize("by_time", [True, False], ids=["by time", "without the index"])
def test_a_decision_is_looked_for_ever_more_seldom(alarm: WorldAlarm, by_time: bool) -> None:
    """Nothing points to a decision that opened no incident; without the index the ledger is scanned."""
    if not by_time:
        alarm.world.dynamodb.delete_table(TableName=TABLE)
        create_table(alarm.world.dynamodb, by_time=False)
    alarm.delay = 60 * MINUTE
    scans: list[datetime] = []
    client = alarm.world.dynamodb
    scan = client.scan

    def counted(**asked: Any) -> Any:
        scans.append(alarm.world.clock.at)
        return scan(**asked)

    client.scan = counted

    drill(Scenario.OBSERVE, alarm, timeout=20 * MINUTE).run()

    assert len(scans) == 0 if by_time else 1 <= len(scans) <= 25
