"""`firebreak retry`: which requests are made again, and that each is decided again."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.storm import RedAlarm
from firebreak.core.messages import incident_messages
from firebreak.core.model import AlarmState, Metric, Mute
from firebreak.core.people import person
from firebreak.core.reasons import Reason
from firebreak.core.tags import MISSING_DATA_TAG
from firebreak.policy.compiler import parse_policy
from firebreak.wire.requests import request_from_event
from firebreak_cli import policies
from tests.cli.consoles import (
    CALLER,
    MINUTE,
    NAME,
    Console,
    contributor_alarm,
    described,
    event_of,
    pause,
    refused_in_a_pause,
    seeing,
    series_in_alarm,
)
from tests.cli.running import run
from tests.support import builders as a
from tests.support.world import World
from tests.workflow.test_red_without_data import SILENT


@pytest.fixture
def console(world: World) -> Console:
    return Console.over(world)


def test_an_alarm_refused_in_a_pause_is_decided_again_after_it_and_acted_on(console: Console) -> None:
    refused_in_a_pause(console.world)

    result = console.retry(NAME)

    assert (result.exit_code, result.stderr) == (0, "")
    (detail,) = console.details()
    assert (detail["kind"], detail["incident"], detail["action"]) == ("wake", "", "restart-service")
    (done,) = console.carry()
    assert (done.outcome, done.reason) == ("act", Reason.CLEAR_TO_ACT)
    assert len(console.world.ecs.writes) == 1
    words = " ".join(result.stdout.split())
    assert f"firebreak show {done.incident_id} {a.ON_STACK}" in words
    assert "Before refuse: switched_off" in words
    assert console.world.incident(done.incident_id).state is IncidentState.ACTED


SYMPTOM = {MISSING_DATA_TAG: "symptom"}


@pytest.mark.parametrize("where", ["tag", "policy"])
def test_an_alarm_whose_silence_is_the_symptom_is_asked_about_again(
    console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    world = console.world
    if where == "policy":
        written = tmp_path / "policy.toml"
        written.write_text(a.AUTO_POLICY + '[missing_data]\nmeans = "symptom"\n', encoding="utf-8")
        world.policy = parse_policy(written.read_text(encoding="utf-8"), "policy.toml")
        monkeypatch.setattr(policies, "policy_path", lambda _: written)
    word = SYMPTOM if where == "tag" else {}
    tags = {"firebreak:action": "restart-service"} | word
    refused_in_a_pause(world, state=AlarmState.INSUFFICIENT_DATA, previous=AlarmState.OK, tags=tags)
    world.alarms.turn(NAME, AlarmState.INSUFFICIENT_DATA, a.NOW)
    console.cloudwatch = seeing(described(state="INSUFFICIENT_DATA"), tags=tags)

    result = console.retry(NAME)

    assert (result.exit_code, result.stderr) == (0, "")
    assert [done.outcome for done in console.carry()] == ["act"]


def test_an_alarm_that_is_red_without_data_is_asked_about_and_the_function_says_so(console: Console) -> None:
    world = console.world
    refused_in_a_pause(world, evaluation=a.silent(a.NOW))
    found = described()
    found["MetricAlarms"][0] |= {"StateReason": SILENT, "TreatMissingData": "breaching"}
    console.cloudwatch = seeing(found, tags={})

    assert console.retry(NAME).exit_code == 0

    assert [done.reason for done in console.carry()] == [Reason.NO_DATA]


def test_a_name_like_an_option_is_a_name_as_the_page_writes_the_command(console: Console) -> None:
    result = console.retry("--stack", "firebreak", "--", "--json")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no alarm --json in" in " ".join(result.stderr.split())


def test_an_incident_that_a_retry_opened_lives_on_like_any_other(console: Console) -> None:
    alarm = refused_in_a_pause(console.world)
    console.retry(NAME)
    (done,) = console.carry()

    console.world.pass_time(MINUTE)
    console.world.green(alarm)
    assert console.world.incident(done.incident_id).state is IncidentState.HOLDING, "its OK woke Verify"
    console.world.pass_time(5 * MINUTE)

    assert console.world.incident(done.incident_id).state is IncidentState.CLOSED


def test_a_second_retry_is_a_delivery_of_its_own_and_finds_the_incident_in_flight(console: Console) -> None:
    refused_in_a_pause(console.world)
    console.retry(NAME)
    (first,) = console.carry()
    console.world.clock.pass_time(timedelta(milliseconds=1))

    result = console.retry(NAME, "--json")

    (second,) = console.carry()
    assert (second.reason, second.incident_id) == (Reason.IN_FLIGHT, first.incident_id)
    assert len(console.world.ecs.writes) == 1
    asked = json.loads(result.stdout)["requests"][0]["id"]
    assert asked != first.incident_id
    assert run("show", asked, environment=console.environment).stdout.startswith(
        f"{asked} opened no incident"
    )


def test_two_retries_at_the_very_same_moment_are_decided_once(console: Console) -> None:
    refused_in_a_pause(console.world)
    console.retry(NAME)
    console.retry(NAME)

    assert [done.reason for done in console.carry()] == [Reason.CLEAR_TO_ACT, Reason.DUPLICATE]


def test_a_pause_that_still_holds_refuses(console: Console) -> None:
    pause(console.world)
    console.world.send(console.world.red())
    console.world.clock.pass_time(20 * MINUTE)

    console.retry(NAME)

    (done,) = console.carry()
    assert (done.reason, console.world.ecs.writes) == (Reason.SWITCHED_OFF, [])


def test_a_storm_that_still_holds_refuses_and_lasts_no_longer_for_it(console: Console) -> None:
    world = console.world
    storms = world.storm_watch().storms
    world.send(world.red())  # before the storm; acted on, and given to humans
    world.pass_time(30 * MINUTE)
    red = RedAlarm(world.clock.at, "other", "other")
    storms.remember(red, (), world.clock.at)
    assert storms.trip(world.clock.at, incident_messages.acted(a.incident(), world.clock.at))
    before = storms.look()
    world.clock.pass_time(5 * MINUTE)

    console.retry(NAME)

    (done,) = console.carry()
    assert done.reason is Reason.STORM
    assert storms.look() == before


def test_many_retries_after_a_storm_are_no_storm(console: Console) -> None:
    world = console.world
    names = [f"red-{n:02d}" for n in range(12)]
    pause(world, 5 * MINUTE)
    for name in names:
        assert world.send(world.red(name)).reason is Reason.SWITCHED_OFF
    world.clock.pass_time(30 * MINUTE)
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 10"), "storms.toml")

    for name in names:
        console.cloudwatch = seeing(described(name))
        assert console.retry(name).exit_code == 0

    reasons = [done.reason for done in console.carry()]
    assert reasons == [Reason.CLEAR_TO_ACT] + [Reason.IN_FLIGHT] * 11


def test_the_caller_is_named_in_history_decision_and_page(console: Console) -> None:
    refused_in_a_pause(console.world)
    console.retry(NAME)
    (done,) = console.carry()

    text = " ".join(run("show", done.incident_id, environment=console.environment).stdout.split())
    assert f"claimed rung 1: restart-service, requested by {person(CALLER)}" in text
    assert f"(wake, restart-service ecs:prod/api, by {person(CALLER)})" in text
    assert f"  - requested by {person(CALLER)}\n" in console.world.pager.sent[-1][1]


def test_a_name_with_control_characters_is_shown_as_one_line(console: Console) -> None:
    """An event on the bus can carry any name of a requester."""
    refused_in_a_pause(console.world)
    console.retry(NAME)
    (detail,) = console.details()
    console.sent = []
    event = {
        "source": "firebreak",
        "detail-type": "Firebreak Human Request",
        "detail": detail | {"by": "ana\n\x1b[2J"},
    }
    done = console.world.remediator().handle(event)
    console.world.deliver()

    assert "  - requested by ana\n" in console.world.pager.sent[-1][1]
    assert "\x1b" not in run("show", done.incident_id, environment=console.environment).stdout


def test_a_refused_retry_is_paged_with_the_name(console: Console) -> None:
    refused_in_a_pause(console.world)
    console.world.ecs.services[a.TARGET.display] = a.service(desired=0, running=0)
    console.retry(NAME)

    (done,) = console.carry()

    assert done.outcome != "act"
    text = run("show", done.incident_id, environment=console.environment).stdout
    assert CALLER in " ".join(text.split())


def test_a_retry_whose_target_cannot_be_named_is_found_under_the_id_that_was_printed(
    console: Console,
) -> None:
    console.world.send(console.world.red(metrics=(Metric("Shop", "Carts", {"Shop": "1"}),)))
    console.world.clock.pass_time(MINUTE)

    result = console.retry(NAME, "--json")

    (done,) = console.carry()
    assert (done.outcome, done.reason) == ("refuse", Reason.TARGET_NONE)
    (asked,) = json.loads(result.stdout)["requests"]
    assert asked["id"] == done.incident_id
    assert run("show", asked["id"], environment=console.environment).exit_code == 0


def test_an_alarm_that_its_event_said_to_be_suppressed_stays_so(console: Console) -> None:
    alarm = console.world.red(suppressed_by="Alarm")
    (first,) = [console.world.remediator().handle(event_of(alarm))]
    assert first.reason is Reason.SUPPRESSED
    console.world.clock.pass_time(MINUTE)

    console.retry(NAME)

    assert [done.reason for done in console.carry()] == [Reason.SUPPRESSED]


def test_a_mute_window_that_still_runs_puts_it_off_and_keeps_who_asked(console: Console) -> None:
    world = console.world
    world.send(world.red(mute=Mute("arn:aws:cloudwatch:mute", a.NOW + 30 * MINUTE)))
    world.schedules.asks.clear()
    world.clock.pass_time(MINUTE)

    console.retry(NAME)

    (done,) = console.carry()
    assert (done.outcome, done.reason) == ("defer", Reason.MUTED)
    ((later, at),) = world.schedules.asks
    assert (later.by, at) == (CALLER, a.NOW + 30 * MINUTE)


def test_each_red_series_is_asked_about_by_itself(console: Console) -> None:
    world = console.world
    pause(world, 5 * MINUTE)
    for series in ("api", "web", "green"):
        world.ecs.services[f"ecs:prod/{series}"] = a.service(name=series)
        assert (
            world.remediator().handle(event_of(contributor_alarm(series, a.NOW))).reason
            is Reason.SWITCHED_OFF
        )
    world.clock.pass_time(20 * MINUTE)
    world.alarms.described["many-series"] = a.described("many-series", since=a.NOW)
    world.alarms.series["many-series"] = a.series("api", "web")
    console.cloudwatch = seeing(described("many-series"), series=series_in_alarm("api", "web"))

    result = console.retry("many-series")

    assert sorted(detail["alarm"]["contributor"]["id"] for detail in console.details()) == ["api", "web"]
    assert [done.outcome for done in console.carry()] == ["act", "act"]
    words = " ".join(result.stdout.split())
    assert "Series api" in words
    assert "Series web" in words


def test_each_action_that_answered_is_asked(console: Console) -> None:
    """A math alarm over two symptoms reaches two functions."""
    world = console.world
    pause(world, 5 * MINUTE)
    alarm = world.red(tags={})
    for action in ("restart-service", "scale-service"):
        world.remediator(action).handle(event_of(alarm))
    world.clock.pass_time(20 * MINUTE)

    console.retry(NAME)

    assert [detail["action"] for detail in console.details()] == ["restart-service", "scale-service"]
    assert [done.outcome for done in console.carry()] == ["act", "refuse"]


def test_requests_inside_an_incident_are_not_retried(console: Console) -> None:
    world = console.world
    world.send(world.red())
    world.pass_time(30 * MINUTE)  # restarted, scaled, given to humans

    console.retry(NAME)

    assert [detail["action"] for detail in console.details()] == ["restart-service"]


def test_of_many_transitions_the_present_one_is_asked_about(console: Console) -> None:
    world = console.world
    for _ in range(3):
        pause(world, 5 * MINUTE)
        alarm = world.red()
        world.send(alarm)
        world.clock.pass_time(20 * MINUTE)
        world.green(alarm)
    last = world.red()
    world.send(last)
    console.cloudwatch = seeing(described(since=last.since))

    console.retry(NAME)

    (detail,) = console.details()
    assert request_from_event(_envelope(detail)).alarm.since == last.since


def _envelope(detail: dict[str, Any]) -> dict[str, Any]:
    return {"source": "firebreak", "detail-type": "Firebreak Human Request", "detail": detail}


@pytest.mark.parametrize("everything", [(), ("--all",)], ids=["one", "all"])
def test_the_id_of_a_page_stands_for_its_alarm(console: Console, everything: tuple[str, ...]) -> None:
    refused_in_a_pause(console.world)
    thread = console.world.pager.pages[0][1].thread

    result = console.retry(thread, *everything)

    assert (result.exit_code, result.stderr) == (0, "")
    (done,) = console.carry()
    assert done.reason is Reason.CLEAR_TO_ACT


def test_the_id_of_a_decision_stands_for_its_alarm(console: Console) -> None:
    pause(console.world)
    refused = console.world.send(console.world.red())
    console.world.clock.pass_time(20 * MINUTE)

    assert console.retry(refused.incident_id).exit_code == 0
    assert len(console.carry()) == 1


def test_an_id_that_nothing_is_called_is_taken_for_a_name(console: Console) -> None:
    result = console.retry("i-0123456789")

    assert result.exit_code == 2
    assert "there is no alarm i-0123456789" in " ".join(result.stderr.split())
