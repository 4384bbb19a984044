"""The children of a composite alarm, as its rule names them."""

import re

# The longest AlarmRule that PutCompositeAlarm takes.
MAX_RULE_CHARACTERS = 10_240

# A name is quoted (with \" inside) or bare; a bare one ends where the syntax goes on.
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME = rf'{_QUOTED}|[^\s"(),]+'
# Inside the list of AT_LEAST, characters are taken one by one: a repeated repetition here would
# make a rule that is cut off take exponential time.
_FUNCTION = re.compile(
    rf"(?<![\w-])(?:"
    rf"(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?P<one>{_NAME})\s*\)"
    rf"|AT_LEAST\s*\([^,()]*,\s*(?P<counted>[A-Z_]+(?:\s+[A-Z_]+)?)\s*,"
    rf"\s*\((?P<many>(?:{_QUOTED}|[^\"()])*)\)\s*\))"
)
_RED = frozenset({"ALARM", "NOT OK"})
_ONE_NAME = re.compile(_NAME)
_ESCAPED = re.compile(r"\\(.)")


def children_in_rule(rule: str) -> tuple[str, ...]:
    """The names or ARNs that an alarm rule wants in ALARM, each once, in the rule's order.

    `ALARM(x)` and the alarms counted by `AT_LEAST(n, ALARM, (...))` are children; an alarm under
    OK or INSUFFICIENT_DATA is a condition. A negated `NOT ALARM(x)` is named too: whether
    such a child is red is a question for its live state, and one name too many is refused as
    ambiguous where one too few could act on the wrong thing.
    """
    functions = _FUNCTION.finditer(rule[:MAX_RULE_CHARACTERS])
    return tuple(dict.fromkeys(name for function in functions for name in _red_names(function)))


def _red_names(function: re.Match[str]) -> list[str]:
    wanted = function["state"] or " ".join(function["counted"].split())
    if wanted not in _RED:
        return []
    return [_bare(name) for name in _ONE_NAME.findall(function["one"] or function["many"])]


def _bare(name: str) -> str:
    return _ESCAPED.sub(r"\1", name[1:-1]) if name.startswith('"') else name
