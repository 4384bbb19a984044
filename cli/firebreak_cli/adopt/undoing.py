"""Takes an adoption back: removes the tags that it added, where they are still as it left them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.errors import AwsError
from firebreak_cli.adopt.tagging import TagStore
from firebreak_cli.adopt.undo_file import Added


class Undone(StrEnum):
    """What becomes of the tags of one resource. Printed: never renamed."""

    READY = "ready"
    REMOVED = "removed"
    ALREADY = "already"
    CHANGED = "changed"
    NOT_READ = "not_read"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Removal:
    """The tags to be removed from one resource; `detail` says what is not removed, and why."""

    what: str
    arn: str
    keys: Sequence[str]
    outcome: Undone
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of each removal; `error` ended it early."""

    removals: Sequence[Removal]
    error: AwsError | None = None


def looked(added: Added, store: TagStore) -> Removal:
    """The removal for one resource as it is now: a tag with another value is somebody else's."""
    match store.read(added.arn):
        case Absent():
            return Removal(added.what, added.arn, (), Undone.ALREADY, "it does not exist any more")
        case Unknown(why) | NotRead(why):
            text = f"its tags could not be read: {why}"
            return Removal(added.what, added.arn, (), Undone.NOT_READ, text)
        case Mapping() as tags:
            pass
        case never:
            assert_never(never)
    same = [key for key, value in added.tags.items() if tags.get(key) == value]
    other = [key for key in added.tags if key in tags and key not in same]
    text = f"changed since, and kept: {', '.join(other)}" if other else ""
    if same:
        return Removal(added.what, added.arn, same, Undone.READY, text)
    outcome = Undone.CHANGED if other else Undone.ALREADY
    return Removal(added.what, added.arn, (), outcome, text or "the tags are not there any more")


def take_back(removals: Sequence[Removal], store: Callable[[str], TagStore]) -> TakenBack:
    """Make the removals that are ready, in their order; an error of AWS ends it."""
    done: list[Removal] = []
    error: AwsError | None = None
    for one in removals:
        if one.outcome is not Undone.READY:
            done.append(one)
        elif error:
            done.append(_ended(one, Undone.NOT_TRIED, "an error ended it before"))
        else:
            try:
                done.append(_remove(one, store(one.arn)))
            except AwsError as raised:
                error = raised
                done.append(_ended(one, Undone.NOT_READ, f"{raised}: run it again"))
    return TakenBack(done, error)


def _remove(one: Removal, store: TagStore) -> Removal:
    """One removal, read back. Raises AwsError."""
    store.remove(one.arn, one.keys)
    after = store.read(one.arn)
    left = [key for key in one.keys if isinstance(after, Mapping) and key in after]
    if left:
        return _ended(one, Undone.CHANGED, f"still there: {', '.join(left)}")
    return _ended(one, Undone.REMOVED, one.detail)


def _ended(one: Removal, outcome: Undone, detail: str) -> Removal:
    return Removal(one.what, one.arn, one.keys, outcome, detail)
