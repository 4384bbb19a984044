"""The diagnostics of all acts of a range of time, source by source."""

from collections.abc import Iterator
from dataclasses import dataclass

from firebreak.core.diagnostics import Diagnostics, Section
from firebreak.core.incident.states import Incident
from firebreak.core.readings import Unknown
from firebreak.ledger.diagnostics import DynamoDiagnostics
from firebreak_cli.queries import by_range
from firebreak_cli.queries.by_range import Source


@dataclass(frozen=True, slots=True)
class ReadSource:
    """One source as it was read before one act of an incident."""

    incident: Incident
    act: Diagnostics
    section: Section


def sources(source: Source) -> Iterator[ReadSource | Unknown]:
    """Those of the incidents that opened in that time. One that cannot be read is Unknown. Raises AwsError.

    Each incident that was claimed costs one query more.
    """
    store = DynamoDiagnostics(source.client, source.table)
    for incident in by_range.incidents(source):
        if isinstance(incident, Unknown):
            yield incident
        elif incident.acted_at or incident.rung:
            yield from _of(incident, store)


def _of(incident: Incident, store: DynamoDiagnostics) -> Iterator[ReadSource | Unknown]:
    for act in store.each(incident.id):
        if isinstance(act, Unknown):
            yield act
        else:
            yield from (ReadSource(incident, act, section) for section in act.sections)
