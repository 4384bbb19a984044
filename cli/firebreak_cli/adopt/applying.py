"""Carries out a plan: tags what nobody manages, one resource after the other, and records how to undo it.

Each resource is read before and after; nothing but the plan's tags is added, and no tag is overwritten.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.errors import AwsError, NotFound, OutcomeUnknown
from firebreak_cli.adopt.changes import Change, Outcome
from firebreak_cli.adopt.owners import BY_NAME, Owner, owner_of
from firebreak_cli.adopt.refusals import ends_the_run, patiently
from firebreak_cli.adopt.rewrites import Rewrite
from firebreak_cli.adopt.tagging import TagStore
from firebreak_cli.adopt.undo_file import UndoFile
from firebreak_cli.exit_codes import Ending, ending_of

_NOT_LED_TO = "no alarm that leads to it was tagged"
# With one of these an alarm leads to its target, now or as soon as its owner has changed it.
_LEADS = frozenset({Outcome.TAGGED, Outcome.ALREADY, Outcome.OWNED})

type Tags = Mapping[str, str]


def owner_now(
    physical_id: str, arn: str, tags: Tags, stack_of: Callable[[str, str], Owner | Unknown]
) -> Owner | Unknown:
    """The owner of a resource: its tags say it, else CloudFormation, which also knows better than a name."""
    by_sign = owner_of(physical_id, tags)
    if by_sign.owns and by_sign.by != BY_NAME:
        return by_sign
    return stack_of(physical_id, arn)


def objection_of_owner(owner: Owner | Unknown) -> tuple[Outcome, str] | None:
    """The outcome for a resource that is left to its owner, or whose owner is unknown; None for none."""
    if isinstance(owner, Unknown):
        return Outcome.NOT_READ, f"whether a stack manages it could not be read: {owner.why}"
    return (Outcome.OWNED, f"{owner.shown} manages it, by {owner.by}") if owner.owns else None


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of each change, and of each alarm to be put; after `error` the rest was not tried."""

    changes: Sequence[Change]
    error: AwsError | Ending | None = None
    rewrites: Sequence[Rewrite] = ()


@dataclass(frozen=True, slots=True)
class Applier:
    """Looks at resources and tags them. `stack_of` asks CloudFormation for the owner, by physical id and ARN.

    `wait` waits some seconds where AWS throttles.
    """

    store: Callable[[str], TagStore]
    stack_of: Callable[[str, str], Owner | Unknown]
    even_if_owned: bool = False
    wait: Callable[[float], None] = time.sleep

    def looked(self, change: Change) -> Change:
        """The change as it would be made now, or why it is not made."""
        if not change.ready:
            return change
        match self.store(change.arn).read(change.arn):
            case Absent():
                return change.ended(Outcome.GONE, "it does not exist any more")
            case Unknown(why) | NotRead(why):
                return change.ended(Outcome.NOT_READ, f"its tags could not be read: {why}")
            case Mapping() as tags:
                return self._with(change, tags)
            case never:
                assert_never(never)

    def _with(self, change: Change, tags: Tags) -> Change:
        other = {key: tags[key] for key, value in change.wanted.items() if tags.get(key, value) != value}
        if other:
            listed = ", ".join(f"{key}={value}" for key, value in other.items())
            return change.ended(Outcome.CHANGED, f"it has {listed} already; no tag is overwritten")
        add = {key: value for key, value in change.wanted.items() if key not in tags}
        if not add:
            return change.ended(Outcome.ALREADY, "it has these tags")
        return self._owned(replace(change, add=add, before=tags))

    def _owned(self, change: Change) -> Change:
        owner = owner_now(change.physical_id, change.arn, change.before, self.stack_of)
        if isinstance(owner, Owner):
            change = replace(change, owner=owner)
        objection = None if self.even_if_owned else objection_of_owner(owner)
        return change.ended(*objection) if objection else change

    def apply(self, changes: Iterable[Change], undo: UndoFile) -> Applied:
        """Make the changes that are ready, in order, until credentials, network or undo file fail."""
        made: list[Change] = []
        error: AwsError | Ending | None = None
        for change in changes:
            if not change.ready:
                made.append(change)
            elif error:
                made.append(change.ended(Outcome.NOT_TRIED, "an error ended it before"))
            elif not _led_to(change, made, _LEADS):
                made.append(change.ended(Outcome.NOT_TRIED, _NOT_LED_TO))
            else:
                done, error = self._tried(change, undo)
                made.append(done)
        return Applied(made, error)

    def _tried(self, change: Change, undo: UndoFile) -> tuple[Change, AwsError | Ending | None]:
        """The outcome of the change, with the error that ends the run: also one of the undo file."""
        try:
            undo.begin(change)
            return self._sent(change, undo)
        except Ending as error:
            return change.ended(Outcome.NOT_TRIED, error.lines[0]), error

    def _sent(self, change: Change, undo: UndoFile) -> tuple[Change, AwsError | None]:
        try:
            return self._make(change, undo), None
        except AwsError as error:
            return _failed(change, error, undo), error if ends_the_run(error) else None

    def _make(self, change: Change, undo: UndoFile) -> Change:
        """One change. Raises AwsError."""
        store = self.store(change.arn)
        try:
            ended = patiently(lambda: _add(change, store), self.wait)
        except OutcomeUnknown:
            if not _has(store.read(change.arn), change.add):
                raise
        else:
            if ended:
                undo.drop(change)
                return ended
        return _read_back(change, store.read(change.arn))


def _add(change: Change, store: TagStore) -> Change | None:
    """One try; no tag where they are not those that were looked at any more, and why. Raises AwsError."""
    now = store.read(change.arn)
    if isinstance(now, Unknown | NotRead):
        return change.ended(Outcome.NOT_READ, f"its tags could not be read again: {now.why}")
    if now != change.before:
        return change.ended(Outcome.CHANGED, "its tags changed while this was asked")
    store.add(change.arn, change.add)
    return None


def _failed(change: Change, error: AwsError, undo: UndoFile) -> Change:
    if isinstance(error, OutcomeUnknown):
        return change.ended(Outcome.NOT_READ, f"{error}: it may be tagged; the undo file has it")
    undo.drop(change)
    if isinstance(error, NotFound):
        return change.ended(Outcome.GONE, "it does not exist any more")
    outcome = Outcome.NOT_TRIED if ends_the_run(error) else Outcome.REFUSED
    return change.ended(outcome, ending_of(error).lines[0])


def with_alarms(changes: Iterable[Change]) -> Iterator[Change]:
    """The changes that were looked at, without the opt-ins of targets whose alarms all fell away."""
    before: list[Change] = []
    for change in changes:
        led = not change.ready or _led_to(change, before, _LEADS | {Outcome.READY})
        before.append(change if led else change.ended(Outcome.NOT_TRIED, _NOT_LED_TO))
        yield before[-1]


def _led_to(change: Change, before: Iterable[Change], enough: frozenset[Outcome]) -> bool:
    """Whether an alarm is left for which the target is opted in; true of anything else."""
    outcomes = {one.outcome for one in before if one.arn in change.alarms}
    return not change.alarms or bool(outcomes & enough)


def _has(tags: Reading[Tags], wanted: Tags) -> bool:
    return isinstance(tags, Mapping) and wanted.items() <= tags.items()


def _read_back(change: Change, after: Reading[Tags]) -> Change:
    """The change with its outcome, by what the resource has now."""
    if not isinstance(after, Mapping):
        return change.ended(Outcome.TAGGED, "it could not be read back")
    if not _has(after, change.add):
        return change.ended(Outcome.CHANGED, "the tags were sent and are not there")
    others = {key for key, _ in after.items() ^ {**change.before, **change.add}.items()}
    text = f"other tags of it changed at the same time: {', '.join(sorted(others))}" if others else ""
    return change.ended(Outcome.TAGGED, text)
