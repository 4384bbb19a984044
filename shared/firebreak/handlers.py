"""Lambda handlers: their parts are built on the first event of a cold start."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from aws_lambda_powertools.utilities.typing import LambdaContext

from firebreak.core.ports import Log
from firebreak.intake.correlation import correlation_id
from firebreak.remediation.decision_recorder import Summary
from firebreak.settings import Settings
from firebreak.telemetry import PowertoolsLog
from firebreak.wiring import Wiring

type Handler = Callable[[Any, LambdaContext], dict[str, str]]


class Desk(Protocol):
    """The part of a function that answers events."""

    def handle(self, event: object) -> Summary:
        """Answers one event. Raises what Lambda shall deliver again."""


def remediation_handler() -> Handler:
    """The handler of an action's function; the setting ACTION names the action."""
    return _handler(acting_desk)


def verify_handler() -> Handler:
    """The handler of Verify."""
    return _handler(verifying_desk)


def route_handler() -> Handler:
    """The handler of Route."""
    return _handler(lambda wiring: wiring.tag_router())


def page_handler() -> Handler:
    """The handler of Page."""
    return _handler(lambda wiring: wiring.page_desk())


def acting_desk(wiring: Wiring) -> Desk:
    """The desk of an action's function. Raises SettingsError where the setting ACTION names none."""
    return wiring.decided_by_one_policy(wiring.remediator(wiring.settings.action))


def verifying_desk(wiring: Wiring) -> Desk:
    """The desk of Verify."""
    return wiring.decided_by_one_policy(wiring.verifier())


def counted(log: Log, handle: Callable[[], Summary]) -> Summary:
    """Counts an event on arrival and counts its result at the end. Raises the errors of `handle`.

    The result is a decision, or a failure that Lambda delivers again or reports to Page: `Events` is the sum
    of both, except for functions that were killed in the middle (docs/operations.md, Watchdog).
    """
    log.came_in()
    decided = 0
    try:
        summary = handle()
        decided = 1
        return summary
    finally:
        log.count("Decisions", decided)
        log.count("Failures", 1 - decided)


def handler_of(log: PowertoolsLog, desk: Callable[[], Desk]) -> Handler:
    """The handler that lets a desk, made at the first event, answer events."""

    def handle(event: Any, context: LambdaContext) -> dict[str, str]:
        # Lambda's own id of the invocation for what a schedule asks about many incidents at once.
        with log.about(correlation_id(event) or context.aws_request_id):
            summary = counted(log, lambda: desk().handle(event))
            reason, incident = summary.reason.value, summary.incident_id
            # The one line that names both the event and its incident.
            log.event("event.handled", outcome=summary.outcome, reason=reason, incident=incident)
        return {"outcome": summary.outcome, "reason": reason, "incident": incident}

    wrapped: Handler = log.wrap(handle)
    return wrapped


def _handler(build: Callable[[Wiring], Desk]) -> Handler:
    log = PowertoolsLog()

    @cache
    def desk() -> Desk:
        return build(Wiring(Settings.from_env(os.environ), log))

    return handler_of(log, desk)
