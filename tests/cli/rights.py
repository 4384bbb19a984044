"""The permissions that the calls of a command use, and whether a policy for people allows them.

The policies are those of the template, with its names filled in as CloudFormation does; the emulator's own
check of permissions says whether they allow a call.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from firebreak_devtools.local.sam import sam_command
from tests.contracts.resolved import Stack
from tests.contracts.template import iam_actions, template
from tests.docs.documents import ROOT
from tests.support import builders as a
from tests.support.world import TABLE

VIEWER, ON_CALL, ADMINISTRATOR = "ViewerPolicy", "OnCallPolicy", "AdministratorPolicy"
POLICIES = (VIEWER, ON_CALL, ADMINISTRATOR)
# Everybody may ask who they are, whatever their policies say.
ALWAYS = "sts:GetCallerIdentity"
NO_KEY = ""
ANY = "*"
PARTS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
# The parameter that names the resource, and the resource's name in an ARN; of all other calls it is a star.
NAMED = {
    "cloudformation:DescribeStackResourceDrifts": ("StackName", "stack/{}/0a1b2c3d"),
    "cloudformation:DescribeStacks": ("StackName", "stack/{}/0a1b2c3d"),
    "cloudformation:ListStackResources": ("StackName", "stack/{}/0a1b2c3d"),
    "cloudwatch:PutMetricAlarm": ("AlarmName", "alarm:{}"),
    "cloudwatch:SetAlarmState": ("AlarmName", "alarm:{}"),
    "iam:GetPolicy": ("PolicyArn", "{}"),
    "iam:GetPolicyVersion": ("PolicyArn", "{}"),
    "iam:GetRole": ("RoleName", "role/firebreak/{}"),
    "iam:GetRolePolicy": ("RoleName", "role/firebreak/{}"),
    "iam:ListAttachedRolePolicies": ("RoleName", "role/firebreak/{}"),
    "iam:ListEntitiesForPolicy": ("PolicyArn", "{}"),
    "iam:ListRolePolicies": ("RoleName", "role/firebreak/{}"),
    "iam:SimulatePrincipalPolicy": ("PolicySourceArn", "{}"),
    "lambda:GetFunctionConcurrency": ("FunctionName", "function:{}"),
    "lambda:GetFunctionEventInvokeConfig": ("FunctionName", "function:{}"),
    "secretsmanager:DescribeSecret": ("SecretId", "secret:{}"),
    "sns:ListSubscriptionsByTopic": ("TopicArn", "{}"),
    "sqs:GetQueueAttributes": ("QueueUrl", "{}"),
}
OF_NO_REGION = frozenset({"iam"})
CHECK = """
import json, sys
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

asked = json.load(sys.stdin)
policies = [parse_policy_document(one) for one in asked["policies"]]
def decision(call):
    made = EvalContext("arn:aws:iam::0:user/x", "User", "0", call["action"], call["resource"], "eu-west-1")
    made.service_context.update(call["context"])
    return evaluate(made, policies).decision == "Allow"
json.dump([decision(call) for call in asked["calls"]], sys.stdout)
"""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """The permission of one call: its IAM action, its resource, and its partition or type of event."""

    action: str
    of: str = NO_KEY
    resource: str = ANY

    @property
    def context(self) -> dict[str, object]:
        """The condition keys of the call, as AWS sets them."""
        if not self.of:
            return {}
        if self.action == "events:PutEvents":
            return {"events:source": "firebreak", "events:detail-type": self.of}
        return {"dynamodb:leadingkeys": [self.of]}

    def is_in(self, statement: Mapping[str, Any]) -> bool:
        """Whether the statement names it, whatever its resources are."""
        named = self.action in iam_actions(dict(statement))
        return named and any(fnmatchcase(self.of, one) for one in parts_of(statement))


@cache
def document_of(policy: str) -> dict[str, Any]:
    """The document of a policy as it is deployed for the stack `firebreak`, without a key of one's own."""
    found: dict[str, Any] = Stack(account="*", region=a.REGION, ledger=TABLE).document(policy)
    return found


def statements_of(policy: str) -> list[dict[str, Any]]:
    """The statements of a policy in the template, without that which only a key of one's own adds."""
    statements = template()["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    return [one for one in statements if "Fn::If" not in one]


def own_statements(policy: str) -> list[dict[str, Any]]:
    """The statements that the policy before it has not."""
    before = POLICIES[: POLICIES.index(policy)]
    held = {one["Sid"] for name in before for one in statements_of(name)}
    return [one for one in statements_of(policy) if one["Sid"] not in held]


def parts_of(statement: Mapping[str, Any]) -> list[str]:
    """The partitions of the ledger, or the types of events, that a statement is about."""
    conditions = statement.get("Condition", {})
    keys = conditions.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
    types = conditions.get("StringEquals", {}).get("events:detail-type")
    found = keys or types or ["*"]
    return [found] if isinstance(found, str) else list(found)


def refused(policy: str, rights: Set[Right]) -> set[Right]:
    """The rights that somebody who holds this policy alone lacks, by the emulator's check of permissions."""
    calls = sorted(one for one in rights if one.action != ALWAYS)
    asked = {
        "policies": [document_of(policy)],
        "calls": [asdict(one) | {"context": one.context} for one in calls],
    }
    checked = subprocess.run(
        [str(sam_command(ROOT).with_name("python")), "-c", CHECK],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: Sequence[bool] = json.loads(checked.stdout)
    return {one for one, allowed in zip(calls, answers, strict=True) if not allowed}


def rights_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    """The permissions that IAM requires: each item of a transaction by itself, each event by its type."""
    match service, operation:
        case "dynamodb", _:
            yield from _of_ledger(operation, params)
        case "events", "PutEvents":
            for entry in params["Entries"]:
                bus = _arn("events", f"event-bus/{entry['EventBusName']}")
                yield Right("events:PutEvents", entry["DetailType"], bus)
        case "scheduler", "GetSchedule":
            name = f"schedule/{params['GroupName']}/{params['Name']}"
            yield Right("scheduler:GetSchedule", resource=_arn("scheduler", name))
        case _:
            action = f"{'cloudwatch' if service == 'monitoring' else service}:{operation}"
            yield Right(action, resource=_resource(action, params))


def _of_ledger(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    match operation:
        case "TransactWriteItems":
            for part in params["TransactItems"]:
                ((kind, one),) = part.items()
                key = (one.get("Item") or one["Key"])["pk"]["S"]
                yield Right(f"dynamodb:{PARTS[kind]}", key, _table(one))
        case "PutItem":
            yield Right("dynamodb:PutItem", params["Item"]["pk"]["S"], _table(params))
        case "UpdateItem":
            yield Right("dynamodb:UpdateItem", params["Key"]["pk"]["S"], _table(params))
        case "BatchGetItem":
            for name in params["RequestItems"]:
                yield Right("dynamodb:BatchGetItem", resource=_table({"TableName": name}))
        case _:
            resource = _table(params) if "TableName" in params else ANY
            yield Right(f"dynamodb:{operation}", resource=resource)


def _resource(action: str, params: Mapping[str, Any]) -> str:
    parameter, pattern = NAMED.get(action, ("", ""))
    name = str(params.get(parameter, ANY)) if parameter else str(params.get("ResourceARN", ANY))
    if name == ANY or name.startswith("arn:"):
        return name
    return _arn(action.partition(":")[0], pattern.format(name.rpartition("/")[2] if "://" in name else name))


def _table(params: Mapping[str, Any]) -> str:
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    return _arn("dynamodb", f"table/{params['TableName']}{index}")


def _arn(service: str, name: str) -> str:
    """Of the account that the policies are for: whose it is, is not what the commands decide."""
    return f"arn:aws:{service}:{'' if service in OF_NO_REGION else a.REGION}:{a.ACCOUNT}:{name}"
