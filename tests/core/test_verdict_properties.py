"""All evidence has a verdict, only OK is a recovery, and only alarms red after the act count against it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from firebreak.core.incident.states import Incident, IncidentState, Member, Purpose
from firebreak.core.incident.verdict import Evidence, judge
from firebreak.core.model import AlarmState, Failed, Settled, Verdict
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from tests.support import builders as a

SECOND = timedelta(seconds=1)
RULES = a.rules().verification
OK, RED = AlarmState.OK, AlarmState.ALARM
DARK = Unknown("Throttled")

READINGS = st.sampled_from([*AlarmState, ABSENT, DARK, NotRead("offline")])
# Seconds around the act, on both sides and on its very moment.
SINCE = st.none() | st.integers(-600, 1200).map(lambda n: a.NOW + n * SECOND)
MEMBERS = st.builds(lambda n, since: a.member(f"alarm-{n}", since=since), st.integers(0, 9), SINCE)
ALARMS = st.lists(st.tuples(MEMBERS, READINGS), max_size=5)
EVIDENCE = st.builds(
    Evidence,
    now=st.integers(0, 1500).map(lambda n: a.NOW + n * SECOND),
    alarms=ALARMS,
    happened=st.sampled_from([True, False, DARK]),
    settled=st.sampled_from([*Settled, Failed("run r-1 is Failed"), DARK]),
    worse=st.sampled_from([True, False, DARK]),
)
INCIDENTS = st.builds(
    a.incident,
    state=st.sampled_from([IncidentState.ACTED, IncidentState.VERIFYING, IncidentState.HOLDING]),
    purpose=st.sampled_from(Purpose),
    acted_at=st.none() | st.integers(-300, 300).map(lambda n: a.NOW + n * SECOND),
    plan=st.sampled_from([None, a.PLAN]),
)
ACTS = INCIDENTS.filter(lambda incident: incident.purpose is Purpose.ACT)
EXAMPLES = settings(deadline=None)


def verdict(incident: Incident, evidence: Evidence) -> Verdict:
    return judge(incident, evidence, RULES).verdict


def with_alarm(evidence: Evidence, member: Member, reading: Reading[AlarmState]) -> Evidence:
    return replace(evidence, alarms=[*evidence.alarms, (member, reading)])


@given(INCIDENTS, EVIDENCE)
@EXAMPLES
def test_there_is_always_a_verdict_and_a_line_that_explains_it(
    incident: Incident, evidence: Evidence
) -> None:
    found = judge(incident, evidence, RULES)
    assert isinstance(found.verdict, Verdict)
    assert found.why


@given(INCIDENTS, EVIDENCE, MEMBERS, READINGS.filter(lambda reading: reading is not OK))
@EXAMPLES
def test_it_is_no_recovery_while_any_alarm_is_not_ok(
    incident: Incident, evidence: Evidence, member: Member, reading: Reading[AlarmState]
) -> None:
    assert verdict(incident, with_alarm(evidence, member, reading)) is not Verdict.RECOVERED


@given(INCIDENTS, EVIDENCE)
@EXAMPLES
def test_with_all_alarms_ok_only_an_act_that_was_not_made_or_was_seen_to_work_is_a_recovery(
    incident: Incident, evidence: Evidence
) -> None:
    green = replace(evidence, alarms=[(a.member("api"), OK)])
    seen_well = (green.happened, green.worse, green.settled) == (True, False, Settled.YES)
    unmade = green.happened is False and incident.purpose is Purpose.ACT
    assert (verdict(incident, green) is Verdict.RECOVERED) is (seen_well or unmade)


@given(ACTS, EVIDENCE)
@EXAMPLES
def test_an_act_is_never_worse_for_an_alarm_that_was_red_before_it(
    incident: Incident, evidence: Evidence
) -> None:
    """With the harm that is seen at the target itself set aside."""
    acted_at = incident.acted_at
    red_before = [
        (member, reading)
        for member, reading in evidence.alarms
        if acted_at is None or member.since is None or member.since <= acted_at
    ]
    seen = replace(evidence, alarms=red_before)
    assume(seen.worse is not True)
    assert verdict(incident, seen) is not Verdict.WORSE


@given(INCIDENTS, EVIDENCE)
@EXAMPLES
def test_a_change_that_was_not_made_is_never_worse(incident: Incident, evidence: Evidence) -> None:
    assert verdict(incident, replace(evidence, happened=False)) is not Verdict.WORSE


@given(INCIDENTS, EVIDENCE, st.integers(0, 3600))
@EXAMPLES
def test_a_verdict_of_worse_stays_worse_however_long_one_waits(
    incident: Incident, evidence: Evidence, seconds: int
) -> None:
    assume(verdict(incident, evidence) is Verdict.WORSE)
    assert verdict(incident, replace(evidence, now=evidence.now + seconds * SECOND)) is Verdict.WORSE


@given(INCIDENTS, EVIDENCE, MEMBERS, READINGS)
@EXAMPLES
def test_one_more_alarm_makes_nothing_better(
    incident: Incident, evidence: Evidence, member: Member, reading: Reading[AlarmState]
) -> None:
    before, after = verdict(incident, evidence), verdict(incident, with_alarm(evidence, member, reading))
    if before is Verdict.WORSE:
        assert after is Verdict.WORSE
    if after is Verdict.RECOVERED:
        # Without any alarm there is nothing to look at; else it was a recovery without this one, too.
        assert before is Verdict.RECOVERED or not evidence.alarms


@given(ACTS, EVIDENCE, MEMBERS)
@EXAMPLES
def test_an_alarm_that_turned_red_later_never_counts_for_the_act(
    incident: Incident, evidence: Evidence, member: Member
) -> None:
    late = replace(member, since=a.NOW + 1200 * SECOND)
    earlier, later = (verdict(incident, with_alarm(evidence, one, RED)) for one in (member, late))
    assert later is earlier or later is Verdict.WORSE


@given(ACTS, EVIDENCE, MEMBERS)
@EXAMPLES
def test_a_newly_red_sibling_of_a_settled_act_is_always_worse(
    incident: Incident, evidence: Evidence, member: Member
) -> None:
    assume(incident.acted_at is not None)
    late = replace(member, since=a.NOW + 301 * SECOND)
    seen = replace(evidence, happened=True, settled=Settled.YES, now=a.NOW + 1200 * SECOND)
    assert verdict(incident, with_alarm(seen, late, RED)) is Verdict.WORSE
