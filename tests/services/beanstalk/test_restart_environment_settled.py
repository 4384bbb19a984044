"""restart-environment: when a restart has come to rest, and which errors are its own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.model import Plan, Receipt, Settled
from firebreak.core.readings import Unknown
from firebreak.services.beanstalk.actions.restart_environment import RestartEnvironment
from firebreak.services.beanstalk.environments import BeanstalkObservation
from tests.support import builders as a
from tests.support.builders_beanstalk import (
    BEGAN,
    DONE,
    REQUEST,
    REQUEST_ID,
    FakeBeanstalk,
    environment,
    event,
    seen,
)

QUIET = event()
RECEIPT = Receipt(summary="restarting", after={"requestId": REQUEST_ID})
NO_RECEIPT = Receipt(summary="")
LATER = timedelta(hours=2, seconds=10)
FAILED = event("Command failed on instance.", LATER, severity="ERROR", request_id=REQUEST_ID)
OF_ANOTHER_REQUEST = replace(FAILED, request_id="r-another")
OF_HEALTH = event(
    "Environment health has transitioned from Warning to Degraded. Command is executing on all instances.",
    LATER,
    severity="ERROR",
)
WITHOUT_REQUEST = replace(BEGAN, request_id="")


@pytest.mark.parametrize(
    ("observation", "receipt", "expected"),
    [
        pytest.param(seen(environment(), QUIET, BEGAN, DONE), RECEIPT, Settled.YES, id="done"),
        pytest.param(
            seen(environment(), QUIET, replace(BEGAN, message="New words.")),
            RECEIPT,
            Settled.YES,
            id="known by the request's id whatever AWS calls it",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN),
            NO_RECEIPT,
            Settled.YES,
            id="known by its words without a reply",
        ),
        pytest.param(
            seen(environment(status="Updating"), QUIET, BEGAN), RECEIPT, Settled.NOT_YET, id="still at it"
        ),
        pytest.param(seen(environment(), QUIET), RECEIPT, Settled.NOT_YET, id="Ready, as it has not begun"),
        pytest.param(seen(environment(), QUIET, BEGAN, FAILED), RECEIPT, Settled.FAILED, id="failed"),
        pytest.param(
            seen(environment(), QUIET, event("No.", timedelta(minutes=1), severity="ERROR"), WITHOUT_REQUEST),
            NO_RECEIPT,
            Settled.YES,
            id="an error before it began",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, replace(FAILED, at=BEGAN.at)),
            RECEIPT,
            Settled.FAILED,
            id="at once",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, replace(FAILED, severity="FATAL")),
            RECEIPT,
            Settled.FAILED,
            id="failed for good",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, replace(FAILED, severity="WARN")),
            RECEIPT,
            Settled.YES,
            id="only warned",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, OF_ANOTHER_REQUEST),
            RECEIPT,
            Settled.YES,
            id="another request's error",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, replace(FAILED, request_id="")),
            RECEIPT,
            Settled.YES,
            id="an error of no request",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, OF_HEALTH), RECEIPT, Settled.YES, id="its health sank meanwhile"
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, replace(OF_HEALTH, request_id=REQUEST_ID)),
            RECEIPT,
            Settled.YES,
            id="its health sank, reported under the request",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, OF_ANOTHER_REQUEST),
            NO_RECEIPT,
            Settled.YES,
            id="the first event names the request",
        ),
        pytest.param(
            seen(environment(), QUIET, BEGAN, FAILED), NO_RECEIPT, Settled.FAILED, id="and which failed"
        ),
        pytest.param(
            seen(environment(), QUIET, WITHOUT_REQUEST, OF_ANOTHER_REQUEST),
            NO_RECEIPT,
            Settled.FAILED,
            id="where no event names the request every error counts",
        ),
        pytest.param(
            seen(environment(), QUIET, WITHOUT_REQUEST, OF_HEALTH),
            NO_RECEIPT,
            Settled.YES,
            id="but not one of health",
        ),
        pytest.param(
            seen(environment(status="Terminating"), QUIET, BEGAN),
            RECEIPT,
            Unknown("the environment is Terminating"),
            id="somebody ends it",
        ),
    ],
)
def test_whether_a_restart_has_come_to_rest(
    observation: BeanstalkObservation, receipt: Receipt, expected: object
) -> None:
    action = RestartEnvironment(FakeBeanstalk(), FakeBeanstalk())
    made = action.plan(REQUEST, seen(environment(), QUIET), a.rules())
    assert isinstance(made, Plan)
    assert expected == action.settled(made, receipt, observation)
