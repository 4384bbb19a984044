"""The suspect version of a Lambda function, the one to go back to, and the doubts about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.limits.budgets import format_duration
from firebreak.core.model import Alarm, Obstacle
from firebreak.core.readings import Absent, NotRead, Unknown, unseen
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import TWO_SUSPECTS, RollbackTarget
from firebreak.services.lambda_.functions import (
    FAILED,
    AliasCallers,
    AliasLive,
    FunctionLive,
    FunctionObservation,
)
from firebreak.services.lambda_.versions import ran_before, released_as, version_before

PUBLISHED_SINCE = NotRead("it was published since")
# The dimension of a metric about one version behind an alias.
# [docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html]
EXECUTED_VERSION = "ExecutedVersion"


@dataclass(frozen=True, slots=True)
class FunctionRollbackTarget:
    """The version to go back to, and what a human or the ledger must be asked of it."""

    earlier: FunctionLive
    doubts: tuple[str, ...]
    rollback_target: RollbackTarget


def version_to_go_back_to(
    alarm: Alarm,
    used: AliasCallers,
    seen: FunctionObservation,
    published: Mapping[int, FunctionLive],
    suspect_within: timedelta,
) -> FunctionRollbackTarget | Obstacle | Unknown:
    """One release back from the newest version that gets calls, if the alarm followed that release."""
    suspect = _suspect(used.alias)
    if not isinstance(suspect, int):
        return suspect
    if obstacle := _about_another(alarm, suspect) or _newer_than(suspect, used.alias, published):
        return obstacle
    release = released_as(suspect, published)
    if isinstance(release, Unknown):
        return release
    if obstacle := _not_recent(release, published, alarm.since, suspect_within):
        return obstacle
    number = int(used.alias.version) if used.alias.parts else version_before(release, published)
    if number is None:
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"version {release} is the oldest that exists")
    earlier = _earlier(number, suspect, release, seen, published)
    if not isinstance(earlier, FunctionLive):
        return earlier
    made = _made(number, published)
    two = (TWO_SUSPECTS,) if alarm.since - made <= suspect_within else ()
    guessed = () if used.alias.parts else _by_number(number, release, used.alias.name)
    return FunctionRollbackTarget(
        earlier, (*two, *guessed), _rollback_definition(number, release, made, published)
    )


def _suspect(alias: AliasLive) -> int | Obstacle:
    """The newest version that gets calls; parts that go to an older one are somebody's roll back."""
    version, parts = int(alias.version), sorted(map(int, alias.parts))
    if not parts:
        return version
    if len(parts) == 1 and parts[0] > version:
        return parts[0]
    text = f"alias {alias.name} sends a part of its calls to version {', '.join(map(str, parts))}"
    return Obstacle(Reason.UNSAFE_ALIAS, f"{text} already, next to {version}: finish that move")


def _about_another(alarm: Alarm, suspect: int) -> Obstacle | None:
    """Why the alarm's own metrics, where they are about single versions, clear the suspect."""
    executed = {metric.dimensions.get(EXECUTED_VERSION, "") for metric in alarm.metrics} - {""}
    if executed <= {str(suspect)}:
        return None
    text = f"the alarm is about version {' and '.join(sorted(executed))}, and {suspect} is the newest"
    return Obstacle(Reason.NO_RECENT_DEPLOYMENT, f"{text} that gets calls")


def _newer_than(suspect: int, alias: AliasLive, published: Mapping[int, FunctionLive]) -> Obstacle | None:
    """Why the newest release behind the alias had its turn already."""
    newest = max(published)
    if newest <= suspect:
        return None
    text = f"alias {alias.name} is at {suspect} and {newest} exists: it was rolled back before"
    return Obstacle(Reason.ROLLED_BACK_BEFORE, f"{text}, or {newest} is not released yet")


def _not_recent(
    release: int, published: Mapping[int, FunctionLive], since: datetime, suspect_within: timedelta
) -> Obstacle | None:
    """Why the release is not what the alarm is about."""
    made = published[release].modified
    if made > since:
        return Obstacle(Reason.NO_RECENT_DEPLOYMENT, f"the alarm was red before version {release} was made")
    if since - made > suspect_within:
        ago = timedelta(seconds=int((since - made).total_seconds()))
        limit = format_duration(suspect_within)
        text = f"version {release} was made {ago} before the alarm turned red, limit {limit}"
        return Obstacle(Reason.NO_RECENT_DEPLOYMENT, text)
    return None


def _earlier(
    number: int,
    suspect: int,
    release: int,
    seen: FunctionObservation,
    published: Mapping[int, FunctionLive],
) -> FunctionLive | Obstacle | Unknown:
    """The version of that number, if it is another one and can be invoked."""
    if number >= release:
        text = f"version {suspect} runs what version {number} runs, which gets the other calls"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, text)
    if old := ran_before(suspect, number, published):
        text = f"version {suspect} runs what version {old} ran: it is a roll back from version {number}"
        return Obstacle(Reason.ROLLED_BACK_BEFORE, f"{text} already")
    match seen.versions.get(str(number), PUBLISHED_SINCE):
        case Absent():
            return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"version {number} does not exist any more")
        case Unknown() | NotRead() as blind:
            return unseen(f"version {number}", blind)
        case found if found.state == FAILED:
            return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"version {number} cannot be invoked: it is Failed")
        case found if _alike(found, published[suspect]):
            text = f"version {number} is the same as version {suspect} in code and settings"
            return Obstacle(Reason.NOTHING_TO_ROLL_BACK, text)
        case found:
            return found


def _alike(one: FunctionLive, other: FunctionLive) -> bool:
    """Whether going from one to the other would change nothing; what is hidden may differ."""
    if one.hidden or other.hidden:
        return False
    return (one.code, one.memory, one.settings) == (other.code, other.memory, other.settings)


def _by_number(number: int, release: int, alias: str) -> tuple[str, ...]:
    """The doubt that only its number says that it ran; between the two some may have existed once.

    Lambda gives every number to one version.
    """
    first, last = number + 1, release - 1
    if first > last:
        text = f"only its number says that version {number} ran behind alias {alias} before"
        return (f"{text}: Lambda keeps no record of it",)
    which = f"version {first}, which was" if first == last else f"of versions {first} to {last}, which were"
    one = "" if first == last else "one "
    return (f"{which} deleted, {one}may have run before {release}: only its number speaks for {number}",)


def _made(version: int, published: Mapping[int, FunctionLive]) -> datetime:
    """The time at which the content of the version was made."""
    release = released_as(version, published)
    return published[version if isinstance(release, Unknown) else release].modified


def _rollback_definition(
    number: int, release: int, made: datetime, published: Mapping[int, FunctionLive]
) -> RollbackTarget:
    """Lambda reports no moves of an alias: at any time its newest version is taken for the one that ran."""
    next_one = min(other for other in published if other > number)
    return RollbackTarget(
        suspected_since=published[release].modified, newest=(made, published[next_one].modified)
    )
