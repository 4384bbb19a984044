"""The alarms of one target that are red now: an act by hand is judged by them as well."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from firebreak.core.intake import reject_early
from firebreak.core.manual import MOST_RED
from firebreak.core.model import NO_TAGS, Alarm, Target
from firebreak.core.readings import NotRead, Unknown
from firebreak.errors import AwsError
from firebreak_cli.explain.sources import Sources
from firebreak_cli.queries.alarm_pages import alarm_pages
from firebreak_cli.queries.live_alarms import turned_red_event

# Each needs its tags, which CloudWatch gives for one alarm at a time: in a storm not all are looked at.
MOST_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class RedAlarms:
    """The red alarms that name the target; `unread` says in one line why some may be missing, or is empty."""

    found: tuple[Alarm, ...]
    unread: str = ""


def red_alarms_of(
    target: Target, action: str, client: Any, sources: Sources, look: Callable[[str], None]
) -> RedAlarms:
    """Those that are red now and name exactly this target; where they cannot be listed it says so.

    They do not decide whether the act is done, so a failed look does not stop it.
    """
    found: list[Alarm] = []
    unread: list[str] = []
    try:
        for number, shape in enumerate(islice(_red(client), MOST_LOOKED_AT + 1)):
            look(f"red alarms: {number} looked at")
            if number == MOST_LOOKED_AT or len(found) == MOST_RED:
                unread.append("more alarms are red than were looked at")
                break
            match _of_target(shape, target, action, sources):
                case Alarm() as alarm:
                    found.append(alarm)
                case Unknown(why):
                    unread.append(why)
                case None:
                    pass
    except AwsError as error:
        unread.append(f"the red alarms could not be listed: {error}")
    return RedAlarms(tuple(found), unread[0] if unread else "")


def _of_target(
    shape: Mapping[str, Any], target: Target, action: str, sources: Sources
) -> Alarm | Unknown | None:
    """The alarm where it names the target, None where it does not, Unknown where its tags cannot be read."""
    alarm = turned_red_event(shape, NO_TAGS)
    if reject_early(alarm):
        return None  # its contributors are alarms of their own
    tags = sources.tags(alarm)
    if isinstance(tags, Unknown | NotRead):
        return Unknown(f"the tags of {alarm.name} could not be read: {tags.why}")
    return _as_member(alarm) if sources.target(alarm, tags, action).found == target else None


def _as_member(alarm: Alarm) -> Alarm:
    """The alarm as the request names it: a name, and since when; its own event has the rest."""
    return replace(alarm, description="", reason="", evaluation=None, metrics=(), children=(), label="")


def _red(client: Any) -> Iterator[Mapping[str, Any]]:
    for page in alarm_pages(client.describe_alarms, "DescribeAlarms", StateValue="ALARM", MaxRecords=100):
        for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms"):
            yield from page.get(kind, ())
