"""roll-back-function: point a Lambda alias at the version before the one that brought the errors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, Permission, RollBackSettings, Symptom
from firebreak.core.model import Obstacle, Plan, Request, RequestKind, Target
from firebreak.core.readings import (
    Absent,
    NotRead,
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.services.lambda_.function_action import DIAGNOSTICS, LOOKS, FunctionAction
from firebreak.services.lambda_.function_changes import Change, Move, PreImage, compare
from firebreak.services.lambda_.function_release import look
from firebreak.services.lambda_.functions import (
    FAILED,
    IN_PROGRESS,
    AliasCallers,
    AliasLive,
    FunctionLive,
    FunctionObservation,
    UnqualifiedCallers,
    callers,
)
from firebreak.services.lambda_.ports import LambdaConnections
from firebreak.services.lambda_.rollback_target import (
    PUBLISHED_SINCE,
    FunctionRollbackTarget,
    version_to_go_back_to,
)
from firebreak.services.other_writers import reset_by

SPEC = ActionSpec(
    name="roll-back-function",
    service="lambda",
    effect=Effect.ROLL_BACK,
    does=(
        "points a function's alias at the version before, if the alarm followed its publishing; "
        "from a newer version that gets a part of the calls (a canary) it takes that part"
    ),
    undo=(
        "only where the version it went to cannot be invoked: points the alias at the newer one again, "
        "or gives it its part, unless somebody moved it since"
    ),
    # A bad version stays behind until somebody releases a better one.
    temporary=False,
    symptom=Symptom("AWS/Lambda", "Errors", "a Lambda function's errors"),
    settings=RollBackSettings(),
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("lambda:ListVersionsByFunction"),
        Permission("lambda:UpdateAlias", mutates=True),
    ),
)

# The next calls go to the other version; running ones end where they began, after 900 s at most, but
# they answer nobody new.
SETTLE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RollBackFunction(FunctionAction):
    """Moves an alias back by one release, under the alias's revision.

    Lambda does not report when an alias was moved or a version published. It reports when the
    version's configuration was changed last, which a deployment does right before it publishes: a
    version that waited for its release looks older than its deployment, and is then left alone. Only
    their numbers show which versions ran behind the alias, so a human is asked, except where the
    version to go back to gets calls already (a canary) and is not as new.
    """

    spec: ClassVar = SPEC

    def observe(self, target: Target) -> FunctionObservation:
        """The function, its aliases, its versions, and its provisioned concurrency."""
        return look(self.reads, target, published=True)

    def plan(self, request: Request, seen: FunctionObservation, rules: Rules) -> Reading[Plan | Obstacle]:
        """One release back, if the newer one is the suspect and was never rolled back."""
        match seen.function:
            case Absent():
                return Obstacle(Reason.TARGET_MISSING, f"{request.target.display} does not exist")
            case Unknown() | NotRead():
                return unseen("the function", seen.function)
            case latest if latest.update == IN_PROGRESS:
                return Obstacle(Reason.NOT_READY, "its last update is InProgress: somebody deploys it")
            case latest:
                return _plan(request, latest, seen, rules.settings_as(RollBackSettings).suspect_within)

    def undo(self, plan: Plan, seen: FunctionObservation, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """The plan back to the exact version and parts before, where the new ones cannot be invoked at all.

        Else a machine cannot undo it: it would deploy the suspect again.
        """
        del kind
        compared = compare(plan, seen)
        if isinstance(compared, Unknown):
            return compared
        used = compared.used
        if compared.came is not True or not isinstance(used, AliasCallers):
            return Obstacle(Reason.CHANGED_SINCE, f"{compared.description}, or on its way elsewhere")
        if compared.live.state != FAILED:
            return Obstacle(Reason.NOT_REVERSIBLE, "rolling forward would deploy the faulty version again")
        before, alias = compared.before, used.alias
        move = Move(alias.name, before.version, alias.revision, before.weighted)
        return _moved(compared.change.function, used, compared.latest, move)


def build(services: LambdaConnections) -> RollBackFunction:
    """The action on these services."""
    return RollBackFunction(*services.functions())


def _plan(
    request: Request, latest: FunctionLive, seen: FunctionObservation, suspect_within: timedelta
) -> Plan | Obstacle | Unknown:
    used = callers(request.alarm, seen)
    if isinstance(used, UnqualifiedCallers):
        text = "its callers use $LATEST, which has no earlier version"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, text)
    if not isinstance(used, AliasCallers):
        return used
    if not isinstance(seen.published, Mapping):
        return unseen("its versions", seen.published)
    for number in {used.alias.version, *used.alias.weighted}:
        if int(number) not in seen.published:
            return unseen(f"version {number}", PUBLISHED_SINCE)
    found = version_to_go_back_to(request.alarm, used, seen, seen.published, suspect_within)
    if not isinstance(found, FunctionRollbackTarget):
        return found
    tags = seen.function_tags if isinstance(seen.function_tags, Mapping) else {}
    move = Move(used.alias.name, found.earlier.version, used.alias.revision)
    plan = _moved(request.target.name, used, latest, move)
    return replace(
        plan,
        warnings=(*found.doubts, *_warnings(used, found.earlier, seen.provisioned)),
        reset_by=reset_by(tags, f"the version of alias {used.alias.name}"),
        doubts=found.doubts,
        rollback_target=found.rollback_target,
    )


def _warnings(
    used: AliasCallers, earlier: FunctionLive, provisioned: Reading[frozenset[str]]
) -> tuple[str, ...]:
    to, alias = earlier.version, used.alias.name
    if used.alias.parts:
        return (
            f"if CodeDeploy moves alias {alias}, stop its deployment too: its next step sets the parts again",
        )
    found = []
    if earlier.memory < used.live.memory:
        found.append(f"memory goes from {used.live.memory} back to {earlier.memory} MB with it")
    if isinstance(provisioned, Unknown | NotRead):
        found.append("whether the alias has provisioned concurrency is not known")
    elif isinstance(provisioned, frozenset) and alias in provisioned:
        found.append(f"alias {alias} gets its concurrency again: calls start cold until then")
    if not earlier.at_rest:
        found.append(f"version {to} is {earlier.state}: its first calls may fail")
    return tuple(found)


def _moved(function: str, used: AliasCallers, latest: FunctionLive, move: Move) -> Plan:
    return Plan(
        summary=_summary(function, used.alias, move),
        change=Change(function=function, move=move).stored(),
        before=PreImage.of(used, latest).stored(),
        patience_seconds=SETTLE_SECONDS,
        stays=_stays(used.alias, move),
    )


def _stays(alias: AliasLive, move: Move) -> str:
    """The state that a roll back leaves, and the way forward again, in words."""
    now = move.version or alias.version
    if now == alias.version:
        return f"alias {alias.name} sends all calls to version {now}"
    return f"alias {alias.name} at version {now} (was {alias.version}); to take it back, point it there again"


def _summary(function: str, alias: AliasLive, move: Move) -> str:
    of = f"alias {alias.name} of lambda:{function}"
    if alias.parts:
        return f"send all calls of {of} to version {move.version}, also the {_parts(alias.parts)}"
    given = f", and give back the {_parts(move.weights)}" if move.weights else ""
    if move.version == alias.version:
        return f"leave {of} at version {alias.version}{given}"
    return f"point {of} at version {move.version} instead of {alias.version}{given}"


def _parts(weights: Mapping[str, float]) -> str:
    return " and ".join(f"{share:.0%} of version {number}" for number, share in sorted(weights.items()))
