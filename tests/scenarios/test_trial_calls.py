"""Application Auto Scaling tries the rights of the caller, so a role without them registers nothing."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from firebreak_devtools.local.emulator import session_on
from firebreak_devtools.local.paths import ACCOUNT
from tests.contracts.iam_statements import roles
from tests.contracts.template import template
from tests.scenarios.bench import Bench
from tests.support.iam_evaluation import Statement

pytestmark = pytest.mark.local

OF_SCALE_SERVICE = roles(template())["ScaleService"]
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def document(statements: Iterable[Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def written(statement: Statement) -> dict[str, object]:
    return {
        "Effect": statement.effect,
        "Action": list(statement.actions),
        "Resource": list(statement.resources),
        "Condition": {operator: dict(keys) for operator, keys in statement.conditions.items()},
    }


def refusal(bench: Bench, service: str, *, without: str = "") -> str:
    """The error for a role with the statements of scale-service that registers a service; empty for none."""
    iam, name = bench.session.client("iam"), f"{bench.workload.cluster}-{service}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document([ANYBODY]))
    kept = [written(one) for one in OF_SCALE_SERVICE if one.sid != without]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(kept))
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    lent = bench.session.client("sts").assume_role(RoleArn=role, RoleSessionName="trial")["Credentials"]
    caller = session_on(bench.session.client("iam").meta.endpoint_url).client(
        "application-autoscaling",
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
    )
    try:
        caller.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{bench.workload.cluster}/{service}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=1,
            MaxCapacity=5,
        )
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return ""


def missing(*rights: str) -> str:
    return f"ValidationException: User is missing the following permissions: [{', '.join(rights)}]"


def test_the_role_of_scale_service_passes_the_trial_calls(bench: Bench) -> None:
    bench.workload.service("tried")
    assert refusal(bench, "tried") == ""


@pytest.mark.parametrize(
    ("service", "without", "rights"),
    [
        (
            "no-alarms",
            "LetCallsOnNoAlarmBeTried",
            ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
        ),
        ("no-updates", "ChangeOptedInServices", ["ecs:UpdateService"]),
        ("no-looks", "LookAtServices", ["ecs:DescribeServices"]),
    ],
)
def test_without_one_of_its_statements_the_registration_fails(
    bench: Bench, service: str, without: str, rights: list[str]
) -> None:
    bench.workload.service(service)
    assert refusal(bench, service, without=without) == missing(*rights)


def test_a_service_that_did_not_opt_in_cannot_be_registered(bench: Bench) -> None:
    bench.workload.service("shut", opted_in=False)
    assert refusal(bench, "shut") == missing("ecs:UpdateService")
