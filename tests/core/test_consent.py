"""Which alarms a target's own tag lets act on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.consent import allows
from firebreak.core.decision import Result
from firebreak.core.guards import opt_in
from firebreak.core.reasons import Reason
from tests import builders as a
from tests.core.findings import found


@pytest.mark.parametrize(
    ("tag", "alarm", "allowed"),
    [
        (None, "other-team", True),
        ("", "prod-api-5xx", False),
        ("   ", "prod-api-5xx", False),
        ("prod-api-", "prod-api-5xx", True),
        ("prod-api-", "prod-api", False),
        ("prod-api-", "prod-api2-5xx", False),
        ("prod-api-", "x-prod-api-5xx", False),
        ("prod-api", "prod-api", True),
        ("prod-api", "prod-api-5xx", False),
        ("prod/api/", "prod/api/5xx", True),
        ("prod-web- prod-api-", "prod-api-5xx", True),
        ("prod-web- prod-pay-", "prod-api-5xx", False),
        ("prod-api-", "PROD-API-5xx", False),
        ("-", "prod-api-5xx", False),
    ],
)
def test_a_name_is_allowed_as_a_whole_or_by_what_it_begins_with(
    tag: str | None,
    alarm: str,
    allowed: bool,  # a column of the table
) -> None:
    tags = {} if tag is None else {"firebreak:alarms": tag}
    assert allows(tags, alarm) is allowed


@given(st.text("ab-_ ", max_size=12), st.text("ab-_", min_size=1, max_size=8))
def test_an_alarm_is_only_allowed_by_an_entry_that_its_name_begins_with(tag: str, alarm: str) -> None:
    if allows({"firebreak:alarms": tag}, alarm):
        assert any(alarm.startswith(entry) for entry in tag.split())


@pytest.mark.parametrize(
    ("tags", "result", "reason"),
    [
        ({"firebreak:alarms": "api-"}, Result.PASSED, None),
        ({"firebreak:alarms": "web-"}, Result.OBJECTED, Reason.ALARM_NOT_ALLOWED),
        ({"firebreak:alarms": "api-", "firebreak:enabled": "no"}, Result.OBJECTED, Reason.NOT_OPTED_IN),
    ],
)
@pytest.mark.parametrize("incident", ["", "i-1"])
def test_opting_in_asks_the_target_which_alarms_may_act_on_it(
    tags: dict[str, str], result: Result, reason: Reason | None, incident: str
) -> None:
    seen = a.snapshot(target_tags={"firebreak:enabled": "true"} | tags)
    check = opt_in(a.request(incident_id=incident), a.rules(), seen)  # by the alarm api-memory-high
    assert found(check) == (result, reason)
