"""A test page: sent on one channel as real pages are, and recorded with the channel's answer.

It opens no thread and no incident, and is no decision. It is counted as a new call of its
channel: a ceiling that is reached, or a rest of the channel, holds it as it would hold a real one, and the
record says so.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.formats import format_date_time
from firebreak.core.paging.page import Page, Phase, Severity
from firebreak.core.paging.page_tests import LATEST, PageTest, PageTestRequest, PageTestState
from firebreak.core.paging.rules import ChannelRules, PagingRules
from firebreak.core.ports import Clock, Log
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError, Undelivered
from firebreak.ledger.ports import CallCounts, PageTests
from firebreak.paging.ports import Carrier
from firebreak.paging.rendering import SUBJECT_LENGTH, ascii_subject, plain
from firebreak.remediation.decision_recorder import Summary

_S = PageTestState


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTester:
    """Sends test pages."""

    tests: PageTests
    carrier: Carrier
    counts: CallCounts
    clock: Clock
    log: Log

    def run(self, request: PageTestRequest, rules: PagingRules) -> Summary:
        """Sends the test once, unless something holds it, and records what came of it.

        Actions fail closed: a test that cannot be recorded is not sent, for nobody would read its result.
        """
        try:
            result = self._result(request, rules)
        except AwsError as error:
            self.log.event("page.test_not_recorded", id=request.id, error=str(error))
            return Summary("failed", Reason.LEDGER_UNAVAILABLE, "")
        state = result.state.value if result else "duplicate"
        self.log.event("page.tested", id=request.id, channel=plain(request.channel, 64), state=state)
        return Summary("tested", Reason.CLEAR_TO_ACT, "")

    def _result(self, request: PageTestRequest, rules: PagingRules) -> PageTest | None:
        """The test as it is recorded in the end; None where it was taken up before."""
        channel = rules.channels.get(request.channel)
        begun = _begun(request, channel, rules, self.clock.now())
        if not self.tests.begin(begun):
            return None
        if channel is None or begun.state is not _S.SENDING:
            return begun
        result = self._sent(request, begun, channel, rules)
        self.tests.finish(result)
        return result

    def _sent(
        self, request: PageTestRequest, begun: PageTest, channel: ChannelRules, rules: PagingRules
    ) -> PageTest:
        if full_until := self._full_until(begun, rules):
            at = format_date_time(full_until, begun.at)
            detail = f"its ceiling of {begun.severity} calls is reached: there is room at {at}"
            return replace(begun, state=_S.HELD_BACK, detail=detail)
        try:
            self.carrier.deliver(channel, _page(request, begun), "", begun.at)
        except Undelivered as error:
            return replace(begun, state=_S.NOT_ACCEPTED, detail=error.code, at=self.clock.now())
        return replace(begun, state=_S.ACCEPTED, at=self.clock.now())

    def _full_until(self, begun: PageTest, rules: PagingRules) -> datetime | None:
        """When the channel has room for a call, None for now; a call that cannot be counted is sent."""
        severity = Severity(begun.severity)
        budget = rules.ceilings.of(severity)
        try:
            return self.counts.take(begun.channel, severity, begun.id, budget, begun.at)
        except AwsError as error:
            self.log.event("page.ceiling_unknown", channel=begun.channel, error=str(error))
            return None


def _begun(
    request: PageTestRequest, channel: ChannelRules | None, rules: PagingRules, now: datetime
) -> PageTest:
    test = PageTest(id=request.id, channel=plain(request.channel, 64), state=_S.SENDING, at=now)
    if channel is None:
        return replace(test, state=_S.UNKNOWN_CHANNEL, channels=tuple(sorted(rules.channels)))
    if now - request.at > LATEST:
        waited = f"Page took it up {round((now - request.at).total_seconds())} s after it was asked for"
        return replace(test, state=_S.TOO_LATE, detail=waited)
    return replace(test, severity=_severity_on(channel.name, rules).value)


def _severity_on(channel: str, rules: PagingRules) -> Severity:
    """The worst severity that a route sends to the channel: as urgent as the pages that matter most there."""
    routed = (
        severity
        for severity in Severity
        if any(channel in step.channels for step in rules.route(severity).steps)
    )
    return next(routed, rules.usual)


def _page(request: PageTestRequest, test: PageTest) -> Page:
    by = plain(request.by, 200)
    first = f"TEST PAGE, nothing is wrong: channel {test.channel}, for someone who claims to be {by}"
    subject = f"[Firebreak] {first}"
    lines = (
        first,
        "",
        "A person asked for it. No alarm is red because of it, and Firebreak opened no incident.",
        "It came the way on which pages come. If your phone rang, let that person know.",
        "Where it opened an incident (PagerDuty), resolve it there.",
        "",
        f"Severity: {test.severity}, the worst that a route sends to this channel",
        f"At:       {test.at:%Y-%m-%d %H:%M:%S}Z",
    )
    return Page(
        thread=test.id,
        phase=Phase.TRIGGER,
        severity=Severity(test.severity),
        subject=plain(subject, SUBJECT_LENGTH),
        ascii_subject=ascii_subject(subject),
        body="\n".join(lines) + "\n",
        source="test page",
        at=test.at,
    )
