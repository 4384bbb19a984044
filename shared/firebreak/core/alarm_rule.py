"""The alarms that a composite alarm's rule waits for."""

import re
from collections.abc import Iterator

# A reference is a name or an ARN: quoted (quotes inside it are escaped), or bare and then
# without spaces, commas and parentheses. [CloudWatch User Guide, "Composite alarms"]
_REFERENCE = r'"(?:[^"\\]|\\.)*"|[^\s"(),]+'
_TERM = re.compile(
    rf"\b(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?P<one>{_REFERENCE})\s*\)"
    rf"|\bAT_LEAST\s*\([^,()]*,\s*(?P<wanted>[A-Z_ ]+?)\s*,\s*\((?P<many>(?:{_REFERENCE}|[\s,])*)\)\s*\)"
)
_RED = frozenset({"ALARM", "NOT OK"})


def children(rule: str) -> tuple[str, ...]:
    """The names or ARNs that the rule wants in ALARM, in order, each once.

    A reference under NOT is listed as well: to decide what the composite stands for, one name
    too many is refused as ambiguous, one too few could act on the wrong thing.
    """
    return tuple(dict.fromkeys(_red_references(rule)))


def _red_references(rule: str) -> Iterator[str]:
    for term in _TERM.finditer(rule):
        if (term["state"] or " ".join(term["wanted"].split())) in _RED:
            yield from map(_bare, re.findall(_REFERENCE, term["one"] or term["many"]))


def _bare(reference: str) -> str:
    return re.sub(r"\\(.)", r"\1", reference[1:-1]) if reference.startswith('"') else reference
