"""One look at all that `firebreak status` shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from firebreak.core.incident.states import WITH_HUMANS, Incident, IncidentState
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.errors import AwsError, PolicyError
from firebreak_cli.incidents import listing, stops
from firebreak_cli.incidents.filters import Wanted
from firebreak_cli.incidents.listing import Overview
from firebreak_cli.incidents.stops import Stops
from firebreak_cli.policies import StackPolicy, policy_of
from firebreak_cli.queries.heartbeats import switched_off_by
from firebreak_cli.queries.open_threads import open_threads
from firebreak_cli.stack import Deployment, Stack
from firebreak_cli.status import dead_letters

# Firebreak changes nothing in these until a human does something.
_WAITS_FOR_HUMANS = WITH_HUMANS | {IncidentState.AWAITING_APPROVAL}
# As the stack's own alarm HeartbeatMissing has it: none of the last three was recorded.
_MISSED = 3

NOBODY, FIREBREAK, NOT_KNOWN = "nobody yet", "Firebreak", "not known"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last heartbeat that came all the way, and how often one is expected; zero is never.

    `at` is Absent where the ledger holds none, and Unknown where it may be in what was not read. `off_by` is
    the parameter of the stack by which none is expected. `deployed_at` is when the stack was last deployed:
    none can have been missed before.
    """

    at: datetime | Absent | Unknown
    every: timedelta | NotRead
    deployed_at: datetime | None = None
    off_by: str = ""

    def late(self, now: datetime) -> bool | None:
        """Whether it should have come; None where that is not known."""
        if isinstance(self.every, NotRead):
            return None
        if not self.every:
            return False
        if isinstance(self.at, Unknown):
            return None
        since = self.deployed_at if isinstance(self.at, Absent) else self.at
        return since is None or now - since > _MISSED * self.every


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All of one look. `threads` are the open pages about no incident that is listed.

    `damaged` counts items that could not be read. `deployed` is the version of the stack. `policy` is the one
    in AppConfig; None where the stack takes the layer's.
    """

    at: datetime
    stack: Stack
    stops: Stops
    seen: Overview
    threads: Sequence[Thread]
    damaged: int
    dead_letters: int | Unknown | NotRead
    heartbeat: Heartbeat
    command: str
    deployed: Reading[str]
    policy: StackPolicy | Unknown | NotRead | None

    @property
    def incidents(self) -> Sequence[Incident]:
        """The open incidents: first those that nobody has, as far as is known, then the oldest."""
        unheld = NOBODY, NOT_KNOWN
        return sorted(self.seen.incidents, key=lambda one: (self.holder(one) not in unheld, one.opened_at))

    def holder(self, incident: Incident) -> str:
        """The person who acknowledged its page; else Firebreak, or nobody where it waits for humans."""
        page = self.seen.page_of(incident)
        if isinstance(page, Unknown):
            return NOT_KNOWN
        if isinstance(page, Thread) and page.acknowledged_by:
            return page.acknowledged_by
        return NOBODY if incident.state in _WAITS_FOR_HUMANS else FIREBREAK

    @property
    def unread(self) -> Sequence[str]:
        """A line for each part that could not be looked at."""
        return (*self.stops.unread, *self._unread())

    def _unread(self) -> Iterator[str]:
        if isinstance(self.dead_letters, Unknown | NotRead):
            yield f"dead letters: {self.dead_letters.why}"
        if isinstance(self.policy, Unknown):
            yield f"the policy in AppConfig: {self.policy.why}"
        if isinstance(self.policy, NotRead):
            yield f"whether the policy is in AppConfig: {self.policy.why}"
        if isinstance(self.deployed, Unknown | NotRead):
            yield f"the version of the stack: {self.deployed.why}"
        if isinstance(self.heartbeat.at, Unknown):
            yield f"the last heartbeat: {self.heartbeat.at.why}"
        for one in self.seen.incidents:
            if isinstance(page := self.seen.page_of(one), Unknown):
                yield f"the page of incident {one.id}: {page.why}"
        if self.damaged:
            yield f"{self.damaged} items of the ledger could not be read"


def holder_of(thread: Thread) -> str:
    """The person who has a page that is about no incident."""
    return thread.acknowledged_by or NOBODY


def look(stack: Stack, now: datetime) -> Status:
    """One look at the stack. Raises Ending or AwsError where the ledger cannot be read."""
    seen = listing.overview(stack, everything=False, wanted=Wanted(since=now - listing.LATELY))
    found = open_threads(stack.reader("dynamodb"), stack.ledger_table)
    listed = {one.id for one in seen.incidents}
    return Status(
        at=now,
        stack=stack,
        stops=stops.look(stack, now),
        seen=seen,
        threads=[one for one in found.threads if one.id not in listed],
        damaged=seen.damaged + found.damaged,
        dead_letters=dead_letters.waiting(stack),
        heartbeat=_heartbeat(seen, stack),
        command=version("firebreak"),
        deployed=_version_of(stack),
        policy=_policy_of(stack),
    )


def _heartbeat_at(seen: Overview) -> datetime | Absent | Unknown:
    if seen.heartbeat_at:
        return seen.heartbeat_at
    if seen.damaged:
        return Unknown(f"it may be among the {seen.damaged} items of the ledger that could not be read")
    if seen.scanned and seen.cut:
        return Unknown("the ledger is larger than one look, and it is not in the part that was read")
    return ABSENT


def _heartbeat(seen: Overview, stack: Stack) -> Heartbeat:
    at, deployment = _heartbeat_at(seen), stack.deployment
    if not isinstance(deployment, Deployment):
        return Heartbeat(at, deployment)
    if off_by := switched_off_by(deployment.parameters):
        return Heartbeat(at, timedelta(), off_by=off_by)
    minutes = deployment.parameters.get("HeartbeatMinutes", "")
    every = timedelta(minutes=int(minutes)) if minutes.isdecimal() else NotRead("no such parameter")
    return Heartbeat(at, every, deployment.at)


def _policy_of(stack: Stack) -> StackPolicy | Unknown | NotRead | None:
    """The policy in AppConfig. May fail without harm: the line says why."""
    if isinstance(stack.policy_configuration, NotRead):
        return stack.policy_configuration
    if not stack.policy_configuration:
        return None
    try:
        return policy_of(stack)
    except (AwsError, PolicyError) as error:
        return Unknown(str(error))


def _version_of(stack: Stack) -> Reading[str]:
    """The version that the stack names; a release before this one names none."""
    if not isinstance(stack.deployment, Deployment):
        return stack.deployment
    return stack.deployment.outputs.get("Version") or ABSENT
