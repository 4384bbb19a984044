"""The rights that AWS checks besides the call itself, in every reading that its documentation leaves open."""

from itertools import product

import pytest

from firebreak_devtools.local.scalable_targets import TRIALS
from tests.contracts.iam_statements import ACCOUNT, REGION, roles
from tests.contracts.template import template
from tests.support.iam_evaluation import Check, allows

ROLES = roles(template())
SCALE, ROLL_BACK = ROLES["ScaleService"], ROLES["RollBackService"]
TAG = "aws:ResourceTag/firebreak:enabled"
OPTED_IN = {TAG: "true"}
# Whether AWS says that Application Auto Scaling makes the call: both, or the key does not come at all.
VIA = [{"aws:ViaAWSService": "true"}, {"aws:ViaAWSService": "false"}, {}]
VIA_IDS = ["via", "direct", "no key"]


def arn(service: str, what: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{what}"


SERVICE, ALARM = arn("ecs", "service/prod/api"), arn("cloudwatch", "alarm:api-memory")
# A call that names no alarm: IAM is asked for everything, for all alarms, or for a name that is empty.
NO_ALARM = ["*", arn("cloudwatch", "alarm:*"), arn("cloudwatch", "alarm:")]
# The service that is registered, or a call that names none.
SERVICES = [(SERVICE, OPTED_IN), (arn("ecs", "service/prod/"), {})]


def resources(trial: str) -> list[tuple[str, dict[str, str]]]:
    """The resources that IAM may be asked for in a trial call, with their tags."""
    if trial == "ecs:DescribeServices":
        return SERVICES[:1]
    return SERVICES if trial.startswith("ecs:") else [(one, {}) for one in NO_ALARM]


@pytest.mark.parametrize("trial", [action for action, _ in TRIALS])
@pytest.mark.parametrize("via", VIA, ids=VIA_IDS)
def test_a_trial_call_of_auto_scaling_is_allowed_however_aws_asks_for_it(
    trial: str, via: dict[str, str]
) -> None:
    refused = [
        resource
        for resource, tags in resources(trial)
        # DescribeAlarms is allowed for "*" alone, which covers the others.
        if not allows(SCALE, Check(trial, resource, {**tags, **via}))
    ]
    assert refused == []


@pytest.mark.parametrize("action", ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"])
def test_no_alarm_that_has_a_name_can_be_written_or_deleted_by_a_call_of_the_function(action: str) -> None:
    elsewhere = ALARM.replace(REGION, "us-east-1")
    named = [ALARM, elsewhere, arn("cloudwatch", "alarm:TargetTracking-service/prod/api-AlarmHigh-1")]
    assert [one for one, via in product(named, VIA[1:]) if allows(SCALE, Check(action, one, via))] == []


@pytest.mark.parametrize("via", VIA, ids=VIA_IDS)
@pytest.mark.parametrize("tags", [{}, {TAG: "false"}], ids=["untagged", "opted out"])
def test_a_service_that_has_a_name_and_did_not_opt_in_cannot_be_updated(
    tags: dict[str, str], via: dict[str, str]
) -> None:
    """So registering its scalable target fails as well, where the trial call names the service."""
    short = arn("ecs", "service/api")
    check = [Check("ecs:UpdateService", one, tags | via) for one in (SERVICE, short)]
    assert not any(allows(SCALE, one) for one in check)


DEPLOYMENT = arn("ecs", "service-deployment/prod/api/0a1b2c3d4e5f60718")
ENDS = ["ecs:StopServiceDeployment", "ecs:ContinueServiceDeployment"]


def ends(action: str, service: dict[str, str], deployment: dict[str, str]) -> bool:
    """Whether a deployment may be ended, where the two resources show these tags."""
    return allows(ROLL_BACK, Check(action, SERVICE, service), Check(action, DEPLOYMENT, deployment))


@pytest.mark.parametrize("action", ENDS)
@pytest.mark.parametrize("shown", [OPTED_IN, {}], ids=["shows the service's tags", "shows no tags"])
def test_a_deployment_of_a_service_that_opted_in_can_be_ended_whether_or_not_it_shows_tags(
    action: str, shown: dict[str, str]
) -> None:
    assert ends(action, OPTED_IN, shown)


@pytest.mark.parametrize("action", ENDS)
@pytest.mark.parametrize("service", [{}, {TAG: "false"}], ids=["untagged", "opted out"])
@pytest.mark.parametrize("shown", [{}, {TAG: "false"}, OPTED_IN], ids=["no tags", "opted out", "opted in"])
def test_a_deployment_of_a_service_that_did_not_opt_in_cannot_be_ended_whatever_it_shows(
    action: str, service: dict[str, str], shown: dict[str, str]
) -> None:
    assert not ends(action, service, shown)


@pytest.mark.parametrize("action", ENDS)
def test_a_deployment_that_says_itself_that_it_did_not_opt_in_cannot_be_ended(action: str) -> None:
    assert not ends(action, OPTED_IN, {TAG: "false"})
