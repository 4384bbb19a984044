"""Additions to a page: held switches, the runbook, the last errors of a log, a picture.

None of them may keep a page back: one that cannot be read is reported as such, or left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.arns import alarm_arn
from firebreak.core.guards.shared_conditions import switch_words
from firebreak.core.limits.budgets import CLOCK_SKEW
from firebreak.core.limits.history import Hold
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Target
from firebreak.core.paging.addresses import host_of
from firebreak.core.paging.console import alarm_link, target_link
from firebreak.core.paging.log_lines import harmless_lines
from firebreak.core.paging.page import Phase
from firebreak.core.paging.rules import PagingRules, Route
from firebreak.core.paging.severities import log_group_of, runbook_of
from firebreak.core.paging.threads import Sending, Thread
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.intake.names import read_target
from firebreak.ledger.ports import HeldSwitches
from firebreak.paging.ports import ErrorLines, Pictures
from firebreak.paging.rendering import PageContext
from firebreak.paging.secret_detectors import mask_known

# Errors from shortly before the alarm turned red; for an alarm that has been red for long, the last hour's.
ERRORS_BEFORE, ERRORS_WITHIN = timedelta(minutes=10), timedelta(hours=1)

# The first words of CloudWatch's own sentences about a state; these are not searched for tokens.
OWN_SENTENCES = ("Threshold Crossed: ", "Insufficient Data: ", "Unchecked: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """Reads the additions to pages."""

    switches: HeldSwitches
    errors: ErrorLines
    pictures: Pictures
    partition: str

    def context_of(
        self, sending: Sending, thread: Thread, rules: PagingRules, route: Route, now: datetime
    ) -> PageContext:
        """The text of a page in addition to the announcement; lines of a log only where a human must come."""
        message = sending.message
        group = log_group_of(message, rules) if sending.phase is Phase.TRIGGER else ""
        shows = group and rules.carries_log_lines(sending.channels)
        errors, looked = self._errors(group, message, now) if shows else ((), "")
        return PageContext(
            severity=thread.severity,
            phase=sending.phase,
            note=sending.note,
            after=_after(thread, route),
            held=self._held(message, now),
            reason=_state_reason(message),
            errors=errors,
            log_group=group,
            looked=looked,
            thread=thread.id,
            call=thread.call_id,
            now=now,
            links=tuple(_links(message, rules, self.partition)),
        )

    def picture(self, message: Announcement) -> bytes | None:
        """A picture of the alarm's metrics; None where there is none."""
        arn = alarm_arn(self.partition, message.account, message.region, message.alarm_name)
        if not arn:
            return None
        found = self.pictures.of(arn)
        return found if isinstance(found, bytes) else None

    def holding(self, message: Announcement, now: datetime) -> bool | Unknown:
        """Whether a kill switch still holds over the subject of an announcement."""
        found = self._holds(message, now)
        return found if isinstance(found, Unknown) else bool(found)

    def _held(self, message: Announcement, now: datetime) -> Sequence[str]:
        match self._holds(message, now):
            case Unknown(why):
                return [f"the kill switches could not be read: {why}"]
            case holds:
                return [switch_words(hold) for hold in holds]

    def _holds(self, message: Announcement, now: datetime) -> Sequence[Hold] | Unknown:
        match self.switches.holding(message.action, _target(message)):
            case Unknown(why) | NotRead(why):
                return Unknown(why)
            case Absent():
                return ()
            case holds:
                return [hold for hold in holds if hold.until + CLOCK_SKEW > now]

    def _errors(self, group: str, message: Announcement, now: datetime) -> tuple[Sequence[str], str]:
        """The last errors of the service, or the result of reading its log where it has none."""
        since = max(min(message.alarm_since or now, now) - ERRORS_BEFORE, now - ERRORS_WITHIN)
        match self.errors.last(group, since, now):
            case Unknown(why) | NotRead(why):
                return (), f"Firebreak could not read log group {group}: {why}"
            case Absent():
                return (), f"Firebreak found no log group {group}; this is not an error of the service"
            case lines:
                found = harmless_lines(lines, mask_known)
                return found, "" if found else f"no errors in log group {group} since {since:%H:%M:%S}Z"


def _state_reason(message: Announcement) -> str:
    """CloudWatch's reason for the state: its own sentences hold numbers, others may hold a service's text."""
    also = str if message.alarm_reason.startswith(OWN_SENTENCES) else mask_known
    return "".join(harmless_lines([message.alarm_reason], also))


def _links(message: Announcement, rules: PagingRules, partition: str) -> Iterator[tuple[str, str]]:
    """The links of a page: the runbook, and the alarm and the target in the console."""
    if runbook := runbook_of(message, rules):
        yield f"Runbook on {host_of(runbook)}", runbook
    if message.region and (alarm := alarm_link(message.alarm_name, message.region, partition)):
        yield "Open alarm", alarm
    target = _target(message)
    if target and (page := target_link(target, partition)):
        yield "Open target", page


def _target(message: Announcement) -> Target | None:
    found = read_target(message.target, message.account, message.region)
    return found if isinstance(found, Target) else None


def _after(thread: Thread, route: Route) -> str:
    """The next step of the route and its time, unless somebody acknowledges; empty when there is none."""
    if not thread.next_at or thread.steps >= len(route.steps):
        return ""
    return f"{route.steps[thread.steps].who} at {thread.next_at:%H:%M:%S}Z, unless somebody acknowledges"
