"""The exact words and moments of a verdict, and its bounds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.incident.states import IncidentState
from firebreak.core.incident.verdict import (
    Evidence,
    GiveToHumans,
    Judgement,
    LookAgain,
    Reversals,
    all_members_ok,
    has_come_to_rest,
    judge,
    left_behind,
    next_step,
)
from firebreak.core.model import AlarmState, Failed, Settled, Verdict
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from tests.support import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
RULES = a.rules().verification
MAX_AGE = timedelta(hours=6)
OK, RED, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
DARK = Unknown("Throttled")


def seen(*alarms: Reading[AlarmState], after: timedelta = 10 * MINUTE, **changes: Any) -> Evidence:
    base = Evidence(
        now=a.NOW + after,
        alarms=[(a.member(f"alarm-{n}"), state) for n, state in enumerate(alarms)],
        happened=True,
        settled=Settled.YES,
        worse=False,
    )
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("evidence", "verdict", "why"),
    [
        pytest.param(seen(OK, OK), Verdict.RECOVERED, "every alarm of the incident is OK", id="ok"),
        pytest.param(
            seen(RED, OK, RED),
            Verdict.NOT_RECOVERED,
            "alarm-0 is still red; alarm-2 is still red",
            id="every red alarm is named",
        ),
        pytest.param(
            seen(NO_DATA, OK, ABSENT, DARK, NotRead("offline")),
            Verdict.UNKNOWN,
            "alarm-0 has no data; alarm-2 does not exist any more; alarm-3 could not be read: Throttled; "
            "alarm-4 could not be read: offline",
            id="everything unclear is named",
        ),
        pytest.param(seen(), Verdict.UNKNOWN, "no alarm to look at", id="no alarm"),
        pytest.param(
            seen(RED, worse=True),
            Verdict.WORSE,
            "the target is worse off than before the action",
            id="worse",
        ),
        pytest.param(
            seen(RED, worse=True, settled=Failed("ECS did not go back")),
            Verdict.WORSE,
            "the target is worse off than before the action: ECS did not go back",
            id="worse by an effect that failed",
        ),
        pytest.param(
            seen(RED, settled=Settled.FAILED),
            Verdict.NOT_RECOVERED,
            "the action's effect failed",
            id="failed",
        ),
        pytest.param(
            seen(RED, settled=Failed("run r-1 is Failed: step 2 stopped")),
            Verdict.NOT_RECOVERED,
            "the action's effect failed: run r-1 is Failed: step 2 stopped",
            id="failed in AWS's own words",
        ),
        pytest.param(
            seen(OK, settled=Settled.FAILED),
            Verdict.UNKNOWN,
            "the action's effect failed, though every alarm of the incident is OK",
            id="failed under green alarms",
        ),
    ],
)
def test_a_verdict_says_exactly_its_evidence(evidence: Evidence, verdict: Verdict, why: str) -> None:
    assert judge(a.incident(), evidence, RULES) == Judgement(verdict, why)


RED_UNTIL = "alarm-0 is still red; the alarm gets until 0:04:00 after the action"
NEVER_SENT = "the action did not reach AWS; alarm-0 is still red"


@pytest.mark.parametrize(
    ("changes", "time", "before", "then"),
    [
        pytest.param({}, 4 * MINUTE, RED_UNTIL, "alarm-0 is still red", id="the alarm's time"),
        pytest.param(
            {"happened": False},
            4 * MINUTE,
            "the lost request may still be on its way",
            NEVER_SENT,
            id="a lost request's time",
        ),
        pytest.param(
            {"settled": Settled.NOT_YET},
            10 * MINUTE,
            "the action's effect has not settled yet",
            "the action's effect did not settle in time",
            id="the effect's patience",
        ),
    ],
)
def test_a_verdict_waits_for_the_effect_until_its_time_is_up(
    changes: dict[str, Any], time: timedelta, before: str, then: str
) -> None:
    early, late = (seen(RED, after=after, **changes) for after in (time - SECOND, time))
    assert judge(a.incident(), early, RULES) == Judgement(Verdict.TOO_EARLY, before)
    assert judge(a.incident(), late, RULES) == Judgement(Verdict.NOT_RECOVERED, then)


@pytest.mark.parametrize(
    ("settled", "time", "before"),
    [
        pytest.param(
            Settled.YES,
            4 * MINUTE,
            "api is still red; web is still red; the alarm gets until 0:04:00 after the action",
            id="the alarms' time",
        ),
        pytest.param(
            Settled.NOT_YET,
            10 * MINUTE,
            "the action's effect has not settled yet",
            id="the effect's patience",
        ),
        pytest.param(Settled.FAILED, 4 * MINUTE, "the action's effect failed", id="the time of a failed one"),
    ],
)
def test_every_newly_red_sibling_counts_against_the_act_from_its_first_moment(
    settled: Settled, time: timedelta, before: str
) -> None:
    red = [(a.member(name, since=a.NOW + SECOND), RED) for name in ("api", "web")]
    early, late = (replace(seen(after=at, settled=settled), alarms=red) for at in (time - SECOND, time))
    assert judge(a.incident(), early, RULES).why == before
    assert judge(a.incident(), late, RULES) == Judgement(
        Verdict.WORSE, "api turned red after the action; web turned red after the action"
    )


@pytest.mark.parametrize(("late", "verdict"), [(0, Verdict.NOT_RECOVERED), (1, Verdict.WORSE)])
def test_a_sibling_is_newly_red_from_the_first_moment_after_the_act(late: int, verdict: Verdict) -> None:
    red = [(a.member("api", since=a.NOW + late * timedelta(milliseconds=1)), RED)]
    assert judge(a.incident(), replace(seen(), alarms=red), RULES).verdict is verdict


def test_without_a_plan_a_sibling_waits_for_no_patience_beyond_the_policy() -> None:
    red = [(a.member("api", since=a.NOW + SECOND), RED)]
    unsettled = replace(seen(after=4 * MINUTE, settled=Settled.NOT_YET), alarms=red)
    assert judge(a.incident(plan=None), unsettled, RULES).verdict is Verdict.WORSE
    assert judge(a.incident(), unsettled, RULES).verdict is Verdict.TOO_EARLY


def test_the_time_runs_from_the_act_and_not_from_the_opening() -> None:
    late = a.incident(acted_at=a.NOW + 8 * MINUTE)
    assert judge(late, seen(RED), RULES).verdict is Verdict.TOO_EARLY


def test_without_the_moment_of_the_act_the_time_runs_from_the_opening() -> None:
    assert judge(a.incident(acted_at=None), seen(RED), RULES).verdict is Verdict.NOT_RECOVERED


def test_without_a_plan_the_effect_gets_no_patience_beyond_the_policy() -> None:
    at_once = replace(RULES, after=timedelta())
    evidence = seen(RED, settled=Settled.NOT_YET, after=timedelta())
    assert judge(a.incident(plan=None), evidence, at_once).verdict is Verdict.NOT_RECOVERED


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(MAX_AGE, LookAgain(a.NOW + 2 * MINUTE), id="at its greatest age"),
        pytest.param(MAX_AGE + SECOND, GiveToHumans(), id="older"),
    ],
)
def test_an_incident_may_be_looked_at_up_to_its_greatest_age(age: timedelta, expected: object) -> None:
    old = a.incident(IncidentState.VERIFYING, opened_at=a.NOW - age)
    assert next_step(old, Verdict.UNKNOWN, RULES, seen(after=timedelta()), MAX_AGE) == expected


def test_an_incident_is_over_only_when_every_alarm_that_ever_joined_is_known_to_be_ok() -> None:
    api, web = WatchedAlarm("api"), WatchedAlarm("web")
    assert all_members_ok(a.incident(), {api: OK, web: OK})
    assert not all_members_ok(a.incident(), {api: OK, web: RED})
    assert not all_members_ok(a.incident(left_out=1), {api: OK, web: OK})
    assert not all_members_ok(a.incident(), {})


@pytest.mark.parametrize(
    ("changes", "rests"),
    [
        pytest.param({}, True, id="settled, and not worse off"),
        pytest.param({"settled": DARK}, True, id="whether it settled is not known"),
        pytest.param({"settled": Settled.NOT_YET}, False, id="not settled yet"),
        pytest.param({"settled": Settled.FAILED}, False, id="failed"),
        pytest.param({"settled": Failed("run r-1 is Failed")}, False, id="failed in AWS's own words"),
        pytest.param({"worse": True}, False, id="worse off"),
        pytest.param({"worse": DARK}, False, id="whether it is worse off is not known"),
        pytest.param({"happened": DARK}, True, id="whether it was made is not known"),
        pytest.param(
            {"happened": False, "worse": True, "settled": Settled.NOT_YET}, True, id="it was never made"
        ),
    ],
)
def test_whether_a_target_has_come_to_rest_after_an_act(changes: dict[str, Any], *, rests: bool) -> None:
    assert has_come_to_rest(seen(OK, **changes)) is rests


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({}, "", id="nothing was lent"),
        pytest.param({"ways": Reversals(restore=a.PLAN)}, "; the change by restart-service stays", id="lent"),
        pytest.param(
            {"ways": Reversals(restore=DARK), "happened": DARK},
            "; the change by restart-service stays",
            id="it may have been lent",
        ),
        pytest.param({"ways": Reversals(restore=a.PLAN), "happened": False}, "", id="it was never made"),
    ],
)
def test_a_temporary_change_that_a_rung_leaves_behind_is_named(changes: dict[str, Any], text: str) -> None:
    assert left_behind(a.incident(), seen(RED, **changes)) == text


@pytest.mark.parametrize(
    ("alarms", "state"),
    [
        pytest.param((RED, OK), RED, id="red"),
        pytest.param((OK, RED), OK, id="ok"),
        pytest.param((NO_DATA,), NO_DATA, id="no data"),
        pytest.param((DARK, RED), None, id="not known"),
        pytest.param((ABSENT, RED), None, id="gone"),
        pytest.param((), None, id="no alarm"),
    ],
)
def test_the_alarm_that_opened_the_incident_stands_first(
    alarms: tuple[Reading[AlarmState], ...], state: AlarmState | None
) -> None:
    assert seen(*alarms).first_state is state


def test_an_alarm_that_joined_and_is_not_looked_at_keeps_a_verdict_from_being_a_recovery() -> None:
    assert judge(a.incident(left_out=2), seen(OK), RULES) == Judgement(
        Verdict.UNKNOWN, "2 more alarms joined than are looked at"
    )
