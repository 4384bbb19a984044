"""The diagnostics of a target: its state right before an act, which the act may destroy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.paging.log_lines import harmless_lines
from firebreak.core.readings import Absent, NotRead, Reading, Unknown

# The time that reading them may take, over all sources; the act waits for it.
COLLECTED_WITHIN = timedelta(seconds=3)
# The part of the time between claim and act that stays for the second look.
SECOND_LOOK_NEEDS = timedelta(seconds=4)
# So many lines of each source are kept, each as long as a line of a log on a page.
MOST_LINES = 15


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one source, oldest first; Absent or Unknown says why there are none."""

    source: str
    found: Reading[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """The sections that were read for one act of an incident, and when."""

    incident_id: str
    rung: int
    at: datetime
    sections: tuple[Section, ...]


def time_left(elapsed: float, act_within: timedelta) -> float:
    """The seconds for reading, so long after the claim began; none where the act is short of time itself."""
    left = (act_within - SECOND_LOOK_NEEDS).total_seconds() - elapsed
    return max(0.0, min(COLLECTED_WITHIN.total_seconds(), left))


def headed(streams: Iterable[tuple[str, Reading[tuple[str, ...]]]]) -> Reading[tuple[str, ...]]:
    """The lines of several log streams, each under its name, which says why where it was not read.

    Where none was read at all, the result of the first of them. The lines stay as they are, so that a
    secret that goes on in the next line is found.
    """
    found = tuple(streams)
    if found and not any(isinstance(lines, tuple) for _, lines in found):
        return found[0][1]
    return tuple(line for name, lines in found for line in _under(name, lines))


def _under(name: str, found: Reading[tuple[str, ...]]) -> tuple[str, ...]:
    match found:
        case Absent():
            return (f"{name}: no log stream",)
        case Unknown(why) | NotRead(why):
            return (f"{name}: not read ({why})",)
        case lines:
            return (f"{name}:", *lines)


def without_secrets(found: Diagnostics, mask: Callable[[str], str]) -> Diagnostics:
    """The same with few, short and harmless lines; `mask` masks further text that it knows."""
    return replace(found, sections=tuple(_harmless(one, mask) for one in found.sections))


def _harmless(section: Section, mask: Callable[[str], str]) -> Section:
    if not isinstance(section.found, tuple):
        return section
    return replace(section, found=harmless_lines(section.found, mask, most=MOST_LINES))
