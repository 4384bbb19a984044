"""The target of an event: the alarm's, that of a request's incident, or the one that a human named."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from firebreak.core.incident.states import Incident
from firebreak.core.intake import require_supported
from firebreak.core.model import Alarm, OwnEvent, RequestKind, Unresolved
from firebreak.core.ports import AlarmReads
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.intake import target_resolution
from firebreak.intake.lookups import Lookups, Resolution
from firebreak.intake.names import Home
from firebreak.intake.target_groups import ServiceLookup
from firebreak.ledger.ports import Ledger
from firebreak.services.registry import CATALOG


@dataclass(frozen=True, slots=True)
class TargetFinder:
    """Names the targets of one action's events. Raises AwsError where the ledger cannot say."""

    action: str
    home: Home
    ledger: Ledger
    alarms: AlarmReads
    behind: ServiceLookup

    def of_alarm(self, alarm: Alarm, tags: Reading[Mapping[str, str]]) -> Resolution:
        """The target that an alarm names."""
        return self._supported(target_resolution.resolve(alarm, tags, self._lookups(), self.action))

    def of_request(self, event: OwnEvent, tags: Reading[Mapping[str, str]]) -> Resolution:
        """The target of one of Firebreak's own requests, or of a human's."""
        if event.kind is RequestKind.MANUAL:
            return self._supported(target_resolution.named_by_human(event, self.home))
        if not event.incident_id:
            return self.of_alarm(event.alarm, tags)
        match self.ledger.incident(event.incident_id):
            case Incident(target=target):
                hosts = target_resolution.counts_hosts_below(event.alarm, tags, self._lookups())
                return Resolution(target, unhealthy_hosts=hosts)
            case Unknown(why) | NotRead(why):
                return Resolution(Unresolved(Reason.IN_FLIGHT_UNREADABLE, why))
            case Absent():
                return Resolution(Unresolved(Reason.INCIDENT_MOVED_ON, "the incident is not in the ledger"))

    def _lookups(self) -> Lookups:
        return Lookups(self.home, self.alarms, self.behind)

    def _supported(self, named: Resolution) -> Resolution:
        return replace(named, found=require_supported(named.found, self.action, CATALOG))
