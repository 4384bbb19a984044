"""The list of survivors is read as it is meant, and names only what is in the core."""

import ast
from collections import Counter

import pytest

from tests.mutants.survivors import (
    LIST,
    Change,
    Outcome,
    change,
    entry,
    listed,
    never_reached,
    place,
    problems,
    table,
)
from tests.mutants.working_copy import PACKAGE, path_of

ONE = Change("core.incident.verdict", "judge", "a < b", "a <= b")
OTHER = Change("services.ecs.readiness", "number", "int(value)", "int(None)")
DIFF = """--- firebreak/core/incident/verdict.py
+++ firebreak/core/incident/verdict.py
@@ -3,4 +3,3 @@
 def judge(a, b):
-    return max(
-        a - b,
+    return max(
     )
"""
LISTED = listed(LIST.read_text(encoding="utf-8"))


def outcome(*alive: Change, killed: int = 100) -> Outcome:
    return Outcome({"core.incident.verdict": Counter(killed=killed, survived=len(alive))}, alive)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("firebreak.core.incident.verdict.x_judge__mutmut_3", ("core.incident.verdict", "judge")),
        ("firebreak.core.incident.verdict.x__alarms__mutmut_12", ("core.incident.verdict", "_alarms")),
        (
            "firebreak.services.ecs.readiness.xǁPreImageǁof__mutmut_1",
            ("services.ecs.readiness", "PreImage.of"),
        ),
        ("firebreak.core.ledger.xǁClaimǁ__post_init____mutmut_1", ("core.ledger", "Claim.__post_init__")),
    ],
)
def test_a_mutant_is_placed_by_its_name(name: str, expected: tuple[str, str]) -> None:
    assert place(name) == expected


def test_a_name_that_is_no_mutant_of_the_core_is_refused() -> None:
    with pytest.raises(ValueError, match="not a mutant"):
        place("firebreak.remediation.remediator.x_handle__mutmut_1")


def test_a_change_is_the_lines_that_went_and_came_without_their_place() -> None:
    moved = DIFF.replace("@@ -3,4 +3,3 @@", "@@ -90,4 +90,3 @@").replace("    ", "        ")
    expected = Change("core.incident.verdict", "judge", "return max(\na - b,", "return max(")
    for diff in (DIFF, moved):
        assert change("firebreak.core.incident.verdict.x_judge__mutmut_3", diff) == expected


@pytest.mark.parametrize(
    ("was", "now", "never"),
    [
        ("assert_never(never)", "assert_never(None)", True),
        ("case never:\nassert_never(never)", "", True),
        ("case _ as never:\nassert_never(never)", "", True),
        ("case None:\nassert_never(never)", "", False),
        ("case never:\nreturn None", "", False),
        ("assert_never(never)\nreturn a < b", "return a < b", False),
        ("assert_never(never)", "return None", False),
    ],
)
def test_the_last_case_of_a_closed_match_is_not_asked_about(was: str, now: str, *, never: bool) -> None:
    one = Change("core.incident.verdict", "judge", was, now)
    assert never_reached(one) is never
    assert (problems(outcome(one), {}, {one.module}) == []) is never


def test_an_entry_is_read_back_as_the_change_it_was_written_from() -> None:
    odd = Change("services.ecs.readiness", "text", 'raise ValueError(f"no \\" {key}")\npass', "")
    assert listed(entry(odd).replace('reason = ""', 'reason = "because"')) == {odd: "because"}


def test_an_entry_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="without a reason"):
        listed(entry(ONE))


def test_the_same_entry_twice_is_refused() -> None:
    text = entry(ONE).replace('reason = ""', 'reason = "because"')
    with pytest.raises(ValueError, match="twice"):
        listed(f"{text}\n{text}")


@pytest.mark.parametrize(
    ("seen", "reasons", "expected"),
    [
        pytest.param(outcome(), {}, [], id="all killed"),
        pytest.param(outcome(ONE), {ONE: "equal"}, [], id="a listed survivor"),
        pytest.param(outcome(ONE), {}, ["not noticed"], id="a survivor that is not listed"),
        pytest.param(outcome(), {ONE: "equal"}, ["in the list, but"], id="listed, but killed"),
        pytest.param(outcome(), {OTHER: "equal"}, [], id="listed, of a module not looked at"),
        pytest.param(outcome(ONE, killed=18), {ONE: "equal"}, ["fewer than 95%"], id="18 of 19"),
        pytest.param(outcome(ONE, killed=19), {ONE: "equal"}, [], id="19 of 20"),
    ],
)
def test_a_run_passes_when_enough_was_killed_and_the_rest_is_listed(
    seen: Outcome, reasons: dict[Change, str], expected: list[str]
) -> None:
    found = problems(seen, reasons, ["core.incident.verdict"])
    assert len(found) == len(expected)
    assert all(one.startswith(words) for one, words in zip(found, expected, strict=True))


def test_the_score_is_shown_for_each_module_and_for_all() -> None:
    seen = Outcome(
        {"core.incident.verdict": Counter(killed=3, survived=1), "core.ecs": Counter(killed=4, timeout=1)}, []
    )
    assert table(seen).splitlines() == [
        f"{'core.ecs':<36}     4 of     5 killed   80.0%  1 timeout",
        f"{'core.incident.verdict':<36}     3 of     4 killed   75.0%  1 survived",
        f"{'all':<36}     7 of     9 killed   77.8%  1 survived, 1 timeout",
    ]


def functions(module: str) -> dict[str, str]:
    """The source of each function and method of a module of the core."""
    text = (PACKAGE / path_of(module)).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for one in inner:
            if isinstance(one, ast.FunctionDef):
                found[owner + one.name] = ast.get_source_segment(text, one) or ""
    return found


@pytest.mark.parametrize("one", LISTED, ids=lambda one: f"{one.module}.{one.function}: {one.was}")
def test_every_listed_survivor_is_still_in_the_core(one: Change) -> None:
    source = functions(one.module)[one.function]
    lines = [line.strip() for line in source.splitlines()]
    assert [line for line in one.was.splitlines() if line not in lines] == []
