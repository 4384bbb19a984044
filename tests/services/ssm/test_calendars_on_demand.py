"""A policy without Change Calendars costs a function nothing: no import and no client."""

import subprocess
import sys
from typing import Any

import boto3

from firebreak.core.limits.calendars import CalendarAnswer, CalendarState
from firebreak.settings import Settings
from firebreak.wiring import Wiring
from tests.support import builders as a
from tests.support.fakes import ListLog
from tests.test_settings import ENV

ARN = f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:document/prod-changes"


def test_the_functions_import_no_reader_of_calendars() -> None:
    code = (
        "import firebreak.handlers, sys; sys.exit('firebreak.services.ssm.client_calendars' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Counting(boto3.session.Session):
    """Counts the SSM clients that are made; each answers that its calendar is OPEN."""

    made = 0

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        client = super().client(service_name, *args, **kwargs)  # type: ignore[call-overload]  # any service
        if service_name == "ssm":
            self.made += 1
            client.get_calendar_state = lambda **_: {"State": "OPEN"}
        return client


def test_a_client_is_made_for_the_first_calendar_and_no_other() -> None:
    own = Counting(region_name=a.REGION, aws_access_key_id="x", aws_secret_access_key="x")
    observer = Wiring(Settings.from_env(ENV), ListLog(), session=own).remediator("restart-service").observer
    assert own.made == 0
    for _ in range(2):
        assert observer.calendars(ARN, a.NOW) == CalendarAnswer(CalendarState.OPEN)
    assert own.made == 1
