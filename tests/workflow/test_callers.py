"""A human's request counts as the caller's whom AWS confirms, whatever name stands in it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

from firebreak.aws.bus import EventBus
from firebreak.aws.callers import StsCallers, sign
from firebreak.aws.clients import unsigned_reader
from firebreak.core.incident.questions import approval_of, question_id
from firebreak.core.incident.states import Incident
from firebreak.core.model import OwnEvent
from firebreak.core.paging.commands import StackAddress
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.callers import CallerCheck
from firebreak.remediation.decision_recorder import Summary
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.simulated_sts import Known, SimulatedSts
from tests.support.world import World
from tests.workflow.test_acting_by_hand import asked as asked_by_hand

ASKING = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"')
STACK = StackAddress("firebreak", a.REGION, a.ACCOUNT)
STS = f"https://sts.{a.REGION}.amazonaws.com/"
ANA = Known(f"arn:aws:sts::{a.ACCOUNT}:assumed-role/oncall/ana", "ASIAANA", token="of-ana")
EVE = Known(f"arn:aws:sts::{a.ACCOUNT}:assumed-role/oncall/eve", "ASIAEVE", token="of-eve")
OUTSIDER = Known("arn:aws:iam::444455556666:user/ana", "AKIAOUTSIDER")


class Mailbox:
    """EventBridge's client that keeps the details it is given."""

    def __init__(self) -> None:
        self.details: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, str]]) -> Mapping[str, object]:  # noqa: N803 - AWS's name
        self.details.append({"detail-type": Entries[0]["DetailType"], **json.loads(Entries[0]["Detail"])})
        return {"FailedEntryCount": 0, "Entries": [{}]}


def sent_by(known: Known, request: OwnEvent) -> dict[str, Any]:
    """The event as this person's command puts it on the bus."""
    session = boto3.Session(known.key, known.secret, known.token or None, region_name=a.REGION)
    mailbox: Any = Mailbox()
    prove = partial(sign, session, STS, STACK)
    EventBus(mailbox, "firebreak", by_human=True, prove=prove).ask(request)
    (detail,) = mailbox.details
    return {"source": "firebreak", "detail-type": detail.pop("detail-type"), "detail": detail}


@pytest.fixture
def sts(world: World) -> SimulatedSts:
    """STS, as the function of the world asks it; its time is that of the machine, which signed."""
    return SimulatedSts((ANA, EVE, OUTSIDER), datetime.now(UTC))


def handled(world: World, sts: SimulatedSts, event: object, action: str = "restart-service") -> Summary:
    """The event at the deployed function's own check of callers."""
    session = boto3.Session("ASIAFUNCTION", "secret", region_name=a.REGION)
    session.events.register("before-send.sts", sts)  # type: ignore[arg-type]  # an answer ends the sending
    callers = StsCallers(partial(unsigned_reader, session), STACK)
    check = CallerCheck(callers.caller_of, a.ACCOUNT)
    done = replace(world.remediator(action), confirm=check.confirm).handle(event)
    world.deliver()
    return done


@pytest.fixture
def question(world: World) -> Incident:
    world.policy = parse_policy(ASKING, "approve.toml")
    return world.incident(world.send(world.red()).incident_id)


def yes(world: World, incident: Incident, by: str = ANA.arn) -> OwnEvent:
    return approval_of(incident, by, world.clock.at)


def test_an_approval_is_its_signers_in_history_decision_and_page(
    world: World, sts: SimulatedSts, question: Incident
) -> None:
    done = handled(world, sts, sent_by(ANA, yes(world, question)))

    assert done.outcome == "act"
    assert "approved by ana (role oncall)" in world.pager.sent[-1][1]
    lines = [line.what for line in world.ledger.history(question.id)]
    assert "claimed rung 1: restart-service, approved by ana (role oncall)" in lines
    assert world.incident(question.id).approved_by == (ANA.arn,)


def test_a_name_in_the_event_counts_for_nothing(world: World, sts: SimulatedSts, question: Incident) -> None:
    handled(world, sts, sent_by(EVE, yes(world, question, by=ANA.arn)))

    assert world.incident(question.id).approved_by == (EVE.arn,)
    assert "ana" not in world.pager.sent[-1][1]


def edited(event: dict[str, Any], **changes: object) -> dict[str, Any]:
    return event | {"detail": event["detail"] | changes}


def test_a_proof_is_worth_nothing_in_another_event(
    world: World, sts: SimulatedSts, question: Incident
) -> None:
    mine = sent_by(ANA, yes(world, question))
    proof = mine["detail"]["proof"]
    forged = [
        edited(mine, despite_freeze="VP on the phone"),
        edited(sent_by(EVE, yes(world, question)), proof=proof, by=EVE.arn),
        edited(mine, attempt=question.attempt + 1),
        edited(mine, question=question_id(replace(question, attempt=7))),
        edited(mine, added="by a release to come"),
        edited(mine, proof=proof | {"authorization": ""}),
        edited(mine, proof=proof | {"token": "of-eve"}),
    ]

    reasons = {handled(world, sts, event).reason for event in forged}

    assert reasons == {Reason.CALLER_UNCONFIRMED}
    assert world.ecs.writes == []
    assert world.incident(question.id) == question
    assert handled(world, sts, mine).outcome == "act"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(
            lambda event: edited(event, proof=None), "unusable_event", id="no proof, in the place of one"
        ),
        pytest.param(
            lambda event: event | {"detail": {k: v for k, v in event["detail"].items() if k != "proof"}},
            "caller_unconfirmed",
            id="an older command's",
        ),
        pytest.param(
            lambda event: edited(event, proof=event["detail"]["proof"] | {"date": "x\r\nHost: evil"}),
            "unusable_event",
            id="a header in a header",
        ),
        pytest.param(
            lambda event: edited(event, proof=event["detail"]["proof"] | {"token": "a" * 9000}),
            "unusable_event",
            id="too long",
        ),
    ],
)
def test_an_approval_without_a_usable_proof_is_refused_and_paged_and_its_question_stays_open(
    world: World, sts: SimulatedSts, question: Incident, change: Any, why: str
) -> None:
    done = handled(world, sts, change(sent_by(ANA, yes(world, question))))

    assert (done.reason.value, world.ecs.writes) == (why, [])
    assert world.incident(question.id) == question
    assert len(world.pager.sent) == 2
    assert handled(world, sts, sent_by(ANA, yes(world, question))).outcome == "act"


def test_a_principal_of_another_account_approves_nothing(
    world: World, sts: SimulatedSts, question: Incident
) -> None:
    done = handled(world, sts, sent_by(OUTSIDER, yes(world, question, by=OUTSIDER.arn)))

    assert (done.reason, world.ecs.writes) == (Reason.CALLER_UNCONFIRMED, [])
    assert "the caller belongs to account 444455556666" in world.pager.sent[-1][1]


def test_while_sts_does_not_answer_nothing_is_approved_and_the_next_yes_counts(
    world: World, sts: SimulatedSts, question: Incident
) -> None:
    sts.code, sts.status = "ServiceUnavailable", 503
    done = handled(world, sts, sent_by(ANA, yes(world, question)))
    assert (done.reason, world.ecs.writes) == (Reason.CALLER_UNCONFIRMED, [])

    sts.code = ""
    assert handled(world, sts, sent_by(ANA, yes(world, question))).outcome == "act"


def test_an_event_cannot_say_of_itself_that_it_was_confirmed(
    world: World, sts: SimulatedSts, question: Incident
) -> None:
    event = sent_by(ANA, yes(world, question))
    del event["detail"]["proof"]

    done = handled(world, sts, edited(event, verified=True))

    assert (done.reason, world.ecs.writes) == (Reason.CALLER_UNCONFIRMED, [])


def test_an_act_by_hand_needs_its_caller_as_well(world: World, sts: SimulatedSts) -> None:
    event = sent_by(ANA, asked_by_hand(world))
    unsigned = event | {"detail": {k: v for k, v in event["detail"].items() if k != "proof"}}

    assert handled(world, sts, unsigned).reason is Reason.CALLER_UNCONFIRMED
    assert world.ecs.writes == []
    assert handled(world, sts, event).outcome == "act"
    assert "requested by ana (role oncall)" in world.pager.sent[-1][1]


@pytest.mark.parametrize(
    ("signed", "words"),
    [(True, "requested by ana (role oncall)"), (False, "requested by someone who claims to be ana")],
)
def test_a_retry_is_named_as_a_claim_unless_it_has_a_proof(
    world: World,
    sts: SimulatedSts,
    signed: bool,
    words: str,
) -> None:
    event = sent_by(ANA, replace(a.wake(world.red()), by=ANA.arn, at=world.clock.at))
    if not signed:
        del event["detail"]["proof"]

    handled(world, sts, event)

    assert words in world.pager.sent[-1][1]


@pytest.mark.parametrize("code", ["ServiceUnavailable", "SignatureDoesNotMatch"])
def test_a_retry_that_aws_does_not_confirm_is_one_without_a_proof(
    world: World, sts: SimulatedSts, code: str
) -> None:
    sts.code = code
    handled(world, sts, sent_by(ANA, replace(a.wake(world.red()), by=ANA.arn, at=world.clock.at)))

    assert len(world.ecs.writes) == 1
    assert "requested by someone who claims to be ana (role oncall)" in world.pager.sent[-1][1]


def test_a_freeze_is_overridden_by_a_confirmed_caller_alone(world: World, sts: SimulatedSts) -> None:
    freeze = '\n[[freeze.never]]\nname = "sale"\nschedule = "at(2026-11-20T00:00)"\nduration = "2d"\n'
    world.policy = parse_policy(a.AUTO_POLICY + freeze, "frozen.toml")
    alarm = world.red()
    world.send(alarm)
    retry = a.wake(alarm, by=ANA.arn, at=world.clock.at, attempt=1_000, despite_freeze="VP on the phone")
    signed, plain = sent_by(ANA, retry), sent_by(ANA, replace(retry, despite_freeze=""))
    unsigned = edited(signed)
    del unsigned["detail"]["proof"]
    added = edited(plain, despite_freeze="VP on the phone")

    for event in (unsigned, added, sent_by(OUTSIDER, retry)):
        assert handled(world, sts, event).reason is Reason.CALLER_UNCONFIRMED
    assert world.ecs.writes == []
    assert handled(world, sts, signed).outcome == "act"
    assert "overridden by ana (role oncall): VP on the phone" in world.pager.sent[-1][1]


def test_an_answer_of_nobody_known_stands_in_no_questions_place(
    world: World, sts: SimulatedSts, question: Incident
) -> None:
    event = sent_by(ANA, yes(world, question))
    del event["detail"]["proof"]

    handled(world, sts, event)

    assert "A question that was open still is" in world.pager.sent[-1][1]
    assert world.pager.sent[-1][1].count("firebreak ack") == 1
    world.pass_time(31 * timedelta(minutes=1))
    assert "Nobody approved in time" in world.pager.sent[-1][1]


def test_a_request_of_firebreak_itself_asks_sts_for_nobody(world: World, sts: SimulatedSts) -> None:
    assert handled(world, sts, request_event(a.wake(world.red()))).outcome == "act"
    assert sts.sent == []


def test_after_it_was_carried_out_the_same_event_is_a_duplicate(
    world: World, sts: SimulatedSts, question: Incident
) -> None:
    event = sent_by(ANA, yes(world, question))
    handled(world, sts, event)

    assert handled(world, sts, event).reason is Reason.DUPLICATE
    assert len(world.ecs.writes) == 1
