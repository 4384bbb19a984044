"""Every question has an id of its own; nothing else is taken for one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.incident.questions import Question, approval_of, question_id, read_question
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.model import OwnEvent, RequestKind
from tests.support import builders as a

ASKED = a.incident(IncidentState.AWAITING_APPROVAL, plan=a.PLAN, attempt=1)


def test_the_id_names_the_incident_and_the_rung_as_people_count() -> None:
    assert question_id(replace(ASKED, rung=1)).startswith(f"{ASKED.id}.2.")
    assert read_question(question_id(ASKED)) == Question(question_id(ASKED), ASKED.id)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(ASKED, rung=1), id="rung"),
        pytest.param(replace(ASKED, attempt=2), id="asked again"),
        pytest.param(replace(ASKED, action="scale-service"), id="action"),
        pytest.param(replace(ASKED, plan=replace(a.PLAN, summary="restart ecs:prod/web")), id="plan"),
        pytest.param(replace(ASKED, plan=None), id="no plan"),
        pytest.param(replace(ASKED, id="i-9876543210"), id="incident"),
    ],
)
def test_another_question_has_another_id(other: Incident) -> None:
    assert question_id(other).rpartition(".")[2] != question_id(ASKED).rpartition(".")[2]


@pytest.mark.parametrize(
    ("asked", "printed"),
    [
        pytest.param(ASKED, "i-0123456789.1.6b0fddc8", id="a plan"),
        pytest.param(replace(ASKED, plan=None), "i-0123456789.1.a1290385", id="no plan"),
    ],
)
def test_a_question_that_an_earlier_release_printed_still_has_its_id(asked: Incident, printed: str) -> None:
    assert question_id(asked) == printed


def test_the_answer_carries_everything_that_identifies_its_question() -> None:
    asked = replace(ASKED, rung=1, action="scale-service")
    assert approval_of(asked, "ana", a.NOW) == OwnEvent(
        kind=RequestKind.APPROVAL,
        action="scale-service",
        incident_id="i-0123456789",
        rung=1,
        attempt=1,
        at=a.NOW,
        alarm=asked.alarm,
        by="ana",
        question=question_id(asked),
    )


def test_an_alarm_that_joins_leaves_the_question_as_it_is() -> None:
    joined = replace(ASKED, version=ASKED.version + 1, members=(*ASKED.members, *ASKED.members))
    assert question_id(joined) == question_id(ASKED)


@given(some.text(max_size=40))
def test_no_other_text_is_a_question(written: str) -> None:
    assert read_question(written) is None


@pytest.mark.parametrize(
    "written",
    ["i-0123456789", "i-0123456789.0.0123abcd", "i-0123456789.1.0123abcd\n", " i-0123456789.1.0123abcd"],
)
def test_text_that_is_almost_a_question_is_none(written: str) -> None:
    assert read_question(written) is None
