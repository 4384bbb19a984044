"""adjust-function-memory: give a Lambda function more memory, and with it more processor."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, MemorySettings, Permission, Symptom
from firebreak.core.model import Obstacle, Plan, Request, RequestKind, Target
from firebreak.core.readings import Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.services.lambda_.function_action import DIAGNOSTICS, LOOKS, FunctionAction
from firebreak.services.lambda_.function_changes import (
    Change,
    Compared,
    Move,
    PreImage,
    Publish,
    Update,
    compare,
)
from firebreak.services.lambda_.functions import (
    IN_PROGRESS,
    LATEST,
    AliasCallers,
    AliasLive,
    Callers,
    FunctionLive,
    FunctionObservation,
    UnqualifiedCallers,
    callers,
    ready,
    unreleasable,
)
from firebreak.services.lambda_.ports import LambdaConnections
from firebreak.services.other_writers import reset_by

SPEC = ActionSpec(
    name="adjust-function-memory",
    service="lambda",
    effect=Effect.MEMORY,
    does="multiplies a function's memory, up to a ceiling; behind an alias by a new version of the same code",
    undo="puts memory and alias back, unless somebody changed them since",
    # More memory stays: the old amount would be too little again.
    temporary=False,
    symptom=Symptom("AWS/Lambda", "Duration", "a Lambda function's duration"),
    settings=MemorySettings(ceiling=3008),
    # MB of a function [docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html].
    highest_ceiling=10_240,
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("lambda:UpdateFunctionConfiguration", mutates=True),
        Permission("lambda:PublishVersion", mutates=True),
        Permission("lambda:UpdateAlias", mutates=True),
    ),
)

# New environments start with the next calls; the old ones end once they are idle.
SETTLE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class AdjustFunctionMemory(FunctionAction):
    """Raises the memory of `$LATEST`, and releases it where callers use an alias (function_release.py)."""

    spec: ClassVar = SPEC

    def plan(self, request: Request, seen: FunctionObservation, rules: Rules) -> Reading[Plan | Obstacle]:
        """One raise of the memory of what the callers run."""
        latest = ready(request.target, seen)
        if not isinstance(latest, FunctionLive):
            return latest
        used = callers(request.alarm, seen)
        if not isinstance(used, UnqualifiedCallers | AliasCallers):
            return used
        obstacle = unreleasable(latest, used, seen) if isinstance(used, AliasCallers) else None
        return obstacle or _plan(request.target, latest, used, seen, rules.settings_as(MemorySettings))

    def undo(self, plan: Plan, seen: FunctionObservation, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """The plan back to the old memory and an alias's old version, if both are still as they were set."""
        del kind
        compared = compare(plan, seen)
        if isinstance(compared, Unknown):
            return compared
        if compared.came is not True:
            text = f"{compared.description}, which is not what Firebreak set"
            return Obstacle(Reason.CHANGED_SINCE, text)
        return _back(compared)


def build(services: LambdaConnections) -> AdjustFunctionMemory:
    """The action on these services."""
    return AdjustFunctionMemory(*services.functions())


def _plan(
    target: Target, latest: FunctionLive, used: Callers, seen: FunctionObservation, settings: MemorySettings
) -> Plan | Obstacle:
    before = PreImage.of(used, latest)
    to = raised(before.memory, settings)
    if to <= before.memory:
        text = f"memory is {before.memory} MB, the policy's ceiling {settings.ceiling} MB"
        return Obstacle(Reason.CEILING_REACHED, text)
    if latest.memory not in (before.memory, to):
        text = f"{LATEST} has {latest.memory} MB, version {before.version} has {before.memory} MB"
        return Obstacle(Reason.UNSAFE_ALIAS, f"{text}: publishing would release what somebody changed")
    tags = seen.function_tags if isinstance(seen.function_tags, Mapping) else {}
    return Plan(
        summary=f"give {target.display} memory: {before.memory} to {to} MB{_by_way_of(used)}",
        change=_change(target, latest, used, to).stored(),
        before=before.stored(),
        patience_seconds=SETTLE_SECONDS,
        reset_by=reset_by(tags, "the memory"),
        stays=_stays(used, before.memory, to),
    )


def raised(memory: int, settings: MemorySettings) -> int:
    """The memory after one raise, in whole MB and never above a ceiling; computed without rounding errors."""
    wanted = ceil(memory * Fraction(str(settings.factor)))
    return min(wanted, settings.ceiling, SPEC.highest_ceiling)


def _stays(used: Callers, before: int, to: int) -> str:
    """The state that a raise leaves, and the way to undo it, in words."""
    if isinstance(used, UnqualifiedCallers):
        return f"memory {to} MB (was {before}); to take it back, set the function's memory to {before} MB"
    back = f"point alias {used.alias.name} at version {used.live.version}"
    return f"memory {to} MB (was {before}); to take it back, {back}"


def _by_way_of(used: Callers) -> str:
    if isinstance(used, UnqualifiedCallers):
        return ""
    return f", by a new version of the code of version {used.live.version} for alias {used.alias.name}"


def _change(target: Target, latest: FunctionLive, used: Callers, to: int) -> Change:
    update = Update(memory=to, revision=latest.revision)
    if isinstance(used, UnqualifiedCallers):
        return Change(function=target.name, update=update)
    live = used.live
    said = f"Firebreak: memory {live.memory} to {to} MB, code of version {live.version}"
    return Change(
        function=target.name,
        # An earlier try may have come this far; then nothing but the release is missing.
        update=None if latest.memory == to else update,
        publish=Publish(live.code, said, latest.revision),
        move=Move(used.alias.name, "", used.alias.revision),
    )


def _back(compared: Compared) -> Plan | Obstacle:
    match compared.used:
        case UnqualifiedCallers():
            return _back_directly(compared)
        case AliasCallers(alias=alias):
            if alias.weighted:
                text = f"alias {alias.name} sends a part of its calls to version {', '.join(alias.weighted)}"
                return Obstacle(Reason.CHANGED_SINCE, text)
            return _back_behind(compared, alias)


def _back_directly(compared: Compared) -> Plan | Obstacle:
    latest, memory = compared.latest, compared.before.memory
    # A function that failed with more memory must get the old one back; the revision guards the write.
    if latest.update == IN_PROGRESS:
        return Obstacle(Reason.NOT_READY, f"its state is {latest.state}, its last update {latest.update}")
    return Plan(
        summary=f"put back lambda:{latest.name}: memory {latest.memory} to {memory} MB",
        change=Change(function=latest.name, update=Update(memory=memory, revision=latest.revision)).stored(),
        before=PreImage.of(compared.used, latest).stored(),
        patience_seconds=SETTLE_SECONDS,
    )


def _back_behind(compared: Compared, alias: AliasLive) -> Plan:
    """The plan that moves the alias back in any case, and `$LATEST` only if the action's change stands."""
    latest, before = compared.latest, compared.before
    changed = compared.change.update is not None
    still_own = changed and latest.memory == compared.live.memory and latest.at_rest
    why = "somebody changes it" if changed else "it was not this act that changed it"
    stays = f"{LATEST} stays as it is, with {latest.memory} MB: {why}"
    text = (
        f"put back lambda:{latest.name}: alias {alias.name} from version {alias.version} to {before.version}"
    )
    return Plan(
        summary=f"{text}, memory {compared.live.memory} to {before.memory} MB",
        change=Change(
            function=latest.name,
            update=Update(memory=before.memory, revision=latest.revision) if still_own else None,
            move=Move(alias.name, before.version, alias.revision),
        ).stored(),
        before=PreImage.of(compared.used, latest).stored(),
        warnings=() if still_own else (stays,),
        patience_seconds=SETTLE_SECONDS,
    )
