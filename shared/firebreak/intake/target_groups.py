"""The ECS service behind the target groups of an alarm: from a recent look, else looked up."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from firebreak.core.model import Unresolved
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError
from firebreak.intake.names import Found, Home
from firebreak.services.ecs.ports import RegistrationCache, RegistrationReads
from firebreak.services.ecs.target_groups import Registrations, answers, malformed, service_behind
from firebreak.wire.lenient_json import as_excerpt

# The one target behind these groups, or the reason why there is none.
type ServiceLookup = Callable[[Collection[str], Home], Found]


def not_looked_up(why: str) -> ServiceLookup:
    """The answer of a caller that cannot look."""

    def refuse(groups: Collection[str], home: Home) -> Found:
        del home
        named = ", ".join(as_excerpt(group) for group in sorted(groups)[:3])
        return Unresolved(Reason.TARGET_UNREADABLE, f"the services behind {named} were not looked up: {why}")

    return refuse


@dataclass(frozen=True, slots=True)
class ServicesBehind:
    """Looks services up; one look at the account answers for all functions for some minutes.

    An answer from the cache is checked against the live service before anything is done to it
    (the guard `load balancer`). `keeps` is False for a caller that may change nothing.
    """

    cache: RegistrationCache
    reads: RegistrationReads
    now: Callable[[], datetime]
    keeps: bool = True

    def __call__(self, groups: Collection[str], home: Home) -> Found:
        """The one service behind all of these groups; what cannot be looked up is never guessed."""
        odd = malformed(groups)
        if odd is not None:
            return Unresolved(
                Reason.TARGET_MALFORMED, f"TargetGroup is {as_excerpt(odd) if odd else 'empty'}"
            )
        try:
            known = self.cache.look()
        except AwsError as error:
            return _unreadable(f"{error.operation}: {error.code}")
        match known:
            case Registrations() if answers(known, groups, self.now()):
                return service_behind(known, groups, home.account, home.region)
            case Registrations() | Absent():
                return self._looked_up(groups, home)
            case Unknown(why) | NotRead(why):
                return _unreadable(why)
            case _ as never:
                assert_never(never)

    def _looked_up(self, groups: Collection[str], home: Home) -> Found:
        match self.reads.registrations(self.now()):
            case Registrations() as found:
                self._keep(found)
                return service_behind(found, groups, home.account, home.region)
            case Absent():
                return _unreadable("a cluster is gone")
            case Unknown(why) | NotRead(why):
                return _unreadable(why)
            case _ as never:
                assert_never(never)

    def _keep(self, found: Registrations) -> None:
        """Stores the result. May fail without harm: the next alarm looks for itself."""
        try:
            if self.keeps:
                self.cache.keep(found)
        except AwsError:
            return


def _unreadable(why: str) -> Unresolved:
    detail = f"the services behind its target groups could not be looked up: {why}"
    return Unresolved(Reason.TARGET_UNREADABLE, detail)
