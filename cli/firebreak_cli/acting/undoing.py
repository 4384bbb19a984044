"""`firebreak undo`: the last act of an incident is put back, on the way that an undo by itself takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.decide import decide
from firebreak.core.decision import Act, Decision
from firebreak.core.incident.events import UndoRequested
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.moved import Moved
from firebreak.core.incident.states import MAY_BE_UNDONE, Incident, IncidentState, Purpose
from firebreak.core.model import OwnEvent, Plan
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import MEANINGS
from firebreak.errors import AwsError
from firebreak.intake.lookups import Resolution
from firebreak.intake.target_resolution import request_of
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.items import check_to_wire
from firebreak.paging.rendering import plain
from firebreak.policy.policy import Policy
from firebreak.services.registry import CATALOG
from firebreak_cli import screen
from firebreak_cli.acting.results import Result, headline
from firebreak_cli.acting.waiting import LONGEST
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.explain.sources import Sources
from firebreak_cli.operations.approvals import TRIES
from firebreak_cli.polling import Polling
from firebreak_cli.stack import Stack, human_bus

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """The incident, the move that the request makes of it, and the decision that it would get now."""

    incident: Incident
    moved: Moved
    decision: Decision
    by: str
    why: str
    despite_freeze: str = ""

    @property
    def plan(self) -> Plan | None:
        """The change that would be made, where every guard agrees."""
        outcome = self.decision.outcome
        return outcome.plan if isinstance(outcome, Act) else None


@dataclass(frozen=True, slots=True)
class UndoDesk:
    """The undo of one stack's acts."""

    stack: Stack

    def incident(self, wanted: str) -> Incident:
        """The incident, if its last act is in place and watched. Raises Ending that says why not."""
        found = self._ledger().incident(wanted)
        match found:
            case Incident():
                return _undoable(found)
            case Absent():
                raise Ending(BAD_INPUT, f"there is no incident {plain(wanted, 60)} in {self.stack.place}")
            case Unknown(why) | NotRead(why):
                raise Ending(NO_AWS, f"incident {plain(wanted, 60)} could not be read: {why}")
            case never:
                assert_never(never)

    def preview(
        self,
        incident: Incident,
        *,
        by: str,
        why: str,
        now: datetime,
        policy: Policy,
        sources: Sources,
        despite_freeze: str = "",
    ) -> UndoPreview:
        """The decision that the undo would get now, by the function's own guards. Raises AwsError."""
        moved = advance(incident, UndoRequested(by, why), now)
        request = request_of(
            # As the function will find: `by` is what AWS calls the caller.
            replace(_asked(moved, by, despite_freeze), verified=True),
            incident.action,
            incident.target,
            tags := sources.tags(incident.alarm),
            Resolution(incident.target),
        )
        rules = policy.rules(incident.action, incident.target)
        seen = replace(sources.snapshot(request, rules, tags, now), incident=moved.after)
        decision = decide(request, rules, seen)
        return UndoPreview(
            incident=incident,
            moved=moved,
            decision=decision,
            by=by,
            why=why,
            despite_freeze=despite_freeze,
        )

    def request(self, found: UndoPreview, now: datetime) -> Incident:
        """Writes the request into the incident, and asks its action's function.

        Returns the incident as it waits. An alarm that joins meanwhile changes the incident, not the request.
        Raises Ending or AwsError.
        """
        moved = advance(found.incident, UndoRequested(found.by, found.why), now)
        for _ in range(TRIES):
            if self._ledger().move(moved.change):
                self._ask(_asked(moved, found.by, found.despite_freeze))
                return moved.after
            again = self.incident(found.incident.id)
            if (again.rung, again.claim_id) != (found.incident.rung, found.incident.claim_id):
                raise Ending(BAD_INPUT, f"incident {again.id} went on meanwhile: nothing was requested")
            moved = advance(again, UndoRequested(found.by, found.why), now)
        look = f"look: {self.stack.command('show', found.incident.id)}"
        raise Ending(
            NO_AWS, f"NOT REQUESTED: others changed incident {found.incident.id} at each try; {look}"
        )

    def _ask(self, request: OwnEvent) -> None:
        """Asks at once. May fail without harm: the incident waits, and the sweep asks within minutes.

        The sweep overrides no freeze: what it asks for then waits for the end of one. Raises Ending there.
        """
        try:
            human_bus(self.stack).ask(request)
        except AwsError as error:
            if request.despite_freeze:
                lost = "the undo is requested, and NOT DESPITE THE FREEZE: it waits for the freeze to end"
                raise Ending(NO_AWS, f"{lost}: {error}") from error

    def outcome(
        self,
        waiting: Incident,
        polling: Polling,
        longest: timedelta = LONGEST,
    ) -> tuple[Result, Incident | None]:
        """The outcome, or that it is not known when the wait is over."""
        return polling.until(
            lambda: self._seen(waiting),
            lambda found: found[0] is not Result.UNKNOWN,
            longest,
            lambda _: "waits for the undo",
        )

    def _seen(self, waiting: Incident) -> tuple[Result, Incident | None]:
        seen = self._ledger().incident(waiting.id)
        incident = seen if isinstance(seen, Incident) else None
        return (result_of(waiting, incident) if incident else Result.UNKNOWN), incident

    def _ledger(self) -> DynamoLedger:
        return DynamoLedger(self.stack.reader("dynamodb"), self.stack.ledger_table)


def _undoable(found: Incident) -> Incident:
    if found.action not in CATALOG:
        raise Ending(BAD_INPUT, f"this release does not know the action {found.action}: undo it by hand")
    if found.purpose is not Purpose.ACT:
        raise Ending(BAD_INPUT, f"incident {found.id} is {found.state}: its act is put back already")
    if found.state not in MAY_BE_UNDONE or found.plan is None:
        stays = f"; {found.plan.stays}" if found.plan and found.plan.stays else ""
        text = f"incident {found.id} is {found.state}: only an act that Firebreak still watches is undone"
        raise Ending(BAD_INPUT, f"{text}{plain(stays)}")
    return found


def _asked(moved: Moved, by: str, despite_freeze: str) -> OwnEvent:
    if moved.request is None:
        raise TypeError("a request to undo leads to a request to the action's function")
    return replace(moved.request, by=by, despite_freeze=despite_freeze)


def result_of(waiting: Incident, now: Incident) -> Result:
    """The outcome of an undo that `waiting` was waiting for."""
    if now.claim_id == waiting.claim_id:
        # Nobody has claimed it: it still waits, or it was refused.
        return Result.UNKNOWN if now.state is IncidentState.UNDOING else Result.REFUSED
    match now.state:
        case IncidentState.CLAIMED | IncidentState.UNCERTAIN:
            return Result.UNKNOWN
        case IncidentState.NOT_EXECUTED:
            return Result.NOT_EXECUTED
        case _:
            return Result.UNDONE if now.receipt else Result.UNKNOWN


def show_preview(found: UndoPreview, stack: Stack) -> None:
    """Print what would be put back, and the checks that object."""
    console = screen.console()
    console.print(screen.facts(_about(found, stack)))
    console.print()
    sentence = MEANINGS[found.decision.reason].sentence
    word, style = ("UNDO", "bold green") if found.plan else ("DO NOTHING", "bold red")
    console.print(screen.line_of(f"{word}: {sentence} ({found.decision.reason})", style))
    console.print(screen.checks(check_to_wire(one) for one in found.decision.checks if one.reason))
    console.print()


def _about(found: UndoPreview, stack: Stack) -> Iterator[screen.Row]:
    incident = found.incident
    done = incident.receipt.summary if incident.receipt else ""
    yield "Undo", f"{incident.action} {incident.target.display}, incident {incident.id}, {stack.place}"
    yield "By", found.by
    yield "Reason", found.why
    yield "Done", done or (incident.plan.summary if incident.plan else "")
    yield "Plan", found.plan.summary if found.plan else "none"
    yield "Freeze", found.decision.override


def show_outcome(result: Result, found: UndoPreview, incident: Incident | None, stack: Stack) -> None:
    """Print the result, and where to look."""
    console = screen.console()
    console.print(screen.line_of(*headline(result, "the change stays")))
    console.print(screen.facts(_rows(result, found, incident, stack)))


def _rows(
    result: Result, found: UndoPreview, incident: Incident | None, stack: Stack
) -> Iterator[screen.Row]:
    if incident and incident.receipt and result is Result.UNDONE:
        yield "Done", incident.receipt.summary
    if incident and result in (Result.REFUSED, Result.NOT_EXECUTED):
        yield "Because", incident.note
    yield "Look", stack.command("show", found.incident.id)


def as_json(
    result: Result, found: UndoPreview, incident: Incident | None, stack: Stack
) -> Mapping[str, object]:
    """The undo as plain values (docs/acting.md)."""
    return {
        "version": VERSION,
        "stack": stack.name,
        "result": result.value,
        "incident": found.incident.id,
        "action": found.incident.action,
        "target": found.incident.target.display,
        "by": found.by,
        "reason": found.why,
        "despite_freeze": found.despite_freeze or None,
        "plan": found.plan.summary if found.plan else None,
        "state": incident.state.value if incident else None,
        "receipt": incident.receipt.summary
        if incident and incident.receipt and result is Result.UNDONE
        else None,
        "preview": {
            "decision": found.decision.word,
            "reason": found.decision.reason.value,
            "checks": [check_to_wire(check) for check in found.decision.checks],
        },
    }
