"""The declaration of an action: everything that other modules must know about it, in one value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class Effect(StrEnum):
    """The effect of an action on its target: two with the same effect at the same time would do it twice."""

    SCALING = "scaling"
    RESTART = "restart"
    MEMORY = "memory"
    ROLL_BACK = "roll back"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Permission:
    """One IAM action that an action's code calls.

    `mutates` says that it changes something, `to_decide` that only the decision needs it: Verify,
    which decides nothing, gets neither. `before_act` is for the diagnostics that only an act reads.
    """

    action: str
    mutates: bool = False
    to_decide: bool = False
    before_act: bool = False


@dataclass(frozen=True, slots=True)
class Symptom:
    """The metric whose untagged alarms lead to an action. `of` says in words what it measures."""

    namespace: str
    metric: str
    of: str


@dataclass(frozen=True, slots=True)
class MetricName:
    """A metric that suggests an action to somebody who tags alarms, and leads to it in no event."""

    namespace: str
    metric: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """One Automation document that may be run: its name, its fixed version, and its parameters.

    `guard` names the alarm that stops it when it turns red, empty for none; `patience` is how long
    it may run before it counts as stuck. `sha256` pins its content, empty for any.
    """

    document: str
    version: str
    parameters: Mapping[str, tuple[str, ...]]
    guard: str
    patience: timedelta
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSettings:
    """The policy settings of one action besides autonomy, cooldown and ladder: none in this base class.

    The fields of a subclass are the keys that the action takes, and their values are the defaults where
    the policy sets none.
    """


NO_SETTINGS = ActionSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporarySettings(ActionSettings):
    """How long every alarm must be OK before a temporary change is taken back."""

    restore_after: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSettings(TemporarySettings):
    """How many tasks are added at once, and at most."""

    step: int = 1
    ceiling: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySettings(ActionSettings):
    """The factor of one raise, the most MiB it may reach, and how often in 30 days (0: no limit)."""

    ceiling: int
    factor: float = 1.5
    raises: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackSettings(ActionSettings):
    """How long after a deployment an alarm may turn red for the deployment to be a suspect."""

    suspect_within: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookSettings(ActionSettings):
    """The documents that may be run, by the name that alarms use for them.

    `prefix` begins the name of each document: the function's role may start no other (`RunbookPrefix` in the
    template).
    """

    prefix: str = "Firebreak-"
    runbooks: Mapping[str, Runbook] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """The name of an action, the changes it makes, the APIs it may call and the settings it takes.

    `name` is its name in tags, rules and policy; `service` is that of its targets, as they are
    written (`ecs:...`). `does` and `undo` are its lines in the documents; `undo` is empty where nothing
    is taken back, and `irreversible` says why. `temporary` says that its change is taken back after a
    healthy hold. An action that `asks_by_default` may do much at once, or relies on data that AWS does not
    guarantee: it acts by itself only where the policy says so explicitly. `always_asks_for` are targets, in
    their short form, for which it asks whatever the policy says. `highest_ceiling` is the largest that
    AWS allows. `suggested_by` are metrics whose alarms, where a high value is bad, `firebreak adopt`
    proposes to tag with it. Where it `keeps_diagnostics`, what its act ends or replaces is read before, as
    `client_diagnostics.py` of its service does it.
    """

    name: str
    service: str
    effect: Effect
    does: str
    permissions: tuple[Permission, ...]
    undo: str = ""
    irreversible: str = ""
    temporary: bool = False
    symptom: Symptom | None = None
    suggested_by: tuple[MetricName, ...] = ()
    settings: ActionSettings = NO_SETTINGS
    highest_ceiling: int = 0
    asks_by_default: bool = False
    always_asks_for: frozenset[str] = frozenset()
    keeps_diagnostics: bool = False

    @property
    def logical_id(self) -> str:
        """The logical id of its function in the template: RestartService of restart-service."""
        return self.name.title().replace("-", "")

    @property
    def in_short(self) -> str:
        """Its effect without the conditions."""
        return self.does.partition(";")[0].partition("(")[0].strip()

    @property
    def starts_deployments(self) -> bool:
        """Whether ECS begins a deployment for it: only a call that sets a task definition needs PassRole."""
        return {"ecs:UpdateService", "iam:PassRole"} <= {one.action for one in self.permissions}


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every action there is, by its name, in the order of the names."""

    specs: Mapping[str, ActionSpec]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self.specs)

    def __contains__(self, name: object) -> bool:
        """Whether an action has that name."""
        return name in self.specs

    def get(self, action: str) -> ActionSpec | None:
        """The declaration of the action of that name; None for a name that no action has (any more)."""
        return self.specs.get(action)

    def service_of(self, action: str) -> str:
        """The service whose resources the action changes; empty for no action."""
        spec = self.get(action)
        return spec.service if spec else ""

    def effect_of(self, action: str) -> Effect | None:
        """The effect of the action on its target; None for no action."""
        spec = self.get(action)
        return spec.effect if spec else None

    def starts_deployments(self, action: str) -> bool:
        """Whether an act of it may have begun a deployment of ECS."""
        spec = self.get(action)
        return spec is not None and spec.starts_deployments

    def settings_of(self, action: str) -> ActionSettings:
        """The settings of the action where the policy sets none."""
        spec = self.get(action)
        return spec.settings if spec else NO_SETTINGS

    def by_symptom(self, namespace: str, metric: str) -> str | None:
        """The action that untagged alarms on this metric lead to."""
        for spec in self.specs.values():
            if spec.symptom and (spec.symptom.namespace, spec.symptom.metric) == (namespace, metric):
                return spec.name
        return None

    def suggested_by(self, namespace: str, metric: str) -> str | None:
        """The action that this metric suggests: that of the symptom, else the one that names the metric."""
        if action := self.by_symptom(namespace, metric):
            return action
        asked = MetricName(namespace, metric)
        return next((spec.name for spec in self.specs.values() if asked in spec.suggested_by), None)


def _metrics_of(spec: ActionSpec) -> Iterator[str]:
    if spec.symptom:
        yield f"{spec.symptom.namespace} {spec.symptom.metric}"
    yield from (f"{one.namespace} {one.metric}" for one in spec.suggested_by)


def catalog_of(specs: tuple[ActionSpec, ...]) -> Catalog:
    """The catalog of these. Raises ValueError where two have one name, one symptom or one suggestion."""
    in_order = sorted(specs, key=lambda spec: spec.name)
    names = [spec.name for spec in in_order]
    metrics = [metric for spec in in_order for metric in _metrics_of(spec)]
    for found in (names, metrics):
        if twice := next((one for one in found if found.count(one) > 1), None):
            raise ValueError(f"two actions declare {twice}")
    return Catalog(MappingProxyType({spec.name: spec for spec in in_order}))
