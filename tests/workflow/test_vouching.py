"""An announcement on the bus is paged only as far as the ledger confirms it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.messages import approval_messages, incident_messages
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import Alarm, AlarmState, OwnEvent, RequestKind
from firebreak.core.paging.page import Phase
from firebreak.core.paging.threads import thread_id
from firebreak.core.paging.vouching import UNPROVEN
from firebreak.core.reasons import Reason
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import parse
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.faults import Wrapped, answer, fail
from tests.support.world import World, announced

NEEDS_YOU = incident_messages.given_to_humans(a.incident(), a.NOW, "every rung was tried", AlarmState.ALARM)
FORGED = replace(NEEDS_YOU, kind=AnnouncementKind.ACTED, headline="All is well.", severity="info")
RECOVERED = incident_messages.recovered(a.incident(), a.NOW, "every alarm is OK")


def phases(world: World) -> list[Phase]:
    return [page.phase for _, page in world.pager.pages]


def test_a_forged_announcement_does_not_take_the_place_of_the_page_to_come(world: World) -> None:
    world.page_desk().handle(announced(FORGED))
    world.page(NEEDS_YOU)
    assert "NEEDS YOU" in world.subjects[-1]


def test_the_page_says_what_the_ledger_holds_and_not_what_the_event_says(world: World) -> None:
    world.recorded(NEEDS_YOU)
    world.page_desk().handle(announced(FORGED))
    [(subject, body)] = world.pager.sent
    assert "NEEDS YOU" in subject
    assert "All is well" not in body


def test_a_forged_recovery_leaves_the_thread_of_the_incident_open(world: World) -> None:
    world.page(NEEDS_YOU)
    world.page_desk().handle(announced(RECOVERED))
    assert Phase.RESOLVE not in phases(world)
    assert UNPROVEN in world.pager.sent[-1][1]
    world.page(RECOVERED)
    assert phases(world)[-1] is Phase.RESOLVE


def test_a_forged_acknowledgement_does_not_stop_the_call_of_the_next_person(world: World) -> None:
    world.page(NEEDS_YOU)
    forged = approval_messages.acknowledged(
        NEEDS_YOU, thread_id(NEEDS_YOU), "arn:aws:iam::1:user/mallory", a.NOW
    )
    world.page_desk().handle(announced(forged))
    thread = world.dispatcher().read(thread_id(NEEDS_YOU))
    assert getattr(thread, "acknowledged_by", None) == ""


def test_an_announcement_that_was_not_recorded_is_paged_all_the_same_and_says_so(world: World) -> None:
    world.page_desk().handle(announced(NEEDS_YOU))
    [(_, body)] = world.pager.sent
    assert UNPROVEN in body
    assert NEEDS_YOU.headline in body


def test_an_announcement_that_was_published_is_paged_though_it_is_settled(world: World) -> None:
    event = world.recorded(NEEDS_YOU)
    assert world.ledger.unsettled_announcements(a.NOW, 10) == []
    world.page_desk().handle(event)
    assert "NEEDS YOU" in world.subjects[0]


def test_a_dead_letter_that_is_sent_again_after_a_fortnight_is_still_proven(world: World) -> None:
    event = world.recorded(NEEDS_YOU)
    item = world.dynamodb.get_item(
        TableName="ledger", Key={"pk": {"S": f"OUT#{NEEDS_YOU.waits_as}"}, "sk": {"S": "-"}}
    )["Item"]
    assert int(item["expires_at"]["N"]) >= int((a.NOW + timedelta(days=14)).timestamp())
    assert event["detail-type"] == "Firebreak Announcement"


def test_a_page_sent_while_the_ledger_could_not_be_read_marks_nothing_as_sent(world: World) -> None:
    client = Wrapped(world.dynamodb, before=fail(answer("ThrottlingException")))
    replace(world, dynamodb=client).page_desk().handle(announced(NEEDS_YOU))
    world.page(NEEDS_YOU)
    assert len(world.pager.sent) == 2


@pytest.mark.parametrize("live", [{"firebreak:action": "none"}, {"firebreak:action": "page"}], ids=str)
def test_a_retry_whose_alarm_does_not_allow_the_action_by_now_is_refused(
    world: World, live: dict[str, str]
) -> None:
    alarm = world.red(tags={"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/api"})
    world.alarms.tagged[alarm.arn] = live
    done = world.remediator().handle(request_event(retry_of(alarm), by_human=True))
    assert done.reason in {Reason.ACTION_NONE, Reason.OTHER_ACTION}
    assert world.ecs.writes == []


def test_a_retry_cannot_name_another_target_than_the_alarm_does(world: World) -> None:
    alarm = world.red(tags={"firebreak:action": "restart-service"})
    world.ecs.services["ecs:prod/other"] = a.service()
    forged = replace(alarm, tags={**alarm.tags, "firebreak:target": "ecs:prod/other"})
    world.remediator().handle(request_event(retry_of(forged), by_human=True))
    assert [target for _, target, _ in world.ecs.writes] in ([], [a.TARGET.display])


def test_a_request_whose_alarm_says_none_by_now_does_not_go_on(world: World) -> None:
    alarm = world.red()
    climb = replace(retry_of(alarm), by="")
    world.alarms.tagged[alarm.arn] = {"firebreak:action": "none"}
    assert world.remediator().handle(request_event(climb)).reason is Reason.ACTION_NONE


def retry_of(alarm: Alarm) -> OwnEvent:
    return a.wake(alarm, by="arn:aws:iam::111122223333:user/ana")


@pytest.mark.parametrize("kind", list(RequestKind))
def test_only_the_type_of_humans_carries_an_approval_and_that_type_no_climb(
    kind: RequestKind,
) -> None:
    asked = replace(retry_of(a.alarm()), kind=kind, incident_id="i-0123456789")
    as_function = request_event(asked) | {"detail-type": "Firebreak Request"}
    as_human = request_event(asked) | {"detail-type": "Firebreak Human Request"}
    read = {name: refused(event) for name, event in {"function": as_function, "human": as_human}.items()}
    of_functions = {RequestKind.CLIMB, RequestKind.WAKE, RequestKind.UNDO, RequestKind.RESTORE}
    # An undo does nothing unless its incident waits for one, which only the ledger says.
    of_humans = {RequestKind.APPROVAL, RequestKind.UNDO, RequestKind.RESTORE}
    assert read == {"function": kind not in of_functions, "human": kind not in of_humans}


@pytest.mark.parametrize(
    "changes", [{"by": ""}, {"refused": "cause"}, {"incident_id": "i-0123456789"}], ids=str
)
def test_a_wake_up_that_is_no_retry_is_none_of_humans(changes: dict[str, str]) -> None:
    assert refused(request_event(replace(retry_of(a.alarm()), **changes), by_human=True))  # type: ignore[arg-type]  # texts


def refused(event: dict[str, object]) -> bool:
    try:
        parse(event)
    except UnusableEvent:
        return True
    return False
