"""The report's section on when Firebreak was watching: an outage of its own is no quiet."""

from collections.abc import Iterator, Sequence

from firebreak_cli.report import words
from firebreak_cli.statistics.coverage import Coverage, Stretch, Watch
from firebreak_cli.statistics.summary import Statistics

type Rows = tuple[tuple[str, ...], ...]

COLUMNS = ("From", "Until", "Length", "What")

_NOT_LOOKED = "An hour in which Firebreak itself was down looks like a quiet one here."
_NOT_YET_DUE = "not known: no heartbeat was due yet, or CloudWatch keeps none that old"
_OTHER_DISTANCE = "not known: heartbeats may have been rarer or off before the last deployment"
_MEANINGS = {Watch.WATCHED: "watching", Watch.NOT_WATCHED: "not watching: no heartbeat came"}


def lines(found: Statistics) -> tuple[str, ...]:
    """The knowledge of it in words; nothing for a replay, which assumes that it was always up."""
    coverage = found.record.coverage
    if found.record.replayed:
        return ()
    if not isinstance(coverage, Coverage):
        return words.unread(coverage), _NOT_LOOKED
    every = f"Its heartbeat is due every {words.length(coverage.every)}."
    said = tuple(f"{one}." for one in sentences(coverage)) or ("Firebreak was watching all the time.",)
    return (*said, *_decided(found.decided_unwatched), every)


def sentences(coverage: Coverage) -> Iterator[str]:
    """How long it was not watching, and how long that is not known; nothing where it always was."""
    if missed := coverage.of(Watch.NOT_WATCHED):
        yield f"Firebreak was not watching for {_length(missed)} (not counted as quiet)"
    if unknown := coverage.of(Watch.NOT_KNOWN):
        yield f"It is not known whether Firebreak was watching for {_length(unknown)}"


def rows(found: Statistics) -> Rows:
    """The stretches in which no heartbeat shows that it was watching, oldest first."""
    coverage = found.record.coverage
    if not isinstance(coverage, Coverage):
        return ()
    return tuple(
        (words.at(one.begin), words.at(one.end), words.length(one.length), meaning(one, coverage))
        for one in unproven(coverage)
    )


def unproven(coverage: Coverage) -> Sequence[Stretch]:
    """The stretches without a heartbeat, in their order."""
    return [one for one in coverage.stretches if one.watch is not Watch.WATCHED]


def meaning(stretch: Stretch, coverage: Coverage) -> str:
    """The knowledge of one stretch, and why there is not more."""
    if stretch.watch is not Watch.NOT_KNOWN:
        return _MEANINGS[stretch.watch]
    return _NOT_YET_DUE if stretch.begin <= coverage.known_from else _OTHER_DISTANCE


def _length(stretches: Sequence[Stretch]) -> str:
    total = words.length(sum((one.length for one in stretches[1:]), stretches[0].length))
    return f"{total} in {words.counted(len(stretches), 'stretch', 'stretches')}"


def _decided(count: int) -> Iterator[str]:
    if count:
        made = words.counted(count, "decision was", "decisions were")
        yield f"{made} made all the same while no heartbeat came, by ways that it does not take."
