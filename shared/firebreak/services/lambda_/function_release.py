"""Looking at a Lambda function, and carrying out a change of it: of `$LATEST`, or through to an alias.

    update $LATEST    if its revision is the one that was read
    wait              until Lambda is done with that
    publish           if its code and revision are those that were read then
    wait              until the version can be invoked
    move the alias    if its revision is the one that was read

The callers of the alias get nothing before the last call. A crash in between leaves more memory or
another description in `$LATEST`, or a version that nobody calls; the next deploy replaces both.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from firebreak.core.limits.budgets import ACT_TIMEOUT
from firebreak.core.model import Plan, Receipt, Target
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.errors import AwsError, OutcomeUnknown, Rejected
from firebreak.services.lambda_.function_changes import MOVE, PUBLISH, UPDATE, Change, Move, Publish, Update
from firebreak.services.lambda_.functions import (
    FAILED,
    LATEST,
    UNASKED,
    AliasLive,
    FunctionLive,
    FunctionObservation,
)
from firebreak.services.lambda_.ports import FunctionReads, FunctionWrites
from firebreak.services.lambda_.versions import released_as, version_before

# Most updates of memory or description are done within a second or two.
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """The clock while Lambda works; tests pass their own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


AWS_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Releaser:
    """Makes the calls of a plan, in the order that harms least.

    No change begins later than ACT_TIMEOUT after the first, so the last one ends at most as much later
    again (core/limits/budgets.py holds a slot 80 s longer than its window: 50 s are left for clocks that
    differ). An update that takes longer, as for a function that joins a VPC, ends in doubt: nothing
    has reached the alias then, and Verify finds that out.
    """

    reads: FunctionReads
    writes: FunctionWrites
    pace: Pace = AWS_PACE

    def carry_out(self, plan: Plan) -> Receipt:
        """Raises AwsError when nothing was changed, OutcomeUnknown once anything may have been."""
        change = Change.read(plan.change)
        if isinstance(change, Unknown):
            raise Rejected(UPDATE, "UnusablePlan")
        match change:
            case Change(publish=Publish() as publish, move=Move() as move):
                return self._release(change, publish, move)
            case Change(move=Move() as move):
                return self._back(change, move)
            case Change(update=Update() as update):
                live = self._update(change.function, update)
                return Receipt(summary=f"{LATEST} has {_value(update, live)}", after=_after(live))
            case _:
                raise Rejected(UPDATE, "UnusablePlan")

    def _release(self, change: Change, publish: Publish, move: Move) -> Receipt:
        begin_by = self.pace.monotonic() + ACT_TIMEOUT.total_seconds()
        if not change.update:
            version = self._publish(change.function, publish, publish.revision)
            with _already_begun():
                return self._move(change.function, move, version, begin_by)
        updated = self._update(change.function, change.update)
        with _already_begun():
            revision = self._at_rest(updated, begin_by, UPDATE).revision
            self._in_time(begin_by, PUBLISH)
            version = self._publish(change.function, publish, revision)
            return self._move(change.function, move, version, begin_by)

    def _move(self, function: str, move: Move, version: FunctionLive, begin_by: float) -> Receipt:
        version = version if version.at_rest else self._at_rest(version, begin_by, PUBLISH)
        self._in_time(begin_by, MOVE)
        self._point(function, move, version.version)
        text = f"alias {move.alias} is at version {version.version}, which has {version.memory} MB"
        return Receipt(summary=text, after={"alias": move.alias, **_after(version)})

    def _back(self, change: Change, move: Move) -> Receipt:
        """Moves the alias first, as it affects the callers. `$LATEST` may stay behind without harm."""
        self._point(change.function, move, move.version)
        summary, after = f"alias {move.alias} is at version {move.version}", {"alias": move.alias}
        if change.update:
            summary += f"; {LATEST} {self._put_back(change.function, change.update)}"
        return Receipt(summary=summary, after={**after, "version": move.version})

    def _put_back(self, function: str, update: Update) -> str:
        try:
            return f"has {_value(update, self._update(function, update))}"
        except AwsError as error:
            return f"may not have its old values yet ({error})"

    def _update(self, function: str, update: Update) -> FunctionLive:
        if update.memory is not None:
            live = self.writes.set_memory(function, update.memory, update.revision)
        else:
            live = self.writes.set_description(function, update.description or "", update.revision)
        if not update.in_force(live):
            raise OutcomeUnknown(UPDATE, "ValueNotTaken")
        return live

    def _publish(self, function: str, publish: Publish, revision: str) -> FunctionLive:
        version = self.writes.publish(function, publish.code, publish.description, revision)
        if (version.code, version.description) != (publish.code, publish.description):
            raise OutcomeUnknown(PUBLISH, "AnotherVersion")
        return version

    def _point(self, function: str, move: Move, version: str) -> None:
        alias = self.writes.point(function, move.alias, version, move.revision, move.weights)
        if (alias.version, alias.weighted) != (version, move.weights):
            raise OutcomeUnknown(MOVE, "AliasNotTaken")

    def _at_rest(self, begun: FunctionLive, begin_by: float, operation: str) -> FunctionLive:
        """The same configuration once Lambda is done with it: its revision is a new one by then."""
        while True:
            found = self.reads.configuration(begun.name, begun.version)
            if isinstance(found, FunctionLive):
                if FAILED in (found.state, found.update):
                    raise OutcomeUnknown(operation, "UpdateFailed")
                if found.at_rest and _same(begun, found):
                    return found
            if self.pace.monotonic() + POLL_SECONDS > begin_by:
                raise OutcomeUnknown(operation, "StillInProgress")
            self.pace.sleep(POLL_SECONDS)

    def _in_time(self, begin_by: float, operation: str) -> None:
        if self.pace.monotonic() > begin_by:
            raise OutcomeUnknown(operation, "OutOfTime")


def look(reads: FunctionReads, target: Target, *, published: bool = False) -> FunctionObservation:
    """The function and its aliases, then its tags and the versions that the aliases point at.

    With `published` also every version there is, and those that the aliases could go back to.
    """
    name = target.name
    with ThreadPoolExecutor(max_workers=4) as pool:
        warm = pool.submit(reads.provisioned, name)
        listed = pool.submit(reads.aliases, name)
        numbers = pool.submit(reads.published, name) if published else None
        function, aliases = reads.configuration(name, LATEST), listed.result()
        existing = numbers.result() if numbers else UNASKED
        wanted = _versions(aliases, existing)
        running = {one: pool.submit(reads.configuration, name, one) for one in sorted(wanted)}
        tags: Reading[Mapping[str, str]] = NotRead("the function was not read")
        if isinstance(function, FunctionLive):
            tags = reads.tags(function.arn)
        return FunctionObservation(
            function=function,
            function_tags=tags,
            aliases=aliases,
            versions={one: reading.result() for one, reading in running.items()},
            provisioned=warm.result(),
            published=existing,
        )


def _versions(
    aliases: Reading[tuple[AliasLive, ...]], existing: Reading[Mapping[int, FunctionLive]]
) -> set[str]:
    """The versions that are looked at: behind an alias, and the ones before their releases."""
    if not isinstance(aliases, tuple):
        return set()
    pointed = {one.version for one in aliases if one.version != LATEST}
    known = existing if isinstance(existing, Mapping) else {}
    releases = (released_as(int(one), known) for one in pointed if int(one) in known)
    before = {version_before(release, known) for release in releases if isinstance(release, int)}
    return pointed | {str(number) for number in before if number is not None}


@contextmanager
def _already_begun() -> Iterator[None]:
    """A refusal of a later call is no proof any more that nothing was changed."""
    try:
        yield
    except AwsError as error:
        raise OutcomeUnknown(error.operation, error.code) from error


def _same(one: FunctionLive, other: FunctionLive) -> bool:
    """Whether nobody changed anything in between, by its values: the revision changes by itself."""
    return (one.memory, one.description, one.code, one.settings) == (
        other.memory,
        other.description,
        other.code,
        other.settings,
    )


def _value(update: Update, live: FunctionLive) -> str:
    return f"{live.memory} MB" if update.memory is not None else "a new description"


def _after(live: FunctionLive) -> dict[str, object]:
    return {"version": live.version, "memory": live.memory}
