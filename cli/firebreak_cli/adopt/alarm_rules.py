"""Whether a composite alarm is red only because alarms below it are."""

import re

from firebreak.core.composites import MAX_RULE_CHARACTERS

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_RED = re.compile(
    rf"\bALARM\s*\(\s*(?:{_QUOTED}|[^\s\"(),]+)\s*\)"
    rf"|\bAT_LEAST\s*\(\s*[1-9]\d*\s*%?\s*,\s*ALARM\s*,\s*\((?:{_QUOTED}|[^\"()])*\)\s*\)"
)
_JOINED = re.compile(r"(?:\s|[()]|\bAND\b|\bOR\b)*")


def only_red_children(rule: str) -> bool:
    """Whether the rule has nothing but ALARM and AT_LEAST(.., ALARM, ..), joined by AND and OR.

    NOT, the other states and the constants make an alarm red while a child is not, and what is not known
    might: children_in_rule names such children all the same.
    """
    return len(rule) <= MAX_RULE_CHARACTERS and bool(_JOINED.fullmatch(_RED.sub(" ", rule)))
