"""`firebreak incidents --watch` looks again and again; no test waits."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, NoCredentialsError
from rich.console import Console
from typer.testing import Result

from firebreak.core.limits.history import Hold
from firebreak.core.paging.commands import StackAddress
from firebreak.core.readings import Unknown
from firebreak.errors import Denied, FirebreakError, Throttled, Unavailable
from firebreak.remediation.decision_recorder import Summary
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.incidents.listing import Overview
from firebreak_cli.incidents.stops import Stops
from firebreak_cli.incidents.watching import Seen, Watch, changed, listed
from firebreak_cli.queries.ledger_queries import StoredDecision
from firebreak_cli.stack import find
from tests.cli.running import cli_environment, error_lines, run
from tests.support import builders as a
from tests.support.world import World

MINUTE = timedelta(minutes=1)
NOTHING = Overview(incidents=(), decisions=(), left_out=0, cut=False, damaged=0)
STACK = StackAddress("firebreak", a.REGION, a.ACCOUNT)
INCIDENT = a.incident()


def watched(world: World, *between: Callable[[], object], more: tuple[str, ...] = ()) -> Result:
    """A watch, with what happens between its looks; Ctrl-C comes in the pause after the last one."""
    left = list(between)

    def sleep(seconds: float) -> None:
        world.clock.pass_time(timedelta(seconds=seconds))
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    environment = replace(cli_environment(world.clock.now), sleep=sleep)
    return run("incidents", "--watch", *more, environment=environment)


def nothing() -> None: ...


def watch(
    *answers: Overview | FirebreakError | Ending,
) -> Watch:
    """A watch that meets these answers, and is interrupted in the pause after the last one."""
    left = list(answers)

    def look(_: datetime) -> tuple[Overview, Stops]:
        answer = left.pop(0)
        if isinstance(answer, Overview):
            return answer, Stops()
        raise answer

    def sleep(_: float) -> None:
        if not left:
            raise KeyboardInterrupt

    stack = find(cli_environment(), "firebreak")
    return Watch(stack=stack, look=look, now=lambda: a.NOW, sleep=sleep, seconds=10)


def on_screen(looks: Watch) -> str:
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        looks.on_screen(Console(file=out, force_terminal=True, width=120, markup=False))
    return out.getvalue()


def test_each_change_is_one_line_with_the_time_of_its_look(world: World) -> None:
    alarm = world.red()

    def pause() -> None:
        world.switches.pause(Hold("global", "ana", "migration", world.clock.at, world.clock.at + MINUTE * 60))

    def recover() -> None:
        world.green(alarm)
        world.pass_time(2 * MINUTE)

    def close() -> None:
        world.pass_time(30 * MINUTE)

    sent: list[Summary] = []
    result = watched(world, lambda: sent.append(world.send(alarm)), nothing, pause, recover, close)

    about = sent[0].incident_id
    assert result.stdout.splitlines() == [
        f"2026-11-20T10:00:40Z new: {about} acted ecs:prod/api api-memory-high 1. restart-service",
        "2026-11-20T10:01:00Z new: PAUSED until 2026-11-20 11:01:00Z by ana: migration",
        f"2026-11-20T10:03:10Z changed: {about} holding ecs:prod/api api-memory-high 1. restart-service",
        f"2026-11-20T10:33:20Z gone: {about} holding ecs:prod/api api-memory-high 1. restart-service",
    ]


def test_an_incident_that_climbs_is_changed(world: World) -> None:
    sent: list[Summary] = []
    result = watched(world, lambda: sent.append(world.send(world.red())), lambda: world.pass_time(5 * MINUTE))

    first, *_, last = result.stdout.splitlines()
    about = f"{sent[0].incident_id} acted ecs:prod/api api-memory-high"
    assert first == f"2026-11-20T10:00:40Z new: {about} 1. restart-service"
    assert last == f"2026-11-20T10:05:50Z changed: {about} 2. scale-service"


def test_a_refusal_is_printed_once_and_a_pause_is_the_same_after_midnight(world: World) -> None:
    world.clock.at = world.clock.at.replace(hour=23, minute=50, second=0)
    world.switches.pause(Hold("global", "ana", "migration", world.clock.at, world.clock.at + MINUTE * 60))
    first = world.send(world.red()).incident_id

    result = watched(world, *[nothing] * 12, more=("--every", "60", "--limit", "1"))

    assert result.stdout.splitlines() == [
        "2026-11-20T23:50:00Z new: PAUSED until 2026-11-21 00:50:00Z by ana: migration",
        f"2026-11-20T23:50:00Z new: {first} refuse switched_off ecs:prod/api at 2026-11-20 23:50:00Z",
    ]


def test_an_interrupt_ends_it_as_it_ends_any_command(world: World) -> None:
    assert watched(world).exit_code == 130


def test_as_json_each_look_is_one_line(world: World) -> None:
    result = watched(world, lambda: world.send(world.red()), more=("--json", "--every", "30"))

    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["incidents"], len(second["incidents"])) == ([], 1)
    assert datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"]) == timedelta(seconds=30)


def test_on_a_terminal_each_look_takes_the_place_of_the_one_before_and_says_when_it_was() -> None:
    screen = on_screen(watch(NOTHING, replace(NOTHING, incidents=(INCIDENT,))))

    first, second = screen.split("\x1b[2J")[1:]
    assert "Looked at 10:00:30Z, again every 10s; Ctrl-C ends" in first
    assert "none is open" in first
    assert INCIDENT.id in second


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Throttled("Query", "ThrottlingException"), "AWS has too many calls"),
        (Unavailable("Query", "EndpointConnectionError"), "AWS could not be reached"),
        (Ending(NO_AWS, "the ledger is damaged", "in two ways"), "the ledger is damaged; in two ways"),
    ],
    ids=["throttled", "unreachable", "an ending"],
)
def test_a_look_that_failed_is_one_line_and_the_watch_goes_on(
    error: FirebreakError | Ending, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = on_screen(watch(NOTHING, error, replace(NOTHING, incidents=(INCIDENT,))))

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"firebreak: 10:00:30Z could not look: {why}")
    assert INCIDENT.id in screen


@pytest.mark.parametrize(
    "error",
    [Denied("Query", "ExpiredTokenException"), Unavailable("Query", "UnauthorizedSSOTokenError")],
    ids=lambda error: error.code,
)
def test_an_expired_session_ends_it(error: FirebreakError) -> None:
    with pytest.raises(type(error)):
        watch(NOTHING, error, NOTHING).as_json()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "Query"),
            "AWS refused Scan (AccessDeniedException): these credentials have expired or may not do that",
        ),
        (
            NoCredentialsError(),
            "no usable AWS credentials (NoCredentialsError): sign in, or set AWS_PROFILE",
        ),
    ],
    ids=["refused", "no credentials"],
)
def test_a_refusal_or_lost_credentials_end_the_command_as_any_other(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def lost() -> None:
        def fails(*_: object, **__: object) -> NoReturn:
            raise error

        monkeypatch.setattr(BaseClient, "_make_api_call", fails)

    result = watched(world, lost, nothing)

    assert (result.exit_code, error_lines(result)) == (NO_AWS, [f"firebreak: {why}"])


def test_an_item_that_cannot_be_read_is_not_taken_for_gone() -> None:
    found = replace(NOTHING, incidents=(INCIDENT,))
    before = listed(Seen(found, Stops(storm_since=a.NOW), a.NOW), STACK, {})

    items = listed(Seen(replace(NOTHING, damaged=1), Stops(), a.NOW), STACK, before)
    storm = listed(Seen(NOTHING, Stops(storm_since=Unknown("the storm is damaged")), a.NOW), STACK, before)
    again = listed(Seen(NOTHING, Stops(), a.NOW), STACK, storm)

    assert list(changed(before, items)) == ["new: 1 items could not be read"]
    assert list(changed(before, storm)) == ["new: the storm is damaged"]
    assert [line.split()[:2] for line in changed(storm, again)] == [
        ["gone:", "STORM"],
        ["gone:", INCIDENT.id],
        ["gone:", "the"],
    ]


def test_a_decision_that_leaves_the_list_for_newer_ones_is_not_gone() -> None:
    one = StoredDecision(
        key="k",
        at=a.NOW,
        kind="first",
        action="restart-service",
        incident_id="i-0",
        target="",
        alarm="cpu",
        outcome="refuse",
        reason="frozen",
        policy="",
        verified=False,
        checks=(),
        by="",
        transition=None,
    )
    first = listed(Seen(replace(NOTHING, decisions=(one,)), Stops(), a.NOW), STACK, {})

    assert list(changed({}, first)) == ["new: i-0 refuse frozen cpu at 2026-11-20 10:00:30Z"]
    assert list(changed(first, listed(Seen(NOTHING, Stops(), a.NOW), STACK, first))) == []


@pytest.mark.parametrize("more", [["--every", "5"], ["--watch", "--every", "0"]], ids=" ".join)
def test_a_pause_that_is_none_is_refused(more: list[str]) -> None:
    result = run("incidents", *more)

    assert result.exit_code == 2
    assert "--every" in " ".join(error_lines(result))
