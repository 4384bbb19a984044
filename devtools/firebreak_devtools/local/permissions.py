"""Makes the emulator's enforcement of IAM usable: a function's actions are enforced, their resources are not.

The emulator checks every call of a function against the function's own role. But for some services it
takes the wrong resource: it asks whether ecs:UpdateService is allowed on the cluster, whether a schedule
is allowed in the group `default`, and knows nothing of resource tags. So each role is given its own
actions of those services once more, on every resource. No action that changes anything is added: Verify
still cannot change a service. Whether the template's resources and conditions are right is not shown here
for those services; the ledger, the bus, the queue and the topic are checked as AWS does.
"""

import json
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from boto3.session import Session

from firebreak_devtools.local.stack import DeployedStack

MISREAD = frozenset({"application-autoscaling", "cloudwatch", "ecs", "lambda", "scheduler", "ses", "ssm"})
# The action that the emulator asks for instead of the one that AWS asks for.
MISNAMED = MappingProxyType({"lambda:ListProvisionedConcurrencyConfigs": "lambda:GetFunction"})
POLICY = "LocalResources"


def widen_resources(session: Session, stack: DeployedStack) -> None:
    """Give every function's role its own actions of the misread services on all resources."""
    iam: Any = session.client("iam")
    functions = session.client("lambda")
    for arn in stack.functions.values():
        role = functions.get_function_configuration(FunctionName=arn)["Role"].rsplit("/", 1)[-1]
        own = {one for one in _actions(iam, role) if one.split(":")[0] in MISREAD}
        misread = sorted(own | {MISNAMED[one] for one in own & MISNAMED.keys()})
        if misread:
            iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=_document(misread))


def _document(actions: list[str]) -> str:
    # A stand-in that asks for the template's own resources knows the statement by its Sid (caller_rights.py).
    statement = {"Sid": POLICY, "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _actions(iam: Any, role: str) -> Iterable[str]:
    for document in _documents(iam, role):
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            action = statement["Action"] if statement["Effect"] == "Allow" else []
            yield from [action] if isinstance(action, str) else action


def _documents(iam: Any, role: str) -> Iterable[Any]:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        # AWS's own policies are about logs and traces.
        if not arn.startswith("arn:aws:iam::aws:"):
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            yield iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
