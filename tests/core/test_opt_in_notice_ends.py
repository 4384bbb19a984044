"""The end of the notice of a target that is not opted in: its owner did as the notice asked."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.messages.opt_in_notice import is_notice, notices_ended_by
from firebreak.core.model import Autonomy
from firebreak.core.readings import ABSENT, Unknown
from tests.core.test_opt_in_notice import OTHERS, OUT, TAGGED, announcement_for
from tests.support import builders as a

K = AnnouncementKind
MODES = (Autonomy.AUTO, Autonomy.OBSERVE)
NOT_OPTED_IN = tuple(announcement_for(TAGGED, OUT, autonomy).key for autonomy in MODES)
NOT_ALLOWED = tuple(announcement_for(TAGGED, OTHERS, autonomy).key for autonomy in MODES)
# The announcement of an older release, and that of an incident.
UNSAID = replace(announcement_for(TAGGED, a.snapshot(), Autonomy.OBSERVE), opted_in=False)


def test_each_reason_and_mode_is_a_notice_of_its_own() -> None:
    assert len({*NOT_OPTED_IN, *NOT_ALLOWED}) == 4


@pytest.mark.parametrize("kind", list(K))
def test_an_act_a_question_or_a_proposal_ends_all_notices(kind: AnnouncementKind) -> None:
    ended = notices_ended_by(replace(UNSAID, kind=kind))
    assert ended == ((*NOT_OPTED_IN, *NOT_ALLOWED) if kind in {K.ACTED, K.APPROVAL, K.OBSERVED} else ())


@pytest.mark.parametrize(
    "changes", [{"target": ""}, {"alarm_name": ""}, {"cause": "not_opted_in"}, {"cause": "too_old"}]
)
def test_an_announcement_that_shows_no_opt_in_ends_no_notice(changes: dict[str, Any]) -> None:
    assert notices_ended_by(replace(UNSAID, **changes)) == ()
    assert not is_notice(UNSAID)


REFUSED: list[Any] = [
    pytest.param({}, True, id="opted in"),
    pytest.param(
        {"target_tags": {"firebreak:enabled": "true", "firebreak:alarms": "api-"}}, True, id="named"
    ),
    pytest.param({"target_tags": Unknown("503")}, False, id="unreadable"),
    pytest.param({"target_tags": ABSENT}, False, id="no such target"),
]


@pytest.mark.parametrize(("changes", "ends"), REFUSED)
def test_a_refusal_ends_the_notices_where_its_decision_read_the_opt_in(
    changes: dict[str, Any], ends: bool
) -> None:
    refusal = announcement_for(TAGGED, a.snapshot(storm=Unknown("503"), **changes))
    assert refusal.kind is K.REFUSED
    assert refusal.opted_in is ends
    assert notices_ended_by(refusal) == ((*NOT_OPTED_IN, *NOT_ALLOWED) if ends else ())


@pytest.mark.parametrize("autonomy", MODES)
def test_that_the_tag_does_not_name_the_alarm_shows_that_the_target_is_opted_in(autonomy: Autonomy) -> None:
    assert notices_ended_by(announcement_for(TAGGED, OTHERS, autonomy)) == NOT_OPTED_IN
    assert notices_ended_by(announcement_for(TAGGED, OUT, autonomy)) == ()
