"""A test page goes the way of real pages, says that it is one, and leaves nothing behind that counts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.aws.bus import EventBus
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.page_tests import LATEST, PageTest, PageTestRequest, PageTestState
from firebreak.core.paging.rules import ChannelRules
from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import PolicyError
from firebreak.ledger.call_counts import DynamoCallCounts
from firebreak.ledger.page_tests import DynamoPageTests
from firebreak.paging.channels.carrier import Carrier
from firebreak.paging.channels.factory import build
from firebreak.paging.page_tests import PageTester
from firebreak.paging.ports import Channel
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from firebreak.wire.page_tests import PAGE_TEST, page_test_to_wire
from tests.support import builders as a
from tests.support.fakes_channels import FakeChannelHealth, FakeSecrets
from tests.support.faults import NO_CONNECTION, Disturb, Wrapped, fail
from tests.support.world import TABLE, World, world_on_moto
from tests.workflow.test_who_is_paged import PAGING

ID = "0123456789abcdef0123456789abcdef"
CEILING = '[paging]\ncritical_ceiling = "1/1h"\nceiling = "1/1h"\n'
NEWS = """
[paging.channels.news]
kind = "webhook"
secret = "arn:aws:ssm:eu-west-1:123456789012:parameter/firebreak/news"
to = "https://example.com/news"

[[paging.routes]]
severities = ["info"]
steps = [{ after = "0s", channels = ["news"], who = "the readers" }]
"""
S = PageTestState


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")) as made:
        yield made


def asked(world: World, channel: str = "pd", **changes: Any) -> PageTestRequest:
    made = PageTestRequest(id=ID, channel=channel, by="arn:aws:iam::1:user/ana", at=world.clock.at)
    return replace(made, **changes)


def event(request: PageTestRequest, **changes: object) -> Mapping[str, object]:
    detail = page_test_to_wire(request) | changes
    return {"source": "firebreak", "detail-type": PAGE_TEST, "detail": detail}


def send(world: World, channel: str = "pd", **changes: Any) -> Summary:
    return world.page_desk().handle(event(asked(world, channel, **changes)))


def broken_tests(world: World, before: Disturb) -> DynamoPageTests:
    client: Any = Wrapped(world.dynamodb, before=before)
    return DynamoPageTests(client, TABLE)


def result(world: World, test_id: str = ID) -> PageTest:
    found = DynamoPageTests(world.dynamodb, TABLE).look(test_id)
    assert isinstance(found, PageTest), found
    return found


def test_it_is_sent_on_that_channel_alone_and_its_first_words_say_that_it_is_a_test(world: World) -> None:
    send(world, "ops")
    [(name, page)] = world.pager.pages
    assert (name, page.phase, page.severity) == ("ops", Phase.TRIGGER, Severity.CRITICAL)
    for text in (page.subject, page.ascii_subject):
        assert text.startswith("[Firebreak] TEST PAGE, nothing is wrong: channel ops")
    assert len(page.ascii_subject) <= 100
    assert page.body.splitlines()[0].startswith("TEST PAGE, nothing is wrong")
    assert result(world).state is S.ACCEPTED


def test_it_is_as_urgent_as_the_worst_pages_that_the_policy_sends_there(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + NEWS, "news.toml")
    send(world, "news")
    send(world, "topic", id="f" * 32)
    assert [page.severity for _, page in world.pager.pages] == [Severity.INFO, Severity.CRITICAL]


def test_it_is_no_decision_no_incident_and_no_thread(world: World) -> None:
    send(world)
    items = world.dynamodb.scan(TableName=TABLE)["Items"]
    kinds = {item["pk"]["S"].partition("#")[0] for item in items}
    assert kinds == {"PAGETEST", "CHANNEL"}
    assert not any("listed" in item or "attention" in item for item in items)


def test_the_name_of_the_sender_is_one_harmless_line_and_nobody_s_word(world: World) -> None:
    send(world, by="ana\n\x1b[31mNEEDS YOU")
    [(_, page)] = world.pager.pages
    assert "someone who claims to be ana" in page.body.splitlines()[0]
    assert "\x1b" not in page.body + page.subject
    assert "\nNEEDS YOU" not in page.body


def test_a_second_delivery_sends_nothing(world: World) -> None:
    send(world)
    send(world)
    assert len(world.pager.pages) == 1


def test_a_reached_ceiling_holds_it_and_the_record_says_until_when(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + CEILING, "ceiling.toml")
    send(world, "topic")
    send(world, "topic", id="f" * 32)
    assert len(world.pager.pages) == 1
    found = result(world, "f" * 32)
    assert (found.state, found.severity) == (S.HELD_BACK, "critical")
    assert "ceiling of critical calls is reached: there is room at 11:00" in found.detail


def test_a_channel_that_takes_nothing_is_recorded_with_its_code_and_no_other_gets_it(world: World) -> None:
    world.pager.broken = frozenset({"pd"})
    send(world)
    assert world.pager.pages == []
    assert (result(world).state, result(world).detail) == (S.NOT_ACCEPTED, "503")


def test_an_unknown_channel_is_answered_with_those_of_the_deployed_policy(world: World) -> None:
    send(world, "pagerduty")
    assert world.pager.pages == []
    assert (result(world).state, result(world).channels) == (S.UNKNOWN_CHANNEL, ("ops", "pd", "topic"))


def test_one_that_waited_until_nobody_looks_any_more_is_not_sent(world: World) -> None:
    at = world.clock.at
    world.clock.pass_time(LATEST + timedelta(seconds=1))
    send(world, at=at)
    assert world.pager.pages == []
    assert (result(world).state, result(world).detail) == (
        S.TOO_LATE,
        "Page took it up 301 s after it was asked for",
    )


def test_without_a_policy_there_is_the_topic(world: World) -> None:
    def unusable() -> Any:
        raise PolicyError("policy.toml", ())

    desk = replace(world.page_desk(), rules=unusable)
    desk.handle(event(asked(world, "topic")))
    desk.handle(event(asked(world, "pd", id="f" * 32)))
    assert (result(world).state, result(world, "f" * 32).channels) == (S.ACCEPTED, ("topic",))


@pytest.mark.parametrize(
    "changed", [{"v": 2}, {"id": "../x"}, {"channel": 7}, {"by": ""}, {"at": "soon"}], ids=str
)
def test_an_event_that_is_no_test_is_logged_and_pages_nobody(
    world: World, changed: dict[str, object]
) -> None:
    summary = world.page_desk().handle(event(asked(world), **changed))
    assert (summary.outcome, summary.reason.value) == ("refuse", "unusable_event")
    assert world.pager.pages == []


def test_without_the_ledger_nothing_is_sent_for_nobody_would_read_the_answer(world: World) -> None:
    broken = broken_tests(world, fail(NO_CONNECTION, on=["put_item"]))
    summary = replace(world.page_desk(), tests=broken).handle(event(asked(world)))
    assert (summary.outcome, world.pager.pages) == ("failed", [])


def test_one_that_was_sent_and_not_recorded_stays_unknown_and_is_not_sent_again(
    world: World,
) -> None:
    calls: list[str] = []

    def second(name: str) -> None:
        calls.append(name)
        if calls.count("put_item") == 2:
            raise NO_CONNECTION

    broken = broken_tests(world, second)
    replace(world.page_desk(), tests=broken).handle(event(asked(world)))
    send(world)
    assert (result(world).state, len(world.pager.pages)) == (S.SENDING, 1)


def test_a_call_that_cannot_be_counted_is_sent(world: World) -> None:
    blind: Any = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["update_item"]))
    tester = replace(real_tester(world, FakeSecrets()), counts=DynamoCallCounts(blind, TABLE))
    tester.run(asked(world, "topic"), world.policy.paging)
    assert result(world).state is S.ACCEPTED


class _Topic:
    def send(self, page: Any, ref: str) -> str:
        del page, ref
        return ""

    def show(self, ref: str, picture: bytes) -> None: ...


def real_tester(world: World, secrets: FakeSecrets) -> PageTester:
    """With the real channels and their breaker."""

    def topic(rules: ChannelRules) -> Channel:
        del rules
        return _Topic()

    carrier = Carrier(
        lambda rules: build(rules, secrets, topic=topic, now=world.clock.now), FakeChannelHealth(), world.log
    )
    desk = world.page_desk()
    return PageTester(
        tests=desk.tests,
        carrier=carrier,
        counts=desk.dispatcher.counts,
        clock=world.clock,
        log=world.log,
    )


def test_a_missing_secret_is_the_answer(world: World) -> None:
    real_tester(world, FakeSecrets()).run(asked(world, "ops"), world.policy.paging)
    assert (result(world).state, result(world).detail) == (S.NOT_ACCEPTED, "its secret does not exist")


def test_a_channel_that_rests_says_so(world: World) -> None:
    secrets = FakeSecrets({world.policy.paging.channels["pd"].secret: Unknown("AccessDenied")})
    tester = real_tester(world, secrets)
    for number in range(4):
        tester.run(asked(world, id=f"{number:032x}"), world.policy.paging)
    details = [result(world, f"{number:032x}").detail for number in range(4)]
    assert details == [*["its secret could not be read: AccessDenied"] * 3, "circuit open"]


def test_nothing_is_there_before_page_took_it_up(world: World) -> None:
    assert DynamoPageTests(world.dynamodb, TABLE).look(ID) is ABSENT


def test_the_bus_carries_it_under_a_type_of_its_own() -> None:
    sent: list[Any] = []

    class Client:
        def put_events(self, Entries: list[Any]) -> Any:  # noqa: N803  # boto3's own name
            sent.extend(Entries)
            return {"FailedEntryCount": 0, "Entries": []}

    client: Any = Client()
    EventBus(client, "firebreak").test_page(PageTestRequest(id=ID, channel="pd", by="ana", at=a.NOW))
    assert [(one["Source"], one["DetailType"]) for one in sent] == [("firebreak", "Firebreak Page Test")]
