"""Observe mode: the announcement of a decision, for every request and every snapshot."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from firebreak.core.decide import decide
from firebreak.core.decision import AskApproval, Decision, Snapshot
from firebreak.core.ledger import DecisionRecord, delivery_key
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import Level
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_announcement import announcement_of
from firebreak.core.messages.observe_mode import LEDGER_FAULTS, next_action, obstacle
from firebreak.core.model import Autonomy, Obstacle, Request, RequestKind, Target
from firebreak.core.paging.digests import counts
from firebreak.core.paging.threads import TRIGGERS
from firebreak.core.readings import Unknown
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from tests.core.test_decide_properties import requests, snapshots
from tests.support import builders as a

WATCHED = a.rules(autonomy=Autonomy.OBSERVE)
OTHER = replace(a.TARGET, name="web")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def record(decision: Decision, request: Request, at: Any = a.NOW) -> DecisionRecord:
    return DecisionRecord(
        key=delivery_key(request),
        at=at,
        kind=request.kind,
        action=request.action,
        incident_id="i-0123456789",
        target=request.target.key,
        alarm=request.alarm,
        decision=decision,
    )


def announced(seen: Snapshot, target: Target = a.TARGET, at: Any = a.NOW) -> Announcement | None:
    request = a.request(target=target)
    return announcement_of(record(decide(request, WATCHED, seen), request, at), request, WATCHED)


def announcement_for(seen: Snapshot, target: Target = a.TARGET, at: Any = a.NOW) -> Announcement:
    found = announced(seen, target, at)
    assert found
    return found


def cannot(reason: Reason) -> Snapshot:
    return a.snapshot(plan=Obstacle(reason, "why"))


@given(requests, snapshots)
def test_observe_mode_announces_only_proposals_and_obstacles(request: Request, seen: Snapshot) -> None:
    decision = decide(request, WATCHED, seen)
    assert not isinstance(decision.outcome, AskApproval)
    found = announcement_of(record(decision, request), request, WATCHED)
    about_firebreak = decision.reason in LEDGER_FAULTS
    answer = request.kind in (RequestKind.APPROVAL, RequestKind.MANUAL)
    assert found is None or found.kind is AnnouncementKind.OBSERVED or about_firebreak or answer


def test_an_observed_decision_calls_nobody_and_is_not_summed_up() -> None:
    found = announcement_for(a.snapshot())
    assert (found.kind in TRIGGERS, counts(found)) == (False, False)


def test_a_proposal_is_announced_once_a_target_action_and_day() -> None:
    first = announcement_for(a.snapshot())
    assert announcement_for(a.snapshot(), at=a.NOW + HOUR).key == first.key
    assert announcement_for(a.snapshot(), at=a.NOW + DAY).key != first.key
    assert announcement_for(a.snapshot(), OTHER).key != first.key


def test_a_first_rung_that_cannot_act_proposes_the_rung_that_the_ladder_would_climb_to() -> None:
    found = announcement_for(cannot(Reason.UNSUPPORTED_CONTROLLER))
    assert found.headline == (
        "The policy says observe, so Firebreak changes nothing here. It would climb to scale-service: "
        "The target's deployment controller does not allow this action."
    )
    assert (found.key, found.cause) == (announcement_for(a.snapshot()).key, "observe_only")


@pytest.mark.parametrize(
    ("ladder", "above"),
    [
        (("restart-service", "scale-service", "page"), "scale-service"),
        (("restart-service", "scale-service"), "scale-service"),
        (("restart-service", "page"), ""),
        (("restart-service",), ""),
    ],
)
def test_the_action_above_the_first_rung_is_the_next_one_of_the_ladder_before_a_human(
    ladder: tuple[str, ...], above: str
) -> None:
    assert next_action(ladder) == above


@pytest.mark.parametrize("ladder", [("restart-service", "page"), ("restart-service",)])
def test_without_a_higher_action_the_obstacle_is_announced(ladder: tuple[str, ...]) -> None:
    rules, request = replace(WATCHED, ladder=ladder), a.request()
    decision = decide(request, rules, cannot(Reason.UNSUPPORTED_CONTROLLER))
    found = announcement_of(record(decision, request), request, rules)
    assert found
    assert (found.headline, found.cause) == (
        MEANINGS[Reason.UNSUPPORTED_CONTROLLER].sentence,
        "unsupported_controller",
    )


def test_an_obstacle_is_announced_once_a_target_action_and_day_and_never_in_a_proposals_place() -> None:
    first = announcement_for(cannot(Reason.DEPLOYMENT_RUNNING))
    assert first.headline == MEANINGS[Reason.DEPLOYMENT_RUNNING].sentence
    assert announcement_for(cannot(Reason.SCALED_TO_ZERO), at=a.NOW + HOUR).key == first.key
    assert announcement_for(cannot(Reason.DEPLOYMENT_RUNNING), at=a.NOW + DAY).key != first.key
    assert announcement_for(cannot(Reason.DEPLOYMENT_RUNNING), OTHER).key != first.key
    assert announcement_for(a.snapshot()).key != first.key
    proposed = a.request(action="scale-service")
    another = record(decide(proposed, WATCHED, cannot(Reason.DEPLOYMENT_RUNNING)), proposed)
    assert obstacle(first, another, a.TARGET.key).key != first.key


def test_the_key_of_an_obstacle_is_the_same_in_every_release() -> None:
    assert announcement_for(cannot(Reason.DEPLOYMENT_RUNNING)).key == "632b79843e20b0d1d7b9d22c0df81790"


def test_an_obstacle_has_a_thread_of_its_own_and_promises_no_time() -> None:
    acted = a.history(Level.TARGET, a.NOW - timedelta(minutes=5))
    found = announcement_for(a.snapshot(scopes={**a.snapshot().scopes, acted.scope: acted}))
    assert (found.cause, found.thread, found.until) == ("cooldown", found.key, None)
    assert found.next == (
        "No further automatic action. CloudWatch sends nothing more until the alarm changes state."
    )


@pytest.mark.parametrize(
    "reason", [r for r in Reason if MEANINGS[r].disposition is Disposition.PAGE and r not in LEDGER_FAULTS]
)
def test_no_obstacle_of_a_target_is_a_page(reason: Reason) -> None:
    found = announcement_for(cannot(reason))
    assert (found.kind, found.cause) == (AnnouncementKind.OBSERVED, reason.value)


def test_a_pause_is_only_recorded() -> None:
    hold = Hold("global", "ana", "migration", a.NOW, a.NOW + HOUR)
    assert announced(a.snapshot(holds=(hold,))) is None


def test_a_ledger_that_cannot_be_read_is_paged() -> None:
    found = announcement_for(a.snapshot(holds=Unknown("BatchGetItem: ThrottlingException")))
    assert found.kind is AnnouncementKind.REFUSED


def test_a_target_that_cannot_be_read_is_an_obstacle_that_ends_with_no_time() -> None:
    found = announcement_for(a.snapshot(plan=Unknown("DescribeServices: AccessDenied")))
    assert (found.kind, found.until, found.cause) == (
        AnnouncementKind.OBSERVED,
        None,
        "not_ready_unreadable",
    )


def test_the_answer_to_an_approval_says_that_the_policy_only_observes() -> None:
    request = a.request(RequestKind.APPROVAL, incident_id="i-0123456789", by="ana")
    decision = decide(request, WATCHED, a.snapshot())
    found = announcement_of(record(decision, request), request, WATCHED)
    assert found is None or found.kind is AnnouncementKind.REFUSED
