"""The function Report: what each of its schedules asks for."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

from aws_lambda_powertools.utilities.typing import LambdaContext

from firebreak.aws.clients import reader
from firebreak.aws.topic import TopicChannel
from firebreak.core.paging.page import Page
from firebreak.core.ports import Log
from firebreak.errors import SettingsError, UnusableEvent
from firebreak.settings import Settings
from firebreak.telemetry import PowertoolsLog
from firebreak_cli.environment import Environment, real
from firebreak_cli.scheduled import daily_doctor, weekly_mail

DOCTOR, WEEKLY_MAIL = "Firebreak Doctor", "Firebreak Weekly Mail"


class Topic(Protocol):
    """The stack's topic, to which the mail goes as pages do."""

    def send(self, page: Page, ref: str) -> str:
        """Sends it. Raises Undelivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Reports on one stack: makes the looks of the command in `environment`, and mails to `topic`."""

    stack_name: str
    environment: Environment
    log: Log
    topic: Topic

    def handle(self, event: object) -> Mapping[str, str]:
        """Does what the schedule asks for. Raises UnusableEvent for anything else, and as `doctor` ends."""
        match event:
            case {"source": "firebreak", "detail-type": "Firebreak Doctor"}:
                return self._doctor()
            case {"source": "firebreak", "detail-type": "Firebreak Weekly Mail"}:
                return self._weekly_mail()
            case _:
                expected = f'detail-type "{DOCTOR}" or "{WEEKLY_MAIL}"'
                raise UnusableEvent("an event of no schedule of Report", expected)

    def _doctor(self) -> Mapping[str, str]:
        report = daily_doctor.examined(self.stack_name, self.environment)
        found = daily_doctor.record(report, self.log)
        return {"verdict": report.verdict.line, "findings": str(found)}

    def _weekly_mail(self) -> Mapping[str, str]:
        week = weekly_mail.week_of(self.stack_name, self.environment)
        self.topic.send(weekly_mail.mail_of(week), "")
        needed = "yes" if any(weekly_mail.needed(week)) else "no"
        self.log.event("weekly_mail.sent", needed=needed)
        return {"needed": needed}


def report_handler() -> Callable[[Any, LambdaContext], Mapping[str, str]]:
    """The handler of Report; its parts are built on the first event of a cold start."""
    log = PowertoolsLog()

    @cache
    def reporter() -> Reporter:
        own = Settings.from_env(os.environ)
        if not own.topic_arn:
            raise SettingsError("PAGE_TOPIC_ARN", "is not set")
        here = replace(real(own.region), account=own.account)
        topic = TopicChannel("topic", reader(here.session(), "sns"), own.topic_arn)
        return Reporter(stack_name=own.stack_name, environment=here, log=log, topic=topic)

    def handle(event: Any, context: LambdaContext) -> Mapping[str, str]:
        with log.about(context.aws_request_id):
            return reporter().handle(event)

    wrapped: Callable[[Any, LambdaContext], Mapping[str, str]] = log.wrap(handle)
    return wrapped
