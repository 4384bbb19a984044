"""The roles of a deployed stack for `firebreak doctor`, made from the template, and what IAM says of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from tests.contracts.template import always_made, functions, resource
from tests.support import builders as a

MANAGED = "arn:aws:iam::123456789012:policy/firebreak-RemediatorPolicy-1A2B"
# SAM gives it to every function, and it says nothing that the stack needs.
OF_LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
LOGS = [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]

type Statements = list[dict[str, Any]]


def always(statements: Statements) -> Statements:
    """The statements that no parameter of the template makes, for any resource."""
    return [one | {"Resource": "*"} for one in statements if "Fn::If" not in one]


def inline(policies: list[dict[str, Any]]) -> dict[str, Statements]:
    """The policies that stand in the template at a function."""
    own = [one for one in policies if "Statement" in one]
    return {f"Policy{number}": always(one["Statement"]) for number, one in enumerate(own)}


@dataclass
class Roles:
    """IAM's view of the roles, by their names in the template: each field is what a test changes."""

    names: Mapping[str, str]
    policies: dict[str, dict[str, Statements]] = field(default_factory=dict)
    attached: dict[str, list[str]] = field(default_factory=dict)
    managed: dict[str, Statements] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    simulated: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, properties in functions().items():
            role, policies = f"{name}Role", properties["Policies"]
            self.policies[role] = inline(policies)
            remediator = [MANAGED] if {"Ref": "RemediatorPolicy"} in policies else []
            self.attached[role] = [OF_LOGS, *remediator]
        for role in self.names.keys() - self.policies.keys():
            (policy,) = resource(role)["Policies"]
            self.policies[role] = {policy["PolicyName"]: always(policy["PolicyDocument"]["Statement"])}
            self.attached[role] = []
        document = resource("RemediatorPolicy")["PolicyDocument"]
        self.managed = {MANAGED: always(document["Statement"]), OF_LOGS: LOGS}

    def of(self, role: str) -> Statements:
        """The statements of a role's only inline policy, to be changed."""
        (statements,) = self.policies[role].values()
        return statements

    def answer(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        named = {physical: name for name, physical in self.names.items()}
        role = named.get(params.get("RoleName", ""), "")
        if role in self.gone:
            missing: Any = {"Error": {"Code": "NoSuchEntity", "Message": "text that nobody reads"}}
            raise ClientError(missing | {"ResponseMetadata": {"HTTPStatusCode": 404}}, operation)
        match operation:
            case "GetRole":
                return {"Role": self._role(params["RoleName"])}
            case "ListRolePolicies":
                return {"PolicyNames": list(self.policies[role]), "IsTruncated": False}
            case "GetRolePolicy":
                document = written(self.policies[role][params["PolicyName"]])
                return {**params, "PolicyDocument": document}
            case "ListAttachedRolePolicies":
                attached = [{"PolicyArn": arn, "PolicyName": "x"} for arn in self.attached[role]]
                return {"AttachedPolicies": attached, "IsTruncated": False}
            case "GetPolicy":
                return {"Policy": {"DefaultVersionId": "v3"}}
            case "GetPolicyVersion":
                assert params["VersionId"] == "v3"
                return {"PolicyVersion": {"Document": written(self.managed[params["PolicyArn"]])}}
            case "SimulatePrincipalPolicy":
                self.simulated.append(params)
                resource = params.get("ResourceArns", [""])[0]
                return {"EvaluationResults": [self._result(one, resource) for one in params["ActionNames"]]}
            case _:
                raise AssertionError(operation)

    def _role(self, name: str) -> dict[str, Any]:
        arn = f"arn:aws:iam::123456789012:role/firebreak/{name}"
        return {"Path": "/firebreak/", "RoleName": name, "RoleId": "A" * 16, "Arn": arn, "CreateDate": a.NOW}

    def _result(self, action: str, resource: str) -> dict[str, Any]:
        """For any resource the role's own policies do not match, for they name resources."""
        decision = "allowed" if resource else "implicitDeny"
        usual = {"EvalActionName": action, "EvalResourceName": resource or "*", "EvalDecision": decision}
        return usual | self.refused.get(action, {})


def written(statements: Statements) -> str:
    """A document as IAM sends it: a single statement and a single action without a list, percent-encoded."""
    shown = statements[0] if len(statements) == 1 else statements
    return quote(json.dumps({"Version": "2012-10-17", "Statement": shown}))


def names_of_roles() -> list[str]:
    """The roles that answers need, by their names in the template; SAM makes those of the functions."""
    return [*(f"{name}Role" for name in functions()), *always_made("AWS::IAM::Role")]
