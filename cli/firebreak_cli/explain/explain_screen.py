"""An explanation for people: what is red, what would be done, why, and what would change the answer."""

from collections.abc import Iterator

from rich.console import Console

from firebreak.core.decision import Check, Decision, Refuse, Result
from firebreak.core.formats import format_time
from firebreak.core.messages.measurements import red_words
from firebreak.core.model import Alarm, Autonomy, OwnEvent, RequestKind, Target
from firebreak.core.paging.console import links
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.ledger.items import check_to_wire
from firebreak_cli import screen
from firebreak_cli.explain.explainer import Explanation, Routing
from firebreak_cli.explain.sources import OFFLINE

_WORDS = {
    "act": ("ACT", "bold green"),
    "propose": ("OBSERVE", "bold yellow"),
    "ask_approval": ("ASK A HUMAN FIRST", "bold yellow"),
    "defer": ("LATER", "bold yellow"),
    "refuse": ("DO NOTHING", "bold red"),
}
# Results that are no news, and the words for their number.
_FOLDED = {Result.PASSED: "passed", Result.NOT_APPLICABLE: "not for this request"}
_UNDECIDED = ("CANNOT SAY", "bold yellow")


def show(found: Explanation, policy_file: str, console: Console, *, everything: bool = False) -> None:
    """Print the explanation; guards that passed are counted unless `everything` is wanted."""
    unseen = found.decision.reason is Reason.NOT_LOOKED_AT
    word, style = _UNDECIDED if unseen else _WORDS[found.decision.word]
    console.print(screen.facts(_about(found)))
    screen.print_links(links(found.alarm, found.target, ""), console)
    for note in found.notes:
        console.print(screen.line_of(note, "yellow"))
    console.print()
    console.print(screen.line_of(f"{word}: {_why(found.decision)}", style))
    console.print()
    show_checks(found.decision, console, everything=everything)
    console.print()
    rows = [("To change it" if not n else " ", line) for n, line in enumerate(found.advice)]
    console.print(screen.facts([*rows, *_basis(found, policy_file)]))


def show_checks(decision: Decision, console: Console, *, everything: bool) -> None:
    """Print the guards that object or did not look, the deciding one first; the others are counted."""
    if everything:
        console.print(screen.checks(check_to_wire(check) for check in decision.checks))
        return
    deciding = decision.deciding
    listed = [check for check in decision.checks if check.result not in _FOLDED and not _offline(check)]
    listed.sort(key=lambda check: check is not deciding)  # the headline's own line comes first
    if listed:
        console.print(screen.checks(check_to_wire(check) for check in listed))
    if folded := ", ".join(_folded(decision)):
        console.print(screen.line_of(f"{folded} (--all shows them)", "dim"))


def _offline(check: Check) -> bool:
    """Whether a guard did not look because nobody should: the advice names those in one line."""
    return check.result is Result.NOT_LOOKED_AT and check.detail == f"not looked at: {OFFLINE.why}"


def _folded(decision: Decision) -> Iterator[str]:
    for result, words in _FOLDED.items():
        if count := sum(check.result is result for check in decision.checks):
            yield f"{count} {'guard' if count == 1 else 'guards'} {words}"
    if count := sum(map(_offline, decision.checks)):
        yield f"{count} need AWS to look at"


def _about(found: Explanation) -> Iterator[screen.Row]:
    alarm, target = found.alarm, found.target
    since = screen.when(alarm.since, found.now)
    yield "Alarm", "" if alarm.manual else f"{alarm.name} is {alarm.state} since {since} ({alarm.kind})"
    yield "Red", red_words(alarm)
    yield "Reason", alarm.reason
    yield "Brakes", _brakes(alarm)
    yield "Request", _asked(found.trigger, offline=found.offline)
    yield "Goes to", _functions(found.routing)
    if isinstance(target, Target):
        yield "Target", f"{target.display} ({target.account or 'account unknown'} {target.region})"
    else:
        yield "Target", f"none: {target.detail}"
    yield "Plan", found.plan.summary if found.plan else ""
    yield "Content", f"sha256 {content}" if (content := found.content) else ""


def _brakes(alarm: Alarm) -> str:
    muted = f"muted by {alarm.mute.by}" if alarm.mute else ""
    suppressed = f"actions suppressed by {alarm.suppressed_by}" if alarm.suppressed_by else ""
    return ", ".join(filter(None, (muted, suppressed)))


def _asked(trigger: Alarm | OwnEvent, *, offline: bool) -> str:
    if isinstance(trigger, Alarm):
        return ""
    by = f", by {trigger.by} if AWS confirms that" if trigger.by else ""
    unseen = "; the incident was not looked at" if offline else ""
    if trigger.kind is RequestKind.MANUAL:
        return f"{trigger.kind} of {trigger.action}{by}"
    about = f"incident {trigger.incident_id}, rung {trigger.rung + 1}"
    return f"{trigger.kind} of {trigger.action}, {about}{by}{unseen}"


def _functions(routing: Routing) -> str:
    if not routing.functions:
        return "no function"
    first = routing.primary or routing.functions[0]
    others = [name for name in routing.functions if name != first]
    also = f"; also to {', '.join(others)}, which is not explained here" if others else ""
    return f"{first} (by {routing.by}){also}"


def _why(decision: Decision) -> str:
    deciding = decision.deciding
    until = f" Until {format_time(deciding.until)}." if deciding and deciding.until else ""
    return f"{MEANINGS[decision.reason].sentence}{until} ({decision.reason})"


def _paged(found: Explanation) -> str:
    """The note that a refusal pages, where the policy does more than observe (docs/reasons.md)."""
    refused, rules = isinstance(found.decision.outcome, Refuse), found.rules
    if not refused or rules is None or rules.autonomy is Autonomy.OBSERVE:
        return ""
    pages = found.decision.disposition is Disposition.PAGE
    unseen = ", if the target is opted in" if found.offline else ""
    return f"a human: nothing is changed{unseen}" if pages else ""


def _basis(found: Explanation, policy_file: str) -> Iterator[screen.Row]:
    rules = found.rules
    spoke = f": {rules.autonomy} by {rules.sources['autonomy']}" if rules else ""
    spoke += f"; ladder {' -> '.join(rules.ladder)} by {rules.sources['ladder']}" if rules else ""
    yield "Pages", _paged(found)
    copy = "" if found.offline or found.policy_version else " (this machine's copy)"
    yield "Policy", f"{policy_file} {found.decision.policy_hash}{copy}{spoke}"
    if found.offline:
        of = "the event's own time" if found.clock == "event" else "the time given"
        yield (
            "Offline",
            f"only the event was looked at; the clock stands at {found.now:%Y-%m-%d %H:%M:%SZ}, {of}",
        )
    if found.decided and found.stack:
        yield "Decided", f"already: {found.stack.command('show', found.incident_id)}"
