"""For all readings of an incident's alarms and all settings of owners: missing data decides nothing."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.decide import decide
from firebreak.core.decision import Act
from firebreak.core.evaluation import MissingData
from firebreak.core.incident.temporary_changes import after_rest
from firebreak.core.incident.verdict import Climb, Evidence, TakeBack, judge, next_step
from firebreak.core.missing_data import OwnersWord, data_of, effective
from firebreak.core.model import AlarmState, RequestKind, Settled, Verdict
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.tags import MISSING_DATA_TAG
from firebreak.remediation.snapshot import loudest
from tests.support import builders as a

ALARM, OK, INSUFFICIENT = AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA
ACTED = a.incident().acted_at or a.NOW
WORDS: dict[str, OwnersWord | Unknown] = {
    "symptom": OwnersWord(MissingData.SYMPTOM, "its tag"),
    "ignore": OwnersWord(MissingData.IGNORE, "the policy"),
    "nobody": OwnersWord(None, "nobody"),
    "unreadable": Unknown("ListTagsForResource: Throttling"),
}
READINGS: dict[str, Reading[DescribedAlarm]] = {
    "ok": a.described(state=OK),
    "red": a.described(),
    "silent": a.described(evaluation=a.silent(a.described().since), treat_missing_data="breaching"),
    "without data": a.described(state=INSUFFICIENT),
    "absent": ABSENT,
    "unknown": Unknown("DescribeAlarms: Throttling"),
    "not read": NotRead("nobody asked"),
}


@dataclass(frozen=True)
class Seen:
    """One member as it was read, and its owner's setting."""

    reading: str
    word: str
    red_before: bool

    @property
    def looked_at(self) -> Reading[DescribedAlarm]:
        found = READINGS[self.reading]
        if not isinstance(found, DescribedAlarm):
            return found
        return effective(found, data_of(found), WORDS[self.word])

    @property
    def is_red(self) -> bool:
        """By data, or by its owner's setting."""
        silent = self.reading in {"silent", "without data"}
        return self.reading == "red" or (silent and self.word == "symptom")


SEEN = st.builds(Seen, st.sampled_from(sorted(READINGS)), st.sampled_from(sorted(WORDS)), st.booleans())
MEMBERS = st.lists(SEEN, min_size=1, max_size=4)


def evidence(members: list[Seen]) -> Evidence:
    """An act that was made and has settled long ago."""
    alarms = []
    for n, seen in enumerate(members):
        found = seen.looked_at
        since = ACTED + timedelta(seconds=-60 if seen.red_before else 60)
        state = found.state if isinstance(found, DescribedAlarm) else found
        alarms.append((a.member(f"alarm-{n}", since=since), state))
    return Evidence(
        now=ACTED + timedelta(minutes=20), alarms=alarms, happened=True, settled=Settled.YES, worse=False
    )


@given(MEMBERS)
def test_no_verdict_rests_on_an_alarm_without_data(members: list[Seen]) -> None:
    rules, incident = a.rules(), a.incident()

    verdict = judge(incident, evidence(members), rules.verification).verdict

    assert (verdict is Verdict.RECOVERED) == all(seen.reading == "ok" for seen in members)
    if verdict is Verdict.WORSE:
        assert any(seen.is_red and not seen.red_before for seen in members)
    if verdict is Verdict.NOT_RECOVERED:
        assert any(seen.is_red for seen in members)
    if not any(seen.is_red for seen in members) and verdict is not Verdict.RECOVERED:
        assert verdict is Verdict.UNKNOWN


@given(MEMBERS)
def test_nothing_climbs_and_nothing_is_taken_back_for_an_alarm_without_data(members: list[Seen]) -> None:
    rules, incident, seen = a.rules(), a.incident(), evidence(members)
    verdict = judge(incident, seen, rules.verification).verdict
    steps = [
        next_step(incident, verdict, rules.verification, seen, rules.max_incident_age),
        after_rest(incident, seen, rules.verification, seen.now, rules.max_incident_age),
    ]

    if not any(one.is_red for one in members):
        assert not any(isinstance(step, Climb) for step in steps)
    if any(one.reading != "ok" for one in members):
        assert not any(isinstance(step, TakeBack) for step in steps)


@given(MEMBERS)
def test_the_loudest_member_is_red_only_by_data_or_by_its_owners_word(members: list[Seen]) -> None:
    found = loudest([seen.looked_at for seen in members])

    is_red = isinstance(found, DescribedAlarm) and found.state is ALARM
    assert is_red == any(seen.is_red for seen in members)


@given(SEEN, st.sampled_from([RequestKind.ALARM, RequestKind.WAKE, RequestKind.CLIMB]))
def test_nothing_is_done_for_an_alarm_without_data_but_by_its_owners_word(
    seen: Seen, kind: RequestKind
) -> None:
    tags = {"firebreak:action": "restart-service"}
    if seen.word in {"symptom", "ignore"}:
        tags[MISSING_DATA_TAG] = seen.word

    decision = decide(a.request(kind), a.rules(), a.snapshot(alarm=seen.looked_at, alarm_tags=tags))

    if isinstance(decision.outcome, Act):
        assert seen.is_red
    if seen.reading == "silent":
        expected = {"symptom": Reason.CLEAR_TO_ACT, "ignore": Reason.NO_DATA_IGNORED}
        assert decision.reason is expected.get(seen.word, Reason.NO_DATA)
