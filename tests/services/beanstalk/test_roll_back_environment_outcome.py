"""roll-back-environment: what it sends, and how it judges what came of it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Rejected
from firebreak.services.beanstalk.actions.roll_back_environment import RollBackEnvironment
from tests.support import builders as a
from tests.support.builders_beanstalk import (
    DEPLOYED,
    ENDED,
    ID,
    REQUEST,
    REQUEST_ID,
    TARGET,
    FakeBeanstalk,
    deployed,
    environment,
    event,
)

RECEIPT = Receipt(summary="deploying", after={"requestId": REQUEST_ID})
MINUTES = timedelta(minutes=1)


def action(beanstalk: FakeBeanstalk | None = None) -> RollBackEnvironment:
    beanstalk = beanstalk or FakeBeanstalk()
    return RollBackEnvironment(beanstalk, beanstalk)


def plan() -> Plan:
    """From v42 back to v41."""
    made = action().plan(
        replace(REQUEST, action="roll-back-environment"), deployed(), a.rules("roll-back-environment")
    )
    assert isinstance(made, Plan), made
    return made


def test_it_deploys_the_planned_version_once_and_nothing_else() -> None:
    beanstalk = FakeBeanstalk()
    receipt = action(beanstalk).execute(plan())
    assert beanstalk.calls == [("deploy", ID, "shop-prod", "v41")]
    assert receipt == Receipt(summary="shop-prod deploys version v41", after={"requestId": REQUEST_ID})


@pytest.mark.parametrize("lost", ["environmentId", "environmentName", "versionLabel"])
def test_a_plan_that_cannot_be_read_sends_nothing(lost: str) -> None:
    beanstalk, made = FakeBeanstalk(), plan()
    for change in ({**made.change, lost: Decimal(1)}, {k: v for k, v in made.change.items() if k != lost}):
        with pytest.raises(Rejected, match="UnusablePlan"):
            action(beanstalk).execute(replace(made, change=change))
    assert beanstalk.calls == []


LATER = event("Environment update is starting.", request_id="r-new")
LATER = replace(LATER, at=ENDED + 20 * MINUTES)


@pytest.mark.parametrize(
    ("changes", "happened", "settled"),
    [
        pytest.param({"environment": environment(version="v41")}, True, Settled.YES, id="done"),
        pytest.param(
            {"environment": environment(version="v41", status="Updating")}, True, Settled.NOT_YET, id="at it"
        ),
        pytest.param({}, False, Settled.FAILED, id="as before"),
        pytest.param(
            {"events": (LATER, *DEPLOYED)},
            Unknown("something was done to the environment, and nothing says that it was the roll back"),
            Settled.FAILED,
            id="tried, and as before",
        ),
        pytest.param(
            {"environment": environment(version="v43")},
            Unknown("something was done to the environment, and nothing says that it was the roll back"),
            Unknown("version v43 runs: somebody deployed it since"),
            id="a third version",
        ),
        pytest.param(
            {"environment": environment(status="Updating")},
            Unknown("something was done to the environment, and nothing says that it was the roll back"),
            Settled.NOT_YET,
            id="busy with something",
        ),
        pytest.param(
            {"environment": environment(status="Terminating", version="v41")},
            True,
            Unknown("the environment is Terminating"),
            id="somebody ends it",
        ),
    ],
)
def test_whether_it_happened_and_has_come_to_rest(
    changes: dict[str, Any], happened: object, settled: object
) -> None:
    seen = deployed(**changes)
    assert happened == action().outcome(plan(), seen)
    assert settled == action().settled(plan(), RECEIPT, seen)


@pytest.mark.parametrize(
    ("status", "health", "expected"),
    [
        ("Ready", "Severe", True),
        ("Ready", "Degraded", False),
        ("Ready", "Ok", False),
        ("Updating", "Severe", False),
    ],
)
def test_whether_the_environment_is_worse_off(status: str, health: str, *, expected: bool) -> None:
    now = environment(status=status, version="v41", health_status=health)
    assert action().worse(plan(), deployed(environment=now)) is expected


@pytest.mark.parametrize("reading", [ABSENT, Unknown("denied"), environment(id="e-another123")])
def test_judging_what_cannot_be_seen_is_unknown(reading: Any) -> None:
    seen = deployed(environment=reading)
    assert isinstance(action().outcome(plan(), seen), Unknown)
    assert isinstance(action().settled(plan(), RECEIPT, seen), Unknown)
    assert isinstance(action().worse(plan(), seen), Unknown)


@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_rolling_forward_is_for_humans(kind: RequestKind) -> None:
    obstacle = action().undo(plan(), deployed(), kind)
    assert isinstance(obstacle, Obstacle)
    assert obstacle.reason is Reason.NOT_REVERSIBLE
    assert action().spec.temporary is False


def test_it_belongs_to_no_group() -> None:
    assert isinstance(action().group(TARGET, a.NOW, health=False), NotRead)
