"""`firebreak doctor --page-test`: a test page through the deployed Page function, and what came back."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from firebreak.core.paging.page_tests import LATEST, PageTest, PageTestRequest, PageTestState
from firebreak.core.paging.rules import ChannelKind, ChannelRules
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.errors import AwsError, Unavailable
from firebreak.ledger.page_tests import DynamoPageTests
from firebreak_cli.doctor.page_looks import Subscriptions, subscriptions_of
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.operations.approvals import caller
from firebreak_cli.policies import policy_for_pages, policy_in
from firebreak_cli.polling import Polling
from firebreak_cli.stack import Deployment, Stack, human_bus

# A cold function, its reads, and a channel that is tried twice for 5 s (docs/pages.md).
LONGEST = timedelta(seconds=60)


class Result(StrEnum):
    """The outcome of a test page, as `--json` says it."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A test page and what is known of it.

    `answer` is the record of Page: Absent while there is none, Unknown where it could not be read.
    `heard` are the subscriptions of a topic that took it, NotRead for every other channel.
    """

    request: PageTestRequest
    channel: ChannelRules
    answer: Reading[PageTest]
    heard: Subscriptions | NotRead | Unknown

    @property
    def result(self) -> Result:
        """The outcome: only an answer that says so is a yes or a no."""
        if not isinstance(self.answer, PageTest) or self.answer.state is PageTestState.SENDING:
            return Result.NOT_CONFIRMED
        if self.answer.state is not PageTestState.ACCEPTED:
            return Result.REFUSED
        match self.heard:
            case Unknown():
                return Result.NOT_CONFIRMED
            case Subscriptions(confirmed=0):
                return Result.REFUSED
            case _:
                return Result.CONFIRMED


def channel_of(name: str, policy: Path | None, stack: Stack) -> ChannelRules:
    """The channel of that name in the policy. Raises Ending, which names those that there are."""
    channels = (policy_in(policy) if policy else policy_for_pages(stack)).policy.paging.channels
    if name not in channels:
        known = ", ".join(sorted(channels))
        raise Ending(BAD_INPUT, f"--page-test {name}: the policy has no such channel; it has {known}")
    return channels[name]


def ask(channel: ChannelRules, stack: Stack, environment: Environment) -> PageTestRequest:
    """Puts the request on the bus. Raises Ending or AwsError where it surely did not get there.

    Where that is not sure, Page's answer will say so.
    """
    request = PageTestRequest(
        id=uuid.uuid4().hex, channel=channel.name, by=caller(stack), at=environment.now()
    )
    with suppress(Unavailable):
        human_bus(stack).test_page(request)
    return request


@dataclass(frozen=True, slots=True)
class Waiting:
    """Looks for Page's answer, again and again. A look that fails is made again."""

    stack: Stack
    environment: Environment
    progress: Callable[[str], None]

    def tested(self, request: PageTestRequest, channel: ChannelRules) -> Tested:
        """The answer, or that there is none when the wait is over; of a topic also who would hear it."""
        answer = self._answer(request)
        taken = isinstance(answer, PageTest) and answer.state is PageTestState.ACCEPTED
        heard: Subscriptions | NotRead | Unknown = NotRead("only a topic has subscriptions")
        if taken and channel.kind is ChannelKind.TOPIC:
            self.progress("looks at the subscriptions of the topic")
            heard = _heard(self.stack, channel)
        return Tested(request=request, channel=channel, answer=answer, heard=heard)

    def _answer(self, request: PageTestRequest) -> Reading[PageTest]:
        tests = DynamoPageTests(self.stack.reader("dynamodb"), self.stack.ledger_table)
        polling = Polling(self.environment.now, self.environment.sleep, self.progress)
        return polling.until(
            lambda: _looked(tests, request.id),
            lambda found: isinstance(found, PageTest) and found.state is not PageTestState.SENDING,
            LONGEST,
            lambda _: "waits for the answer of Page",
        )


def _looked(tests: DynamoPageTests, test_id: str) -> Reading[PageTest]:
    try:
        return tests.look(test_id)
    except AwsError as error:
        return Unknown(str(error))


def _heard(stack: Stack, channel: ChannelRules) -> Subscriptions | Unknown:
    topic = channel.to or _own_topic(stack)
    if not topic:
        return Unknown("the stack's topic is not known")
    try:
        return subscriptions_of(stack, topic)
    except AwsError as error:
        return Unknown(str(error))


def _own_topic(stack: Stack) -> str:
    deployed = stack.deployment
    return deployed.outputs.get("PageTopicArn", "") if isinstance(deployed, Deployment) else ""


def minutes_until_too_late() -> int:
    """How long Page still sends a test that it has not taken up, in minutes."""
    return LATEST // timedelta(minutes=1)
