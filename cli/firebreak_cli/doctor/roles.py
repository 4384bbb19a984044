"""The roles of the stack as IAM has them, and what each of them has to allow."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from types import MappingProxyType
from typing import Any

from firebreak.aws.translate import look, translated
from firebreak.core.action_spec import ActionSpec
from firebreak.core.readings import ABSENT, Absent, Unknown
from firebreak.errors import Rejected
from firebreak.services.registry import CATALOG
from firebreak_cli.doctor.deployment import Deployment, pages
from firebreak_cli.doctor.simulation import Refusal, refusals
from firebreak_cli.stack import Stack, patient

ROLE = "AWS::IAM::Role"
# Six calls for each role, far away where IAM is not of this region.
ROLES_AT_ONCE = 4

# Every function that decides keeps the ledger, the schedules and the bus.
_OF_DECIDING = (
    *("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmContributors", "cloudwatch:ListTagsForResource"),
    *("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"),
    *("dynamodb:UpdateItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"),
    *("events:PutEvents", "scheduler:CreateSchedule", "iam:PassRole"),
)
_OF_PAGE = (
    *("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"),
    *("dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"),
    *("sns:Publish", "secretsmanager:GetSecretValue", "ssm:GetParameter"),
    *("cloudwatch:DescribeAlarms", "cloudwatch:GetMetricWidgetImage", "cloudwatch:ListTagsForResource"),
)
# It asks for the decisions of every action and makes none, and looks at the parts of the stack.
_OF_REPORT = (
    *("cloudformation:DescribeStackResourceDrifts", "cloudformation:DescribeStacks"),
    *("cloudformation:ListStackResources", "cloudwatch:DescribeAlarmContributors"),
    *("cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"),
    *("cloudwatch:ListTagsForResource", "dynamodb:BatchGetItem", "dynamodb:DescribeTable"),
    *("dynamodb:GetItem", "dynamodb:Query"),
    *("dynamodb:Scan", "events:ListRules"),
    *("iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy"),
    *("iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:SimulatePrincipalPolicy"),
    *("lambda:GetAccountSettings", "lambda:GetFunctionConcurrency", "scheduler:GetSchedule"),
    *("secretsmanager:DescribeSecret", "sns:ListSubscriptionsByTopic", "sns:Publish"),
    *("sqs:GetQueueAttributes", "ssm:DescribeParameters"),
)
# Only a parameter of the template allows it.
_BY_PARAMETER = frozenset(
    {
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "ses:PutAccountSendingAttributes",
    }
)


def _own(spec: ActionSpec) -> Iterator[str]:
    return (one.action for one in spec.permissions if one.action not in _BY_PARAMETER)


# The rights of each role in the template whatever the parameters are, by its name there (a test compares).
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{f"{spec.logical_id}Role": (*_OF_DECIDING, *_own(spec)) for spec in CATALOG.specs.values()},
        "VerifyRole": (
            *_OF_DECIDING,
            *("cloudwatch:GetMetricData", "sqs:GetQueueAttributes"),
            *(
                one.action
                for spec in CATALOG.specs.values()
                for one in spec.permissions
                if not (one.mutates or one.to_decide or one.before_act)
            ),
        ),
        "PageRole": _OF_PAGE,
        "ReportRole": (
            *_OF_REPORT,
            *(
                one.action
                for spec in CATALOG.specs.values()
                for one in spec.permissions
                if not (one.mutates or one.before_act)
            ),
        ),
        "RouteRole": ("cloudwatch:ListTagsForResource", "events:PutEvents"),
        "SchedulerRole": ("lambda:InvokeFunction", "sqs:SendMessage"),
        "HeartbeatRole": ("cloudwatch:SetAlarmState", "sqs:SendMessage"),
    }
)


@dataclass(frozen=True, slots=True)
class Grant:
    """The actions of one statement that allows; with `others` it allows all actions but these."""

    patterns: tuple[str, ...]
    others: bool = False

    def allows(self, action: str) -> bool:
        """Whether it names the action, whatever its resources and conditions are."""
        named = any(fnmatchcase(action.casefold(), pattern.casefold()) for pattern in self.patterns)
        return named is not self.others


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """The rights that one role needs and lacks.

    `missing` is in none of its policies. `refused` is denied all the same, with the cause, and `doubtful` is
    denied where that depends on a resource or on a condition that was not asked for. `simulated` is why
    nobody could say what is denied; None where somebody could.
    """

    missing: tuple[str, ...]
    refused: tuple[str, ...]
    doubtful: tuple[str, ...]
    simulated: Unknown | None = None


type RoleRights = Rights | Absent | Unknown


def rights_of(
    stack: Stack, deployed: Deployment, progress: Callable[[str], None]
) -> Mapping[str, RoleRights]:
    """Every role that a function or a schedule of the stack needs, by its name in the template."""
    reader, roles = RoleReader(patient(stack.session, "iam"), stack.region), deployed.of_type(ROLE)
    needed = sorted(NEEDED.keys() & roles.keys())
    found: dict[str, RoleRights] = {}
    with ThreadPoolExecutor(max_workers=ROLES_AT_ONCE) as pool:
        rights = pool.map(lambda name: reader.rights(roles[name], NEEDED[name]), needed)
        for name, one in zip(needed, rights, strict=True):
            found[name] = one
            progress(f"looked at {len(found)} of {len(needed)} roles")
    return found


@dataclass(slots=True)
class RoleReader:
    """Reads roles, several at once; a managed policy that several of them have is read once."""

    iam: Any
    region: str
    _managed: dict[str, Sequence[Grant]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def rights(self, role: str, needed: Collection[str]) -> RoleRights:
        """The role of this name compared with what it has to allow."""
        return look("GetRole", lambda: self._rights(role, sorted(set(needed))))

    def _rights(self, role: str, needed: Sequence[str]) -> Rights | Absent:
        try:
            with translated("GetRole", mutates=False):
                arn = self.iam.get_role(RoleName=role)["Role"]["Arn"]
            grants = list(self._grants(role))
        except Rejected as error:
            if error.code != "NoSuchEntity":
                raise
            return ABSENT
        missing = tuple(one for one in needed if not any(grant.allows(one) for grant in grants))
        asked = [one for one in needed if one not in missing]
        simulated = look("SimulatePrincipalPolicy", lambda: self._refused(arn, asked))
        if isinstance(simulated, Absent):
            return simulated
        if isinstance(simulated, Unknown):
            return Rights(missing=missing, refused=(), doubtful=(), simulated=simulated)
        return Rights(
            missing=missing,
            refused=tuple(one.words for one in simulated if one.certain),
            doubtful=tuple(one.words for one in simulated if not one.certain),
        )

    def _refused(self, arn: str, actions: Sequence[str]) -> Sequence[Refusal]:
        return refusals(self.iam, arn, actions, self.region) if actions else ()

    def _grants(self, role: str) -> Iterator[Grant]:
        for policy in pages(self.iam, "list_role_policies", "PolicyNames", RoleName=role):
            with translated("GetRolePolicy", mutates=False):
                found = self.iam.get_role_policy(RoleName=role, PolicyName=policy)
            yield from _grants_of(found["PolicyDocument"])
        for attached in pages(self.iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role):
            yield from self._managed_policy(attached["PolicyArn"])

    def _managed_policy(self, arn: str) -> Sequence[Grant]:
        with self._lock:
            if arn not in self._managed:
                self._managed[arn] = self._read_managed_policy(arn)
            return self._managed[arn]

    def _read_managed_policy(self, arn: str) -> Sequence[Grant]:
        with translated("GetPolicy", mutates=False):
            version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        with translated("GetPolicyVersion", mutates=False):
            found = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)
        return list(_grants_of(found["PolicyVersion"]["Document"]))


def _grants_of(document: Mapping[str, Any]) -> Iterator[Grant]:
    """The statements of a policy that allow; IAM takes one statement and one action without a list."""
    for statement in _listed(document["Statement"]):
        if statement["Effect"] == "Allow":
            others = "NotAction" in statement
            yield Grant(tuple(_listed(statement["NotAction" if others else "Action"])), others)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
