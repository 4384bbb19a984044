"""One run of `firebreak doctor`, from the command's options to its report."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from firebreak_cli.doctor.before_looks import site_of
from firebreak_cli.doctor.deploy_settings import SAMCONFIG
from firebreak_cli.doctor.examination import examination_of
from firebreak_cli.doctor.looks import LOOKS, LOOKS_BEFORE, examine
from firebreak_cli.doctor.model import When
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.doctor.reports import Report
from firebreak_cli.doctor.verdict import verdict_of
from firebreak_cli.doctor.waivers import Waiver, path_next_to, read_waivers, used, waive
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.policies import StackPolicy, policy_for_pages, policy_in, policy_path
from firebreak_cli.stack import Stack, find, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a run; without `policy` and `waivers` it takes those of the stack's policy.

    `samconfig` are the settings of `sam deploy`, which only the looks before a deployment read.
    `left_out` are the checks that are not made where nobody sits at a machine; the verdict names them.
    """

    stack: str
    only: Sequence[str]
    policy: Path | None
    waivers: Path | None
    when: When = When.DEPLOYED
    samconfig: Path = SAMCONFIG
    left_out: tuple[str, ...] = ()


def run(asked: Asked, environment: Environment, progress: Callable[[str], None]) -> Report:
    """The report. Raises Ending, PolicyError, or AwsError where the stack cannot even be found."""
    codes = tuple(code for code in codes_of(asked.only, asked.when) if code not in asked.left_out)
    before = asked.when is When.BEFORE
    stack = (place_of if before else find)(environment, asked.stack)
    policy, waivers = policy_for(asked.policy, stack), _waivers(asked, stack)
    named = asked.policy is not None
    seen = examination_of(stack, policy, environment.now, progress, policy_named=named)
    found = (
        examine(LOOKS_BEFORE, site_of(stack, asked.samconfig), codes)
        if before
        else examine(LOOKS, seen, codes)
    )
    examined = waive(found, waivers, seen.now)
    survey = seen.survey.made
    return Report(
        stack=stack,
        policy_file=policy.place,
        policy_hash=policy.policy.hash,
        at=seen.now,
        examined=examined,
        waivers=used(examined, waivers, seen.now),
        verdict=verdict_of(
            examined,
            codes if asked.only else (),
            asked.when,
            acting=survey.acting_names if survey else (),
            left_out=asked.left_out,
        ),
    )


def codes_of(only: Sequence[str], when: When = When.DEPLOYED) -> tuple[str, ...]:
    """The codes to look at, in the registry's order; all of that run where none is named. Raises Ending."""
    for code in only:
        if code not in CHECKS:
            meant = difflib.get_close_matches(code.upper(), CHECKS, n=1)
            hint = f"did you mean {meant[0]}?" if meant else "--list prints them"
            raise Ending(BAD_INPUT, f"--only {code}: there is no such check; {hint}")
        if CHECKS[code].when is not when:
            how = "goes with --before-deploy" if when is When.DEPLOYED else "is of a deployed stack"
            raise Ending(BAD_INPUT, f"--only {code}: this check {how}")
    return tuple(code for code, check in CHECKS.items() if check.when is when and (not only or code in only))


def policy_for(named: Path | None, stack: Stack) -> StackPolicy:
    """The policy that the looks are made by. Where AppConfig serves none that loads, FB404 says so."""
    return policy_in(named) if named else policy_for_pages(stack)


def _waivers(asked: Asked, stack: Stack) -> Sequence[Waiver]:
    """The waivers that a file names, or those next to the policy, or to the layer's, if they are there."""
    if asked.waivers:
        return read_waivers(asked.waivers)
    try:
        file = path_next_to(asked.policy or policy_path(stack.policy_file))
    except Ending:
        if not stack.has_pushed_policy:
            raise
        return ()
    return read_waivers(file) if file.is_file() else ()
