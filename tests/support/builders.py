"""Values for tests: complete values, of which a test names only the fields that it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from firebreak.core.decision import Snapshot
from firebreak.core.evaluation import EvaluatedPoint, Evaluation
from firebreak.core.incident.states import Incident, IncidentState, Member
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.history import Act, ScopeHistory
from firebreak.core.limits.scopes import Level, Scope, scopes_of
from firebreak.core.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    Autonomy,
    Metric,
    OwnEvent,
    Plan,
    Request,
    RequestKind,
    Target,
)
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import ABSENT, NotRead
from firebreak.core.rules import Rules
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak.services.ecs.model import Deployment, ServiceLive

NOW = datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC)
# Later than any time in these tests, so that none of them is one that has not come yet.
LATER = NOW + timedelta(hours=12)
ACCOUNT, REGION = "111122223333", "eu-west-1"
# How a printed command names the stack of the tests.
ON_STACK = f"--stack firebreak --region {REGION} --account {ACCOUNT}"
TARGET = Target(ACCOUNT, REGION, "ecs", "prod", "api")
TASK_DEFINITION = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/api:7"

AUTO_POLICY = """
version = 1
[defaults]
autonomy = "auto"
cooldown = "15m"
rung_gap = "1m"
max_event_age = "10m"
max_incident_age = "6h"
[budgets]
target = ["2/15m", "3/1h", "7/24h"]
group = ["5/15m"]
stack = ["5/15m", "40/24h"]
[storm]
alarms = 50
[disruption]
max_unavailable = 1.0
[verify]
after = "4m"
healthy_for = "5m"
retry_every = "2m"
attempts = 3
[actions.restart-service]
ladder = ["restart-service", "scale-service", "page"]
[actions.scale-service]
ladder = ["scale-service", "page"]
step = 1
ceiling = 10
"""


def auto_policy() -> Policy:
    """A policy that acts by itself, with room for both rungs."""
    return parse_policy(AUTO_POLICY, "auto.toml")


def rules(action: str = "restart-service", **changes: object) -> Rules:
    """The rules of an action on the usual target."""
    base = replace(auto_policy().rules(action, TARGET), autonomy=Autonomy.AUTO)
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def arn_of(name: str) -> str:
    """An alarm's ARN."""
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"


def alarm(name: str = "api-memory-high", **changes: object) -> Alarm:
    """A memory alarm of the usual target, red for thirty seconds."""
    since = NOW - timedelta(seconds=30)
    base = Alarm(
        arn=arn_of(name),
        name=name,
        account=ACCOUNT,
        region=REGION,
        kind=AlarmKind.METRIC,
        state=AlarmState.ALARM,
        since=since,
        sent_at=since,
        previous=AlarmState.OK,
        metrics=(Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "api"}),),
        tags={"firebreak:action": "restart-service"},
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def request(kind: RequestKind = RequestKind.ALARM, **changes: object) -> Request:
    """A request to restart the usual target; AWS confirmed the person that it names."""
    base = Request(
        kind=kind,
        action="restart-service",
        alarm=alarm(),
        target=TARGET,
        at=NOW - timedelta(seconds=30),
        verified=bool(changes.get("by")),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


# Every scope of restart-service on the usual target.
SCOPES = scopes_of(TARGET, "restart-service")

PLAN = Plan(
    summary="restart ecs:prod/api",
    change={"cluster": "prod", "service": "api"},
    before={"running": 2},
    patience_seconds=600,
)


def wake(alarm: Alarm, **changes: object) -> OwnEvent:
    """Firebreak's own event that asks about this alarm once more, and came now."""
    base = OwnEvent(
        kind=RequestKind.WAKE,
        action="restart-service",
        incident_id="",
        rung=0,
        attempt=1,
        at=NOW,
        alarm=alarm,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def silent(since: datetime) -> Evaluation:
    """The evaluation of CloudWatch where no datapoint came for three minutes."""
    points = tuple(EvaluatedPoint(since - timedelta(minutes=n), None) for n in (3, 2, 1))
    return Evaluation(query_date=since, period=60, threshold=85.0, evaluated=points, missing=3)


def series(*ids: str) -> dict[str, Series]:
    """Contributors in ALARM."""
    return dict.fromkeys(ids, Series())


def described(
    name: str = "api-memory-high", state: AlarmState = AlarmState.ALARM, **changes: object
) -> DescribedAlarm:
    """The alarm as CloudWatch shows it."""
    base = DescribedAlarm(
        name=name,
        arn=arn_of(name),
        state=state,
        since=NOW - timedelta(seconds=30),
        actions_enabled=True,
        comparison="GreaterThanThreshold",
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def scope(level: Level, key: str = "") -> Scope:
    """The scope at that level of restart-service on the usual target."""
    if key:
        return Scope(level, key)
    return next(found for found in SCOPES if found.level is level)


def history(level: Level, *acts: datetime, incident_id: str = "", version: int = 1) -> ScopeHistory:
    """A scope with acts at these times."""
    entries = tuple(Act(at, incident_id or f"i-{n}", "restart-service", 0) for n, at in enumerate(acts))
    return ScopeHistory(scope(level), entries, version, incident_id)


def snapshot(**changes: object) -> Snapshot:
    """A snapshot in which every guard agrees."""
    base = Snapshot(
        now=NOW,
        stack_name="firebreak",
        holds=ABSENT,
        decided=ABSENT,
        transition=ABSENT,
        incident=ABSENT,
        dependency_incidents=(),
        scopes=dict.fromkeys(SCOPES, ABSENT),
        storm=ABSENT,
        alarm=described(),
        alarm_tags={"firebreak:action": "restart-service"},
        series_in_alarm=NotRead("no contributors"),
        target_tags={"firebreak:enabled": "true"},
        plan=PLAN,
        group=GroupCount(total=5, counted_at=NOW),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def member(name: str, **changes: object) -> Member:
    """An alarm of an incident; without `since` it counts as red before the act."""
    base = Member(name, arn_of(name))
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def incident(state: IncidentState = IncidentState.ACTED, **changes: object) -> Incident:
    """An incident of the usual target at its first rung."""
    base = Incident(
        id="i-0123456789",
        target=TARGET,
        state=state,
        rung=0,
        action="restart-service",
        ladder=("restart-service", "scale-service", "page"),
        alarm=alarm(),
        members=(member("api-memory-high"),),
        opened_at=NOW,
        version=2,
        claim_id="c" * 32,
        act_by=NOW + timedelta(seconds=10),
        acted_at=NOW,
        due_at=NOW + timedelta(minutes=4),
        plan=PLAN,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def service(**changes: object) -> ServiceLive:
    """A healthy rolling service with two tasks, opted in."""
    deployment = Deployment(
        id="ecs-svc/0000000000000000001",
        status="PRIMARY",
        rollout="COMPLETED",
        task_definition=TASK_DEFINITION,
        desired=2,
        running=2,
        failed=0,
    )
    base = ServiceLive(
        arn=f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/api",
        cluster="prod",
        name="api",
        status="ACTIVE",
        desired=2,
        running=2,
        pending=0,
        task_definition=TASK_DEFINITION,
        controller="ECS",
        strategy="ROLLING",
        bake_minutes=0,
        managed_by="CUSTOMER",
        scheduling="REPLICA",
        deployments=(deployment,),
        tags={"firebreak:enabled": "true"},
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace
