import pytest

from firebreak.core.composites import children_in_rule


@pytest.mark.parametrize(
    ("rule", "children"),
    [
        pytest.param("ALARM(a)", ("a",), id="bare"),
        pytest.param('ALARM("a b (c)")', ("a b (c)",), id="quoted"),
        pytest.param(r'ALARM("a \"b\"")', ('a "b"',), id="escaped quotes"),
        pytest.param('ALARM( "a" ) OR\n ALARM ( b )', ("a", "b"), id="blanks"),
        pytest.param("ALARM(a) OR ALARM(a)", ("a",), id="named twice"),
        pytest.param("(ALARM(a) AND OK(b)) OR INSUFFICIENT_DATA(c)", ("a",), id="other states"),
        pytest.param('OK("ALARM(x)") AND ALARM(a)', ("a",), id="a name that looks like a rule"),
        pytest.param(
            "ALARM(arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a)",
            ("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a",),
            id="arn",
        ),
        pytest.param('AT_LEAST(2, ALARM, (a, "b c", d))', ("a", "b c", "d"), id="at least"),
        pytest.param("AT_LEAST(60%, ALARM, (a, b))", ("a", "b"), id="at least a share"),
        pytest.param("AT_LEAST(1, OK, (a)) AND ALARM(b)", ("b",), id="at least OK"),
        pytest.param("AT_LEAST(1, NOT ALARM, (a)) AND ALARM(b)", ("b",), id="at least not"),
        pytest.param("AT_LEAST(60%, NOT  OK, (a, b))", ("a", "b"), id="at least not OK"),
        pytest.param("ALARM(a) AND NOT ALARM(b)", ("a", "b"), id="negated is named too"),
        pytest.param('AT_LEAST(2, ALARM, (a, "b, c", d))', ("a", "b, c", "d"), id="comma in a name"),
        pytest.param("TRUE", (), id="constant"),
        pytest.param("NOT_ALARM(a) MYALARM(b)", (), id="other words"),
        pytest.param("ALARM(", (), id="cut off"),
        pytest.param("", (), id="empty"),
    ],
)
def test_children_are_the_alarms_wanted_in_alarm(rule: str, children: tuple[str, ...]) -> None:
    assert children_in_rule(rule) == children


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("AT_LEAST(1, ALARM, (" * 2000, id="opened over and over"),
        pytest.param("AT_LEAST(1, ALARM, (" + "a" * 5000 + "(", id="a list that never ends"),
        pytest.param('AT_LEAST(1, ALARM, ("' + "\\" * 5000, id="escapes that never end"),
        pytest.param("ALARM(" + " " * 5000, id="blanks that never end"),
    ],
)
def test_a_rule_that_is_cut_off_names_nobody_and_ends(rule: str) -> None:
    assert children_in_rule(rule) == ()
