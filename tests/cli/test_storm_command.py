import json
import shlex
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.reasons import Reason
from firebreak.ledger.storms import DynamoStorms
from firebreak.policy.compiler import parse_policy
from firebreak_cli.operations.storms import TRIES
from tests.cli.running import (
    Calls,
    StackSession,
    cli_environment,
    deployed,
    described,
    error_lines,
    run,
    run_in,
)
from tests.support import builders as a
from tests.support.world import TABLE, World

MINUTE = timedelta(minutes=1)
END = ("storm", "--end", "--reason", "the link is back", "--holder", "ana")


def storms(world: World, *, of_pages: bool = False) -> DynamoStorms:
    return DynamoStorms(world.dynamodb, TABLE, of_pages=of_pages)


def in_state(name: str, state: str) -> None:
    """An alarm as CloudWatch knows it."""
    client = StackSession(deployed).client("cloudwatch")
    client.put_metric_alarm(
        AlarmName=name,
        Namespace="shop",
        MetricName="errors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=1,
        Period=60,
        Statistic="Sum",
    )
    client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="-")


def remember(world: World, *names: str) -> None:
    for name in names:
        in_state(name, "ALARM")
        red = RedAlarm(world.clock.at, a.arn_of(name), name)
        storms(world).remember(red, (), world.clock.at)


def declare(world: World, *names: str) -> Storm:
    """A storm of these alarms, which are red."""
    remember(world, *names)
    text = replace(incident_messages.acted(a.incident(), world.clock.at), key="began")
    assert storms(world).trip(world.clock.at, text) is True
    world.ledger.settle_announcement("began", a.NOW)
    return stored(world)


def gather_pages(world: World, name: str) -> DynamoStorms:
    """A storm of pages, of this alarm."""
    gathered = storms(world, of_pages=True)
    gathered.remember(RedAlarm(world.clock.at, a.arn_of(name), name), (), world.clock.at)
    assert gathered.trip(world.clock.at, incident_messages.acted(a.incident(), world.clock.at))
    return gathered


def stored(world: World) -> Storm:
    found = storms(world).look()
    assert isinstance(found, Storm)
    return found


def storm_as_json(world: World, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_in(world, "storm", "--json", *more).stdout)
    return found


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("known", [(), ("a",)], ids=["nothing is remembered", "one is"])
def test_without_a_storm_it_says_so(world: World, known: tuple[str, ...]) -> None:
    remember(world, *known)
    result = run_in(world, "storm")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "No storm in stack firebreak" in words(result.stdout)
    assert "--end" not in result.stdout
    assert (storm_as_json(world)["storm"], storm_as_json(world)["ends_not_before"]) == (False, None)
    assert [red["name"] for red in storm_as_json(world)["red"]] == list(known)


def test_a_storm_of_pages_is_shown_and_ended_by_itself(world: World) -> None:
    gathered = gather_pages(world, "disk")

    held = words(run_in(world, "storm").stdout)
    assert "No storm in stack firebreak" in held
    assert f"Pages gathered since 10:00:30Z: firebreak storm --pages {a.ON_STACK}" in held
    of_pages = words(run_in(world, "storm", "--pages").stdout)
    assert "STORM since 10:00:30Z, pages of alarms for humans are gathered in stack firebreak" in of_pages
    assert "firebreak storm --pages --end" in of_pages
    assert run_in(world, *END).exit_code == 2
    ended = run_in(world, *END, "--pages")

    assert ended.exit_code == 0
    assert "paged one by one again" in words(ended.stdout)
    still = gathered.look()
    assert isinstance(still, Storm)
    assert still.tripped_at is None


def test_a_storm_is_shown_with_its_beginning_its_alarms_and_its_end(world: World) -> None:
    declare(world, "a", "b")
    world.clock.pass_time(5 * MINUTE)
    remember(world, "c")
    result = run_in(world, "storm")

    assert result.exit_code == 0
    for part in (
        "STORM since 10:00:30Z",
        "3 alarms are remembered as red",
        "turned red at 10:05:30Z",
        "not before 10:15:30Z, if none turns red until then and fewer than 10 still are (policy.toml)",
        "Now 3 ALARM",
        "10:00:30Z a is still red",
        "10:05:30Z c is still red",
    ):
        assert part in words(result.stdout)


def test_a_storm_is_one_json_object(world: World) -> None:
    declare(world, "a", "b")

    assert storm_as_json(world) == {
        "stack": "firebreak",
        "storm": True,
        "since": "2026-11-20T10:00:30+00:00",
        "last_red_at": "2026-11-20T10:00:30+00:00",
        "ends_not_before": "2026-11-20T10:10:30+00:00",
        "ends_below": 10,
        "red": [
            {
                "name": name,
                "series": a.arn_of(name),
                "contributor": None,
                "since": "2026-11-20T10:00:30+00:00",
                "state": "ALARM",
                "unread": None,
            }
            for name in "ab"
        ],
    }


def test_looking_changes_nothing(world: World) -> None:
    declare(world, "a")
    calls = Calls()
    run_in(world, "storm", calls=calls)
    assert calls.changes == []


def test_a_policy_that_does_not_load_here_hides_no_storm(world: World) -> None:
    declare(world, "a")

    def other_policy(stubber: Any) -> None:
        parameters = [{"ParameterKey": "PolicyFile", "ParameterValue": "theirs.toml"}]
        stubber.add_response("describe_stacks", described(Parameters=parameters))

    result = run("storm", environment=cli_environment(world.clock.now, program=other_policy))
    assert result.exit_code == 0
    assert "STORM since 10:00:30Z" in words(result.stdout)
    assert "theirs.toml does not load here" in words(result.stdout)


def test_ending_it_lets_firebreak_act_again_and_restarts_nothing(world: World) -> None:
    declare(world, "a", "b")
    assert world.send(world.red()).reason is Reason.STORM
    result = run_in(world, *END)

    assert (result.exit_code, result.stderr) == (0, "")
    assert (stored(world).tripped_at, stored(world).red) == (None, ())
    assert world.ecs.writes == []
    world.clock.pass_time(2 * MINUTE)
    assert world.send(world.red()).outcome == "act"


def test_ending_it_says_who_why_what_was_red_and_that_the_page_follows(world: World) -> None:
    declare(world, "a", "b")
    text = words(run_in(world, *END).stdout)

    for part in (
        "the storm since 10:00:30Z, stack firebreak",
        "By ana",
        "Reason the link is back",
        "2 alarms",
        "nothing is restarted",
        "Page follows within minutes",
    ):
        assert part in text


def test_an_end_is_one_json_object(world: World) -> None:
    declare(world, "a")
    ended = json.loads(run_in(world, *END, "--json").stdout)

    assert (ended["by"], ended["reason"]) == ("ana (claimed by moto)", "the link is back")
    assert (ended["since"], ended["ended_at"]) == ("2026-11-20T10:00:30+00:00",) * 2
    assert [red["name"] for red in ended["red"]] == ["a"]


def test_the_page_says_who_ended_it_and_why(world: World) -> None:
    declare(world, "a", "b")
    run_in(world, *END)
    world.clock.pass_time(2 * MINUTE)
    world.sweep()
    world.sweep()

    [(subject, body)] = world.pager.sent
    assert "STORM OVER" in subject
    assert body.startswith(
        "STORM OVER: action needed. 2 of 2 alarms still red. ana (claimed by moto) ended the storm since"
        " 10:00:30Z: the link is back\n"
    )
    assert "still red: 2 of the 2 that were counted" in body


def test_the_end_and_its_announcement_are_one_write(world: World) -> None:
    declare(world, "a")
    calls = Calls()
    run_in(world, *END, calls=calls)

    assert calls.changes == ["TransactWriteItems"]
    [text] = world.ledger.unsettled_announcements(world.clock.at, 10)
    assert text.kind is AnnouncementKind.STORM_OVER


def test_no_text_of_a_strangers_reaches_the_page_or_the_terminal_raw(world: World) -> None:
    declare(world, "evil\x1b[2J\nname", "[bold]b[/bold]")
    listed = run_in(world, "storm").stdout
    run_in(world, "storm", "--end", "--reason", "fixed\x1b[31m\nStop all: rm", "--holder", "a\nb")

    [text] = world.ledger.unsettled_announcements(world.clock.at, 10)
    assert text.headline == (
        "2 of 2 alarms still red. a b (claimed by moto) ended the storm since 10:00:30Z: fixed Stop all: rm"
    )
    assert not [line for line in text.facts if "\x1b" in line or "\n" in line]
    assert "\x1b" not in listed
    assert "[bold]b[/bold]" in listed


def test_a_page_of_a_hundred_alarms_lists_some_and_counts_the_rest(world: World) -> None:
    declare(world, *(f"alarm-{n:02}" for n in range(40)))
    run_in(world, *END)
    [text] = world.ledger.unsettled_announcements(world.clock.at, 10)
    assert text.facts[-1] == "and 10 more"
    assert len([line for line in text.facts if line.startswith("alarm-")]) == incident_messages.MOST_LISTED


def test_the_command_that_the_storm_prints_ends_it(world: World) -> None:
    declare(world, "a")
    line = next(one for one in run_in(world, "storm").stdout.splitlines() if "firebreak storm" in one)
    assert run_in(world, *shlex.split(line[line.index("firebreak storm") :])[1:]).exit_code == 0
    assert stored(world).tripped_at is None


def test_there_is_no_end_without_a_storm(world: World) -> None:
    remember(world, "a")
    before = stored(world)
    result = run_in(world, *END)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
    assert "there is no storm to end" in result.stderr
    assert stored(world) == before
    assert list(world.ledger.unsettled_announcements(world.clock.at, 10)) == []


@pytest.mark.parametrize(
    "arguments",
    [["--end"], ["--end", "--reason", " \n"], ["--reason", "x"], ["--holder", "ana"]],
    ids=["no reason", "blank reason", "a reason without an end", "a holder without an end"],
)
def test_an_end_needs_a_reason_and_a_reason_an_end(world: World, arguments: list[str]) -> None:
    declare(world, "a")
    result = run_in(world, "storm", *arguments)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
    assert stored(world).tripped_at is not None


@dataclass
class RedBetween(StackSession):
    """An alarm turns red between the look and the write, so many times."""

    world: World
    left: int
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(deployed)

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        made = super().client(service_name, *args, **kwargs)
        if service_name == "dynamodb":
            made.meta.events.register("before-call", self._turn_red)
        return made

    def _turn_red(self, model: Any, **_: object) -> None:
        if model.name == "TransactWriteItems" and len(self.names) < self.left:
            self.names.append(f"late-{len(self.names)}")
            remember(self.world, self.names[-1])


def test_an_alarm_that_turns_red_meanwhile_does_not_keep_anybody_from_ending_it(world: World) -> None:
    declare(world, "a")
    environment = replace(cli_environment(world.clock.now), session=lambda: RedBetween(world, 3))
    result = run(*END, environment=environment)

    assert result.exit_code == 0
    assert stored(world).tripped_at is None
    [text] = world.ledger.unsettled_announcements(world.clock.at, 10)
    assert [line for line in text.facts if line.startswith("late")] == ["late-0", "late-1", "late-2"]


def test_an_end_that_never_gets_in_says_so(world: World) -> None:
    declare(world, "a")
    environment = replace(cli_environment(world.clock.now), session=lambda: RedBetween(world, TRIES))
    result = run(*END, environment=environment)

    assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
    assert "NOT ENDED" in result.stderr
    assert stored(world).tripped_at is not None


def test_a_damaged_storm_is_one_line(world: World) -> None:
    declare(world, "a")
    world.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "STORM"}, "sk": {"S": "-"}})
    for command in (("storm",), END):
        result = run_in(world, *command)
        assert (result.exit_code, result.stdout, len(error_lines(result))) == (3, "", 1)
        assert "could not be read" in result.stderr


def test_alarms_red_before_the_end_are_no_new_storm_but_as_many_new_ones_are(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 3"), "storm.toml")
    declare(world, "a", "b", "c", "d")
    run_in(world, *END)
    world.sweep()
    assert stored(world).tripped_at is None

    remember(world, "e", "f", "g")
    world.sweep()
    assert stored(world).tripped_at == world.clock.at
