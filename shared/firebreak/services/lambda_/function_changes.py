"""A change of a Lambda function as it stands in a plan, and its progress.

Without an alias one call changes `$LATEST`. Behind an alias a release takes three: the update, the
publishing of a version, the move of the alias; the undo is the move alone, then the update.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from firebreak.core.model import Plan, Settled
from firebreak.core.readings import (
    Absent,
    Unknown,
    unseen,
)
from firebreak.services.lambda_.functions import (
    FAILED,
    LATEST,
    AliasCallers,
    Callers,
    FunctionLive,
    FunctionObservation,
    UnqualifiedCallers,
)
from firebreak.services.stored_plans import Weights, value

UPDATE = "UpdateFunctionConfiguration"
PUBLISH = "PublishVersion"
MOVE = "UpdateAlias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The value that is set in `$LATEST`: its memory or its description."""

    memory: int | None = None
    description: str | None = None
    revision: str

    def in_force(self, live: FunctionLive) -> bool:
        """Whether this configuration has the value."""
        return self.memory in (None, live.memory) and self.description in (None, live.description)

    def taken_back(self, before: "PreImage") -> "Update":
        """The update that sets the same thing to what it was."""
        return Update(
            memory=None if self.memory is None else before.memory,
            description=None if self.description is None else before.description,
            revision=self.revision,
        )


@dataclass(frozen=True, slots=True)
class Publish:
    """A version of code with that hash; its description says who published it and why."""

    code: str
    description: str
    revision: str


@dataclass(frozen=True, slots=True)
class Move:
    """An alias to a version; to the one that is published first where `version` is empty.

    `weights` are the parts of its calls that go to other versions; none but in a plan that goes back to some.
    """

    alias: str
    version: str
    revision: str
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The calls of a plan with their arguments. At least one; `publish` never without `move`.

    After an update the revision of `$LATEST` is a new one, so `publish.revision` counts only without it.
    """

    function: str
    update: Update | None = None
    publish: Publish | None = None
    move: Move | None = None

    def stored(self) -> dict[str, object]:
        """The exact arguments by the name of the call, as they go into the plan."""
        calls: dict[str, object] = {}
        if self.update:
            calls[UPDATE] = {"FunctionName": self.function} | _without_nothing(
                MemorySize=self.update.memory,
                Description=self.update.description,
                RevisionId=self.update.revision,
            )
        if self.publish:
            calls[PUBLISH] = {
                "FunctionName": self.function,
                "CodeSha256": self.publish.code,
                "Description": self.publish.description,
                "RevisionId": self.publish.revision,
            }
        if self.move:
            calls[MOVE] = {
                "FunctionName": self.function,
                "Name": self.move.alias,
                "RevisionId": self.move.revision,
                "RoutingConfig": {"AdditionalVersionWeights": dict(self.move.weights)},
            } | ({"FunctionVersion": self.move.version} if self.move.version else {})
        return calls

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "Change | Unknown":
        """The change back from a plan; Unknown when the stored values do not make one."""
        try:
            return cls._read(stored)
        except ValueError as error:
            return Unknown(str(error))

    @classmethod
    def _read(cls, stored: Mapping[str, object]) -> "Change":
        calls = {
            name: value(stored, name, dict[str, object]) for name in (UPDATE, PUBLISH, MOVE) if name in stored
        }
        if not calls or (PUBLISH in calls and MOVE not in calls):
            raise ValueError("the stored plan has no usable calls")
        if MOVE in calls and (PUBLISH in calls) == ("FunctionVersion" in calls[MOVE]):
            raise ValueError("the stored plan has no usable FunctionVersion")
        functions = {value(arguments, "FunctionName", str) for arguments in calls.values()}
        if len(functions) > 1:
            raise ValueError("the stored plan is about several functions")
        return cls(
            function=functions.pop(),
            update=_update(calls[UPDATE]) if UPDATE in calls else None,
            publish=_publish(calls[PUBLISH]) if PUBLISH in calls else None,
            move=_move(calls[MOVE]) if MOVE in calls else None,
        )


def _update(stored: Mapping[str, object]) -> Update:
    return Update(
        memory=value(stored, "MemorySize", int) if "MemorySize" in stored else None,
        description=value(stored, "Description", str) if "Description" in stored else None,
        revision=value(stored, "RevisionId", str),
    )


def _publish(stored: Mapping[str, object]) -> Publish:
    return Publish(
        value(stored, "CodeSha256", str), value(stored, "Description", str), value(stored, "RevisionId", str)
    )


def _move(stored: Mapping[str, object]) -> Move:
    version = value(stored, "FunctionVersion", str) if "FunctionVersion" in stored else ""
    name, revision = value(stored, "Name", str), value(stored, "RevisionId", str)
    return Move(
        name,
        version,
        revision,
        value(value(stored, "RoutingConfig", dict[str, object]), "AdditionalVersionWeights", Weights),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreImage:
    """The configuration that the callers ran before the change; `alias` is empty where they use none.

    `weighted` are the parts of their calls that went to other versions.
    """

    alias: str
    version: str
    memory: int
    description: str
    code: str
    weighted: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, used: Callers, latest: FunctionLive) -> "PreImage":
        """The pre-image of what is behind the alias, or of `$LATEST`."""
        alias = used.alias.name if isinstance(used, AliasCallers) else ""
        live = used.live if isinstance(used, AliasCallers) else latest
        return cls(
            alias=alias,
            version=live.version,
            memory=live.memory,
            description=live.description,
            code=live.code,
            weighted=used.alias.weighted if isinstance(used, AliasCallers) else {},
        )

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "PreImage | Unknown":
        """The pre-image back from a plan; Unknown when the stored values do not make one."""
        try:
            return cls(
                alias=value(stored, "alias", str),
                version=value(stored, "version", str),
                memory=value(stored, "memory", int),
                description=value(stored, "description", str),
                code=value(stored, "code", str),
                weighted=value(stored, "weighted", Weights) if "weighted" in stored else {},
            )
        except ValueError as error:
            return Unknown(str(error))

    def stored(self) -> dict[str, object]:
        """The values that go into the plan and the ledger."""
        return {
            "alias": self.alias,
            "version": self.version,
            "memory": self.memory,
            "description": self.description,
            "code": self.code,
            **({"weighted": dict(self.weighted)} if self.weighted else {}),
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """A plan and the function as it is now; `used` is the configuration that the plan's callers run."""

    change: Change
    before: PreImage
    used: Callers
    latest: FunctionLive

    @property
    def live(self) -> FunctionLive:
        """The configuration that answers the callers now."""
        return self.used.live if isinstance(self.used, AliasCallers) else self.latest

    @property
    def came(self) -> bool | Unknown:
        """Whether the callers have the planned change; Unknown where they have neither it nor the old."""
        if self._wanted():
            return True
        if self._as_before():
            return False
        return Unknown(f"{self.description}: neither as before nor as planned")

    @property
    def description(self) -> str:
        """The version and memory that the callers get, in words."""
        at = (
            f"alias {self.used.alias.name} is at version"
            if isinstance(self.used, AliasCallers)
            else "it runs"
        )
        parts = "".join(f", {share:.0%} at {version}" for version, share in sorted(self._weighted.items()))
        return f"{at} {self.live.version} with {self.live.memory} MB{parts}"

    @property
    def _weighted(self) -> Mapping[str, float]:
        return self.used.alias.weighted if isinstance(self.used, AliasCallers) else {}

    def _wanted(self) -> bool:
        move, publish, update = self.change.move, self.change.publish, self.change.update
        if move and not publish:
            return (self.live.version, self._weighted) == (move.version, move.weights)
        if publish:
            own = (self.live.code, self.live.description) == (publish.code, publish.description)
            return own and self.live.version != self.before.version
        return bool(update and update.in_force(self.live))

    def _as_before(self) -> bool:
        if self.change.move:
            return (self.live.version, self._weighted) == (self.before.version, self.before.weighted)
        update = self.change.update
        return bool(update and update.taken_back(self.before).in_force(self.live))


def compare(plan: Plan, seen: FunctionObservation) -> Compared | Unknown:
    """A plan and what was seen; Unknown when any part of either is missing."""
    planned, pre_image = Change.read(plan.change), PreImage.read(plan.before)
    if isinstance(planned, Unknown):
        return planned
    if isinstance(pre_image, Unknown):
        return pre_image
    if not isinstance(seen.function, FunctionLive):
        return unseen("the function", seen.function)
    used = _used(pre_image.alias, seen)
    return used if isinstance(used, Unknown) else Compared(planned, pre_image, used, seen.function)


def _used(name: str, seen: FunctionObservation) -> Callers | Unknown:
    if not name:
        return UnqualifiedCallers()
    if not isinstance(seen.aliases, tuple):
        return unseen("the list of its aliases", seen.aliases)
    alias = next((one for one in seen.aliases if one.name == name), None)
    if alias is None:
        return Unknown(f"alias {name} does not exist any more")
    live = seen.function if alias.version == LATEST else seen.versions.get(alias.version, Absent())
    return (
        AliasCallers(alias, live)
        if isinstance(live, FunctionLive)
        else unseen(f"version {alias.version}", live)
    )


def came(plan: Plan, seen: FunctionObservation) -> bool | Unknown:
    """Whether the callers have the planned change."""
    compared = compare(plan, seen)
    return compared if isinstance(compared, Unknown) else compared.came


def settled(plan: Plan, seen: FunctionObservation) -> Settled | Unknown:
    """Whether Lambda is done with the change and it is still in force."""
    compared = compare(plan, seen)
    if isinstance(compared, Unknown):
        return compared
    in_force, live = compared.came, compared.live
    if isinstance(in_force, Unknown):
        return in_force
    if not in_force:
        return Unknown(f"{compared.description} as before: somebody put it back")
    if FAILED in (live.state, live.update):
        return Settled.FAILED
    return Settled.YES if live.at_rest else Settled.NOT_YET


def redeployed(plan: Plan, seen: FunctionObservation) -> str:
    """That unqualified callers run other code by now, in words; an alias at other code has moved instead."""
    compared = compare(plan, seen)
    if isinstance(compared, Unknown) or compared.change.move or compared.live.code == compared.before.code:
        return ""
    return "somebody else deployed other code since"


def worse(plan: Plan, seen: FunctionObservation) -> bool | Unknown:
    """Whether what the callers use cannot be invoked any more; it could when the plan was made."""
    compared = compare(plan, seen)
    return compared if isinstance(compared, Unknown) else compared.live.state == FAILED


def _without_nothing(**arguments: object) -> dict[str, object]:
    return {name: value for name, value in arguments.items() if value is not None}
