"""Commands on a stack whose policy was pushed: the version in force, else the last that loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from firebreak.ledger.policies import DynamoPolicies
from firebreak.policy.policy import hash_of
from firebreak_cli.doctor.page_testing import channel_of
from firebreak_cli.exit_codes import BAD_INPUT, BAD_POLICY, NO_AWS, NOT_DONE, NOT_KNOWN, Ending
from firebreak_cli.stack import find
from tests.cli.pushing import ACTS, OBSERVES, Pushed, document
from tests.support import builders as a
from tests.support.app_config import PLACE, Refused
from tests.support.fleet import broken, policy_kept
from tests.support.world import TABLE, World, eventbridge


@pytest.fixture
def stack(world: World, tmp_path: Path) -> Pushed:
    made = Pushed(world, tmp_path / "policy.toml")
    made.write(ACTS)
    return made


def test_show_prints_the_text_alone_and_its_origin_on_stderr(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS), "policy x by ana")
    stack.fake.serve(document(OBSERVES, 2), "policy y by kim")
    result = stack.run("policy", "show")
    assert result.stdout == OBSERVES
    assert "version 2" in result.stderr
    assert "by kim" in result.stderr
    assert stack.run("policy", "show", "--version", "1").stdout == ACTS
    assert stack.run("policy", "show", "--version", "9").exit_code == BAD_INPUT
    found = json.loads(stack.run("policy", "show", "--json").stdout)
    assert (found["version"], found["text"]) == (2, OBSERVES)


def explained(stack: Pushed, *more: str) -> Any:
    event = json.dumps(eventbridge(a.alarm()))
    return stack.run("explain", "-", *more, stdin=event)


def test_explain_decides_by_the_policy_in_force_and_says_which_that_is(stack: Pushed) -> None:
    stack.fake.serve(document(OBSERVES), "policy y by kim")
    policy = json.loads(explained(stack, "--json").stdout)["policy"]
    assert policy == {
        "file": "AppConfig version 1",
        "version": 1,
        "hash": hash_of(OBSERVES),
        "deployed_hash": None,
    }
    text = explained(stack).stdout
    assert "AppConfig version 1" in text
    assert "this machine's copy" not in text


def test_where_the_newest_does_not_load_it_is_the_last_that_did(stack: Pushed) -> None:
    kept = policy_kept(OBSERVES, 1, a.NOW)
    DynamoPolicies(stack.world.dynamodb, TABLE, configuration=PLACE).keep_last_loaded(kept)
    stack.fake.serve(document(OBSERVES))
    stack.fake.serve(b"garbage")
    found = json.loads(explained(stack, "--json").stdout)
    assert found["policy"]["hash"] == hash_of(OBSERVES)
    assert any("does not load" in note for note in found["notes"])


UNREADABLE = [Refused("AccessDeniedException", 403), Refused("InternalServerException", 500)]


@pytest.mark.parametrize("error", UNREADABLE, ids=lambda one: one.code)
@pytest.mark.parametrize("call", ["ListDeployments", "GetHostedConfigurationVersion"])
def test_where_appconfig_cannot_be_read_it_is_the_last_that_loaded(
    stack: Pushed, call: str, error: Refused
) -> None:
    DynamoPolicies(stack.world.dynamodb, TABLE, configuration=PLACE).keep_last_loaded(
        policy_kept(OBSERVES, 3, a.NOW)
    )
    stack.fake.serve(document(ACTS))
    stack.fake.fails[call] = error
    found = json.loads(explained(stack, "--json").stdout)
    assert (found["policy"]["hash"], found["policy"]["version"]) == (hash_of(OBSERVES), 3)
    (note,) = [one for one in found["notes"] if "AppConfig could not be read" in one]
    assert f"served this one last at {a.NOW:%Y-%m-%d}" in note
    assert "AppConfig version 3, the last that loaded" in " ".join(stack.run("status").stdout.split())


def test_act_undo_and_a_test_page_work_with_what_is_known(stack: Pushed) -> None:
    world = stack.world
    incident = world.send(world.red()).incident_id
    stack.fake.serve(document(ACTS))
    stack.fake.fails["ListDeployments"] = UNREADABLE[0]
    with pytest.raises(Ending, match="the policy has no such channel"):
        channel_of("x", None, find(stack.environment, "firebreak"))
    DynamoPolicies(world.dynamodb, TABLE, configuration=PLACE).keep_last_loaded(
        policy_kept(OBSERVES, 3, a.NOW)
    )
    words = ("restart-service", "ecs:prod/web", "--reason", "x", "--dry-run")
    act, undo = stack.run("act", *words), stack.run("undo", incident, "--reason", "x", "--dry-run")
    for result in (act, undo):
        assert result.exit_code in (0, NOT_DONE), result.output
        assert "AppConfig could not be read" in " ".join(result.output.split())


def test_a_policy_of_another_profile_and_one_before_the_first_push_are_none(stack: Pushed) -> None:
    other = ("abc1234", "def1234", "other")
    DynamoPolicies(stack.world.dynamodb, TABLE, configuration=other).keep_last_loaded(
        policy_kept(ACTS, 1, a.NOW)
    )
    stack.fake.fails["ListDeployments"] = UNREADABLE[0]
    assert explained(stack).exit_code == NO_AWS
    DynamoPolicies(stack.world.dynamodb, TABLE, configuration=PLACE).keep_last_loaded(
        policy_kept(ACTS, 1, a.NOW)
    )
    stack.fake.fails.clear()
    assert explained(stack).exit_code == BAD_POLICY


def test_a_value_of_a_policy_that_does_not_load_is_never_shown(stack: Pushed) -> None:
    stack.fake.serve(broken())
    shown = [stack.run("status").output, stack.run("status", "--json").output, explained(stack).output]
    DynamoPolicies(stack.world.dynamodb, TABLE, configuration=PLACE).keep_last_loaded(
        policy_kept(OBSERVES, 1, a.NOW)
    )
    shown += [stack.run("status").output, stack.run("status", "--json").output, explained(stack).output]
    shown += [stack.push("--dry-run").output, stack.run("doctor", "--only", "FB404").output]
    for one in shown:
        assert "defaults.cooldown" in one
        assert "hunter2" not in one


def test_without_cloudformation_the_source_of_the_policy_is_not_known(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS))
    result = stack.run("policy", "show", environ={"FIREBREAK_LEDGER_TABLE": TABLE})
    assert result.exit_code == NOT_KNOWN
    assert "is not known: FIREBREAK_LEDGER_TABLE is set: CloudFormation was not asked" in result.stderr


def test_without_any_policy_explain_says_so(stack: Pushed) -> None:
    result = explained(stack)
    assert result.exit_code == BAD_POLICY
    assert "no policy was pushed yet" in result.stderr


@pytest.mark.parametrize("state", ["DEPLOYING", "ROLLED_BACK"])
def test_a_first_policy_that_is_not_deployed_is_not_said_to_be_missing(stack: Pushed, state: str) -> None:
    stack.fake.serve(document(ACTS))
    stack.fake.take_back(state)
    result = explained(stack)
    assert result.exit_code == BAD_POLICY
    assert "none that was pushed is deployed: no action runs until one is" in result.stderr


@pytest.mark.parametrize(
    ("state", "said"), [("DEPLOYING", "is being deployed"), ("ROLLED_BACK", "taken back")]
)
def test_a_newest_deployment_that_is_not_in_force_is_a_note(stack: Pushed, state: str, said: str) -> None:
    stack.fake.serve(document(OBSERVES))
    stack.fake.serve(document(ACTS, 2))
    stack.fake.take_back(state)
    found = json.loads(explained(stack, "--json").stdout)
    assert found["policy"]["version"] == 1
    assert any(said in note for note in found["notes"])


def test_status_names_the_version_and_the_policy_decided_by(stack: Pushed) -> None:
    stack.fake.serve(document(OBSERVES), "policy y by kim")
    assert f"AppConfig version 1, {hash_of(OBSERVES)}" in " ".join(stack.run("status").stdout.split())
    found = json.loads(stack.run("status", "--json").stdout)["policy_in_appconfig"]
    assert (found["version"], found["pushed"]) == (1, "policy y by kim")


def test_status_is_good_without_it(stack: Pushed) -> None:
    stack.fake.fails["ListDeployments"] = Refused("AccessDeniedException", 403)
    result = stack.run("status")
    assert "in AppConfig, not known" in " ".join(result.stdout.split())
