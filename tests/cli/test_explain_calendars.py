"""`explain` reads the Change Calendars of the policy, as the function would, and says what they said."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firebreak_cli.environment import Environment
from tests.cli.running import StackSession, cli_environment, deployed, run
from tests.cli.test_explain_live import red
from tests.support import builders as a
from tests.support.world import World
from tests.workflow.test_despite_a_freeze import ARN, CALENDAR

__all__ = ["red"]  # the fixture

CLOSED = {"State": "CLOSED", "NextTransitionTime": "2026-11-20T12:00:00Z"}


def answering(asked: list[Mapping[str, Any]]) -> Environment:
    """An environment in which every calendar is CLOSED until noon; moto has none."""

    def answer(context: Mapping[str, Any], **_: object) -> Any:
        asked.append(context["given"])
        return SimpleNamespace(status_code=200), CLOSED

    def given(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        context["given"] = dict(params)

    def session() -> StackSession:
        made = StackSession(deployed)
        name = "ssm.GetCalendarState"
        made.events.register(f"before-parameter-build.{name}", given, unique_id="given")
        made.events.register(f"before-call.{name}", answer, unique_id="answer")
        return made

    return replace(cli_environment(), session=session)


@pytest.fixture
def policy(tmp_path: Path) -> str:
    written = tmp_path / "policy.toml"
    written.write_text(a.AUTO_POLICY + CALENDAR, encoding="utf-8")
    return str(written)


def explained(policy: str, red: str, *more: str) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    asked: list[Mapping[str, Any]] = []
    result = run("explain", "-", "--policy", policy, "--json", *more, environment=answering(asked), stdin=red)
    found: dict[str, Any] = json.loads(result.stdout)
    return found, asked


def test_a_closed_calendar_is_a_check_with_its_end_and_with_the_way_to_go_on(
    world: World, red: str, policy: str
) -> None:
    found, asked = explained(policy, red)
    (check,) = [one for one in found["checks"] if one["guard"] == "freeze"]
    assert (check["reason"], check["detail"]) == (
        "calendar_closed",
        "calendar prod-changes is CLOSED until 12:00:00Z",
    )
    assert asked == [{"CalendarNames": [ARN], "AtTime": "2026-11-20T10:00:30Z"}]
    (line,) = [one for one in found["next"] if one.startswith("freeze:")]
    assert line.startswith("freeze: passes at 2026-11-20 12:00:00Z, or a named human goes on")


def test_the_calendar_is_asked_about_the_time_that_is_tried(world: World, red: str, policy: str) -> None:
    _, asked = explained(policy, red, "--at", "2026-12-25T10:00:00Z")
    assert [one["AtTime"] for one in asked] == ["2026-12-25T10:00:00Z"]


def test_offline_no_calendar_is_looked_at(red: str, policy: str) -> None:
    found, asked = explained(policy, red, "--offline")
    (check,) = [one for one in found["checks"] if one["guard"] == "freeze"]
    assert (check["result"], check["detail"], asked) == ("not_looked_at", "not looked at: offline", [])
