"""The function Report: what each of its schedules asks for."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from firebreak.core.ports import Log
from firebreak.errors import UnusableEvent
from firebreak.settings import Settings
from firebreak.telemetry import PowertoolsLog
from firebreak_cli.environment import Environment, real
from firebreak_cli.scheduled import daily_doctor

DOCTOR = "Firebreak Doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Reports on one stack. `environment` is where the command's own looks are made."""

    stack_name: str
    environment: Environment
    log: Log

    def handle(self, event: object) -> Mapping[str, str]:
        """Does what the schedule asks for. Raises UnusableEvent for anything else, and as `doctor` ends."""
        match event:
            case {"source": "firebreak", "detail-type": "Firebreak Doctor"}:
                return self._doctor()
            case _:
                raise UnusableEvent("an event of no schedule of Report", f'detail-type "{DOCTOR}"')

    def _doctor(self) -> Mapping[str, str]:
        report = daily_doctor.examined(self.stack_name, self.environment)
        found = daily_doctor.record(report, self.log)
        return {"verdict": report.verdict.line, "findings": str(found)}


def report_handler() -> Callable[[Any, LambdaContext], Mapping[str, str]]:
    """The handler of Report; its parts are built on the first event of a cold start."""
    log = PowertoolsLog()

    @cache
    def reporter() -> Reporter:
        own = Settings.from_env(os.environ)
        here = replace(real(own.region), account=own.account)
        return Reporter(stack_name=own.stack_name, environment=here, log=log)

    def handle(event: Any, context: LambdaContext) -> Mapping[str, str]:
        del context
        return reporter().handle(event)

    wrapped: Callable[[Any, LambdaContext], Mapping[str, str]] = log.wrap(handle)
    return wrapped
