"""Passes an alarm whose tags are not in its event on to the function that its live tags name.

Tag propagation is off by default, Terraform cannot switch it on, and contributor events may carry no
tags. Without this an alarm that its owner tagged reaches nobody, unless its metric is a known symptom.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firebreak.core.model import Alarm
from firebreak.core.ports import Clock, Log
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import by_live_tags
from firebreak.core.tags import ACTION_TAG
from firebreak.errors import Unavailable, UnusableEvent
from firebreak.intake import alarm_events
from firebreak.remediation.decision_recorder import Summary
from firebreak.services.registry import CATALOG

type ReadTags = Callable[[str], Reading[Mapping[str, str]]]
type Publish = Callable[[str, Mapping[str, object], Mapping[str, str]], None]

# A new tag is seen after at most this time; an alarm that flaps costs one call in this time.
REMEMBERED_FOR = timedelta(minutes=5)
MOST_REMEMBERED = 5_000


@dataclass(slots=True)
class RememberedTags:
    """The tags of alarms by ARN as they were read lately; a failed read is not remembered."""

    read: ReadTags
    clock: Clock
    known: OrderedDict[str, tuple[datetime, Mapping[str, str]]] = field(default_factory=OrderedDict)

    def of(self, arn: str) -> Reading[Mapping[str, str]]:
        """The tags of one alarm, at most `REMEMBERED_FOR` old."""
        now = self.clock.now()
        if (found := self.known.get(arn)) and now - found[0] < REMEMBERED_FOR:
            return found[1]
        tags = self.read(arn)
        if isinstance(tags, Mapping):
            self.known[arn] = (now, tags)
            self.known.move_to_end(arn)
            while len(self.known) > MOST_REMEMBERED:
                self.known.popitem(last=False)
        return tags


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRouter:
    """Reads the live tags of one alarm, and puts its event on the bus for the function they name.

    It has no ledger and no policy: the function that gets the event decides, once, under the same
    delivery key as if the tag had been in the event.
    """

    tags: RememberedTags
    publish: Publish
    log: Log
    account: str
    region: str
    partition: str

    def handle(self, event: object) -> Summary:
        """Passes it on or leaves it. Raises where the tags could not be read: Lambda delivers it again."""
        parsed = alarm_events.parse(event)
        if not isinstance(parsed, Alarm) or not isinstance(event, dict):
            raise UnusableEvent("a request for an action", "an alarm")
        alarm = alarm_events.placed(parsed, self.account, self.region, self.partition)
        match self.tags.of(alarm.arn):
            case Unknown(why) | NotRead(why):
                self.log.event("route.unreadable", alarm=alarm.name, why=why)
                raise Unavailable("ListTagsForResource", "TagsUnreadable")
            case Absent():
                return self._left(alarm, Reason.ALARM_GONE)
            case tags:
                pass
        function = by_live_tags(alarm, tags, CATALOG)
        if function is None:
            return self._left(alarm, Reason.ACTION_NONE if ACTION_TAG in tags else Reason.NOT_ROUTED)
        self.publish(function, event, tags)
        self.log.event("route.passed_on", alarm=alarm.name, function=function)
        return Summary("passed_on", Reason.CLEAR_TO_ACT, "")

    def _left(self, alarm: Alarm, reason: Reason) -> Summary:
        self.log.event("route.left", alarm=alarm.name, reason=reason.value)
        return Summary("left", reason, "")
