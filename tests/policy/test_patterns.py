"""A pattern is refused exactly when no target, or no group, could ever match it."""

import fnmatch
import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firebreak.intake.names import SERVICES
from firebreak.policy.patterns import NAME_CHARACTERS, PARTS, can_match_a_group, can_match_a_target, may_meet

# Enough of each to decide: a pattern of five pieces asks for no longer names and no other letters.
SHORT_NAMES = ["".join(letters) for n in (1, 2, 3, 4) for letters in itertools.product("ae", repeat=n)]
SHORT_GROUPS = [f"ecs:{name}" for name in SHORT_NAMES]
SHORT_TARGETS = [f"{group}/{name}" for group in SHORT_GROUPS for name in SHORT_NAMES] + [
    f"{service}:{name}" for service, parts in PARTS.items() if parts == 1 for name in SHORT_NAMES
]

PIECES = ("ecs:", "ECS:", "a", "e", " ", ":", "/", "*", "?", "[!/]", "[!ae]", "[a-e]", "[", "]")
PATTERNS = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
NAMES = st.from_regex(SERVICES["ecs"].characters, fullmatch=True)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        pytest.param("ecs:prod/api", "ecs:prod/api", True, id="the same name"),
        pytest.param("ecs:prod/api", "ecs:prod/web", False, id="two names"),
        pytest.param("ecs:prod/api", "ecs:prod/*", True, id="a name that matches"),
        pytest.param("ecs:prod/api", "ecs:prod/a", False, id="a name that begins like another"),
        pytest.param("ecs:prod/api", "ecs:prod/w*", False, id="a name that does not match"),
        pytest.param("ecs:prod/*", "ecs:dev/*", False, id="two groups"),
        pytest.param("ecs:*/api", "ecs:prod/*", True, id="across"),
        pytest.param("ecs:prod/a?i", "ecs:prod/[a-b]*", True, id="other wildcards"),
    ],
)
def test_whether_a_target_may_match_two_patterns(one: str, other: str, *, meet: bool) -> None:
    assert may_meet(one, other) is may_meet(other, one) is meet


@given(st.data())
def test_two_patterns_that_one_target_matches_always_meet(data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(SHORT_TARGETS))
    one, other = (data.draw(patterns_of(target)) for _ in range(2))
    assert may_meet(one, other)


def patterns_of(name: str) -> st.SearchStrategy[str]:
    """Patterns that match the name: a piece of it stands for itself, or a wildcard stands for it."""
    pieces = [st.sampled_from([letter, "?", "*", f"[{letter}]"]) for letter in name]
    return st.tuples(*pieces).map("".join)


def some_match(pattern: str, names: list[str]) -> bool:
    return any(map(re.compile(fnmatch.translate(pattern)).match, names))


def test_the_services_and_their_parts_are_those_that_targets_are_resolved_to() -> None:
    assert {name: len(naming.dimensions) for name, naming in SERVICES.items()} == PARTS


@pytest.mark.parametrize("service", SERVICES)
def test_the_characters_of_names_are_those_that_targets_may_have(service: str) -> None:
    characters = map(chr, range(0x3000))
    assert {one for one in characters if SERVICES[service].characters.fullmatch(one)} == NAME_CHARACTERS


@pytest.mark.parametrize(
    ("pattern", "target", "group"),
    [
        ("*", True, True),
        ("ecs:*", True, True),
        ("ecs:prod*", True, True),
        ("e?s:prod-[0-9]*", True, True),
        ("ecs:*/api", True, False),
        ("ecs:prod/*", True, False),
        ("ecs:prod/api", True, False),
        ("*/api", True, False),
        ("ecs:prod", False, True),
        ("ecs:[!/]", False, True),
        ("ecs:a/b/c", False, False),
        ("ecs:a/*/c", False, False),
        ("ecs:/api", False, False),
        ("ecs:prod/", False, False),
        ("ecs:", False, False),
        ("ECS:prod/*", False, False),
        ("prod/*", False, False),
        ("prod", False, False),
        ("ecs:prod /*", False, False),
        ("ecs:prod/ä", False, False),
        ("ecs:prod[", False, False),
        ("", False, False),
    ],
)
def test_whether_a_pattern_can_match_a_target_or_a_group(pattern: str, target: bool, group: bool) -> None:
    assert (can_match_a_target(pattern), can_match_a_group(pattern)) == (target, group)


# A class of characters that may ask for other letters than those of the names that are tried.
OTHER_LETTERS = re.compile(r"\[(?:!|[^]]*[^]ae])")


@given(PATTERNS)
@example("*[ECS:]")
@example("*:a")  # of a service whose targets have no group
def test_a_pattern_is_refused_exactly_when_no_target_matches_it(pattern: str) -> None:
    if OTHER_LETTERS.search(pattern):
        assert can_match_a_target(pattern) or not some_match(pattern, SHORT_TARGETS)
    else:
        assert can_match_a_target(pattern) == some_match(pattern, SHORT_TARGETS)


@given(PATTERNS)
def test_a_pattern_is_refused_exactly_when_no_group_matches_it(pattern: str) -> None:
    if OTHER_LETTERS.search(pattern):
        assert can_match_a_group(pattern) or not some_match(pattern, SHORT_GROUPS)
    else:
        assert can_match_a_group(pattern) == some_match(pattern, SHORT_GROUPS)


@given(NAMES, NAMES, st.lists(st.booleans(), min_size=3, max_size=3))
def test_a_target_of_which_parts_became_stars_is_accepted(
    cluster: str, name: str, starred: list[bool]
) -> None:
    service, group, own = (
        "*" if star else part for star, part in zip(starred, ("ecs", cluster, name), strict=True)
    )
    assert can_match_a_target(f"{service}:{group}/{own}")
    assert can_match_a_group(f"{service}:{group}")
