"""The parts of the ledger that are exported."""

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of items, as the command line names them."""

    DECISIONS = "decisions"
    INCIDENTS = "incidents"
    PAGES = "pages"
    DIAGNOSTICS = "diagnostics"
