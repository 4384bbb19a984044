"""restart-function: make a Lambda function run in new execution environments, with nothing else changed."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, Permission
from firebreak.core.model import Obstacle, Plan, Request
from firebreak.core.readings import Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.services.action import Irreversible
from firebreak.services.lambda_.function_action import DIAGNOSTICS, LOOKS, FunctionAction
from firebreak.services.lambda_.function_changes import (
    Change,
    Move,
    PreImage,
    Publish,
    Update,
)
from firebreak.services.lambda_.functions import (
    LATEST,
    AliasCallers,
    Callers,
    FunctionLive,
    FunctionObservation,
    UnqualifiedCallers,
    callers,
    ready,
    unreleasable,
)
from firebreak.services.lambda_.ports import LambdaConnections

SPEC = ActionSpec(
    name="restart-function",
    service="lambda",
    effect=Effect.RESTART,
    does="recycles a function's execution environments; behind an alias by a new version of the same code",
    irreversible="a restart cannot be taken back",
    # A restart stays done.
    temporary=False,
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("lambda:UpdateFunctionConfiguration", mutates=True),
        Permission("lambda:PublishVersion", mutates=True),
        Permission("lambda:UpdateAlias", mutates=True),
    ),
)

# A description has at most so many characters [UpdateFunctionConfiguration].
LONGEST = 256
MARK = re.compile(r" ?\[restarted, red since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\]", re.ASCII)

# New environments start with the next calls; the old ones end once they are idle.
SETTLE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class RestartFunction(Irreversible, FunctionAction):
    """Changes the description, as any update of the configuration makes Lambda start new environments.

    Of all settings the description is the one that nothing runs on: environment variables, which are
    often used for this, are secrets that would have to be read and sent whole.
    """

    spec: ClassVar = SPEC

    def plan(self, request: Request, seen: FunctionObservation, rules: Rules) -> Reading[Plan | Obstacle]:
        """A new mark in the description, and its release where callers use an alias."""
        del rules
        latest = ready(request.target, seen)
        if not isinstance(latest, FunctionLive):
            return latest
        used = callers(request.alarm, seen)
        if not isinstance(used, UnqualifiedCallers | AliasCallers):
            return used
        obstacle = _unreleasable(latest, used, seen) if isinstance(used, AliasCallers) else None
        return obstacle or _plan(request, latest, used)


def build(services: LambdaConnections) -> RestartFunction:
    """The action on these services."""
    return RestartFunction(*services.functions())


def marked(description: str, red_since: datetime) -> str:
    """The description with a mark of this trouble in place of an earlier one, cut where it is too long.

    The mark names the trouble and not the time of the request, so that the person who approves the
    restart approves what is sent.
    """
    mark = f" [restarted, red since {red_since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}]"
    return (MARK.sub("", description)[: LONGEST - len(mark)] + mark).lstrip()


def _unreleasable(
    latest: FunctionLive, used: AliasCallers, seen: FunctionObservation
) -> Obstacle | Unknown | None:
    if obstacle := unreleasable(latest, used, seen):
        return obstacle
    if latest.memory == used.live.memory:
        return None
    text = f"{LATEST} has {latest.memory} MB, version {used.live.version} has {used.live.memory} MB"
    return Obstacle(Reason.UNSAFE_ALIAS, f"{text}: publishing would release that")


def _plan(request: Request, latest: FunctionLive, used: Callers) -> Plan | Obstacle:
    description = marked(latest.description, request.alarm.since)
    before = PreImage.of(used, latest)
    if before.description == description:
        text = f"its description ends {MARK.findall(description)[-1].strip()}"
        return Obstacle(Reason.ALREADY_DONE, f"{text}: it was restarted for this trouble")
    cut = MARK.sub("", latest.description) not in description
    return Plan(
        summary=f"restart {request.target.display}: new execution environments{_by_way_of(used)}",
        change=_change(latest, used, description).stored(),
        before=before.stored(),
        warnings=("the description is cut to make room for the mark of the restart",) if cut else (),
        patience_seconds=SETTLE_SECONDS,
    )


def _by_way_of(used: Callers) -> str:
    if isinstance(used, UnqualifiedCallers):
        return ""
    return f", by a new version of the code of version {used.live.version} for alias {used.alias.name}"


def _change(latest: FunctionLive, used: Callers, description: str) -> Change:
    update = Update(description=description, revision=latest.revision)
    if isinstance(used, UnqualifiedCallers):
        return Change(function=latest.name, update=update)
    return Change(
        function=latest.name,
        # An earlier try may have come this far; then nothing but the release is missing.
        update=None if latest.description == description else update,
        publish=Publish(used.live.code, description, latest.revision),
        move=Move(used.alias.name, "", used.alias.revision),
    )
