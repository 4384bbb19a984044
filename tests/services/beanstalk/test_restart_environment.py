"""restart-environment: what it refuses, what it sends, and how it reads the outcome."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Obstacle, Plan, Receipt, RequestKind, Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Rejected
from firebreak.services.beanstalk.actions.restart_environment import ALL_AT_ONCE, RestartEnvironment
from firebreak.services.beanstalk.environments import COLOUR_RANKS, STATUS_RANKS, BeanstalkObservation
from tests.support import builders as a
from tests.support.builders_beanstalk import (
    ARN,
    BEGAN,
    DONE,
    ENABLED,
    ID,
    QUIET_SINCE,
    REQUEST,
    REQUEST_ID,
    TARGET,
    FakeBeanstalk,
    environment,
    event,
    seen,
)

QUIET = event()
RECEIPT = Receipt(summary="restarting", after={"requestId": REQUEST_ID})
NO_RECEIPT = Receipt(summary="")
LATER = timedelta(hours=2, seconds=10)


def action(beanstalk: FakeBeanstalk | None = None) -> RestartEnvironment:
    beanstalk = beanstalk or FakeBeanstalk()
    return RestartEnvironment(beanstalk, beanstalk)


def found(observation: BeanstalkObservation) -> object:
    return action().plan(REQUEST, observation, a.rules())


def plan(**changes: Any) -> Plan:
    made = found(seen(environment(**changes), QUIET))
    assert isinstance(made, Plan), made
    return made


def test_it_looks_at_the_environment_its_events_and_its_tags() -> None:
    beanstalk = FakeBeanstalk(environment_now=environment(), events_now=(QUIET,))
    assert seen(environment(), QUIET) == action(beanstalk).observe(TARGET)
    assert {
        ("environment", "beanstalk:shop-prod"),
        ("events", "beanstalk:shop-prod"),
        ("tags", ARN),
    } == set(beanstalk.calls)


@pytest.mark.parametrize("reading", [ABSENT, Unknown("denied")], ids=["none", "unread"])
def test_without_an_environment_there_are_no_tags_to_look_at(reading: Any) -> None:
    beanstalk = FakeBeanstalk(environment_now=reading)
    observation = action(beanstalk).observe(TARGET)
    assert (reading, NotRead("there is no environment")) == (observation.tags, observation.tagged)
    assert ("tags", ARN) not in beanstalk.calls


@pytest.mark.parametrize("tagged", [ENABLED, {}, Unknown("denied")], ids=["tags", "none", "unread"])
def test_the_opt_in_is_read_from_the_environments_own_tags(tagged: Any) -> None:
    beanstalk = FakeBeanstalk(environment_now=environment(), tags_now=tagged)
    assert tagged == action(beanstalk).observe(TARGET).tags


def test_it_belongs_to_no_group() -> None:
    assert isinstance(action().group(TARGET, a.NOW, health=False), NotRead)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param("Launching", Reason.NOT_READY, id="launching"),
        pytest.param("Updating", Reason.NOT_READY, id="updating"),
        pytest.param("Aborting", Reason.NOT_READY, id="aborting"),
        pytest.param("LinkingFrom", Reason.NOT_READY, id="linking from"),
        pytest.param("LinkingTo", Reason.NOT_READY, id="linking to"),
        pytest.param("A status to come", Reason.NOT_READY, id="unknown"),
        pytest.param("Terminating", Reason.NOT_ACTIVE, id="terminating"),
        pytest.param("Terminated", Reason.NOT_ACTIVE, id="terminated"),
    ],
)
def test_it_refuses_an_environment_that_is_not_ready(status: str, reason: Reason) -> None:
    obstacle = found(seen(environment(status=status), QUIET))
    assert isinstance(obstacle, Obstacle)
    assert reason == obstacle.reason
    assert status in obstacle.detail


def test_it_refuses_an_environment_that_does_not_exist_and_says_what_else_that_may_mean() -> None:
    assert found(seen(ABSENT)) == Obstacle(
        Reason.TARGET_MISSING,
        "beanstalk:shop-prod does not exist, or may not be seen by this function's role",
    )


@pytest.mark.parametrize(
    ("observation", "why"),
    [
        pytest.param(
            seen(Unknown("throttled")), "the environment could not be read: throttled", id="environment"
        ),
        pytest.param(
            replace(seen(environment()), events=Unknown("denied")),
            "what happened to the environment could not be read: denied",
            id="events",
        ),
    ],
)
def test_it_plans_nothing_on_what_it_could_not_see(observation: BeanstalkObservation, why: str) -> None:
    assert found(observation) == Unknown(why)


def test_the_plan_names_the_environment_its_health_and_that_everything_restarts_at_once() -> None:
    assert plan() == Plan(
        summary="restart the application servers of beanstalk:shop-prod (health Red/Degraded)",
        change={"environmentId": ID, "environmentName": "shop-prod"},
        before={
            "environmentId": ID,
            "version": "v42",
            "health": "Red",
            "healthStatus": "Degraded",
            "lastEvent": QUIET_SINCE.isoformat(),
        },
        warnings=(ALL_AT_ONCE,),
        patience_seconds=600,
    )


def test_the_newest_event_is_remembered_whatever_their_order() -> None:
    older = event(after=-timedelta(days=1))
    made = found(BeanstalkObservation(environment=environment(), tagged=ENABLED, events=(older, QUIET)))
    assert isinstance(made, Plan)
    assert made.before["lastEvent"] == QUIET_SINCE.isoformat()


def test_it_sends_the_planned_restart_once_and_keeps_the_requests_id() -> None:
    beanstalk = FakeBeanstalk()
    receipt = action(beanstalk).execute(plan())
    assert beanstalk.calls == [("restart", ID, "shop-prod")]
    assert receipt == Receipt(
        summary="shop-prod restarts its application servers", after={"requestId": REQUEST_ID}
    )


@pytest.mark.parametrize(
    "change", [{}, {"environmentId": ID}, {"environmentId": Decimal(1), "environmentName": "shop-prod"}]
)
def test_a_plan_that_cannot_be_read_sends_nothing(change: dict[str, object]) -> None:
    beanstalk = FakeBeanstalk()
    with pytest.raises(Rejected, match="UnusablePlan"):
        action(beanstalk).execute(replace(plan(), change=change))
    assert beanstalk.calls == []


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        pytest.param(seen(environment(), QUIET, BEGAN, DONE), True, id="its event is there"),
        pytest.param(seen(environment(status="Updating"), QUIET, BEGAN), True, id="it runs"),
        pytest.param(seen(environment(), QUIET), False, id="nothing happened since"),
        pytest.param(seen(environment(), QUIET, event(after=LATER)), False, id="only its health changed"),
        pytest.param(
            seen(environment(), event("restartAppServer is starting.", -LATER), QUIET),
            False,
            id="an earlier restart",
        ),
    ],
)
def test_whether_a_restart_without_a_reply_began(observation: BeanstalkObservation, expected: object) -> None:
    assert expected == action().outcome(plan(), observation)


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(seen(environment(status="Updating"), QUIET), id="busy with something"),
        pytest.param(
            seen(environment(), QUIET, event("Environment update is starting.", LATER, request_id="r")),
            id="another request was carried out",
        ),
    ],
)
def test_a_change_by_somebody_else_leaves_a_lost_reply_in_doubt(observation: BeanstalkObservation) -> None:
    assert isinstance(action().outcome(plan(), observation), Unknown)


def test_an_environment_without_any_event_before_counts_every_event_as_new() -> None:
    made = found(seen(environment()))
    assert isinstance(made, Plan)
    assert action().settled(made, RECEIPT, seen(environment(), BEGAN)) is Settled.YES


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(("Red", "Degraded"), ("Green", "Ok"), False, id="well"),
        pytest.param(("Red", "Degraded"), ("Green", "Info"), False, id="well, something under way"),
        pytest.param(("Red", "Degraded"), ("Red", "Degraded"), False, id="as bad"),
        pytest.param(("Red", "Degraded"), ("Red", "Severe"), True, id="worse in one colour"),
        pytest.param(("Green", "Ok"), ("Green", "Info"), False, id="Info is not worse than Ok"),
        pytest.param(("Green", "Ok"), ("Yellow", "Warning"), True, id="worse by a colour"),
        pytest.param(("Yellow", ""), ("Red", ""), True, id="basic reporting"),
        pytest.param(("Red", ""), ("Yellow", ""), False, id="better, basic reporting"),
        pytest.param(("Yellow", "Warning"), ("Red", ""), True, id="by colour where one status is missing"),
        pytest.param(("Grey", "NoData"), ("Green", "Ok"), False, id="well now, whatever it was"),
    ],
)
def test_whether_the_environment_is_worse_off(
    before: tuple[str, str], now: tuple[str, str], *, expected: bool
) -> None:
    made = plan(health=before[0], health_status=before[1])
    observation = seen(environment(health=now[0], health_status=now[1]), QUIET, BEGAN)
    assert expected is action().worse(made, observation)


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        pytest.param(("Red", ""), ("Grey", "NoData"), "its health is Grey/NoData", id="no data now"),
        pytest.param(("Red", ""), ("", ""), "its health is not reported", id="no health now"),
        pytest.param(("Grey", ""), ("Red", ""), "its health is Red, and was Grey", id="no data then"),
    ],
)
def test_an_unknown_health_is_no_success(before: tuple[str, str], now: tuple[str, str], why: str) -> None:
    made = plan(health=before[0], health_status=before[1])
    observation = seen(environment(health=now[0], health_status=now[1]), QUIET, BEGAN)
    assert action().worse(made, observation) == Unknown(f"{why}, which is inconclusive")


def test_the_dip_of_a_running_restart_is_not_called_worse() -> None:
    busy = environment(status="Updating", health="Grey", health_status="Severe")
    assert action().worse(plan(), seen(busy, QUIET, BEGAN)) is False


HEALTHS = st.tuples(
    st.sampled_from([*COLOUR_RANKS, "Grey", ""]),
    st.sampled_from([*STATUS_RANKS, "NoData", "Unknown", "Pending", "Suspended", ""]),
)


@given(HEALTHS, HEALTHS)
def test_nothing_gets_worse_both_ways_and_the_same_health_is_never_worse(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    def worse(before: tuple[str, str], now: tuple[str, str]) -> object:
        made = plan(health=before[0], health_status=before[1])
        return action().worse(made, seen(environment(health=now[0], health_status=now[1]), QUIET))

    assert not (worse(one, other) is True and worse(other, one) is True)
    assert worse(one, one) is not True


@pytest.mark.parametrize(
    ("observation", "why"),
    [
        pytest.param(seen(ABSENT), "the environment does not exist", id="gone"),
        pytest.param(seen(Unknown("denied")), "the environment could not be read: denied", id="unread"),
        pytest.param(
            seen(environment(id="e-another123"), QUIET),
            f"the name belongs to environment e-another123 now, not {ID}",
            id="another of the same name",
        ),
        pytest.param(
            replace(seen(environment()), events=NotRead("not asked")),
            "what happened to the environment was not read: not asked",
            id="events",
        ),
    ],
)
def test_judging_what_cannot_be_seen_is_unknown(observation: BeanstalkObservation, why: str) -> None:
    assert action().outcome(plan(), observation) == Unknown(why)
    assert action().settled(plan(), RECEIPT, observation) == Unknown(why)
    assert action().worse(plan(), observation) == Unknown(why)


@pytest.mark.parametrize("before", [{}, {"environmentId": ID, "version": "v42", "lastEvent": "yesterday"}])
def test_a_pre_image_that_cannot_be_read_judges_nothing(before: dict[str, object]) -> None:
    broken = replace(plan(), before=before)
    assert isinstance(action().outcome(broken, seen(environment())), Unknown)
    assert isinstance(action().settled(broken, RECEIPT, seen(environment())), Unknown)
    assert isinstance(action().worse(broken, seen(environment())), Unknown)


@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
def test_a_restart_cannot_be_taken_back(kind: RequestKind) -> None:
    obstacle = action().undo(plan(), seen(environment(), QUIET), kind)
    assert isinstance(obstacle, Obstacle)
    assert (obstacle.reason, action().spec.temporary) == (Reason.NOT_REVERSIBLE, False)
