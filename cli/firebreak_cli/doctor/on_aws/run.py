"""One run of `firebreak doctor --on-aws`, from the command's options to its report."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from firebreak.core.readings import NotRead
from firebreak_cli.doctor.examination import Examination, examination_of
from firebreak_cli.doctor.on_aws.asking import ask_all, outcome_of
from firebreak_cli.doctor.on_aws.model import Outcome, Question
from firebreak_cli.doctor.on_aws.registry import QUESTIONS
from firebreak_cli.doctor.on_aws.trials import TRIALS, Bench
from firebreak_cli.doctor.run import policy_for
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.stack import Stack, find


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of one run; `release` is the version of the stack, empty where it says none."""

    stack: Stack
    release: str
    deployed_at: datetime | None
    at: datetime
    outcomes: Sequence[Outcome]

    @property
    def counting(self) -> Sequence[Outcome]:
        """The outcomes that ask for something."""
        return [one for one in self.outcomes if one.counts]


def examined(
    stack_name: str, policy: Path | None, environment: Environment, progress: Callable[[str], None]
) -> Examination:
    """The stack to ask about; nothing but itself is looked up yet. Raises Ending, PolicyError or AwsError."""
    stack = find(environment, stack_name)
    used = policy_for(policy, stack)
    seen = examination_of(stack, used, environment.now, progress, policy_named=policy is not None)
    return replace(seen, sleep=environment.sleep)


def names_of(only: Sequence[str]) -> Sequence[str]:
    """The questions to ask, in the registry's order; all where none is named. Raises Ending."""
    for name in only:
        question_named(name, "--only")
    return [name for name in QUESTIONS if not only or name in only]


def question_named(name: str, option: str) -> Question:
    """The question of that name. Raises Ending where there is none."""
    if name in QUESTIONS:
        return QUESTIONS[name]
    meant = difflib.get_close_matches(name.casefold(), QUESTIONS, n=1)
    hint = f"did you mean {meant[0]}?" if meant else "--on-aws --list prints them"
    raise Ending(BAD_INPUT, f"{option} {name}: there is no such question; {hint}")


def asked(seen: Examination, names: Sequence[str]) -> Report:
    """The report on these questions."""
    return _report(seen, list(ask_all(seen, names)))


def trial_named(name: str, account: str | None) -> Question:
    """The question that a change answers. Raises Ending where there is none, or no account is named."""
    question = question_named(name, "--try")
    if question.trial is None:
        known = ", ".join(sorted(TRIALS))
        raise Ending(BAD_INPUT, f"--try {name}: no change answers it; those that do are {known}")
    if account is None:
        raise Ending(BAD_INPUT, "--try changes something: name the account with --account")
    return question


def tried(question: Question, seen: Examination, say: Callable[[str], None]) -> Report:
    """The report on the one question that the change answers."""
    trial, bench = TRIALS[question.name], Bench(seen, say)
    return _report(seen, [outcome_of(question, lambda: trial(bench))])


def _report(seen: Examination, outcomes: Sequence[Outcome]) -> Report:
    deployment = seen.stack.deployment
    found = None if isinstance(deployment, NotRead) else deployment
    return Report(
        stack=seen.stack,
        release=found.outputs.get("Version", "") if found else "",
        deployed_at=found.at if found else None,
        at=seen.now,
        outcomes=outcomes,
    )
