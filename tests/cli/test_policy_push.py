"""`firebreak policy push`: checked, compared, locked, and signed."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from firebreak.policy.compiled import deployed_build
from firebreak.policy.compiler import parse_policy
from firebreak.policy.document import Compiled, compared_with_text, encode_document, read_document
from firebreak.policy.policy import hash_of
from firebreak_cli.exit_codes import BAD_INPUT, BAD_POLICY, NO_AWS, NOT_DONE, NOT_KNOWN
from tests.cli.backtest.histories import History
from tests.cli.pushing import ACTS, OBSERVES, Pushed, document
from tests.cli.running import error_lines, run_in
from tests.support import builders as a
from tests.support.app_config import Refused
from tests.support.world import World

WRITES = {"CreateHostedConfigurationVersion", "StartDeployment"}


@pytest.fixture
def stack(world: World, tmp_path: Path) -> Pushed:
    made = Pushed(world, tmp_path / "policy.toml")
    made.write(ACTS)
    return made


def written(stack: Pushed) -> set[str]:
    return WRITES & set(stack.fake.calls)


def test_the_first_push_puts_the_file_in_force_and_signs_it(stack: Pushed) -> None:
    result = stack.push("--yes")
    assert result.exit_code == 0, result.output
    assert "IN FORCE in AppConfig: version 1" in result.stdout
    content, description = stack.fake.versions[1]
    found = read_document(content)
    assert (found.text, found.number) == (ACTS, 1)
    assert compared_with_text(content, deployed_build()) is Compiled.MATCHES
    assert description.startswith(f"policy {hash_of(ACTS)} by arn:aws:sts::")
    assert stack.fake.deployments[0]["Description"] == description


def test_the_next_one_shows_what_changes_and_asks(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS))
    stack.write(OBSERVES)
    result = stack.push(stdin="n\n")
    assert result.exit_code == BAD_INPUT
    assert '-autonomy = "auto"' in result.stdout
    assert '+autonomy = "observe"' in result.stdout
    assert "nothing was changed" in result.stderr
    assert written(stack) == set()
    assert stack.push(stdin="y\n").exit_code == 0
    assert (stack.fake.served, read_document(stack.fake.versions[2][0]).number) == (2, 2)


def test_a_dry_run_and_a_policy_that_is_in_force_write_nothing(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS))
    assert "UNCHANGED" in stack.push("--yes").stdout
    stack.write(OBSERVES)
    assert "WOULD PUSH" in stack.push("--dry-run").stdout
    assert written(stack) == set()


@pytest.mark.parametrize("number", [1, 5], ids=["compiled form", "number"])
def test_the_same_text_in_another_form_is_replaced(stack: Pushed, number: int) -> None:
    build = "another build" if number == 1 else deployed_build()
    stack.fake.serve(encode_document(parse_policy(ACTS, "x"), ACTS, number, build))
    result = stack.push("--yes")
    assert "IN FORCE in AppConfig: version 2" in result.stdout
    assert "The text is in force already" in " ".join(result.stdout.split())
    assert stack.fake.versions[2][0] == document(ACTS, 2)
    assert "UNCHANGED" in stack.push("--yes").stdout


def test_a_deployment_of_another_profile_is_not_the_stacks_policy(stack: Pushed) -> None:
    stack.fake.serve(document(OBSERVES))
    stack.fake.serve(document(ACTS, 2))
    stack.fake.deployments[1]["ConfigurationProfileId"] = "other"
    assert stack.run("policy", "show").stdout == OBSERVES
    stack.write(OBSERVES + "# more\n")
    result = stack.push("--yes")
    assert result.exit_code == 0, result.output
    assert "version 3" in result.stdout


def test_a_stack_of_another_release_is_named_before_it_asks(stack: Pushed) -> None:
    assert "of none that it names" in stack.push("--yes").stderr
    stack.outputs["Version"] = "0.0.1"
    stack.write(OBSERVES)
    assert "the stack is of release 0.0.1" in stack.push(stdin="n\n").stderr
    stack.outputs["Version"] = version("firebreak")
    assert "release" not in stack.push(stdin="n\n").stderr


def test_a_change_calendar_that_the_roles_may_not_read_is_a_warning(stack: Pushed) -> None:
    arn = f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:document/Release"
    stack.write(ACTS + f'\n[[freeze.calendars]]\nname = "release"\narn = "{arn}"\n')
    assert f"may not read the Change Calendar {arn}" in " ".join(stack.push("--yes").stderr.split())
    stack.parameters["ChangeCalendarArns"] = arn
    assert "Change Calendar" not in stack.push("--yes").stderr


def test_a_file_that_does_not_load_is_refused_with_each_mistake(stack: Pushed) -> None:
    stack.write(ACTS.replace('autonomy = "auto"', 'autonomy = "bold"').replace('"15m"', '"soon"', 1))
    result = stack.push("--yes")
    assert result.exit_code == BAD_POLICY
    assert len(error_lines(result)) == 2
    assert stack.fake.calls == []


def test_the_warnings_of_policy_check_and_a_text_that_is_not_kept_are_said(stack: Pushed) -> None:
    stack.write(ACTS + '# password = "hunter' + '2"\n')
    result = stack.push("--yes")
    assert result.exit_code == 0
    assert "defaults.autonomy" in result.stderr
    assert "looks like a secret" in result.stderr


def test_a_version_that_somebody_writes_meanwhile_is_not_overtaken(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS))
    stack.write(OBSERVES)
    while_asked(stack, lambda: stack.fake.versions.update({2: (document(ACTS, 2), "")}))
    result = stack.push("--yes")
    assert result.exit_code == NOT_DONE
    assert "written by somebody else" in result.stderr
    assert "StartDeployment" not in stack.fake.calls


def while_asked(stack: Pushed, change: Any) -> None:
    """Something changes after the look, right before the first write."""
    write = stack.fake._CreateHostedConfigurationVersion

    def after_change(**asked: Any) -> Any:
        change()
        return write(**asked)

    stack.fake._CreateHostedConfigurationVersion = after_change  # type: ignore[method-assign]  # once


def test_of_two_first_pushes_at_once_one_is_refused(stack: Pushed) -> None:
    while_asked(stack, lambda: stack.fake.serve(document(OBSERVES)))
    result = stack.push("--yes")
    assert result.exit_code == NOT_DONE
    assert "version 2, not 1" in result.stderr
    assert stack.fake.served == 1


def test_a_deployment_that_somebody_starts_meanwhile_is_not_undone(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS))
    stack.fake.serve(document(OBSERVES, 2))
    stack.write(ACTS + "# more\n")
    while_asked(stack, lambda: stack.fake._start(1, "back to the first"))
    result = stack.push("--yes")
    assert result.exit_code == NOT_DONE
    assert "another deployment was started" in result.stderr
    assert stack.fake.served == 1


@pytest.mark.parametrize("state", ["DEPLOYING", "BAKING", "VALIDATING", "ROLLING_BACK"])
def test_while_a_deployment_is_under_way_none_is_begun(stack: Pushed, state: str) -> None:
    stack.fake.serve(document(ACTS))
    stack.fake.take_back(state)
    stack.write(OBSERVES)
    result = stack.push("--yes")
    assert (result.exit_code, written(stack)) == (NOT_DONE, set())
    assert state in result.stderr


@pytest.mark.parametrize(
    ("state", "words", "code"),
    [
        ("COMPLETE", "IN FORCE", 0),
        ("BAKING", "IN FORCE", 0),
        ("DEPLOYING", "GOES ON", NOT_KNOWN),
        ("ROLLED_BACK", "TAKEN BACK", NOT_DONE),
    ],
)
def test_it_waits_for_the_deployment_and_says_what_became_of_it(
    stack: Pushed, state: str, words: str, code: int
) -> None:
    stack.fake.ends = state
    result = stack.push("--yes")
    assert (result.exit_code, words in result.stdout) == (code, True), result.output


def test_nobody_waits_where_that_is_not_wanted(stack: Pushed) -> None:
    stack.fake.ends = "DEPLOYING"
    result = stack.push("--yes", "--no-wait")
    assert (result.exit_code, "GOES ON" in result.stdout) == (0, True)
    assert "GetDeployment" not in stack.fake.calls


@pytest.mark.parametrize("call", sorted(WRITES))
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refused("AccessDeniedException", 403), "AWS refused"),
        (Refused("ThrottlingException", 429), "too many calls"),
        (Refused("InternalServerException", 500), "look before you repeat it"),
        (Refused("PayloadTooLargeException", 413), "did not accept"),
    ],
    ids=lambda one: getattr(one, "code", ""),
)
def test_each_answer_of_aws_ends_the_command_in_one_line(
    stack: Pushed, call: str, error: Exception, said: str
) -> None:
    stack.fake.fails[call] = error
    result = stack.push("--yes")
    assert result.exit_code == NO_AWS
    assert said in error_lines(result)[-1]


def test_the_json_is_one_object(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS))
    stack.write(OBSERVES)
    found = json.loads(stack.push("--yes", "--json").stdout)
    assert (found["result"], found["version"], found["before"]) == ("in_force", 2, 1)
    assert found["hash"] == hash_of(OBSERVES)
    assert '+autonomy = "observe"' in found["diff"]


def test_a_history_shows_the_decisions_that_change_too(stack: Pushed, tmp_path: Path) -> None:
    history = History()
    alarm = history.service()
    for minutes in (10, 60, 200):
        history.red(alarm, minutes, lasts=3)
    written = ("--dry-run", "--history", str(history.write(tmp_path / "history.jsonl")))
    stack.fake.serve(document(ACTS))
    stack.write(ACTS.replace('cooldown = "15m"', 'cooldown = "2h"'))
    assert "acts: 3 before, 2 after" in stack.push(*written).stdout
    assert json.loads(stack.push(*written, "--json").stdout)["decisions"]["acts"] == [3, 2]


def test_a_stack_that_takes_the_layers_policy_has_nothing_to_push_to(world: World, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(ACTS, encoding="utf-8")
    for words in (("push", str(file), "--yes"), ("show",)):
        result = run_in(world, "policy", *words)
        assert result.exit_code == BAD_INPUT
        assert "PolicySource=APPCONFIG" in result.stderr


def test_it_replaces_what_does_not_load(stack: Pushed) -> None:
    stack.fake.serve(b"garbage")
    result = stack.push("--yes")
    assert result.exit_code == 0
    assert "does not load" in result.stdout
    assert stack.fake.served == 2
