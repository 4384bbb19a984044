"""`firebreak adopt` on an account: every alarm with its tags, their targets, and what was not seen."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from firebreak.aws.clients import PATIENT_ATTEMPTS
from firebreak.core.model import Target
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.services.beanstalk.client import BeanstalkReader
from firebreak.services.lambda_.client import FunctionReader
from firebreak.services.ses.client import SesReader
from firebreak_cli.adopt.target_tags import arn_of_target, tags_of_target
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS
from tests.cli.adopted import NOW, raw
from tests.cli.adopted_aws import ACCOUNT, adopt, cli_environment, no_stack, put
from tests.cli.running import Calls, StackSession, error_lines
from tests.cli.test_pause_scopes import moto_service
from tests.support import builders as a


@pytest.fixture
def aws() -> Iterator[Any]:
    with mock_aws():
        yield boto3.session.Session(region_name=a.REGION).client("cloudwatch")


def planned(*arguments: str, environment: Environment | None = None) -> dict[str, Any]:
    result = adopt(*arguments, "--json", environment=environment)
    assert (result.exit_code, result.stderr) == (0, "")
    return {one["alarm"]: one for one in json.loads(result.stdout)["alarms"]}


def test_alarms_their_tags_and_their_targets_are_read_and_nothing_is_changed(aws: Any) -> None:
    moto_service("api")
    moto_service("web", **{"firebreak:enabled": "true", "ManagedBy": "terraform"})
    put(aws, "api-sev1")
    put(aws, "web-memory", "web", Terraform="true")
    put(aws, "gone-memory", "gone")
    calls = Calls()
    found = planned(environment=cli_environment(calls=calls))
    assert calls.changes == []
    assert (found["api-sev1"]["target"], found["api-sev1"]["opt_in"]) == ("ecs:prod/api", "missing")
    assert found["api-sev1"]["add"] == {"alarm": {"firebreak:severity": "critical"}, "opt_in": True}
    assert (found["web-memory"]["reason"], found["web-memory"]["owner"]["kind"]) == (
        "nothing_missing",
        "terraform",
    )
    assert found["web-memory"]["target_owner"]["kind"] == "terraform"
    assert found["gone-memory"]["reason"] == "target_gone"


def test_a_target_group_is_followed_to_the_service_behind_it(aws: Any) -> None:
    group = f"arn:aws:elasticloadbalancing:{a.REGION}:{ACCOUNT}:targetgroup/api/0123456789abcdef"
    moto_service("other")
    ecs = boto3.session.Session(region_name=a.REGION).client("ecs")
    balanced = [{"targetGroupArn": group, "containerName": "main", "containerPort": 80}]
    ecs.create_service(
        cluster="prod",
        serviceName="api",
        desiredCount=1,
        taskDefinition="other",
        loadBalancers=balanced,  # type: ignore[arg-type]  # as AWS takes them
    )
    for name in ("slow", "slower"):
        aws.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/ApplicationELB",
            MetricName="TargetResponseTime",
            Dimensions=[{"Name": "TargetGroup", "Value": "targetgroup/api/0123456789abcdef"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=3,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )
    calls = Calls()
    found = planned(environment=cli_environment(calls=calls))
    assert {(one["action"], one["target"]) for one in found.values()} == {("scale-service", "ecs:prod/api")}
    assert calls.made.count("ListClusters") == 1


def test_only_alarms_with_a_prefix_are_read(aws: Any) -> None:
    moto_service("api")
    put(aws, "shop-memory")
    put(aws, "mail-memory")
    assert list(planned("--name-prefix", "shop-")) == ["shop-memory"]
    result = adopt("--name-prefix", "bank-")
    assert (result.exit_code, error_lines(result)) == (
        BAD_INPUT,
        [f"firebreak: there is no alarm whose name begins with bank- in {a.REGION}"],
    )


def test_the_table_names_the_commands_that_carry_it_out(aws: Any) -> None:
    moto_service("api")
    put(aws, "api-memory")
    result = adopt()
    where = f"--stack firebreak --region {a.REGION} --account {ACCOUNT}"
    assert result.exit_code == 0
    assert f"Carry out  firebreak adopt --plan plan.json --apply {where}\n" in result.stdout


def test_another_account_is_refused(aws: Any) -> None:
    put(aws, "api-memory")
    result = adopt("--account", "444455556666")
    assert (result.exit_code, error_lines(result)) == (
        NO_AWS,
        [f"firebreak: this is about account {ACCOUNT}, the command is for 444455556666"],
    )


# --- what moto cannot do


def programmed(**programs: Callable[[Stubber], object]) -> tuple[Environment, list[Mapping[str, Any]]]:
    """An account in which some services give programmed answers, and how their clients ask again."""
    retries: list[Mapping[str, Any]] = []

    class Session(StackSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name in programs:
                retries.append(kwargs["config"].retries)
                stubber = Stubber(made)
                programs[service_name](stubber)
                stubber.activate()
            return made

    return Environment({}, lambda: NOW, lambda: Session(no_stack)), retries


def in_turn(*programs: Callable[[Stubber], object]) -> Callable[[Stubber], object]:
    """The programs of one service's clients, in the order in which they are made."""
    left = [*programs]

    def program(stubber: Stubber) -> None:
        left.pop(0)(stubber)

    return program


def rds(name: str) -> dict[str, Any]:
    return raw(name, "AWS/RDS CPUUtilization")


def test_every_page_is_read_every_kind_is_asked_for_and_throttling_is_waited_for() -> None:
    kinds = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
    asked = {"AlarmTypes": kinds, "MaxRecords": 100}

    def cloudwatch(stubber: Stubber) -> None:
        first = {"MetricAlarms": [rds("a"), rds("b")], "NextToken": "more"}
        stubber.add_response("describe_alarms", first, asked)
        last = {"MetricAlarms": [rds("c")], "CompositeAlarms": [], "LogAlarms": []}
        stubber.add_response("describe_alarms", last, {**asked, "NextToken": "more"})

    # The tags are read by another client, so its answers are programmed apart.
    def tags(stubber: Stubber) -> None:
        for _ in range(3):
            stubber.add_response("list_tags_for_resource", {"Tags": []})

    environment, retries = programmed(cloudwatch=in_turn(cloudwatch, tags))
    assert sorted(planned(environment=environment)) == ["a", "b", "c"]
    assert {one["total_max_attempts"] for one in retries} == {PATIENT_ATTEMPTS}
    assert {one["mode"] for one in retries} == {"standard"}


def denying(*names: str, tagged: int = 0) -> Environment:
    def alarms(stubber: Stubber) -> None:
        stubber.add_response("describe_alarms", {"MetricAlarms": [rds(name) for name in names]})

    def tags(stubber: Stubber) -> None:
        for _ in range(tagged):
            stubber.add_response("list_tags_for_resource", {"Tags": []})
        for _ in names[tagged:]:
            stubber.add_client_error("list_tags_for_resource", "AccessDenied", http_status_code=403)

    return programmed(cloudwatch=in_turn(alarms, tags))[0]


def test_without_the_right_to_read_tags_there_is_no_plan() -> None:
    result = adopt(environment=denying("a", "b"))
    assert (result.exit_code, result.stdout) == (NO_AWS, "")
    assert error_lines(result) == [
        "firebreak: the tags of no alarm could be read: ListTagsForResource: AccessDenied"
    ]


def test_an_alarm_whose_tags_could_not_be_read_is_left_alone() -> None:
    found = planned(environment=denying("a", "b", tagged=1))
    assert sorted(one["reason"] for one in found.values()) == ["no_action", "tags_not_read"]


def test_an_alarm_that_cannot_be_understood_ends_it() -> None:
    def cloudwatch(stubber: Stubber) -> None:
        stubber.add_response("describe_alarms", {"MetricAlarms": [{"AlarmName": "odd"}]})
        stubber.add_response("list_tags_for_resource", {"Tags": []})

    result = adopt(environment=programmed(cloudwatch=cloudwatch)[0])
    assert (result.exit_code, "found an alarm without AlarmArn" in result.stderr) == (NO_AWS, True)


# --- the tags of targets


class OneService:
    """Connections on programmed readers."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def ecs(self) -> Any:
        return self._reader, None

    def functions(self) -> Any:
        return self._reader, None

    def beanstalk(self) -> Any:
        return self._reader, None

    def ses(self) -> Any:
        return self._reader, None


def client_of(service: str, *answers: tuple[str, dict[str, Any] | str]) -> Any:
    made = boto3.session.Session(region_name=a.REGION).client(service)  # type: ignore[call-overload]  # any
    stubber = Stubber(made)
    for operation, answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer, http_status_code=400)
        else:
            stubber.add_response(operation, answer)
    stubber.activate()
    return made


def target(service: str, name: str) -> Target:
    return Target(a.ACCOUNT, a.REGION, service, "", name)


def tags_of(service: str, reader: Any, name: str = "shop") -> Any:
    return tags_of_target(target(service, name), OneService(reader), "aws-cn")  # type: ignore[arg-type]  # what is asked


def test_the_tags_of_a_function_are_read_by_its_arn() -> None:
    found = client_of("lambda", ("list_tags", {"Tags": {"team": "x"}}))
    assert tags_of("lambda", FunctionReader(found)) == {"team": "x"}
    gone = client_of("lambda", ("list_tags", "ResourceNotFoundException"))
    assert tags_of("lambda", FunctionReader(gone)) == ABSENT
    arn = f"arn:aws-cn:lambda:{a.REGION}:{a.ACCOUNT}:function:shop"
    assert arn_of_target(target("lambda", "shop"), "aws-cn") == arn


def environment_of(status: str) -> dict[str, Any]:
    return {
        "Environments": [
            {
                "EnvironmentArn": f"arn:aws:elasticbeanstalk:{a.REGION}:{a.ACCOUNT}:environment/x/shop",
                "EnvironmentId": "e-1",
                "EnvironmentName": "shop",
                "ApplicationName": "x",
                "Status": status,
                "Health": "Green",
            }
        ]
    }


def test_an_environment_that_was_terminated_is_gone() -> None:
    tags = {"ResourceTags": [{"Key": "team", "Value": "x"}]}
    live = client_of(
        "elasticbeanstalk",
        ("describe_environments", environment_of("Ready")),
        ("list_tags_for_resource", tags),
    )
    over = client_of("elasticbeanstalk", ("describe_environments", environment_of("Terminated")))
    assert tags_of("beanstalk", BeanstalkReader(live)) == {"team": "x"}
    assert tags_of("beanstalk", BeanstalkReader(over)) == ABSENT
    assert arn_of_target(target("beanstalk", "shop"), "aws") == ""


def test_a_configuration_set_has_its_own_tags_and_a_runbook_is_not_looked_at() -> None:
    answer = {"SendingOptions": {"SendingEnabled": True}, "Tags": [{"Key": "team", "Value": "x"}]}
    assert tags_of("ses", SesReader(client_of("sesv2", ("get_configuration_set", answer)))) == {"team": "x"}
    denied = SesReader(client_of("sesv2", ("get_configuration_set", "AccessDeniedException")))
    assert tags_of("ses", denied) == Unknown("GetConfigurationSet: AccessDeniedException")
    assert isinstance(tags_of("runbook", None), NotRead)
