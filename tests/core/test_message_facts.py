"""The facts of a page about an incident: values by the console's names, steps, changes that stay."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.incident.states import Incident, IncidentState, Purpose
from firebreak.core.messages.incident_facts import mute_facts, stays, step_line, steps, values
from firebreak.core.model import Alarm, Mute, Receipt
from tests.support import builders as a

DONE = Receipt(summary="3 tasks are wanted")
LENT = replace(a.PLAN, stays="3 tasks; set it to 2 by hand")
ROLE = "arn:aws:iam::111122223333:role/api"


def before(**known: object) -> list[str]:
    """The line of a page about the values before the act."""
    return values(a.incident(plan=replace(a.PLAN, before=known)))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(True, "yes", id="yes"),
        pytest.param(False, "no", id="no"),
        pytest.param(0, "0", id="a number"),
        pytest.param("green", "green", id="a text"),
        pytest.param(a.TASK_DEFINITION, "api:7", id="an ARN, by the name in it"),
        pytest.param(ROLE, "api", id="an ARN of no region"),
        pytest.param({"2": 0.1, "1": 0.9}, "1 0.9 and 2 0.1", id="a map, by its names"),
        pytest.param({"on": True}, "on yes", id="a map of single values"),
        pytest.param(["b", "a"], "b and a", id="a list, in its order"),
        pytest.param(("a", "b", "c"), "a and b and c", id="as many as are shown"),
        pytest.param(["a", "b", "c", "d"], "4 of them", id="more than are shown"),
    ],
)
def test_a_value_is_formatted_for_a_phone(value: object, words: str) -> None:
    assert before(memory=value) == [f"before: memory {words}"]


@pytest.mark.parametrize("value", [None, "", [], {}, "0123456789abcdef" * 2, "1:" + "0123456789abcdef" * 4])
def test_a_value_that_says_nothing_to_a_human_is_left_out(value: object) -> None:
    assert before(memory=value) == []


def test_values_are_in_the_order_of_their_names_and_have_the_names_of_the_console() -> None:
    assert before(running=2, desired=3, memory=512, rest={"cpu": 256}) == [
        "before: desired count 3, memory 512, running tasks 2"
    ]


@pytest.mark.parametrize(
    ("incident", "line"),
    [
        pytest.param(a.incident(receipt=DONE), "restart-service: 3 tasks are wanted", id="done"),
        pytest.param(
            a.incident(receipt=DONE, purpose=Purpose.UNDO),
            "restart-service: put back: 3 tasks are wanted",
            id="undone",
        ),
        pytest.param(
            a.incident(receipt=DONE, purpose=Purpose.RESTORE),
            "restart-service: put back: 3 tasks are wanted",
            id="restored",
        ),
        pytest.param(
            a.incident(IncidentState.UNCERTAIN),
            "restart-service: it is not known whether it was carried out",
            id="in doubt",
        ),
        pytest.param(a.incident(IncidentState.DEFERRED), "restart-service: not carried out", id="not done"),
    ],
)
def test_a_step_names_its_result(incident: Incident, line: str) -> None:
    assert step_line(incident) == line


@pytest.mark.parametrize(
    ("earlier", "lines"),
    [
        pytest.param(
            ("a: done", "b: done"),
            ["step 1: a: done", "step 2: b: done", "step 3: page: not carried out"],
            id="all known",
        ),
        pytest.param(("b: done",), ["step 2: b: done", "step 3: page: not carried out"], id="some unknown"),
        pytest.param((), ["step 3: page: not carried out"], id="none known"),
    ],
)
def test_steps_are_numbered_by_their_rungs(earlier: tuple[str, ...], lines: Sequence[str]) -> None:
    climbed = a.incident(IncidentState.CLIMBING, rung=2, action="page", earlier=earlier)
    assert steps(climbed) == lines


@pytest.mark.parametrize(
    ("incident", "lines"),
    [
        pytest.param(
            a.incident(plan=LENT, receipt=DONE), ["stays: 3 tasks; set it to 2 by hand"], id="changed"
        ),
        pytest.param(a.incident(plan=LENT), [], id="not known to be changed"),
        pytest.param(a.incident(plan=LENT, receipt=DONE, purpose=Purpose.UNDO), [], id="put back"),
        pytest.param(a.incident(receipt=DONE), [], id="an act that leaves nothing"),
        pytest.param(a.incident(plan=None, receipt=DONE), [], id="no plan is known"),
    ],
)
def test_a_change_that_stays_is_named_for_an_act_that_changed_something(
    incident: Incident, lines: Sequence[str]
) -> None:
    assert stays(incident) == lines


RULE = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:nightly"
UNTIL = a.NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("by", "until", "words"),
    [
        pytest.param(RULE, UNTIL, "nightly covered this alarm until 11:00:30Z", id="a rule and its end"),
        pytest.param("nightly", None, "nightly covered this alarm", id="no end"),
        pytest.param("", None, "a mute rule covered this alarm", id="no name"),
    ],
)
def test_a_mute_rule_is_named_with_its_end(by: str, until: datetime | None, words: str) -> None:
    assert mute_facts(a.alarm(mute=Mute(by, until))) == [
        f"muted: the CloudWatch mute rule {words}; Firebreak has handled it since"
    ]


@pytest.mark.parametrize("alarm", [None, a.alarm()])
def test_without_a_mute_rule_none_is_named(alarm: Alarm | None) -> None:
    assert mute_facts(alarm) == []
