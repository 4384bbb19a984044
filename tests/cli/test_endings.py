import pytest

from firebreak import errors
from firebreak_cli.endings import BAD_INPUT, BAD_POLICY, NO_AWS, ending_of

AWS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AwsError)]


@pytest.mark.parametrize("kind", AWS, ids=lambda kind: kind.__name__)
def test_every_aws_error_is_one_line_with_the_call_and_aws_s_own_code(kind: type[errors.AwsError]) -> None:
    ending = ending_of(kind("DescribeStacks", "SomeCode"))

    assert (ending.code, len(ending.lines)) == (NO_AWS, 1)
    assert "DescribeStacks (SomeCode)" in ending.lines[0]


def test_a_policy_s_mistakes_are_a_line_each() -> None:
    ending = ending_of(errors.PolicyError("own.toml", ["a: wrong", "b: wrong"]))

    assert (ending.code, ending.lines) == (BAD_POLICY, ("own.toml: a: wrong", "own.toml: b: wrong"))


def test_any_other_error_is_about_the_input() -> None:
    assert ending_of(errors.UnusableEvent("a", "b")).code == BAD_INPUT
