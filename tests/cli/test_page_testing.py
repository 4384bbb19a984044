"""`firebreak doctor --page-test`: a test page through the deployed function, and what is confirmed of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import Result

from firebreak.policy.compiler import parse_policy
from firebreak_cli.doctor.page_testing import LONGEST
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, NOT_DONE, NOT_KNOWN
from tests.cli.running import Calls, StackSession, cli_environment, described, error_lines, run
from tests.support import builders as a
from tests.support.faults import answer
from tests.support.world import World, world_on_moto
from tests.workflow.test_who_is_paged import PAGING

POLICY = a.AUTO_POLICY + PAGING


@dataclass
class Desk:
    """A caller's machine; while the command waits, Page takes up what is on the bus."""

    world: World
    policy: Path
    page_works: bool = True
    topic: str = ""
    refuses: dict[str, str] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    calls: Calls = field(default_factory=Calls)

    def session(self) -> StackSession:
        made = StackSession(self._stack, self.calls)
        made.events.register("before-parameter-build.events.PutEvents", self._put, unique_id="entries")
        made.events.register("before-call", self._refuse, unique_id="refuse")
        return made

    def _stack(self, stubber: Stubber) -> None:
        outputs = described()["Stacks"][0]["Outputs"]
        topic = [{"OutputKey": "PageTopicArn", "OutputValue": self.topic}] if self.topic else []
        stubber.add_response("describe_stacks", described(Outputs=[*outputs, *topic]))

    def _put(self, params: dict[str, Any], **_: object) -> None:
        self.sent.extend(params["Entries"])

    def _refuse(self, model: Any, **_: object) -> None:
        if code := self.refuses.get(model.name):
            raise answer(code, operation=model.name)

    def sleep(self, seconds: float) -> None:
        self.world.clock.pass_time(timedelta(seconds=seconds))
        taken, self.sent = self.sent, []
        for entry in taken if self.page_works else ():
            detail = json.loads(entry["Detail"])
            event = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
            self.world.page_desk().handle(event)

    def test(self, channel: str, *more: str, stdin: str = "") -> Result:
        here = replace(cli_environment(self.world.clock.now), session=self.session, sleep=self.sleep)
        words = ("doctor", "--page-test", channel, "--policy", str(self.policy), *more)
        return run(*words, environment=here, stdin=stdin)

    def answer(self, channel: str) -> tuple[int, dict[str, Any]]:
        result = self.test(channel, "--yes", "--json")
        return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (policy := tmp_path / "policy.toml").write_text(POLICY)
    with world_on_moto(policy=parse_policy(POLICY, "paging.toml")) as world:
        boto3.client("events", region_name=a.REGION).create_event_bus(Name="firebreak")
        yield Desk(world, policy)


def topic(*, heard: bool) -> str:
    sns: Any = boto3.client("sns", region_name=a.REGION)
    arn: str = sns.create_topic(Name="pages")["TopicArn"]
    if heard:
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{a.REGION}:{a.ACCOUNT}:q")
    return arn


def test_it_is_sent_and_the_answer_of_the_channel_is_what_is_confirmed(desk: Desk) -> None:
    result = desk.test("pd", "--yes")
    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "SENT, and the channel took it" in words
    assert "whom PagerDuty called" in words
    assert [name for name, _ in desk.world.pager.pages] == ["pd"]


def test_it_asks_before_it_reaches_humans_and_the_end_of_the_input_is_a_no(desk: Desk) -> None:
    result = desk.test("pd")
    assert (result.exit_code, desk.sent, desk.world.pager.pages) == (BAD_INPUT, [], [])
    assert "It reaches humans" in result.stderr
    assert "PutEvents" not in desk.calls.made
    assert desk.test("pd", stdin="y\n").exit_code == 0


def test_an_unknown_channel_is_one_line_that_names_the_known_ones(desk: Desk) -> None:
    result = desk.test("pagerduty", "--yes")
    assert result.exit_code == BAD_INPUT
    assert error_lines(result) == [
        "firebreak: --page-test pagerduty: the policy has no such channel; it has ops, pd, topic"
    ]


@pytest.mark.parametrize("other", [["--short"], ["--list"], ["--before-deploy"], ["--only", "FB301"]])
def test_it_looks_at_nothing_else(desk: Desk, other: list[str]) -> None:
    result = desk.test("pd", "--yes", *other)
    assert (result.exit_code, desk.sent) == (BAD_INPUT, [])


def test_where_page_takes_nothing_up_it_says_so_after_a_bounded_wait(desk: Desk) -> None:
    desk.page_works = False
    began = desk.world.clock.at
    code, found = desk.answer("pd")
    assert (code, found["result"], found["state"]) == (NOT_KNOWN, "not_confirmed", None)
    assert desk.world.clock.at - began == LONGEST
    assert "Page did not take it up" in found["answer"]
    assert "sent if that happens within 5 minutes" in found["answer"]


def test_a_lost_reply_of_the_bus_is_waited_for_and_not_sent_again(desk: Desk) -> None:
    desk.refuses["PutEvents"] = "ServiceUnavailable"
    code, found = desk.answer("pd")
    assert (code, found["result"]) == (0, "confirmed")


def test_a_refusal_of_the_bus_is_not_a_test(desk: Desk) -> None:
    desk.refuses["PutEvents"] = "AccessDeniedException"
    result = desk.test("pd", "--yes")
    assert (result.exit_code, desk.world.pager.pages) == (NO_AWS, [])


def test_a_channel_that_refuses_is_not_delivered_and_names_the_one_that_takes_over(desk: Desk) -> None:
    desk.world.pager.broken = frozenset({"pd"})
    result = desk.test("pd", "--yes")
    words = " ".join(result.stdout.split())
    assert result.exit_code == NOT_DONE
    assert "NOT DELIVERED" in words
    assert "it did not take the page: 503" in words
    assert "a real page goes to ops" in words
    assert "doctor --only FB302" in words


def test_a_deployed_policy_without_that_channel_has_the_last_word(desk: Desk) -> None:
    desk.world.policy = a.auto_policy()
    code, found = desk.answer("pd")
    assert (code, found["state"]) == (NOT_DONE, "unknown_channel")
    assert found["answer"] == "the deployed policy has no such channel; it has topic"


def test_a_topic_that_nobody_hears_took_it_and_it_is_not_delivered(desk: Desk) -> None:
    desk.topic = topic(heard=False)
    code, found = desk.answer("topic")
    assert (code, found["result"], found["state"]) == (NOT_DONE, "refused", "accepted")
    assert found["subscriptions"] == {"confirmed": 0, "pending": 0}


def test_a_topic_with_a_confirmed_subscription_is_confirmed(desk: Desk) -> None:
    desk.topic = topic(heard=True)
    code, found = desk.answer("topic")
    assert (code, found["result"], found["subscriptions"]) == (
        0,
        "confirmed",
        {"confirmed": 1, "pending": 0},
    )
    assert "a phone rang" in found["not_seen"]


def test_subscriptions_that_cannot_be_read_are_not_none(desk: Desk) -> None:
    desk.topic = topic(heard=True)
    desk.refuses["ListSubscriptionsByTopic"] = "AuthorizationError"
    code, found = desk.answer("topic")
    assert (code, found["result"], found["subscriptions"]) == (NOT_KNOWN, "not_confirmed", None)
    assert found["answer"].startswith("SNS took it; its subscriptions could not be read")


def test_an_answer_that_cannot_be_read_is_not_known(desk: Desk) -> None:
    desk.refuses["GetItem"] = "AccessDeniedException"
    code, found = desk.answer("pd")
    assert (code, found["state"]) == (NOT_KNOWN, None)
    assert "the ledger could not be read" in found["answer"]


def test_the_json_has_what_the_documentation_lists(desk: Desk) -> None:
    _, found = desk.answer("ops")
    text = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
    table = text.partition("### The test page as JSON")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    documented = [name for line in rows for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert list(found) == documented
    assert found["by"].startswith("arn:aws:sts::")
