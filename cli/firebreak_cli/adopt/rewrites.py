"""The alarms of a plan whose tags are not in their events: each is to be put as a whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak_cli.adopt.alarm_configuration import Configuration
from firebreak_cli.adopt.changes import Change, Outcome
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.owners import NOBODY, Owner

_TAGS_MISSING = "its tags were not added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One alarm that is to be put with its tags in its events.

    `keys` are those of the tags that have to be in them. `configured_at` is when the plan found it, or an
    alarm below it, to be last configured, or when the plan was made. `owner` is the plan's until it is looked
    at, `seen` says that this was done as its tags were, and `before` is the alarm as it was then.
    """

    what: str
    name: str
    arn: str
    keys: frozenset[str]
    configured_at: datetime
    owner: Owner = NOBODY
    seen: bool = False
    before: Configuration | None = None
    outcome: Outcome = Outcome.READY
    detail: str = ""

    @property
    def ready(self) -> bool:
        """Whether it may be put."""
        return self.outcome is Outcome.READY

    def ended(self, outcome: Outcome, detail: str = "") -> "Rewrite":
        """The same with its outcome."""
        return replace(self, outcome=outcome, detail=detail)


def rewrites_of(plan: Plan, changes: Iterable[Change]) -> Iterator[Rewrite]:
    """The alarms of a plan whose tags are not in their events; not those whose tags are not added."""
    tagged = {one.arn: one for one in changes}
    for entry in plan.adopted:
        if entry.needs_propagation:
            found = Rewrite(
                what=f"alarm {entry.alarm}",
                name=entry.alarm,
                arn=entry.arn,
                keys=entry.read_in_events,
                configured_at=entry.changed_at or plan.made_at,
                owner=entry.owner,
            )
            yield _as_tagged(found, tagged.get(entry.arn), {Outcome.READY, Outcome.ALREADY})


def after_tagging(rewrites: Iterable[Rewrite], changes: Iterable[Change]) -> list[Rewrite]:
    """The alarms, of which only those may still be put whose tags were added."""
    tagged = {one.arn: one for one in changes}
    enough = {Outcome.TAGGED, Outcome.ALREADY}
    return [_as_tagged(one, tagged.get(one.arn), enough) if one.ready else one for one in rewrites]


def _as_tagged(one: Rewrite, change: Change | None, enough: set[Outcome]) -> Rewrite:
    if change is None:
        return one
    if change.outcome in enough:
        return replace(one, owner=change.owner, seen=True) if change.ready else one
    if change.outcome is Outcome.OWNED:
        return replace(one, owner=change.owner).ended(Outcome.OWNED, change.detail)
    return one.ended(Outcome.NOT_TRIED, _TAGS_MISSING)
