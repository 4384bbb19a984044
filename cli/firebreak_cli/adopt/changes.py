"""The changes of `firebreak adopt --apply`, and the outcome of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from firebreak.core.arns import partition_of
from firebreak.core.model import NO_TAGS, Target
from firebreak.intake.names import read_target
from firebreak_cli.adopt.drift import drift
from firebreak_cli.adopt.entries import OPTED_IN, Entry, Plan
from firebreak_cli.adopt.owners import NOBODY, Owner
from firebreak_cli.adopt.target_tags import arn_of_target

# Services whose targets are tagged by their owners, and why.
_BY_HAND: Mapping[str, str] = {
    "beanstalk": "Elastic Beanstalk carries an environment's tags on to its resources: tag it by hand",
}


class Outcome(StrEnum):
    """The outcome of a change. `ready` is that of one that may be made. Printed: never renamed."""

    READY = "ready"
    TAGGED = "tagged"
    SWITCHED_ON = "switched_on"
    ALREADY = "already"
    OWNED = "owned"
    BY_HAND = "by_hand"
    LEFT_ALONE = "left_alone"
    CHANGED = "changed"
    GONE = "gone"
    NOT_READ = "not_read"
    REFUSED = "refused"
    PUT_BACK = "put_back"
    NOT_PUT_BACK = "not_put_back"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Tags for one resource. `what` names it to people, `physical_id` to CloudFormation.

    `wanted` are the tags of the plan, `add` those that it lacked, `before` all that it had when it was read.
    `owner` is the plan's, until the resource is looked at. `alarms` are the ARNs of the alarms for which a
    target is opted in, none where one of them needs no tag.
    """

    what: str
    arn: str
    physical_id: str
    wanted: Mapping[str, str]
    owner: Owner = NOBODY
    propagates: bool = False
    alarms: tuple[str, ...] = ()
    add: Mapping[str, str] = NO_TAGS
    before: Mapping[str, str] = NO_TAGS
    outcome: Outcome = Outcome.READY
    detail: str = ""

    @property
    def ready(self) -> bool:
        """Whether it may be made."""
        return self.outcome is Outcome.READY

    def ended(self, outcome: Outcome, detail: str = "") -> "Change":
        """The change with its outcome."""
        return replace(self, outcome=outcome, detail=detail)


def changes_of(plan: Plan, fresh: Plan | None = None) -> Iterator[Change]:
    """The changes of a plan: the alarms, then the targets, each once.

    Alarms come first: until their target takes part, nothing can be done for them. `fresh` is a plan that
    was made just now: what it speaks against is not done, nor is a target opted in for such alarms alone.
    """
    against = {entry.alarm: _against(entry, fresh, plan.made_at) for entry in plan.adopted} if fresh else {}
    for entry in plan.adopted:
        outcome = against.get(entry.alarm)
        if entry.wanted or outcome:
            change = _alarm_change(entry)
            yield change.ended(*outcome) if outcome else change
    right = [entry for entry in plan.adopted if entry.target and not against.get(entry.alarm)]
    for written in dict.fromkeys(entry.target for entry in right):
        target = read_target(written, plan.account, plan.region)
        if isinstance(target, Target) and not target.is_account:
            yield from _opt_in(target, [entry for entry in right if entry.target == written])


def _against(entry: Entry, fresh: Plan, made_at: datetime) -> tuple[Outcome, str] | None:
    try:
        why = drift(entry, fresh, made_at)
    except KeyError:
        return Outcome.GONE, "it does not exist any more"
    return (Outcome.CHANGED, why) if why else None


def _alarm_change(entry: Entry) -> Change:
    return Change(
        what=f"alarm {entry.alarm}",
        arn=entry.arn,
        physical_id=entry.alarm,
        wanted=entry.wanted,
        owner=entry.owner,
        propagates=entry.needs_propagation,
    )


def _opt_in(target: Target, entries: Sequence[Entry]) -> Iterator[Change]:
    """The opt-in of their target. One that is tagged by hand is looked at no more than the plan did."""
    entry = entries[-1]
    arn = arn_of_target(target, partition_of(entry.arn))
    if not arn and not entry.needs_opt_in:
        return
    change = Change(
        what=target.display,
        arn=arn,
        physical_id=arn if target.service == "ecs" else target.name,
        wanted=OPTED_IN,
        add=OPTED_IN,
        owner=entry.target_owner,
        alarms=tuple(one.arn for one in entries) if all(one.wanted for one in entries) else (),
    )
    yield change if arn else change.ended(Outcome.BY_HAND, _BY_HAND.get(target.service, "tag it by hand"))
