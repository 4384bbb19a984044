"""roll-back-environment: the suspect and what it goes back to."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.action_spec import RollBackSettings
from firebreak.core.decision import Act, AskApproval
from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import TWO_SUSPECTS, RollbackTarget
from firebreak.services.beanstalk.actions.roll_back_environment import (
    DATA_STAYS,
    NO_ROLE,
    RollBackEnvironment,
)
from firebreak.services.beanstalk.environments import ApplicationVersion, BeanstalkObservation
from tests.support import builders as a
from tests.support.builders_beanstalk import (
    ARN,
    DEPLOYED,
    ENABLED,
    ENDED,
    HEALTH_ALARM,
    ID,
    REQUEST,
    TARGET,
    V40,
    V41,
    V42,
    V43,
    FakeBeanstalk,
    deployed,
    environment,
    event,
)
from tests.support.builders_roll_back import decided

BEGAN = ENDED - timedelta(seconds=30)
ROLE = "arn:aws:iam::111122223333:role/beanstalk-operations"
MINUTES = timedelta(minutes=1)
ASKED = replace(REQUEST, action="roll-back-environment")
ONLY_DATES = (
    "only dates speak for v41: it is the next older version of shop, which has no other environment, "
    "but no event shows that it ran here, or ran well"
)


def action(beanstalk: FakeBeanstalk | None = None) -> RollBackEnvironment:
    beanstalk = beanstalk or FakeBeanstalk()
    return RollBackEnvironment(beanstalk, beanstalk)


def found(
    observation: BeanstalkObservation,
    red_since: datetime = HEALTH_ALARM.since,
    suspect_within: timedelta = 30 * MINUTES,
) -> object:
    request = replace(ASKED, alarm=replace(HEALTH_ALARM, since=red_since))
    return action().plan(
        request, observation, a.rules(settings=RollBackSettings(suspect_within=suspect_within))
    )


def plan(**changes: Any) -> Plan:
    made = found(deployed(**changes))
    assert isinstance(made, Plan), made
    return made


def reason_of(observation: BeanstalkObservation) -> Reason:
    obstacle = found(observation)
    assert isinstance(obstacle, Obstacle), obstacle
    return obstacle.reason


def test_it_looks_at_the_environment_its_events_tags_versions_and_siblings() -> None:
    beanstalk = FakeBeanstalk(environment(), ENABLED, DEPLOYED, (V42, V41, V40), 1)
    assert deployed() == action(beanstalk).observe(TARGET)
    assert {
        ("environment", "beanstalk:shop-prod"),
        ("events", "beanstalk:shop-prod"),
        ("tags", ARN),
        ("versions", "shop"),
        ("environments", "shop"),
    } == set(beanstalk.calls)


@pytest.mark.parametrize("reading", [ABSENT, Unknown("denied")], ids=["none", "unread"])
def test_without_an_environment_there_is_nothing_more_to_look_at(reading: Any) -> None:
    beanstalk = FakeBeanstalk(environment_now=reading)
    assert action(beanstalk).observe(TARGET).tags == reading
    assert {call[0] for call in beanstalk.calls} == {"environment", "events"}


def test_the_plan_goes_back_one_version_and_says_what_it_rests_on() -> None:
    assert plan() == Plan(
        summary="roll back beanstalk:shop-prod: version v42 to v41",
        change={"environmentId": ID, "environmentName": "shop-prod", "versionLabel": "v41"},
        before={
            "environmentId": ID,
            "version": "v42",
            "health": "Red",
            "healthStatus": "Degraded",
            "lastEvent": ENDED.isoformat(),
        },
        warnings=(ONLY_DATES, DATA_STAYS, NO_ROLE),
        patience_seconds=1800,
        doubts=(ONLY_DATES,),
        rollback_target=RollbackTarget(suspected_since=BEGAN, newest=(V41.created, BEGAN)),
        stays="version v41; to take it back, deploy v42",
    )


def test_a_version_supported_only_by_dates_is_never_deployed_without_a_human() -> None:
    made = plan()
    assert made.doubts == (made.warnings[0],)
    assert decided(ASKED, made).outcome == AskApproval(made)


def test_a_version_that_an_event_names_is_deployed_without_a_human() -> None:
    made = plan(events=ran("v41"))
    assert (made.doubts, decided(ASKED, made).outcome) == ((), Act(made))


def test_of_two_deployments_within_the_window_a_human_says_which() -> None:
    made = plan(events=ran("v41", 15 * MINUTES))
    assert made.doubts == (TWO_SUSPECTS,)
    assert decided(ASKED, made).outcome == AskApproval(made)
    old = plan(events=ran("v41", 20 * MINUTES))
    assert old.doubts == ()


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param(BEGAN, Reason.ROLLED_BACK_BEFORE, id="since the suspect deployment"),
        pytest.param(BEGAN - timedelta(hours=1), Reason.ROLLED_BACK_BEFORE, id="what it goes back to"),
        pytest.param(BEGAN - timedelta(days=2), Reason.CLEAR_TO_ACT, id="before both"),
    ],
)
def test_nothing_is_rolled_back_twice_and_nothing_goes_to_what_was_rolled_back(
    at: datetime, reason: Reason
) -> None:
    assert decided(ASKED, plan(events=ran("v41")), at).reason is reason


def test_a_version_that_was_left_for_an_older_one_is_never_gone_back_to() -> None:
    words = "New application version was deployed to running EC2 instances."
    bad_and_back = (
        replace(event(words, request_id=f"r-{hours}"), at=BEGAN - timedelta(hours=hours)) for hours in (1, 2)
    )
    assert reason_of(deployed(events=(*DEPLOYED, *bad_and_back))) is Reason.NOTHING_TO_ROLL_BACK


def test_with_an_operations_role_nobody_is_warned_of_rights() -> None:
    assert NO_ROLE not in plan(environment=environment(operations_role=ROLE)).warnings


def test_a_stack_that_owns_the_environment_is_named() -> None:
    tagged = ENABLED | {"aws:cloudformation:stack-name": "shop"}
    assert plan(tagged=tagged).reset_by.startswith("the next deploy of stack shop will reset the version")


def ran(label: str, before: timedelta = timedelta(days=1)) -> tuple[Any, ...]:
    """The deployment's events, and an older one that names a version."""
    named = event("Environment update is starting.", version=label, request_id="r-older")
    return (*DEPLOYED, replace(named, at=BEGAN - before))


def test_a_version_that_an_event_names_is_certain_whatever_else_the_application_has() -> None:
    made = plan(events=ran("v40"), environments=3, versions=(V43, V42, V41, V40))
    assert made.change["versionLabel"] == "v40"
    assert made.warnings == (DATA_STAYS, NO_ROLE)


def test_of_several_named_versions_the_newest_that_is_another_one_counts() -> None:
    events = (*ran("v41", timedelta(days=2)), *ran("v40", timedelta(days=3))[-1:], *ran("v42")[-1:])
    made = plan(events=tuple(sorted(events, key=lambda one: one.at, reverse=True)))
    assert made.change["versionLabel"] == "v41"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"environment": ABSENT}, Reason.TARGET_MISSING, id="gone"),
        pytest.param({"environment": environment(status="Updating")}, Reason.NOT_READY, id="busy"),
        pytest.param({"environment": environment(status="Terminated")}, Reason.NOT_ACTIVE, id="terminated"),
        pytest.param({"events": ()}, Reason.NO_RECENT_DEPLOYMENT, id="no events"),
        pytest.param(
            {"events": (event("Environment update is starting."),)},
            Reason.NO_RECENT_DEPLOYMENT,
            id="only the configuration was changed",
        ),
        pytest.param({"versions": (V42,)}, Reason.NOTHING_TO_ROLL_BACK, id="the first version"),
        pytest.param({"versions": (V41, V40)}, Reason.NOTHING_TO_ROLL_BACK, id="what runs was deleted"),
        pytest.param(
            {"environment": environment(version="")}, Reason.NOTHING_TO_ROLL_BACK, id="no version runs"
        ),
        pytest.param({"environments": 2}, Reason.NOTHING_TO_ROLL_BACK, id="others may have run it"),
        pytest.param(
            {"environments": 0}, Reason.NOTHING_TO_ROLL_BACK, id="an environment that is not counted"
        ),
        pytest.param({"events": ran("v39")}, Reason.NOTHING_TO_ROLL_BACK, id="the one before was deleted"),
        pytest.param(
            {"events": ran("v41"), "versions": (V42, replace(V41, status="FAILED"))},
            Reason.NOTHING_TO_ROLL_BACK,
            id="the one before cannot be deployed",
        ),
        pytest.param(
            {"versions": (V42, replace(V41, status="Failed"), replace(V40, status="Building"))},
            Reason.NOTHING_TO_ROLL_BACK,
            id="no older one can be deployed",
        ),
        pytest.param({"versions": (V43, V42, V41)}, Reason.ROLLED_BACK_BEFORE, id="a newer one exists"),
        pytest.param(
            {"events": ran("v43"), "versions": (V43, V42, V41), "environments": 2},
            Reason.ROLLED_BACK_BEFORE,
            id="a newer one ran before",
        ),
    ],
)
def test_it_refuses_where_the_rollback_target_is_not_certain(changes: dict[str, Any], reason: Reason) -> None:
    assert reason_of(deployed(**changes)) is reason


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"environment": Unknown("x")}, "the environment could not be read: x", id="environment"),
        pytest.param(
            {"events": Unknown("x")}, "what happened to the environment could not be read: x", id="events"
        ),
        pytest.param(
            {"versions": Unknown("x")}, "the application's versions could not be read: x", id="versions"
        ),
        pytest.param(
            {"environments": Unknown("x")},
            "how many environments the application has could not be read: x",
            id="siblings",
        ),
        pytest.param(
            {"versions": NotRead("x")}, "the application's versions was not read: x", id="versions not read"
        ),
    ],
)
def test_it_plans_nothing_on_what_it_could_not_see(changes: dict[str, Any], why: str) -> None:
    assert found(deployed(**changes)) == Unknown(why)


def test_siblings_do_not_matter_where_the_events_name_the_version() -> None:
    assert plan(events=ran("v41"), environments=Unknown("denied")).change["versionLabel"] == "v41"


@pytest.mark.parametrize(
    ("red_since", "text"),
    [
        pytest.param(BEGAN - MINUTES, "the alarm turned red 1 min before the newest deployment", id="before"),
        pytest.param(
            ENDED + 31 * MINUTES,
            "the newest deployment ended 31 min before the alarm turned red; at most 30 min is its fault",
            id="long after",
        ),
        pytest.param(
            ENDED + timedelta(days=1, hours=1),
            "the newest deployment ended 25 h before the alarm turned red; at most 30 min is its fault",
            id="a day after",
        ),
    ],
)
def test_a_deployment_that_cannot_be_the_cause_is_not_suspected(red_since: datetime, text: str) -> None:
    assert found(deployed(), red_since) == Obstacle(Reason.NO_RECENT_DEPLOYMENT, text)


@pytest.mark.parametrize(
    "red_since",
    [BEGAN, BEGAN + timedelta(seconds=10), ENDED, ENDED + 30 * MINUTES],
    ids=["at its start", "while it ran", "at its end", "at the end of the window"],
)
def test_an_alarm_during_or_soon_after_a_deployment_makes_it_suspected(red_since: datetime) -> None:
    assert isinstance(found(deployed(), red_since), Plan)


@pytest.mark.parametrize(("suspect_within", "expected"), [(9, False), (10, True), (60, True)])
def test_the_policys_window_decides_how_long_after(suspect_within: int, *, expected: bool) -> None:
    assert isinstance(found(deployed(), suspect_within=suspect_within * MINUTES), Plan) is expected


@given(
    st.lists(st.integers(0, 40), min_size=1, unique=True),
    st.sets(st.integers(0, 40)),
    st.integers(0, 40),
    st.integers(0, 3),
)
def test_a_rollback_target_is_always_older_known_and_fit(
    days: list[int], unfit: set[int], current: int, environments: int
) -> None:
    versions = tuple(
        ApplicationVersion(f"v{day}", a.NOW - timedelta(days=50 - day), "FAILED" if day in unfit else "")
        for day in sorted(days, reverse=True)
    )
    made = found(
        deployed(environment=environment(version=f"v{current}"), versions=versions, environments=environments)
    )
    if isinstance(made, Plan):
        back = int(str(made.change["versionLabel"]).removeprefix("v"))
        assert environments == 1
        assert back < current == max(days)
        assert back == max(day for day in days if day < current and day not in unfit)


def test_after_a_roll_back_the_same_alarm_never_rolls_back_again() -> None:
    made = plan()
    again = deployed(environment=environment(version=str(made.change["versionLabel"])))
    assert reason_of(again) is Reason.ROLLED_BACK_BEFORE
