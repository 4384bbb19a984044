"""A function whose alarm asks for a restart gets new environments through the deployed functions."""

import pytest

from tests.scenarios.bench import Bench
from tests.scenarios.functions import PlayedFunction

pytestmark = pytest.mark.local
TAGS = {"firebreak:action": "restart-function"}


def test_behind_an_alias_a_version_of_the_same_code_takes_over(bench: Bench) -> None:
    stuck = PlayedFunction.create(bench, "stuck")
    first = stuck.publish()
    stuck.alias(first)
    bench.turn(stuck.alarm("Errors", "live", tags=TAGS), "ALARM")
    bench.expect_page("ACTED", stuck.about)
    before, after = stuck.configuration(first), stuck.configuration(stuck.behind())
    assert (before["Version"], after["Version"]) == ("1", "2")
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed <= {"Version", "FunctionArn", "Description", "LastModified", "RevisionId"}
    assert after["Description"].startswith("[restarted, red since ")


def test_the_alias_that_the_tag_names_is_the_one_that_moves(bench: Bench) -> None:
    twice = PlayedFunction.create(bench, "twice", tags={"firebreak:alias": "green"})
    first = twice.publish()
    twice.alias(first, "blue")
    twice.alias(first, "green")
    bench.turn(twice.alarm("Errors", tags=TAGS), "ALARM")
    bench.expect_page("ACTED", twice.about)
    assert (twice.behind("blue"), twice.behind("green")) == ("1", "2")


def test_several_aliases_and_nothing_that_names_one_are_left_to_humans(bench: Bench) -> None:
    unnamed = PlayedFunction.create(bench, "unnamed")
    first = unnamed.publish()
    unnamed.alias(first, "blue")
    unnamed.alias(first, "green")
    bench.turn(unnamed.alarm("Errors", tags=TAGS), "ALARM")
    page = bench.expect_page("NOT ACTING", unnamed.about)
    assert "its callers may use blue, green" in page.body
    assert (unnamed.behind("blue"), unnamed.behind("green")) == ("1", "1")


def test_a_function_that_did_not_opt_in_is_left_alone(bench: Bench) -> None:
    private = PlayedFunction.create(bench, "private", tags={"firebreak:enabled": "false"})
    alarm = private.alarm("Errors", tags=TAGS)
    bench.turn(alarm, "ALARM")
    bench.expect_decision(alarm, "not_opted_in")
    assert private.configuration()["Description"] == ""
