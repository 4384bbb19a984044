"""The rules of IAM's evaluation that the tests rely on, as AWS documents them."""

import pytest

from tests.support.iam_evaluation import Check, Statement, allows

ALARM = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:api"
ANY = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*"
TAG = "aws:ResourceTag/firebreak:enabled"


def statement(
    effect: str = "Allow", resource: str = "*", conditions: dict[str, dict[str, object]] | None = None
) -> Statement:
    return Statement("x", effect, ("cloudwatch:DeleteAlarms",), (resource,), conditions or {})


def asked(
    resource: str = ALARM,
    action: str = "cloudwatch:DeleteAlarms",
    context: dict[str, str | list[str]] | None = None,
) -> Check:
    return Check(action, resource, context or {})


@pytest.mark.parametrize(
    ("resource", "pattern", "expected"),
    [
        pytest.param(ALARM, "*", True, id="everything"),
        pytest.param(ALARM, ANY, True, id="pattern"),
        pytest.param("*", ANY, False, id="a call without a resource is not covered by a pattern"),
        pytest.param(ALARM, ALARM[:-1] + "?", True, id="one character"),
        pytest.param(ALARM, ALARM + "?", False, id="one character more"),
        pytest.param(ALARM, ALARM.upper(), False, id="resources are read with their case"),
    ],
)
def test_a_resource_is_compared_with_the_pattern(resource: str, pattern: str, *, expected: bool) -> None:
    assert allows([statement(resource=pattern)], asked(resource)) == expected


def test_nothing_is_allowed_without_a_statement_and_a_denial_wins() -> None:
    assert not allows([], asked())
    assert not allows([statement(), statement("Deny", ANY)], asked())
    assert allows([statement(), statement("Deny", ANY)], asked("*"))
    assert not allows([statement()], asked(action="cloudwatch:PutMetricAlarm"))


def test_a_call_needs_each_of_its_resources() -> None:
    other = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:web"
    assert not allows([statement(resource=ALARM)], asked(), asked(other))
    assert allows([statement(resource=ALARM), statement(resource=other)], asked(), asked(other))


@pytest.mark.parametrize(
    ("operator", "value", "found", "expected"),
    [
        pytest.param("StringEquals", "true", "true", True, id="equal"),
        pytest.param("StringEquals", "true", "false", False, id="not equal"),
        pytest.param("StringEquals", "true", None, False, id="a missing key is not equal"),
        pytest.param("StringEqualsIfExists", "true", None, True, id="if exists, and does not"),
        pytest.param("StringEqualsIfExists", "true", "false", False, id="if exists, and does"),
        pytest.param("StringLike", "INC#*", "INC#1", True, id="like"),
        pytest.param("Bool", "false", "False", True, id="bool"),
        pytest.param("BoolIfExists", "false", None, True, id="bool if exists"),
        pytest.param("NumericLessThanEquals", "10", "9", True, id="numbers are not texts"),
        pytest.param("Null", "true", None, True, id="null"),
        pytest.param("Null", "false", None, False, id="not null"),
        pytest.param("ForAnyValue:StringLike", ["a*"], ["b", "ab"], True, id="any value"),
        pytest.param("ForAllValues:StringEquals", ["a"], ["a", "b"], False, id="all values"),
        pytest.param("ForAllValues:StringEquals", ["a"], None, True, id="all of no values"),
        pytest.param("ForAnyValue:StringEquals", ["a"], None, False, id="any of no values"),
    ],
)
def test_a_condition_holds_or_not(
    operator: str, value: object, found: str | list[str] | None, *, expected: bool
) -> None:
    check = asked(context={TAG: found} if found is not None else {})
    assert allows([statement(conditions={operator: {TAG: value}})], check) == expected


def test_an_operator_that_is_not_known_is_no_permission() -> None:
    with pytest.raises(KeyError):
        allows([statement(conditions={"DateGreaterThan": {TAG: "x"}})], asked(context={TAG: "x"}))


@pytest.mark.parametrize("context", [{}, {TAG.lower(): "true"}], ids=["no key", "a key"])
def test_an_operator_that_is_not_known_is_an_error_whether_the_key_is_there_or_not(
    context: dict[str, str | list[str]],
) -> None:
    """A condition that does not hold without its key would hide that nobody knows what it means."""
    with pytest.raises(KeyError):
        allows([statement(conditions={"StringMatches": {TAG: "true"}})], asked(context=context))
