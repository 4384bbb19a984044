"""The alarms of an account, their tags and their targets, by calls that only read.

AWS throttles DescribeAlarms at 9 calls a second and the tags of alarms earlier still: the clients ask again
with growing waits, and four calls run at a time.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from firebreak.aws.alarms import MOST_AT_ONCE, CloudWatchAlarms
from firebreak.core.arns import partition_of
from firebreak.core.model import Target
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.errors import UnusableEvent
from firebreak.intake.names import Home, read_target
from firebreak.intake.target_groups import ServiceLookup, not_looked_up
from firebreak.services.connections import Connections, NoWrites
from firebreak.services.ecs.client_registrations import RegistrationReader
from firebreak.services.ecs.target_groups import groups_of
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.existing import ExistingAlarm, existing_alarm
from firebreak_cli.adopt.files import home_of, only_alarms
from firebreak_cli.adopt.judging import Known
from firebreak_cli.adopt.planner import plan
from firebreak_cli.adopt.target_tags import tags_of_target
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.progress import Progress
from firebreak_cli.queries.alarm_pages import alarm_pages
from firebreak_cli.queries.services_behind import looked_up_once
from firebreak_cli.stack import patient

if TYPE_CHECKING:
    from boto3.session import Session

AT_A_TIME = 4


@dataclass(frozen=True, slots=True)
class Account:
    """Reads the alarms of one account and region."""

    session: "Session"
    now: Callable[[], datetime]
    progress: Progress

    def plan(self, prefix: str, own_stack: str) -> Plan | None:
        """The plan for the alarms whose names begin so; None if there are none. Raises Ending or AwsError."""
        raws = list(self._described(prefix))
        if not raws:
            return None
        alarms = [_read(raw, tags, self.now()) for raw, tags in zip(raws, self._tags(raws), strict=True)]
        _require_tags(alarms)
        home = home_of(alarms, "DescribeAlarms")
        known = Known(home=home, behind=self._behind(alarms, home), own_stack=own_stack)
        first = plan(alarms, known, self.now())
        targets = sorted({entry.target for entry in first.entries if entry.target})
        known = Known(
            home=home,
            behind=known.behind,
            own_stack=own_stack,
            target_tags=self._target_tags(targets, home, partition_of(alarms[0].shown.arn)),
        )
        return plan(alarms, known, self.now())

    def _described(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        client = patient(self.session, "cloudwatch")
        named: dict[str, str] = {"AlarmNamePrefix": prefix} if prefix else {}
        pages = alarm_pages(client.describe_alarms, "DescribeAlarms", None, MaxRecords=MOST_AT_ONCE, **named)
        for page in self.progress.over(pages, "reading alarms, pages of 100"):
            yield from only_alarms(page)

    def _tags(self, raws: Sequence[Mapping[str, Any]]) -> list[Reading[Mapping[str, str]]]:
        alarms = CloudWatchAlarms(patient(self.session, "cloudwatch"))
        arns = [str(raw.get("AlarmArn", "")) for raw in raws]
        return self._in_parallel(alarms.tags, arns, "reading the tags of alarms")

    def _target_tags(
        self, targets: Sequence[str], home: Home, partition: str
    ) -> Mapping[str, Reading[Mapping[str, str]]]:
        services = Connections(_Clients(self.session), lambda _: NoWrites())

        def tags(written: str) -> Reading[Mapping[str, str]]:
            target = read_target(written, home.account, home.region)
            return tags_of_target(target, services, partition) if isinstance(target, Target) else ABSENT

        found = self._in_parallel(tags, targets, "reading the tags of targets")
        return dict(zip(targets, found, strict=True))

    def _in_parallel[A, B](self, read: Callable[[A], B], of: Sequence[A], doing: str) -> list[B]:
        with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
            return list(self.progress.over(pool.map(read, of), doing, len(of)))

    def _behind(self, alarms: Sequence[ExistingAlarm], home: Home) -> ServiceLookup:
        """The lookup of services behind target groups: one look at all of them, if any alarm needs it."""
        if not any(groups_of(alarm.event.metrics) for alarm in alarms):
            return not_looked_up("no alarm names a target group")
        reader = RegistrationReader(patient(self.session, "ecs"), time.monotonic, home.account, home.region)
        return looked_up_once(reader, self.now)


class _Clients:
    """Makes each client once, for all threads: a session may not make two at the same time."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._made: dict[str, Any] = {}
        self._lock = Lock()

    def __call__(self, service: str) -> Any:
        """The client of that service."""
        with self._lock:
            if service not in self._made:
                self._made[service] = patient(self._session, service)
            return self._made[service]


def require_account(found: str, environment: Environment) -> None:
    """Raise Ending where --account names another one."""
    if environment.account not in {None, found}:
        raise Ending(NO_AWS, f"this is about account {found}, the command is for {environment.account}")


def _read(raw: Mapping[str, Any], tags: Reading[Mapping[str, str]], now: datetime) -> ExistingAlarm:
    try:
        return existing_alarm(raw, tags, now)
    except UnusableEvent as error:
        raise Ending(NO_AWS, f"DescribeAlarms: found {error.found}; expected {error.expected}") from error


def _require_tags(alarms: Sequence[ExistingAlarm]) -> None:
    """Raise Ending where no alarm's tags could be read: who manages them could not be seen."""
    failed = [alarm.tags.why for alarm in alarms if isinstance(alarm.tags, Unknown)]
    if len(failed) == len(alarms):
        raise Ending(NO_AWS, f"the tags of no alarm could be read: {failed[0]}")
