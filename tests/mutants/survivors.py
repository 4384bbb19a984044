"""The changes of the core that no test notices, and the kept list that says why each may live.

A change is known by its function and its text, never by a line number, so the list outlives
everything but a change of that very line.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("survivors.toml")
WANTED = 0.95
KILLED = "killed"

# The last case of a closed match. mypy proves that every member is matched before it, so it is never reached.
_NEVER = re.compile(r"(case (_ as )?never:\n)?assert_never\(never\)")

# mutmut's names: firebreak.core.keys.x_key__mutmut_3, ...incident.states.xǁMemberǁof__mutmut_1
_NAME = re.compile(
    r"firebreak\.(?P<module>(?:core|services)\.[\w.]+?)\.x(?:_|ǁ(?P<owner>\w+?)ǁ)(?P<function>\w+)__mutmut_\d+"
)


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change of one function: the lines that went and the lines that came."""

    module: str
    function: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of every mutant: counts by module and word, and the changes that were not killed."""

    counts: Mapping[str, Counter[str]]
    alive: Sequence[Change]

    @property
    def total(self) -> int:
        return sum(count.total() for count in self.counts.values())

    @property
    def killed(self) -> int:
        return sum(count[KILLED] for count in self.counts.values())


def place(name: str) -> tuple[str, str]:
    """The module and the function of a mutant, from mutmut's name for it."""
    found = _NAME.fullmatch(name)
    if not found:
        raise ValueError(f"not a mutant of the core: {name}")
    owner = f"{found['owner']}." if found["owner"] else ""
    return found["module"], f"{owner}{found['function']}"


def change(name: str, diff: str) -> Change:
    """The change a mutant makes, from the diff that mutmut shows of it."""
    body = [line for line in diff.splitlines() if line[:3] not in {"---", "+++"}]
    was, now = ("\n".join(line[1:].strip() for line in body if line.startswith(sign)) for sign in ("-", "+"))
    return Change(*place(name), was, now)


def never_reached(one: Change) -> bool:
    """Whether the change is one of a closed match's last case alone, which can have no effect."""
    return bool(_NEVER.fullmatch(one.was)) and one.now in {"", "assert_never(None)"}


def listed(text: str) -> dict[Change, str]:
    """The kept list: the reason for each change that may live. Raises ValueError for a bad entry."""
    entries: dict[Change, str] = {}
    for entry in tomllib.loads(text).get("survivor", []):
        reason = entry.pop("reason", "").strip()
        one = Change(**entry)
        if not reason or one in entries:
            raise ValueError(f"an entry without a reason, or twice: {one}")
        entries[one] = reason
    return entries


def entry(one: Change) -> str:
    """An entry of the list for this change, whose reason somebody has to write."""
    fields = {"module": one.module, "function": one.function, "was": one.was, "now": one.now, "reason": ""}
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return "\n".join(("[[survivor]]", *lines))


def problems(outcome: Outcome, reasons: Mapping[Change, str], modules: Iterable[str]) -> list[str]:
    """Why the run does not pass; `modules` are those that were looked at."""
    alive = {one for one in outcome.alive if not never_reached(one)}
    found = [f"not noticed by any test:\n{entry(one)}" for one in sorted(alive - reasons.keys())]
    looked_at = set(modules)
    gone = sorted(one for one in reasons.keys() - alive if one.module in looked_at)
    found += [f"in the list, but killed or not made any more:\n{entry(one)}" for one in gone]
    if outcome.killed < WANTED * outcome.total:
        found.append(f"fewer than {WANTED:.0%} killed")
    return found


def table(outcome: Outcome) -> str:
    """The score of each module and of all; results other than killed and survived are named."""
    rows = [*sorted(outcome.counts.items()), ("all", sum(outcome.counts.values(), Counter[str]()))]
    return "\n".join(_row(name, count) for name, count in rows)


def _row(name: str, count: Counter[str]) -> str:
    share = count[KILLED] / count.total() if count else 1
    others = ", ".join(f"{number} {word}" for word, number in sorted(count.items()) if word != KILLED)
    return f"{name:<36} {count[KILLED]:>5} of {count.total():>5} killed  {share:>6.1%}  {others}".rstrip()
