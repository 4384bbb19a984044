"""FB404 of `firebreak doctor`: the newest policy in AppConfig is in force, and is what its text says."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from firebreak.ledger.policies import DynamoPolicies
from firebreak.ledger.ports import LeftOutPolicy
from firebreak.policy.compiled import deployed_build, encode, seal
from firebreak.policy.compiler import parse_policy
from firebreak.policy.document import encode_document
from firebreak.policy.policy import hash_of
from tests.cli.pushing import ACTS, OBSERVES, Pushed, document
from tests.cli.running import run_in
from tests.support import builders as a
from tests.support.app_config import PLACE, Refused
from tests.support.fleet import policy_kept
from tests.support.world import TABLE, World


@pytest.fixture
def stack(world: World, tmp_path: Path) -> Pushed:
    return Pushed(world, tmp_path / "policy.toml")


def keep(stack: Pushed, text: str = ACTS) -> None:
    found = policy_kept(text, 1, a.NOW)
    DynamoPolicies(stack.world.dynamodb, TABLE, configuration=PLACE).keep_last_loaded(found)


def found(stack: Pushed) -> list[tuple[str, str]]:
    (check,) = json.loads(stack.run("doctor", "--only", "FB404", "--json").stdout)["checks"]
    return [(one["result"], one["detail"]) for one in check["findings"]]


def test_a_policy_that_is_in_force_and_kept_is_good(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS), "policy x by kim")
    keep(stack)
    assert found(stack) == []


def test_a_stack_that_takes_the_layers_policy_is_good_and_asks_nothing(world: World) -> None:
    (check,) = json.loads(run_in(world, "doctor", "--only", "FB404", "--json").stdout)["checks"]
    assert check["findings"] == []


def test_before_the_first_push_it_is_bad(stack: Pushed) -> None:
    ((result, detail),) = found(stack)
    assert (result, "no policy was pushed" in detail) == ("bad", True)


def test_a_version_that_does_not_load_is_bad_and_names_the_mistake(stack: Pushed) -> None:
    keep(stack)
    stack.fake.serve(document(ACTS).replace(b'autonomy = \\"auto\\"', b'autonomy = \\"bold\\"'))
    ((result, detail),) = found(stack)
    assert (result, "line 4: defaults.autonomy" in detail) == ("bad", True)


def test_a_compiled_form_of_another_policy_than_the_text_is_bad(stack: Pushed) -> None:
    keep(stack)
    content = json.loads(encode(parse_policy(ACTS, "x"), ACTS, deployed_build()))["policy"]
    compiled = json.dumps(content | {"hash": hash_of(OBSERVES)}).encode()
    sealed = b'{"seal":"%s","policy":%s}' % (seal(OBSERVES, compiled, deployed_build()).encode(), compiled)
    whole = json.dumps({"v": 1, "number": 1, "text": OBSERVES}).encode()
    stack.fake.serve(whole[:-1] + b',"compiled":' + sealed + b"}")
    assert [(result, "another policy than its text" in detail) for result, detail in found(stack)] == [
        ("bad", True)
    ]


def test_a_compiled_form_of_another_build_could_not_be_compared(stack: Pushed) -> None:
    keep(stack)
    stack.fake.serve(encode_document(parse_policy(ACTS, "x"), ACTS, 1, "another build"))
    ((result, detail),) = found(stack)
    assert (result, "could not be compared" in detail) == ("warning", True)
    assert "push it again" in detail


@pytest.mark.parametrize("is_kept", [True, False])
def test_where_appconfig_refuses_only_this_check_could_not_look(
    stack: Pushed, is_kept: bool
) -> None:  # pytest's own
    if is_kept:
        keep(stack)
    stack.fake.fails["ListDeployments"] = Refused("AccessDeniedException", 403)
    ((result, detail),) = found(stack)
    assert (result, "AWS refused" in detail) == ("could_not_look", True)
    checks = json.loads(stack.run("doctor", "--only", "FB402", "--json").stdout)["checks"]
    assert [one["result"] for one in checks] != ["could_not_look"]


def test_a_policy_whose_text_is_not_kept_is_a_warning(stack: Pushed) -> None:
    stack.fake.serve(document(ACTS))
    left = LeftOutPolicy(policy_hash=hash_of(ACTS), why="line 3 of its text looks like a secret", at=a.NOW)
    DynamoPolicies(stack.world.dynamodb, TABLE, configuration=PLACE).leave_out_last_loaded(left)
    ((result, detail),) = found(stack)
    assert (result, "line 3" in detail) == ("warning", True)


def test_without_cloudformation_it_could_not_look(stack: Pushed) -> None:
    environ = {"FIREBREAK_LEDGER_TABLE": TABLE}
    output = stack.run("doctor", "--only", "FB404", "--json", environ=environ).stdout
    (check,) = json.loads(output)["checks"]
    assert [one["result"] for one in check["findings"]] == ["could_not_look"]


def test_what_another_command_wrote_what_is_not_kept_and_what_was_taken_back_are_warnings(
    stack: Pushed,
) -> None:
    stack.fake.serve(document(ACTS, 5))
    stack.fake.serve(document(OBSERVES, 2))
    stack.fake.take_back()
    details = found(stack)
    assert [result for result, _ in details] == ["warning"] * 3
    for part in ("calls itself version 5", "was taken back", "the ledger keeps no policy"):
        assert any(part in detail for _, detail in details)


def test_functions_that_decide_by_another_policy_long_after_it_was_deployed_are_bad(stack: Pushed) -> None:
    world = stack.world
    world.policy = parse_policy(ACTS, "x")
    world.send(world.red())
    stack.fake.at = world.clock.now() - timedelta(minutes=1)
    keep(stack, OBSERVES)
    stack.fake.serve(document(OBSERVES))
    assert found(stack) == []
    stack.fake.deployments[0]["CompletedAt"] = world.clock.now() - timedelta(minutes=5)
    ((result, detail),) = found(stack)
    assert (result, hash_of(ACTS) in detail) == ("bad", True)
