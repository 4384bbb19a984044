"""`firebreak approve` and `firebreak deny`: a human's answer to a question of Firebreak's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from firebreak.aws.bus import EventBus
from firebreak.aws.translate import translated
from firebreak.core.incident.events import Denied
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.questions import approval_of, question_id, read_question
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.commands import PLACEHOLDER
from firebreak.core.people import approved_by, people, person
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.errors import AwsError
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.paging.rendering import plain
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack, client, human_bus

# Each alarm that joins between the look and the write costs one more try.
TRIES = 10


def caller(stack: Stack) -> str:
    """The ARN that AWS knows the caller by; an answer without a name does not count. Raises Ending."""
    sts = client(stack.session, "sts", once=True)
    try:
        with translated("GetCallerIdentity", mutates=False):
            return plain(str(sts.get_caller_identity()["Arn"]))
    except AwsError as error:
        raise Ending(NO_AWS, f"who you are could not be looked up, so nothing was said: {error}") from error


@dataclass(frozen=True, slots=True)
class ApprovalDesk:
    """The questions of one stack."""

    stack: Stack

    def open_question(self, written: str, word: str, now: datetime) -> Incident:
        """The incident while it asks exactly this question. Raises Ending or AwsError.

        `word` is the command that answers. Anything but the question's own id is refused with what is
        asked now: a command of an earlier page must not answer what its reader has not read.
        """
        question = read_question(written)
        incident_id = question.incident_id if question else written
        found = self._ledger().incident(incident_id)
        match found:
            case Incident(state=IncidentState.AWAITING_APPROVAL):
                return self._as_asked(self._in_time(found, now), written, word)
            case Incident(state=state):
                raise Ending(BAD_INPUT, f"incident {incident_id} is {state}: nothing waits for an answer")
            case Absent():
                raise Ending(BAD_INPUT, f"there is no incident {incident_id} in {self.stack.place}")
            case Unknown(why) | NotRead(why):
                raise Ending(NO_AWS, f"incident {incident_id} could not be read: {why}")
            case _:
                assert_never(found)

    def approve(self, incident: Incident, by: str, now: datetime) -> None:
        """Say yes: the action's function looks at everything again, and acts if it may.

        Raises Ending where this person approved already and another one must, or AwsError.
        """
        if people((by,)) <= people(incident.approved_by):
            raise Ending(BAD_INPUT, f"{person(by)} approved this already: another person must as well")
        yes = approval_of(incident, by, now)
        self._bus().ask(yes)

    def deny(self, incident: Incident, by: str, why: str, now: datetime) -> None:
        """Say no: it is a human's from now on. Raises Ending when it was answered meanwhile, or AwsError.

        An alarm that joins at this moment changes the incident, not the question: it is denied again.
        """
        ledger, question = self._ledger(), question_id(incident)
        for _ in range(TRIES):
            change = advance(incident, Denied(by, why), now).change
            if ledger.move(change):
                return self._announce(ledger, change.message)
            incident = self.open_question(question, "deny", now)
        look = f"look: {self.stack.command('show', incident.id)}"
        raise Ending(NO_AWS, f"NOT DENIED: others changed incident {incident.id} at each try; {look}")

    def _announce(self, ledger: DynamoLedger, message: Announcement | None) -> None:
        """Announces at once; on failure it waits in the ledger, and the sweeper sends it within minutes."""
        if message is None:
            return
        try:
            self._bus().announce(message)
            ledger.settle_announcement(message.waits_as, message.at)
        except AwsError:
            return

    def _bus(self) -> EventBus:
        return human_bus(self.stack)

    def _as_asked(self, incident: Incident, written: str, word: str) -> Incident:
        asked = question_id(incident)
        if written == asked:
            return incident
        plan = plain(incident.plan.summary) if incident.plan else incident.action
        reason = ("--reason", PLACEHOLDER) if word == "deny" else ()
        raise Ending(
            BAD_INPUT,
            f"{plain(written, 60)} is not the question that is open, so nothing was answered",
            f"asked now: {plan}",
            f"to answer that: {self.stack.command(word, asked, *reason)}",
        )

    def _in_time(self, incident: Incident, now: datetime) -> Incident:
        if incident.due_at and incident.due_at < now:
            raise Ending(
                BAD_INPUT, f"it could be answered until {when(incident.due_at, now)}: it is a human's now"
            )
        return incident

    def _ledger(self) -> DynamoLedger:
        return DynamoLedger(self.stack.reader("dynamodb"), self.stack.ledger_table)


def as_json(incident: Incident, word: str, by: str, stack: Stack, why: str = "") -> Mapping[str, object]:
    """The answer, as plain values."""
    return {
        "stack": stack.name,
        "answer": word,
        "question": question_id(incident),
        "incident": incident.id,
        "by": by,
        "reason": why or None,
        "plan": incident.plan.summary if incident.plan else incident.action,
    }


def outcome_rows(
    incident: Incident, word: str, by: str, stack: Stack, why: str = ""
) -> Iterator[tuple[str, str]]:
    """The rows about the answer, and the question it is for."""
    plan = incident.plan
    yield word, f"incident {incident.id}, {stack.place}"
    yield "By", by
    yield "Reason", why
    yield "Plan", plain(plan.summary) if plan else incident.action
    for warning in plan.warnings if plan else ():
        yield "Warning", plain(warning)
    if incident.approved_by:
        yield "Before", f"approved by {plain(approved_by(incident.approved_by))}"
    if not why:
        look = stack.command("show", incident.id)
        yield "Next", f"everything is looked at again, then done or refused: {look}"
