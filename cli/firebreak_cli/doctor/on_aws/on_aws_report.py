"""The answers on a screen, and as JSON to send back: without account ids (docs/first-deploy.md)."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from firebreak.core.paging.commands import StackAddress
from firebreak.paging.rendering import plain
from firebreak_cli import screen
from firebreak_cli.doctor.on_aws.model import Outcome, Question, Standing
from firebreak_cli.doctor.on_aws.run import Report
from firebreak_cli.stack import Stack

JSON_VERSION = 1
MASKED = "ACCOUNT"
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_COMMAND = re.compile(r"`firebreak ([^`]+)`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_INDENT = 9
# A command to take a change back is never cut.
_WHOLE = 1000
_UNEXPECTED = ("OTHER", "bold red")
_MARKS: Mapping[Standing, tuple[str, str]] = {
    Standing.ANSWERED: ("ok", "green"),
    Standing.COULD_NOT_LOOK: ("NOT SEEN", "bold yellow"),
    Standing.NOT_ASKED: ("-", "dim"),
}


def show(report: Report, console: Console) -> None:
    """Print each question with its answer; those that only a human can ask are a list at the end."""
    of = f", release {report.release}" if report.release else ""
    console.print(
        screen.line_of(f"Questions to the account of {report.stack.place}{of}", "bold"), soft_wrap=True
    )
    console.print()
    for one in report.outcomes:
        if not _by_hand(one):
            _show_one(one, report.stack, console)
    if left := [one.question.name for one in report.outcomes if _by_hand(one)]:
        _print(f"By hand, as docs/first-deploy.md says: {', '.join(left)}", console)
    console.print()
    style = "bold red" if report.counting else "bold green"
    console.print(screen.line_of(line_of(report), style), soft_wrap=True)


def _by_hand(one: Outcome) -> bool:
    return one.standing is Standing.NOT_ASKED and bool(one.question.by_hand)


def _show_one(one: Outcome, stack: Stack, console: Console) -> None:
    mark, style = _UNEXPECTED if one.answer and not one.answer.expected else _MARKS[one.standing]
    _print(one.question.title, console, mark=mark, style=style)
    for line in _lines(one, stack):
        _print(line, console)


def _lines(one: Outcome, stack: Stack) -> Iterator[str]:
    if one.answer is None:
        needs = f"; it needs {', '.join(one.rights)}" if one.rights else ""
        standing = one.standing.value.replace("_", " ")
        yield f"{one.question.name}: {standing}: {words_of(one.detail, stack.address)}{needs}"
        return
    seen = f" ({one.detail})" if one.detail else ""
    yield f"{one.question.name}: {words_of(one.answer.found, stack.address)}{seen}"
    yield f"means: {words_of(one.answer.means, stack.address)}"
    if then := words_of(one.answer.then, stack.address):
        yield f"next: {then}"


def words_of(markdown: str, stack: StackAddress) -> str:
    """The text without its marks; every command of Firebreak in it reaches this stack, or is refused."""
    text = _LINK.sub(r"\1", markdown)
    return _COMMAND.sub(lambda found: stack.command(*shlex.split(found[1])), text).replace("`", "")


def _print(text: str, console: Console, *, mark: str = "", style: str = "") -> None:
    line = Text(f"{mark:<{_INDENT}}", style=style).append(screen.line_of(text))
    console.print(line, soft_wrap=True)


def line_of(report: Report) -> str:
    """The whole in one line."""
    outcomes = report.outcomes
    answered = [one for one in outcomes if one.standing is Standing.ANSWERED]
    parts = [f"Answered {len(answered)} of {len(outcomes)}"]
    for words, found in (
        ("not as expected", [one for one in answered if one.counts]),
        ("could not look", [one for one in outcomes if one.standing is Standing.COULD_NOT_LOOK]),
    ):
        if found:
            parts.append(f"{words}: {', '.join(one.question.name for one in found)}")
    return "; ".join(parts)


def list_questions(questions: Sequence[Question], console: Console) -> None:
    """Print every question with its name and how it is asked."""
    for one in questions:
        console.print(screen.line_of(f"{one.name}: {one.title} ({how(one)})"), soft_wrap=True)


def trial_lines(question: Question) -> Iterator[str]:
    """Every call that the change of a question sends, how it is taken back, and who notices it."""
    if question.trial:
        yield f"{question.title} To find out it sends:"
        yield from (f"- {call}" for call in question.trial.calls)
        yield f"Taken back: {question.trial.taken_back}."
        yield f"Noticed by: {question.trial.felt}."


def say(line: str) -> None:
    """One harmless line on stderr."""
    import typer

    typer.echo(plain(line, limit=_WHOLE), err=True)


def how(question: Question) -> str:
    """The way in which a question is asked."""
    ways = ["by reads"] if question.reads else []
    ways += [f"--try {question.name}"] if question.trial else []
    return " or ".join(ways) or "by hand"


def as_json(report: Report) -> dict[str, object]:
    """The report as plain values without any account's id; times are ISO 8601 in UTC."""
    stack = report.stack
    return {
        "version": JSON_VERSION,
        "stack": masked(stack.name),
        "partition": stack.partition,
        "region": stack.region,
        "release": report.release or None,
        "deployed_at": report.deployed_at.isoformat() if report.deployed_at else None,
        "at": report.at.isoformat(),
        "line": line_of(report),
        "questions": [_one(one, stack) for one in report.outcomes],
    }


def _one(one: Outcome, stack: Stack) -> dict[str, object]:
    answer = one.answer
    return {
        "name": one.question.name,
        "question": one.question.title,
        "standing": one.standing.value,
        "answer": answer.name if answer else None,
        "found": masked(words_of(answer.found, stack.address)) if answer else None,
        "expected": answer.expected if answer else None,
        "means": masked(words_of(answer.means, stack.address)) if answer else None,
        "next": (masked(words_of(answer.then, stack.address)) or None) if answer else None,
        "detail": masked(words_of(one.detail, stack.address)) or None,
        "rights": list(one.rights),
    }


def masked(text: str) -> str:
    """The text without the ids of accounts."""
    return _ACCOUNT.sub(MASKED, text)


def questions_as_json(questions: Sequence[Question]) -> dict[str, object]:
    """The registry as plain values."""
    return {
        "version": JSON_VERSION,
        "questions": [
            {"name": one.name, "question": one.title, "asked": how(one), "reads": list(one.reads)}
            for one in questions
        ],
    }
