"""`firebreak doctor`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from firebreak_cli.environment import Environment, environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK

if TYPE_CHECKING:
    from firebreak_cli.doctor.on_aws.run import Report as Answers
    from firebreak_cli.doctor.page_testing import Result
    from firebreak_cli.doctor.run import Asked


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(doctor)


def complete_code(incomplete: str) -> list[tuple[str, str]]:
    """The codes and questions that begin so, each with its sentence, for the shell."""
    from firebreak_cli.doctor.on_aws.registry import QUESTIONS
    from firebreak_cli.doctor.registry import CHECKS

    codes = [(code, check.should) for code, check in CHECKS.items() if code.startswith(incomplete.upper())]
    names = [(name, one.title) for name, one in QUESTIONS.items() if name.startswith(incomplete)]
    return codes + names if incomplete else codes


Codes = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="CODE",
        autocompletion=complete_code,
        help="Look at this check alone, or with --on-aws ask this question; may be given several times.",
    ),
]
SamConfig = Annotated[
    Path | None,
    typer.Option(
        "--samconfig",
        metavar="FILE",
        help="With --before-deploy: the settings of sam deploy; by default samconfig.toml of this folder.",
    ),
]


PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="A policy file; by default this machine's copy.")
]
Waivers = Annotated[
    Path | None,
    typer.Option("--waivers", help="A file of waivers; by default POLICY.waivers.toml next to the policy."),
]
PageTest = Annotated[
    str | None,
    typer.Option("--page-test", metavar="CHANNEL", help="Look at nothing; send a page marked as a test."),
]
OnAws = Annotated[
    bool,
    typer.Option("--on-aws", help="Ask the account instead what AWS's documentation leaves open; reads."),
]
Trial = Annotated[
    str | None,
    typer.Option(
        "--try",
        metavar="QUESTION",
        help="With --on-aws: make the change that answers this one, and take it back; needs --account.",
    ),
]


def doctor(
    ctx: typer.Context,
    *,
    only: Codes = None,
    short: Annotated[bool, typer.Option("--short", help="A line for each finding that counts.")] = False,
    list_them: Annotated[bool, typer.Option("--list", help="List the checks; nothing is asked.")] = False,
    before_deploy: Annotated[
        bool, typer.Option("--before-deploy", help="Look at the account instead: would a deployment succeed?")
    ] = False,
    samconfig: SamConfig = None,
    policy: PolicyFile = None,
    waivers: Waivers = None,
    page_test: PageTest = None,
    on_aws: OnAws = False,
    trial: Trial = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --page-test or --try: do not ask before it is sent.")
    ] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Say what would keep Firebreak from acting on the bad day. Without --try it changes nothing.

    Exits with 8 where a check found something in the way, an answer is not the expected one, or it could not
    look. docs/doctor.md names what no check looks at, docs/first-deploy.md the questions of --on-aws. With
    --page-test it sends one page, which reaches humans, and waits for the answer: 11 says that it was not
    delivered, 12 that it is not known.

    Example: firebreak doctor --short --stack firebreak-prod
    """
    if on_aws or trial is not None:
        _refuse_others(short, before_deploy, samconfig, waivers, page_test, trial and (only or list_them))
        if list_them:
            return _list_questions(as_json=as_json)
        place = (environment_of(ctx), policy, stack)
        if trial is not None:
            return _try(trial, *place, ask_first=not yes, as_json=as_json)
        return _ask(only or (), *place, as_json=as_json)
    if page_test is not None:
        _refuse_looks(only, short, list_them, before_deploy, samconfig, waivers)
        return _test_page(environment_of(ctx), page_test, policy, stack, ask_first=not yes, as_json=as_json)
    _refuse_samconfig_alone(samconfig, before_deploy=before_deploy)
    if list_them:
        return _list(as_json=as_json)
    from firebreak_cli.doctor.deploy_settings import SAMCONFIG
    from firebreak_cli.doctor.model import When
    from firebreak_cli.doctor.run import Asked

    asked = Asked(
        stack=stack,
        only=only or (),
        policy=policy,
        waivers=waivers,
        when=When.BEFORE if before_deploy else When.DEPLOYED,
        samconfig=samconfig or SAMCONFIG,
    )
    return _look(asked, environment_of(ctx), short=short, as_json=as_json)


def _look(asked: "Asked", environment: Environment, *, short: bool, as_json: bool) -> None:
    import sys

    from firebreak_cli import screen
    from firebreak_cli.doctor import doctor_screen, reports
    from firebreak_cli.doctor.run import run
    from firebreak_cli.exit_codes import WOULD_NOT_ACT
    from firebreak_cli.progress import shown_progress

    with shown_progress(environment.now, sys.stderr) as progress:
        report = run(asked, environment, progress)
    if as_json:
        print_json(reports.as_json(report))
    else:
        (doctor_screen.show_short if short else doctor_screen.show)(report, screen.console())
    if not report.verdict.accepted:
        raise typer.Exit(WOULD_NOT_ACT)


def _refuse_others(*options: object) -> None:
    from firebreak_cli.exit_codes import BAD_INPUT, Ending

    if any(options):
        raise Ending(
            BAD_INPUT,
            "--on-aws goes with --only or --list, --policy and --json; --try takes --yes instead of --only",
        )


def _ask(
    only: Sequence[str], environment: Environment, policy: Path | None, stack: str, *, as_json: bool
) -> None:
    import sys

    from firebreak_cli.doctor.on_aws.run import asked, examined, names_of
    from firebreak_cli.progress import shown_progress

    names = names_of(only)
    with shown_progress(environment.now, sys.stderr) as progress:
        report = asked(examined(stack, policy, environment, progress), names)
    _show_answers(report, as_json=as_json)


def _try(
    name: str, environment: Environment, policy: Path | None, stack: str, *, ask_first: bool, as_json: bool
) -> None:
    from firebreak_cli.doctor.on_aws.on_aws_report import say, trial_lines
    from firebreak_cli.doctor.on_aws.run import examined, trial_named, tried
    from firebreak_cli.options import confirm

    question = trial_named(name, environment.account)
    seen = examined(stack, policy, environment, lambda _: None)
    for line in trial_lines(question):
        say(line)
    if ask_first:
        confirm(f"Make this change in {seen.stack.place}, and take it back?")
    _show_answers(tried(question, seen, say), as_json=as_json)


def _show_answers(report: "Answers", *, as_json: bool) -> None:
    from firebreak_cli import screen
    from firebreak_cli.doctor.on_aws import on_aws_report
    from firebreak_cli.exit_codes import WOULD_NOT_ACT

    if as_json:
        print_json(on_aws_report.as_json(report))
    else:
        on_aws_report.show(report, screen.console())
    if report.counting:
        raise typer.Exit(WOULD_NOT_ACT)


def _list_questions(*, as_json: bool) -> None:
    from firebreak_cli import screen
    from firebreak_cli.doctor.on_aws import on_aws_report
    from firebreak_cli.doctor.on_aws.registry import QUESTIONS

    questions = list(QUESTIONS.values())
    if as_json:
        return print_json(on_aws_report.questions_as_json(questions))
    return on_aws_report.list_questions(questions, screen.console())


def _refuse_samconfig_alone(samconfig: Path | None, *, before_deploy: bool) -> None:
    from firebreak_cli.exit_codes import BAD_INPUT, Ending

    if samconfig and not before_deploy:
        raise Ending(BAD_INPUT, f"--samconfig {samconfig}: it goes with --before-deploy alone")


def _refuse_looks(*options: object) -> None:
    from firebreak_cli.exit_codes import BAD_INPUT, Ending

    if any(options):
        raise Ending(BAD_INPUT, "--page-test looks at nothing: it goes with --policy, --yes and --json alone")


def _test_page(
    environment: Environment, name: str, policy: Path | None, stack: str, *, ask_first: bool, as_json: bool
) -> None:
    import sys

    from firebreak_cli import screen
    from firebreak_cli.doctor import page_test_screen, page_testing
    from firebreak_cli.options import confirm
    from firebreak_cli.progress import shown_progress
    from firebreak_cli.stack import find

    found = find(environment, stack)
    channel = page_testing.channel_of(name, policy, found)
    if ask_first:
        confirm(f"Send a TEST PAGE on channel {name} ({channel.kind}) of {found.place}? It reaches humans.")
    request = page_testing.ask(channel, found, environment)
    with shown_progress(environment.now, sys.stderr) as progress:
        tested = page_testing.Waiting(found, environment, progress).tested(request, channel)
    if as_json:
        print_json(page_test_screen.as_json(tested, found))
    else:
        page_test_screen.show(tested, found, screen.console())
    _end_of_test(tested.result)


def _end_of_test(result: "Result") -> None:
    from firebreak_cli.doctor.page_testing import Result
    from firebreak_cli.exit_codes import NOT_DONE, NOT_KNOWN

    match result:
        case Result.CONFIRMED:
            return
        case Result.NOT_CONFIRMED:
            raise typer.Exit(NOT_KNOWN)
        case Result.REFUSED:
            raise typer.Exit(NOT_DONE)
        case never:
            assert_never(never)


def _list(*, as_json: bool) -> None:
    from firebreak_cli import screen
    from firebreak_cli.doctor import doctor_screen, reports
    from firebreak_cli.doctor.registry import CHECKS

    if as_json:
        return print_json(reports.checks_as_json())
    return doctor_screen.list_checks(list(CHECKS.values()), screen.console())
