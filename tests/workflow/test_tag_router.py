"""The router looks at an alarm's live tags once, and hands its event to the function that they name."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from firebreak.aws.bus import EventBus
from firebreak.core.ledger import alarm_key
from firebreak.core.model import Alarm
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Unavailable, UnusableEvent
from firebreak.intake import alarm_events
from firebreak.remediation.tag_router import MOST_REMEMBERED, REMEMBERED_FOR, RememberedTags
from tests.support import builders as a
from tests.support.fakes import FakeAlarms, FakeClock, ListLog
from tests.support.routers import tag_router
from tests.support.sample_events import load

TAG = "firebreak:action"
QUIET = "lambda_throttles_alarm"  # no known symptom, no tag in its event


@dataclass
class Counted(FakeAlarms):
    """Alarms whose tags are counted when they are asked for."""

    asked: list[str] = field(default_factory=list)

    def tags(self, arn: str) -> Any:
        self.asked.append(arn)
        return super().tags(arn)


@dataclass
class Bus:
    """An EventBridge client that keeps the entries."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.entries += Entries
        return {"FailedEntryCount": self.failed, "Entries": [{"ErrorCode": "ThrottlingException"}]}


@dataclass
class Harness:
    """A router with all that it talks to."""

    alarms: Counted = field(default_factory=Counted)
    bus: Bus = field(default_factory=Bus)
    clock: FakeClock = field(default_factory=lambda: FakeClock(a.NOW))
    log: ListLog = field(default_factory=ListLog)

    def __post_init__(self) -> None:
        self.router = tag_router(
            self.alarms,
            self.clock,
            EventBus(self.bus, "firebreak").route,  # type: ignore[arg-type]  # the one call it makes
            self.log,
        )

    def tagged(self, name: str, **tags: str) -> None:
        self.alarms.tagged[parsed(load(name)).arn] = {key.replace("_", ":"): v for key, v in tags.items()}

    def routed_events(self) -> list[dict[str, Any]]:
        """The events as the functions on the bus get them."""
        return [
            {"source": one["Source"], "detail-type": one["DetailType"], "detail": json.loads(one["Detail"])}
            for one in self.bus.entries
        ]


def parsed(event: object) -> Alarm:
    found = alarm_events.parse(event)
    assert isinstance(found, Alarm)
    return found


@pytest.fixture
def harness() -> Harness:
    return Harness()


@pytest.mark.parametrize("name", [QUIET, "composite_untagged", "log_alarm"])
def test_a_tag_that_did_not_ride_reaches_the_function_it_names(harness: Harness, name: str) -> None:
    harness.tagged(name, firebreak_action="restart-function")
    done = harness.router.handle(load(name))
    assert (done.outcome, done.reason) == ("passed_on", Reason.CLEAR_TO_ACT)
    (event,) = harness.routed_events()
    assert (event["detail-type"], event["detail"]["action"]) == ("Firebreak Routed Alarm", "restart-function")


def test_the_alarm_arrives_as_it_was_and_is_decided_under_the_same_key(harness: Harness) -> None:
    harness.tagged(QUIET, firebreak_action="restart-function", firebreak_severity="critical")
    harness.router.handle(load(QUIET))
    (event,) = harness.routed_events()
    arrived, sent = parsed(event), parsed(load(QUIET))
    assert alarm_key(arrived, "restart-function") == alarm_key(sent, "restart-function")
    assert (arrived.arn, arrived.since, arrived.metrics) == (sent.arn, sent.since, sent.metrics)
    assert arrived.tags == {"firebreak:severity": "critical"}


def test_the_tag_that_names_the_action_is_read_again_by_the_function_that_acts(harness: Harness) -> None:
    """An event on the bus is anybody's word: only Page, which changes nothing, takes the tag from it."""
    harness.tagged(QUIET, firebreak_action="page", firebreak_target="lambda:orders")
    harness.router.handle(load(QUIET))
    (event,) = harness.routed_events()
    assert parsed(event).tags[TAG] == "page"
    event["detail"]["action"] = "restart-function"
    assert parsed(event).tags == {}


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({}, Reason.NOT_ROUTED),
        ({"team": "shop"}, Reason.NOT_ROUTED),
        ({TAG: "none"}, Reason.ACTION_NONE),
    ],
    ids=str,
)
def test_an_untagged_alarm_costs_one_look_and_leaves_nothing(
    harness: Harness, tags: dict[str, str], reason: Reason
) -> None:
    harness.alarms.tagged[parsed(load(QUIET)).arn] = tags
    for _ in range(3):
        assert harness.router.handle(load(QUIET)).reason is reason
    assert (len(harness.alarms.asked), harness.bus.entries) == (1, [])


def test_a_tag_that_was_set_meanwhile_is_seen_when_the_memory_is_old(harness: Harness) -> None:
    harness.tagged(QUIET)
    harness.router.handle(load(QUIET))
    harness.tagged(QUIET, firebreak_action="restart-function")
    harness.clock.pass_time(REMEMBERED_FOR - timedelta(seconds=1))
    assert harness.router.handle(load(QUIET)).outcome == "left"
    harness.clock.pass_time(timedelta(seconds=1))
    assert harness.router.handle(load(QUIET)).outcome == "passed_on"


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    fake, clock = Counted(), FakeClock(a.NOW)
    remembered = RememberedTags(fake.tags, clock)
    for n in range(MOST_REMEMBERED + 1):
        fake.tagged[f"arn:{n}"] = {}
        remembered.of(f"arn:{n}")
    assert len(remembered.known) == MOST_REMEMBERED
    remembered.of("arn:0")
    remembered.of(f"arn:{MOST_REMEMBERED}")
    assert fake.asked[-1] == "arn:0"


def test_tags_that_cannot_be_read_are_asked_for_again_and_never_taken_for_none(harness: Harness) -> None:
    harness.alarms.tagged[parsed(load(QUIET)).arn] = Unknown("Throttling")
    for _ in range(2):
        with pytest.raises(Unavailable):
            harness.router.handle(load(QUIET))
    assert (len(harness.alarms.asked), harness.bus.entries) == (2, [])


def test_an_alarm_that_is_gone_is_left(harness: Harness) -> None:
    harness.alarms.tagged[parsed(load(QUIET)).arn] = ABSENT
    assert harness.router.handle(load(QUIET)).reason is Reason.ALARM_GONE


def test_an_event_that_the_bus_did_not_take_is_delivered_again(harness: Harness) -> None:
    harness.tagged(QUIET, firebreak_action="page")
    harness.bus.failed = 1
    with pytest.raises(Unavailable):
        harness.router.handle(load(QUIET))


def test_a_request_of_firebreaks_own_is_none_of_its_business(harness: Harness) -> None:
    with pytest.raises(UnusableEvent):
        harness.router.handle(load("own_climb"))


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param({"v": 2, "action": "page", "tags": {}, "event": {}}, id="a later version"),
        pytest.param({"v": 1, "action": "page", "tags": {}, "event": "x"}, id="no event"),
        pytest.param({"v": 1, "action": "page", "event": {"source": "firebreak"}}, id="not an alarm"),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_routed_event_that_carries_no_alarm_is_unusable(detail: dict[str, object]) -> None:
    with pytest.raises(UnusableEvent):
        alarm_events.parse({"source": "firebreak", "detail-type": "Firebreak Routed Alarm", "detail": detail})
