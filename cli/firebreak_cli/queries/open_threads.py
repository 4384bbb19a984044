"""The threads of pages that are not over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from firebreak.core.paging.digests import Digest
from firebreak.core.paging.threads import Thread, thread_id
from firebreak.core.readings import Reading, Unknown
from firebreak.ledger.items import SINGLE, Item
from firebreak.ledger.reads import Place, place_of, read_as
from firebreak.ledger.threads import DIGESTS, THREADS, read_digest, read_thread
from firebreak_cli.queries import by_time, ledger_queries


@dataclass(frozen=True, slots=True)
class OpenThreads:
    """The threads that ask for a human, oldest first; `damaged` counts items that could not be read."""

    threads: Sequence[Thread]
    damaged: int


def open_threads(client: Any, table: str) -> OpenThreads:
    """The threads that ask for a human, and have a step or a look to come. Raises AwsError.

    The looks of a thread that counts the announcements of one cause are its digest's. A thread that nobody
    further up is called for, and whose alarms nobody looks at any more, is not found.
    """
    due = list(ledger_queries.attention(client, table, THREADS))
    digests = [read_as(item, read_digest) for item in ledger_queries.attention(client, table, DIGESTS)]
    others = by_time.items_at(client, table, sorted(_counted_in(digests) - {*map(place_of, due)}))
    found = [read_as(item, read_thread) for item in chain[Item | Unknown | None](due, others)]
    calling = (one for one in found if isinstance(one, Thread) and one.calls and not one.over)
    damaged = sum(isinstance(one, Unknown) for one in (*found, *digests))
    return OpenThreads(sorted(calling, key=lambda one: one.opened_at), damaged)


def _counted_in(digests: Iterable[Reading[Digest]]) -> set[Place]:
    """The places of the threads whose announcements these digests count."""
    read = (found for found in digests if isinstance(found, Digest))
    return {(f"THREAD#{thread_id(found.first_as_paged)}", SINGLE) for found in read}
