"""Pages: sent once, sent even when the ledger is gone, harmless whatever an alarm is called."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.incident.own_requests import request_of
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.paging.commands import StackAddress
from firebreak.core.reasons import Reason
from firebreak.errors import Conflict, NobodyNotified
from firebreak.ledger.items import pack
from firebreak.ledger.outbox_items import outbox_item
from firebreak.paging.rendering import PageContext, ascii_subject_of, body_of, plain, subject_of
from firebreak.wire.announcements import announcement_to_wire
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.faults import CONNECT_TIMEOUT, NO_CONNECTION, READ_TIMEOUT, Wrapped, answer, fail
from tests.support.world import TABLE, World, announced, check_event, eventbridge

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
STACK = StackAddress("prod-firebreak", a.REGION, a.ACCOUNT)
THERE = f"--stack prod-firebreak --region {a.REGION} --account {a.ACCOUNT}"
MESSAGE = incident_messages.given_to_humans(a.incident(), a.NOW, "every rung was tried", AlarmState.ALARM)


def crash(payload: object, condition: str = "RetriesExhausted") -> dict[str, Any]:
    """The event that a Lambda failure destination delivers."""
    return {
        "version": "1.0",
        "requestContext": {"condition": condition, "functionArn": "arn"},
        "requestPayload": payload,
        "responsePayload": {"errorMessage": "hunter2-swordfish"},
    }


def test_an_announcement_delivered_twice_is_one_page(world: World) -> None:
    for _ in range(2):
        world.page(MESSAGE)
    assert len(world.pager.sent) == 1


def test_two_announcements_of_the_same_thing_are_one_page(world: World) -> None:
    world.page(MESSAGE)
    world.page(replace(MESSAGE, at=a.NOW + SECOND, headline="said otherwise"))
    assert len(world.pager.sent) == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(NO_CONNECTION, id="unreachable"),
        pytest.param(CONNECT_TIMEOUT, id="connect timeout"),
        pytest.param(READ_TIMEOUT, id="reply lost"),
        pytest.param(answer("ThrottlingException"), id="throttled"),
        pytest.param(answer("AccessDeniedException"), id="denied"),
        pytest.param(answer("ResourceNotFoundException"), id="no table"),
    ],
)
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(announced(MESSAGE), id="announcement"),
        pytest.param(eventbridge(a.alarm(tags={"firebreak:action": "page"})), id="alarm"),
        pytest.param(crash({}), id="crash"),
    ],
)
def test_with_the_ledger_down_it_pages_all_the_same(
    world: World, error: Exception, event: dict[str, Any]
) -> None:
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(error)))
    dark.page_desk().handle(event)
    assert len(world.pager.sent) == 1


def test_a_page_that_could_not_be_recorded_as_sent_is_not_lost(world: World) -> None:
    client = Wrapped(world.dynamodb)

    def cut(_: str) -> None:
        client.before = fail(NO_CONNECTION)

    pager: Any = Wrapped(world.pager, after=cut)
    with pytest.raises(NobodyNotified):
        replace(world, dynamodb=client, pager=pager).page_desk().handle(announced(MESSAGE))
    assert len(world.pager.sent) == 1


def test_a_page_whose_function_died_is_sent_by_another(world: World) -> None:
    world.pager.broken = frozenset({"topic"})
    with pytest.raises(NobodyNotified):
        world.page(MESSAGE)
    world.pager.broken = frozenset()
    world.clock.pass_time(30 * SECOND)
    with pytest.raises(Conflict):
        world.page(MESSAGE)
    world.clock.pass_time(31 * SECOND)
    world.page(MESSAGE)
    assert len(world.pager.sent) == 1


def test_channels_that_reject_a_page_fail_the_call_so_that_the_event_is_delivered_again(world: World) -> None:
    world.pager.broken = frozenset({"topic"})
    with pytest.raises(NobodyNotified):
        world.page(MESSAGE)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"tags": {"firebreak:action": "page"}}, Reason.ROUTED_TO_HUMANS, id="page"),
        pytest.param({"tags": {"firebreak:action": "reboot"}}, Reason.UNKNOWN_ACTION_TAG, id="unknown tag"),
        pytest.param({"tags": {}}, Reason.TAGS_LOST, id="tags lost"),
    ],
)
def test_an_alarm_for_humans_pages_once_and_is_recorded(
    world: World, changes: dict[str, Any], reason: Reason
) -> None:
    event = eventbridge(a.alarm(**changes))
    event["detail"]["alarmTagsStatus"] = "FAILED" if reason is Reason.TAGS_LOST else "SUCCESS"
    for _ in range(2):
        assert world.page_desk().handle(event).reason is reason
    assert len(world.pager.sent) == 1
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    assert [item["reason"]["S"] for item in items if item["pk"]["S"].startswith("DECISION#")] == [reason]


def test_an_alarm_for_humans_that_was_recorded_but_not_paged_is_paged_at_the_next_delivery(
    world: World,
) -> None:
    event = eventbridge(a.alarm(tags={"firebreak:action": "page"}))
    world.pager.broken = frozenset({"topic"})
    with pytest.raises(NobodyNotified):
        world.page_desk().handle(event)
    world.pager.broken = frozenset()
    world.clock.pass_time(61 * SECOND)
    world.page_desk().handle(event)
    assert len(world.pager.sent) == 1


def test_a_function_that_failed_on_an_alarm_pages_its_name(world: World) -> None:
    world.page_desk().handle(crash(eventbridge(a.alarm())))
    ((subject, body),) = world.pager.sent
    assert "CRASHED: action needed. api-memory-high: " in subject
    assert "its function failed (RetriesExhausted). Handle it yourself." in body


def test_a_function_that_failed_on_what_is_no_alarm_pages_what_it_was(world: World) -> None:
    world.page_desk().handle(crash({"Records": []}))
    assert "the event was unusable" in world.pager.sent[0][1]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(check_event("i-0123456789", 0, 1), id="check"),
        pytest.param(request_event(request_of(a.incident(IncidentState.CLIMBING), a.NOW)), id="climb"),
    ],
)
def test_a_function_that_failed_on_an_incident_pages_which(world: World, payload: dict[str, Any]) -> None:
    world.page_desk().handle(crash(payload))
    body = world.pager.sent[0][1]
    assert "the function that handles incident i-0123456789 failed" in body
    assert "firebreak show i-0123456789" in body


def test_crashes_on_two_incidents_are_two_pages_and_on_one_incident_one_page_in_15_minutes(
    world: World,
) -> None:
    for name in ("i-0123456789", "i-9876543210", "i-0123456789"):
        world.page_desk().handle(crash(check_event(name, 0, 1)))
    assert len(world.pager.sent) == 2
    world.clock.pass_time(900 * SECOND)
    world.page_desk().handle(crash(check_event("i-0123456789", 0, 1)))
    assert len(world.pager.sent) == 3


def test_an_announcement_of_a_kind_of_a_later_release_is_paged_all_the_same(world: World) -> None:
    text = incident_messages.acted(a.incident(), a.NOW)
    later = announcement_to_wire(text) | {"kind": "teleported"}
    world.dynamodb.put_item(TableName=TABLE, Item=outbox_item(text) | {"told": pack(later)})
    world.page_desk().handle(announced(text))
    subject, body = world.pager.sent[0]
    assert "NEEDS YOU" in subject
    assert "restart ecs:prod/api" in body


FAILED_SCHEDULES = {
    "Firebreak Sweep": ("the sweeper failed", "runs again every five minutes"),
    "Firebreak Doctor": ("the doctor failed", "Alarms are answered all the same"),
    "Firebreak Weekly Mail": ("The mail of this week was not sent", "The next one comes in a week"),
}


@pytest.mark.parametrize("schedule", FAILED_SCHEDULES)
def test_the_failed_work_of_a_schedule_is_named_on_the_page(world: World, schedule: str) -> None:
    world.page_desk().handle(crash({"source": "firebreak", "detail-type": schedule, "detail": {}}))
    _, body = world.pager.sent[0]
    assert all(words in body for words in FAILED_SCHEDULES[schedule])
    assert "unusable" not in body


def test_an_error_text_of_a_function_reaches_no_page(world: World) -> None:
    world.page_desk().handle(crash(eventbridge(a.alarm())))
    assert "hunter2" not in json.dumps(world.pager.sent)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"detail-type": "Firebreak Announcement", "detail": {}}, id="empty announcement"),
        pytest.param({"detail-type": "Firebreak Announcement", "detail": None}, id="no announcement"),
        pytest.param(
            {
                "detail-type": "Firebreak Announcement",
                "detail": announcement_to_wire(MESSAGE) | {"at": "soon"},
            },
            id="odd time",
        ),
        pytest.param(request_event(request_of(a.incident(), a.NOW)), id="a request for an action"),
        pytest.param({}, id="empty"),
    ],
)
def test_an_event_that_page_does_not_understand_is_recorded_and_paged_once(
    world: World, event: object
) -> None:
    """It may have been a page: to raise would deliver it three times, and it reads no better then."""
    for _ in range(2):
        assert world.page_desk().handle(event).reason is Reason.UNUSABLE_EVENT
    assert [subject.split("]")[1].split()[0] for subject in world.subjects] == ["NOT"]


NASTY = {
    "newlines": "api\r\nBcc: everyone@example.com\nsubject",
    "escape": "\x1b[2J\x1b[31mred\x07",
    "right to left": "\u202egnp.exe\u2066",
    "zero width": "a\u200bp\u200di\ufeff",
    "null": "a\x00b",
    "line separator": "a\u2028b\u2029c",
    "very long": "x" * 5000,
    "wide": "火" * 300,
    "emoji": "🔥" * 200,
    "empty": "",
    "markup": "<script>alert(1)</script> $(rm -rf /) `id` %s {0}",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_text_breaks_a_subject_or_a_line(text: str) -> None:
    said = replace(
        MESSAGE,
        headline=text,
        target=text,
        alarm_name=text,
        alarm_description=text,
        facts=(text, text),
        next=text,
        account=text,
        region=text,
        incident_id=text,
    )
    subject, ascii_subject, body = subject_of(said), ascii_subject_of(said), body_of(said, STACK)
    assert ascii_subject.isascii()
    assert ascii_subject.isprintable()
    assert (len(ascii_subject) <= 100, len(subject) <= 140) == (True, True)
    assert subject.isprintable()
    assert all(line.startswith("[Firebreak] NEEDS YOU") for line in (subject, ascii_subject))
    assert all(line.isprintable() for line in body.removesuffix("\n").split("\n"))
    assert len(body) < 8000
    assert "firebreak show" not in body


@pytest.mark.parametrize("kind", list(AnnouncementKind))
def test_every_kind_has_a_subject_and_a_body_with_both_commands(kind: AnnouncementKind) -> None:
    text = replace(MESSAGE, kind=kind)
    assert "ecs:prod/api" in subject_of(text)
    body = body_of(text, STACK)
    assert f"firebreak show i-0123456789 {THERE}\n" in body
    over = kind in {AnnouncementKind.RECOVERED, AnnouncementKind.ACKNOWLEDGED}
    assert (f'firebreak pause --reason "..." --for 1h {THERE}\n' in body) is not over


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("  a \t b  ", 10, "a b", id="blanks"),
        pytest.param("a\nb", 10, "a b", id="line break"),
        pytest.param("abcdef", 5, "abcd…", id="cut off"),
        pytest.param("abcde", 5, "abcde", id="just fits"),
    ],
)
def test_plain(text: str, limit: int, expected: str) -> None:
    assert plain(text, limit) == expected


def hold(scope: str, world: World, minutes: int = 30) -> Hold:
    now = world.clock.at
    return Hold(scope, "ana", "migration of the\ndatabase", now - MINUTE, now + minutes * MINUTE)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param("global", "global", id="everything"),
        pytest.param(f"action {MESSAGE.action}", f"action {MESSAGE.action}", id="the action"),
        pytest.param(f"group {a.TARGET.group_key}", "group ecs:prod", id="the cluster"),
        pytest.param(f"target {a.TARGET.key}", "target ecs:prod/api", id="the target"),
    ],
)
def test_every_page_shows_the_kill_switches_that_hold_over_what_it_is_about(
    world: World, scope: str, words: str
) -> None:
    world.switches.pause(hold(scope, world))
    text = replace(MESSAGE, target=a.TARGET.display, account=a.ACCOUNT, region=a.REGION)
    world.page(text)
    [(_, body)] = world.pager.sent
    assert f"Held:     {words} by ana until 10:30:30Z: migration of the database\n" in body


def test_switches_that_ended_or_hold_elsewhere_are_not_shown(world: World) -> None:
    world.switches.pause(hold("global", world, minutes=-1))
    world.switches.pause(hold("action page-somebody", world))
    world.clock.pass_time(MINUTE)
    world.page(MESSAGE)
    assert "Held:" not in world.pager.sent[0][1]


def test_a_page_without_a_target_shows_the_global_switch(world: World) -> None:
    world.switches.pause(hold("global", world))
    world.page(replace(MESSAGE, target="", action=""))
    assert "Held:     global by ana" in world.pager.sent[0][1]


def test_switches_that_cannot_be_read_stop_no_page(world: World) -> None:
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["batch_get_item"])))
    dark.page_desk().handle(announced(MESSAGE))
    assert "Held:     the kill switches could not be read: " in world.pager.sent[0][1]


# --- commands with names of alarms


# Characters that bash, zsh, fish, tcsh, PowerShell and cmd all take as they are written here.
COMMAND = re.compile(
    r'firebreak [a-z]+(?: (?:--[a-z]+|1h|"\.\.\."|prod-firebreak|eu-west-1|111122223333|'
    r"i-[0-9a-f]{10}|[0-9a-f]{32}|"
    r"i-[0-9a-f]{10}\.[0-9a-f.]+))*"
)
HOSTILE = (
    "\\'\"; touch X #",
    "a!!b",
    "$(touch X)",
    "`touch X`",
    "%PATH%",
    "--json",
    "a'b; firebreak approve i-0123456789",
    "注文 サービス",
)


def commands_of(body: str) -> list[str]:
    """The commands behind the labels of a page's last paragraph."""
    labels = re.compile(r"^(?:Show|Say yes|Say no|I have it|List|See all|End it|Retry all|Stop all): +(.*)$")
    return [found.group(1) for line in body.splitlines() if (found := labels.match(line))]


@pytest.mark.parametrize("kind", list(AnnouncementKind))
@given(name=some.one_of(some.sampled_from(HOSTILE), some.text(min_size=1, max_size=255)))
def test_no_command_on_a_page_holds_text_of_a_stranger(kind: AnnouncementKind, name: str) -> None:
    text = replace(
        MESSAGE,
        kind=kind,
        headline=name,
        alarm_name=name,
        target=name,
        action=name,
        incident_id=name,
        question=name,
        retry=(name, "api"),
    )
    body = body_of(text, STACK, PageContext(thread="0" * 32, call="0" * 32))
    found = commands_of(body)
    assert all(COMMAND.fullmatch(line) and line.endswith(THERE) for line in found), found
    assert f"firebreak retry --all {'0' * 32} {THERE}" in found


def test_without_an_id_there_is_no_command_to_retry() -> None:
    text = replace(MESSAGE, kind=AnnouncementKind.HOLD_OVER, retry=("api",), incident_id="")
    assert not [line for line in commands_of(body_of(text, STACK)) if "retry" in line]
