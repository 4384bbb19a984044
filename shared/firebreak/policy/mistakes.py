"""Mistakes in a policy file as operators read them: the line, the expected value, the likely meaning."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from firebreak.errors import FOUND
from firebreak.policy.lines import Path, path_of, with_line
from firebreak.policy.renamed_keys import as_written, old_names
from firebreak.policy.schema import policy_schema

# By pydantic's type of the mistake; a value in braces is from its context.
_WORDS: Mapping[str, str] = {
    "missing": "required, but missing",
    "bool_type": "expected true or false",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "string_type": "expected text in quotes",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_pattern_mismatch": "expected text that fits {pattern}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "too_short": "too few: at least {min_length}",
    "too_long": "too many: at most {max_length}",
}
# At most this many names of a list are shown; more only hides the one that was meant.
_MOST_NAMES = 6


def mistakes_of(
    problems: Iterable[Mapping[str, Any]], lines: Mapping[Path, int], renamed: Mapping[str, str]
) -> list[str]:
    """One line a mistake, with its line in the file where that is known, and keys as the file has them."""
    return [with_line(_as_written(line, renamed), lines) for problem in problems for line in _lines(problem)]


def _as_written(line: str, renamed: Mapping[str, str]) -> str:
    path, colon, said = line.partition(": ")
    return f"{as_written(path, renamed)}{colon}{said}"


def _lines(problem: Mapping[str, Any]) -> list[str]:
    """The lines of one problem; a problem of several parts at once brings its own paths."""
    if problem["loc"]:
        return [_line(problem)]
    return str(problem["msg"]).removeprefix("Value error, ").split("\n")


def _line(problem: Mapping[str, Any]) -> str:
    place = tuple(part for part in problem["loc"] if part != "[key]")
    path = path_of(place)
    given = problem.get("input")
    # A secret pasted in place of its ARN must not appear in a log as well.
    tellable = isinstance(given, str | int | float | bool) and "secret" not in place
    shown = f"{FOUND}{given!r})" if tellable else ""
    return f"{path or 'policy'}: {_expected(problem, place)}{shown}"


def _expected(problem: Mapping[str, Any], place: Sequence[str | int]) -> str:
    context = problem.get("ctx", {})
    match problem["type"]:
        case "extra_forbidden":
            return f"no such key{_meant(str(place[-1]), [*_keys_at(place[:-1]), *old_names(place[:-1])])}"
        case "literal_error" | "enum":
            return _one_of(str(problem.get("input")), _names(str(context.get("expected", ""))))
        case known if known in _WORDS:
            return _WORDS[known].format(**context)
        case _:
            return str(problem["msg"]).removeprefix("Value error, ")


def _names(expected: str) -> list[str]:
    """The values in pydantic's list of them: 'a', 'b' or 'c'."""
    return [part.strip("'") for part in expected.replace(" or ", ", ").split(", ")]


def _one_of(given: str, known: list[str]) -> str:
    meant = _meant(given, known)
    if meant and len(known) > _MOST_NAMES:
        return f"no such name{meant}"
    return f"expected {', '.join(known)}{meant}"


def _meant(given: str, known: Iterable[str]) -> str:
    import difflib  # a policy that loads needs none of it

    known = list(known)
    if given in known:  # in quotes where it must not be
        return ""
    close = difflib.get_close_matches(given, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _keys_at(place: Iterable[str | int]) -> list[str]:
    """The keys that the table at this place may have."""
    schema = policy_schema()
    here = _resolved(schema, schema)
    for part in place:
        found = here.get("properties", {}).get(part) if isinstance(part, str) else here.get("items")
        here = _resolved(found or here.get("additionalProperties") or {}, schema)
    return list(here.get("properties", {}))


def _resolved(found: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        return {}
    for choice in (found, *found.get("anyOf", ()), *found.get("oneOf", ())):
        if "$ref" in choice:
            return _resolved(schema["$defs"][choice["$ref"].rsplit("/", 1)[-1]], schema)
    return found
