"""Takes tags back: removes those that an adoption added, where they are still as it left them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.errors import AwsError, NotFound, OutcomeUnknown
from firebreak_cli.adopt.refusals import ends_the_run, patiently
from firebreak_cli.adopt.tagging import TagStore
from firebreak_cli.adopt.undo_file import Added
from firebreak_cli.exit_codes import ending_of


class Undone(StrEnum):
    """The outcome for the tags of one resource. Printed: never renamed."""

    READY = "ready"
    REMOVED = "removed"
    RESTORED = "restored"
    ALREADY = "already"
    CHANGED = "changed"
    NOT_READ = "not_read"
    REFUSED = "refused"
    PUT_BACK = "put_back"
    NOT_PUT_BACK = "not_put_back"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Removal:
    """The tags to be removed from one resource; `detail` says what is not removed, and why.

    `kept` are keys that were added and have another value now: they are somebody else's.
    """

    what: str
    arn: str
    tags: Mapping[str, str]
    outcome: Undone
    detail: str = ""
    kept: Sequence[str] = ()

    @property
    def keys(self) -> Sequence[str]:
        """The keys to be removed."""
        return [*self.tags]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The outcome of each removal; `error` ended it early."""

    removals: Sequence[Removal]
    error: AwsError | None = None


def looked(added: Added, store: TagStore) -> Removal:
    """The removal for one resource as it is now: a tag with another value is somebody else's."""
    return _looked(Removal(added.what, added.arn, added.tags, Undone.READY), store)


def _looked(wanted: Removal, store: TagStore) -> Removal:
    """The part of a removal that is right now; it is ready where something is left to be removed."""
    match store.read(wanted.arn):
        case Absent():
            return _without_tags(wanted, Undone.ALREADY, "it does not exist any more")
        case Unknown(why) | NotRead(why):
            return _without_tags(wanted, Undone.NOT_READ, f"its tags could not be read: {why}")
        case Mapping() as tags:
            return _compared(wanted, tags)
        case never:
            assert_never(never)


def _compared(wanted: Removal, tags: Mapping[str, str]) -> Removal:
    same = {key: value for key, value in wanted.tags.items() if tags.get(key) == value}
    other = [key for key in wanted.tags if key in tags and key not in same]
    kept = [*wanted.kept, *other]
    text = f"changed since, and kept: {', '.join(kept)}" if kept else ""
    if same:
        return replace(wanted, tags=same, detail=text, kept=kept)
    outcome = Undone.CHANGED if other else Undone.ALREADY
    found = _without_tags(wanted, outcome, text or "the tags are not there any more")
    return replace(found, kept=kept)


def _without_tags(wanted: Removal, outcome: Undone, detail: str) -> Removal:
    return replace(wanted, tags={}, kept=(), outcome=outcome, detail=detail)


def take_back(
    removals: Sequence[Removal],
    store: Callable[[str], TagStore],
    wait: Callable[[float], None] = time.sleep,
) -> TakenBack:
    """Make the removals that are ready, in their order, until credentials or the network fail."""
    done: list[Removal] = []
    error: AwsError | None = None
    for one in removals:
        if one.outcome is not Undone.READY:
            done.append(one)
        elif error:
            done.append(_ended(one, Undone.NOT_TRIED, "an error ended it before"))
        else:
            removal, error = _tried(one, store(one.arn), wait)
            done.append(removal)
    return TakenBack(done, error)


def not_tried(removals: Sequence[Removal]) -> list[Removal]:
    """The removals where an error ended it before the first of them."""
    why = "an error ended it before"
    return [_ended(one, Undone.NOT_TRIED, why) if one.outcome is Undone.READY else one for one in removals]


def _tried(one: Removal, store: TagStore, wait: Callable[[float], None]) -> tuple[Removal, AwsError | None]:
    """The outcome of the removal, with the error that ends the run."""
    try:
        return _remove(one, store, wait), None
    except OutcomeUnknown as error:
        lost = _ended(one, Undone.NOT_READ, f"{error}: run it again")
        return lost, error if ends_the_run(error) else None
    except AwsError as error:
        line = ending_of(error).lines[0]
        if ends_the_run(error):
            return _ended(one, Undone.NOT_TRIED, line), error
        return _ended(one, Undone.REFUSED, line), None


def _remove(asked: Removal, store: TagStore, wait: Callable[[float], None]) -> Removal:
    """One removal of what is right still, read back. Raises AwsError."""

    def attempt() -> Removal:
        found = _looked(asked, store)
        if found.outcome is Undone.READY:
            store.remove(found.arn, found.keys)
        return found

    try:
        one = patiently(attempt, wait)
    except NotFound:
        return _without_tags(asked, Undone.ALREADY, "it does not exist any more")
    if one.outcome is not Undone.READY:
        return one
    after = store.read(one.arn)
    if isinstance(after, Unknown | NotRead):
        return _ended(one, Undone.REMOVED, "; ".join(filter(None, (one.detail, "it could not be read back"))))
    left = [key for key in one.keys if isinstance(after, Mapping) and key in after]
    if left:
        return _ended(one, Undone.CHANGED, f"still there: {', '.join(left)}")
    return _ended(one, Undone.REMOVED, one.detail)


def _ended(one: Removal, outcome: Undone, detail: str) -> Removal:
    return replace(one, outcome=outcome, detail=detail)
