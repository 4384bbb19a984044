"""Runs the tests of a policy: each situation through the same function that decides in Lambda."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from firebreak.core.decision import Check, Result
from firebreak.errors import PolicyError
from firebreak.policy.lines import lines_of, path_of, with_line
from firebreak.policy.loader import load_policy, policy_text
from firebreak.policy.policy import Policy
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.explain.event_file import read_event
from firebreak_cli.explain.event_times import moved_to, sent_at
from firebreak_cli.explain.explainer import Explainer, Explanation
from firebreak_cli.policy_tests.schema import PolicyTest, PolicyTests
from firebreak_cli.policy_tests.situation import SituationSources


@dataclass(frozen=True, slots=True)
class Ran:
    """One test that ran: `missed` says how its decision differs, empty where it is the expected one."""

    test: PolicyTest
    found: Explanation
    missed: str

    @property
    def speaking(self) -> Sequence[Check]:
        """The checks that neither passed nor did not apply, the deciding one first."""
        decision = self.found.decision
        silent = (Result.PASSED, Result.NOT_APPLICABLE)
        checks = [check for check in decision.checks if check.result not in silent]
        return sorted(checks, key=lambda check: check is not decision.deciding)


def run_file(path: Path) -> list[Ran]:
    """The results of a file of tests, in its order. Raises Ending or PolicyError; then none was judged."""
    text = _text(path)
    tests = read_tests(text, str(path))
    policy = load_policy(path.parent / tests.policy)
    return [_run(test, policy, path, text, number) for number, test in enumerate(tests.tests)]


def read_tests(text: str, source: str) -> PolicyTests:
    """The tests in a text. Raises Ending with a line for each mistake, each with its place."""
    try:
        return PolicyTests.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Ending(BAD_INPUT, f"{source}: not TOML: {error}") from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        mistakes = [f"{path_of(one['loc'])}: {one['msg'].removeprefix('Value error, ')}" for one in found]
        lines = lines_of(text)
        raise Ending(BAD_INPUT, *(f"{source}: {with_line(one, lines)}" for one in mistakes)) from error


def _run(test: PolicyTest, policy: Policy, path: Path, text: str, number: int) -> Ran:
    try:
        trigger = read_event(str(path.parent / test.event)).trigger
        if test.at:
            trigger = moved_to(trigger, test.at)
        sources = SituationSources(test=test, policy=policy)
        explainer = Explainer(policy=policy, sources=sources, clock="given", offline=True)
        found = explainer.explain(trigger, sent_at(trigger) + test.delay)
    except Ending as error:
        place = with_line(f"tests[{number}]: {'; '.join(error.lines)}", lines_of(text))
        raise Ending(error.code, f"{path}: {place}") from error
    return Ran(test, found, test.expect.missed(found.decision))


def _text(path: Path) -> str:
    try:
        return policy_text(path)
    except PolicyError as error:
        raise Ending(BAD_INPUT, str(error)) from error
