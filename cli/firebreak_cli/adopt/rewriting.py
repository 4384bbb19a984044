"""Switches the propagation of tags on for the alarms of a plan, by putting each of them as a whole.

Only alarms that nobody manages are put, and only where the put operation takes everything that they have.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.routing import TARGET_TRACKING_PREFIX
from firebreak.errors import AwsError, Denied
from firebreak_cli.adopt.alarm_configuration import Configuration
from firebreak_cli.adopt.alarm_store import AlarmStore
from firebreak_cli.adopt.applying import Tags, objection_of_owner, owner_now
from firebreak_cli.adopt.careful_put import CarefulPut, End, Replaced
from firebreak_cli.adopt.changes import Outcome
from firebreak_cli.adopt.existing import milliseconds
from firebreak_cli.adopt.owners import Owner
from firebreak_cli.adopt.refusals import ends_the_run
from firebreak_cli.adopt.rewrites import Rewrite
from firebreak_cli.adopt.undo_file import UndoFile
from firebreak_cli.exit_codes import Ending
from firebreak_cli.queries.tag_propagation import riding

_ERROR_BEFORE = "an error ended it before"
_WARM_UP = "WarmUpConfiguration"
_OUTCOMES: Mapping[End, Outcome] = {
    End.DONE: Outcome.SWITCHED_ON,
    End.CHANGED: Outcome.CHANGED,
    End.GONE: Outcome.GONE,
    End.NOT_READ: Outcome.NOT_READ,
    End.REFUSED: Outcome.REFUSED,
    End.LOST: Outcome.NOT_READ,
    End.NOT_READ_BACK: Outcome.NOT_READ,
    End.NOT_KEPT: Outcome.REFUSED,
    End.PUT_BACK: Outcome.PUT_BACK,
    End.NOT_PUT_BACK: Outcome.NOT_PUT_BACK,
}


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Looks at alarms and puts them. `tags` reads those of one, `stack_of` asks CloudFormation about it."""

    store: AlarmStore
    tags: Callable[[str], Reading[Tags]]
    stack_of: Callable[[str, str], Owner | Unknown]
    even_if_owned: bool
    wait: Callable[[float], None]

    def looked(self, rewrites: Sequence[Rewrite]) -> Iterator[Rewrite]:
        """Every alarm as it would be put now, or why it is not."""
        names = [one.name for one in rewrites if one.ready]
        found = self.store.read(names) if names else {}
        for one in rewrites:
            if not one.ready:
                yield one
            elif isinstance(found, Unknown | NotRead):
                yield one.ended(Outcome.NOT_READ, f"it could not be read: {found.why}")
            elif one.name not in found:
                yield one.ended(Outcome.GONE, "it does not exist any more")
            else:
                yield self._with(replace(one, before=found[one.name]), found[one.name])

    def _with(self, one: Rewrite, now: Configuration) -> Rewrite:
        if not _missing(now, one.keys):
            return one.ended(Outcome.ALREADY, "its tags are in its events")
        if now.changed_at and milliseconds(now.changed_at) > one.configured_at:
            return one.ended(Outcome.CHANGED, "it was configured again since the plan")
        if objection := objection_to(now, one.keys):
            return one.ended(Outcome.LEFT_ALONE, objection)
        return self._owned(one)

    def _owned(self, one: Rewrite) -> Rewrite:
        if one.seen:
            return one
        match self.tags(one.arn):
            case Absent():
                return one.ended(Outcome.GONE, "it does not exist any more")
            case Unknown(why) | NotRead(why):
                return one.ended(Outcome.NOT_READ, f"its tags could not be read: {why}")
            case Mapping() as tags:
                owner = owner_now(one.name, one.arn, tags, self.stack_of)
            case never:
                assert_never(never)
        if isinstance(owner, Owner):
            one = replace(one, owner=owner)
        objection = None if self.even_if_owned else objection_of_owner(owner)
        return one.ended(*objection) if objection else one

    def apply(
        self, rewrites: Iterable[Rewrite], undo: UndoFile, ended: AwsError | Ending | None = None
    ) -> tuple[list[Rewrite], AwsError | Ending | None]:
        """Put the alarms that are ready, in order, until one comes back otherwise or an error ends it.

        `ended` is an error that ended the run before.
        """
        put, stopped = CarefulPut(self.store, self.wait), _ERROR_BEFORE if ended else ""
        run = _Run(put, undo, error=ended, stopped=stopped)
        return [run.one(rewrite) for rewrite in rewrites], run.error


@dataclass(slots=True)
class _Run:
    """One run over alarms; `stopped` says why no other one is put."""

    put: CarefulPut
    undo: UndoFile
    error: AwsError | Ending | None
    stopped: str
    accepted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()

    def one(self, rewrite: Rewrite) -> Rewrite:
        """The alarm with its outcome."""
        before = rewrite.before
        if not rewrite.ready or before is None:
            return rewrite
        if self.stopped:
            return rewrite.ended(Outcome.NOT_TRIED, self.stopped)
        if before.operation in self.refused:
            return rewrite.ended(Outcome.NOT_TRIED, f"AWS refused {before.operation} before")
        try:
            self.undo.begin(rewrite)
        except Ending as error:
            self.error, self.stopped = error, _ERROR_BEFORE
            return rewrite.ended(Outcome.NOT_TRIED, error.lines[0])
        return self._put(rewrite, before)

    def _put(self, rewrite: Rewrite, before: Configuration) -> Rewrite:
        found = self.put.replace(before, before.with_propagation())
        self._note(rewrite, before, found)
        if found.as_it_was:
            try:
                self.undo.drop(rewrite)
            except Ending as error:
                self.error, self.stopped = error, _ERROR_BEFORE
        if found.end is End.REFUSED and found.error and ends_the_run(found.error):
            return rewrite.ended(Outcome.NOT_TRIED, found.detail)
        return rewrite.ended(_OUTCOMES[found.end], found.detail)

    def _note(self, rewrite: Rewrite, before: Configuration, found: Replaced) -> None:
        """Decides by the end of one alarm whether those after it are put."""
        if found.end is End.DONE:
            self.accepted |= {before.operation}
        elif isinstance(found.error, Denied) and before.operation not in self.accepted:
            # A right may be missing for one alarm only, but hardly for the first one of its kind.
            self.refused |= {before.operation}
        if found.stops:
            self.stopped = f"it ended at {rewrite.what}"
            self.error = self.error or (found.error if found.error and ends_the_run(found.error) else None)


def objection_to(now: Configuration, keys: frozenset[str]) -> str:
    """Why an alarm is not put, even if nobody manages it; empty where nothing speaks against it."""
    if now.name.startswith(TARGET_TRACKING_PREFIX):
        return "target tracking made it and puts it as it likes"
    if now.not_taken:
        return f"it has {', '.join(now.not_taken)}, which {now.operation} of this botocore does not take"
    if _WARM_UP in now.fields:
        return f"it has a {_WARM_UP}: for that time after it is put it may not be evaluated"
    if left_out := _missing(now.with_propagation(), keys):
        return f"its tag propagation leaves out {', '.join(left_out)}"
    return ""


def _missing(now: Configuration, keys: frozenset[str]) -> list[str]:
    """Those of these tags that are not in its events."""
    return sorted(keys - riding(now.fields, dict.fromkeys(keys, ""), unsaid=False).keys())
