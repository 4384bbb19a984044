"""The series in answers of GetMetricData: a part of an answer is Unknown, never a smaller number."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from firebreak.core.readings import Unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

type Raw = Mapping[str, Any]

# CloudWatch gives a series in parts where it does not fit into one page: each page but its last says so.
_GOES_ON, _COMPLETE = "PartialData", "Complete"


@dataclass(slots=True)
class MetricSeries:
    """The points of one query, in the order in which CloudWatch gave them; empty where it has none."""

    at: list[datetime] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


def series_of(pages: Iterable[Raw], asked: Collection[str]) -> Mapping[str, MetricSeries] | Unknown:
    """The series of each id that was asked for; Unknown where an answer is only a part.

    It is one where a series is missing, where its last page is not complete, where CloudWatch failed on any
    page, and where it has a message about the whole answer. Messages about one series do not count: those
    of metric math say that a point was no number. Raises KeyError for an answer of another shape.
    """
    found: dict[str, MetricSeries] = defaultdict(MetricSeries)
    states: dict[str, str] = {}
    for page in pages:
        if said := page.get("Messages"):
            return _partial(str(said[0].get("Code", "a message")))
        for one in page["MetricDataResults"]:
            name = one["Id"]
            if states.get(name, _COMPLETE) in {
                _COMPLETE,
                _GOES_ON,
            }:  # a failure is not made good by a later page
                states[name] = one["StatusCode"]
            found[name].at += one.get("Timestamps", ())
            found[name].values += one["Values"]
    unfinished = sorted({states.get(name, "a missing result") for name in asked} - {_COMPLETE})
    return _partial(unfinished[0]) if unfinished else {name: found[name] for name in asked}


def _partial(why: str) -> Unknown:
    return Unknown(f"GetMetricData: CloudWatch gave only a part ({why})")
