"""The vocabulary of Firebreak as frozen values: alarms, targets, requests, plans, receipts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from firebreak.core.evaluation import Evaluation
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import RollbackTarget

NO_TAGS: Mapping[str, str] = MappingProxyType({})


class AlarmState(StrEnum):
    """The three states of a CloudWatch alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class AlarmKind(StrEnum):
    """The kind of an alarm, as far as its event shows it.

    `manual` is no alarm: it stands where one would be, for a request that a human made (core/manual.py).
    """

    METRIC = "metric"
    MATH = "math"
    ANOMALY = "anomaly"
    INSIGHTS = "insights"
    MULTI_SERIES = "multi-series"
    CONTRIBUTOR = "contributor"
    PROMQL = "promql"
    LOG = "log"
    COMPOSITE = "composite"
    MANUAL = "manual"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric an alarm watches; `account` is empty when the event names none."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    account: str = ""


@dataclass(frozen=True, slots=True)
class Contributor:
    """One series of a multi-series alarm, with the attributes that identify it."""

    id: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mute:
    """A CloudWatch mute window that covers this transition; `until` is its end, if given."""

    by: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One parsed alarm transition.

    `by_router` says that its event came over Firebreak's bus, from the router.
    `since` is when the alarm took this state. `tags` holds only the tags in the event: a key
    that is missing here may still be on the alarm. `reason` and `description` are untrusted text.
    `evaluation` is None where the event does not contain it. `label` is the label of the expression that
    the alarm watches, empty where it watches a metric.
    """

    arn: str
    name: str
    account: str
    region: str
    kind: AlarmKind
    state: AlarmState
    since: datetime
    sent_at: datetime
    previous: AlarmState | None = None
    metrics: tuple[Metric, ...] = ()
    contributor: Contributor | None = None
    children: tuple[str, ...] = ()
    tags: Mapping[str, str] = NO_TAGS
    tags_lost: bool = False
    mute: Mute | None = None
    suppressed_by: str = ""
    description: str = ""
    reason: str = ""
    event_id: str = ""
    evaluation: Evaluation | None = None
    by_router: bool = False
    label: str = ""

    @property
    def series(self) -> str:
        """The alarm ARN, with the contributor's id where the alarm is one series."""
        return f"{self.arn}#{self.contributor.id}" if self.contributor else self.arn

    @property
    def manual(self) -> bool:
        """Whether there is no alarm, and a human's request stands in its place."""
        return self.kind is AlarmKind.MANUAL


# The target `ses:account` is the whole account. A configuration set of that name cannot be a target:
# its alarm must never stop all mail.
ACCOUNT = "account"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """The one thing that would be changed.

    `group` is the unit whose fate the target shares (the ECS cluster). The canonical key carries
    account and region, so equal names in two accounts never share a limit.
    """

    account: str
    region: str
    service: str
    group: str
    name: str

    @property
    def key(self) -> str:
        """The canonical key, for example `111122223333/eu-west-1/ecs/prod/api`."""
        return f"{self.account}/{self.region}/{self.display.replace(':', '/', 1)}"

    @property
    def group_key(self) -> str:
        """The canonical key of the group the target belongs to."""
        return f"{self.account}/{self.region}/{self.service}/{self.group}"

    @property
    def display(self) -> str:
        """The short form for people and policy patterns, for example `ecs:prod/api`."""
        return f"{self.service}:{self.group}/{self.name}" if self.group else f"{self.service}:{self.name}"

    @property
    def is_account(self) -> bool:
        """Whether it is all sending of the account, not one configuration set's."""
        return self.name == ACCOUNT


@dataclass(frozen=True, slots=True)
class Unresolved:
    """No single target could be named."""

    reason: Reason
    detail: str


class RequestKind(StrEnum):
    """The kind of a request: why a decision is asked for."""

    ALARM = "alarm"
    CLIMB = "climb"
    APPROVAL = "approval"
    WAKE = "wake"
    UNDO = "undo"
    RESTORE = "restore"
    MANUAL = "manual"


class Autonomy(StrEnum):
    """How far Firebreak may go by itself."""

    OBSERVE = "observe"
    APPROVE = "approve"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to decide: do `action` to `target` because of `alarm`.

    `at` is when the request was made (the alarm's transition, or the own event's birth).
    `by_symptom` says that no tag named the action: the metric alone led here. `by` names the human
    who approved, `verified` that AWS confirmed this name, and `question` the question that was approved
    (core/incident/questions.py). `groups` are
    the target groups that led to the target, `unhealthy_hosts` says that the alarm counts a load balancer's
    unhealthy hosts. Of a manual request `plan_seen` names the plan that its human was shown (core/manual.py),
    and `red` holds the alarms of the target that were red then. `despite_freeze` is a human's reason to go on
    in spite of a freeze, for this request alone (untrusted text).
    """

    kind: RequestKind
    action: str
    alarm: Alarm
    target: Target
    at: datetime
    by_symptom: bool = False
    incident_id: str = ""
    rung: int = 0
    attempt: int = 0
    by: str = ""
    verified: bool = False
    question: str = ""
    groups: frozenset[str] = frozenset()
    unhealthy_hosts: bool = False
    refused: str = ""
    plan_seen: str = ""
    red: tuple[Alarm, ...] = ()
    despite_freeze: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether a human's request stands in the place of an alarm: their own, or an approval of that."""
        return self.alarm.manual


@dataclass(frozen=True, slots=True)
class CallerProof:
    """A human's proof of a request: their signature on a call of STS that names it (aws/callers.py).

    `request` is the hash of the request as it came, which the signature has to cover.
    """

    request: str
    authorization: str
    date: str
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """A request that Firebreak made to itself, on its bus or by a schedule.

    `by` names the human behind an approval or an ordered undo, `question` the question it answers
    (core/incident/questions.py). `verified` says that AWS confirmed the name, by the `proof` that came with
    it. `alarm` is the transition that opened the incident, which is in the ledger.

    `refused` is set for a look after a refusal for something that ends by itself: the cause of its page, or
    its incident (core/incident/rechecks.py).

    Only a manual request names its `target`, as a tag would; `plan_seen`, `red` and `despite_freeze` are
    those of a Request.
    """

    kind: RequestKind
    action: str
    incident_id: str
    rung: int
    attempt: int
    at: datetime
    alarm: Alarm
    by: str = ""
    verified: bool = False
    proof: CallerProof | None = None
    question: str = ""
    refused: str = ""
    target: str = ""
    plan_seen: str = ""
    red: tuple[Alarm, ...] = ()
    despite_freeze: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Exactly one change to one target, in words and in the values that will be sent.

    `change` holds the API arguments, `before` the values that they overwrite; both are
    stored with the claim. `patience_seconds` is how long the effect may take to settle.
    `reset_by` names what will put the old value back, and so where the lasting fix is
    (services/other_writers.py).
    `stays` is the change that stays until somebody takes it back, and how to do that.
    `doubts` are the warnings for which a human must approve whatever the policy says, and `rollback_target`
    is what a roll back is compared with: both are for the decision alone, and are not stored.
    """

    summary: str
    change: Mapping[str, object]
    before: Mapping[str, object]
    warnings: tuple[str, ...] = ()
    patience_seconds: int = 0
    reset_by: str = ""
    stays: str = ""
    doubts: tuple[str, ...] = ()
    rollback_target: RollbackTarget | None = None


def same_change(one: Plan, other: Plan) -> bool:
    """Whether two plans would send the same to AWS; a ledger gives lists and numbers back in its own way."""
    return flat(one.change) == flat(other.change)


def flat(value: object) -> object:
    """The value as a ledger would give it back, in plain dictionaries and lists."""
    match value:
        case Mapping():
            return {str(key): flat(inner) for key, inner in value.items()}
        case list() | tuple():
            return [flat(inner) for inner in value]
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the action cannot or must not be done to the target as it is now.

    `deployments` are those that are in the way: the id of each, and when it began.
    """

    reason: Reason
    detail: str
    deployments: tuple[tuple[str, datetime | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The result of an action, as read back from AWS right after it was sent."""

    summary: str
    after: Mapping[str, object] = field(default_factory=dict)


class Settled(StrEnum):
    """Whether an action's effect has come to rest."""

    YES = "yes"
    NOT_YET = "not-yet"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Failed:
    """The effect came to rest and is a failure; `why` is the reason that AWS gives (untrusted text)."""

    why: str


class Verdict(StrEnum):
    """The verdict on an act. `too_early` is no verdict yet: the effect is still settling.

    Stored in the ledger: members are never renamed.
    """

    RECOVERED = "recovered"
    NOT_RECOVERED = "not_recovered"
    WORSE = "worse"
    UNKNOWN = "unknown"
    TOO_EARLY = "too_early"
