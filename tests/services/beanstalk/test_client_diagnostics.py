"""The state of an environment and its instances right before a change, in the API's shapes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.aws.clients import fail_fast
from firebreak.core.model import Plan
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.services.beanstalk.client_diagnostics import ENVIRONMENT, INSTANCES, EnvironmentDiagnostics
from tests.support import builders as a
from tests.support.builders_beanstalk import ID, TARGET, raw_environment
from tests.support.builders_ecs import session

PLAN = Plan(summary="restart", change={"environmentId": ID}, before={})
PLATFORM = "arn:aws:elasticbeanstalk:eu-west-1::platform/Python 3.13 running on 64bit Amazon Linux 2023/4.8.0"
OUTPUT = "[Instance: i-0a] Command failed on instance. Return code: 1 Output: TOKEN=hunter2"


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client: Any = fail_fast(session(), "elasticbeanstalk")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def read(stub: Stubber, source: str) -> Reading[tuple[str, ...]]:
    sources = EnvironmentDiagnostics(lambda _: stub.client).of(TARGET, PLAN)
    return sources[source]()


def environments(stub: Stubber, *found: dict[str, Any]) -> None:
    asked = {"EnvironmentNames": ["shop-prod"]}
    stub.add_response("describe_environments", {"Environments": list(found)}, asked)


def events(stub: Stubber, *messages: str) -> None:
    """The API gives the newest first."""
    found = [
        {"EventDate": a.NOW - timedelta(minutes=n), "Message": message, "Severity": "ERROR"}
        for n, message in enumerate(messages)
    ]
    asked = {"EnvironmentName": "shop-prod", "MaxRecords": 10}
    stub.add_response("describe_events", {"Events": found}, asked)


def instances(stub: Stubber, *found: dict[str, Any]) -> None:
    asked = {
        "EnvironmentName": "shop-prod",
        "AttributeNames": ["HealthStatus", "Causes", "LaunchedAt", "Deployment"],
    }
    stub.add_response("describe_instances_health", {"InstanceHealthList": list(found)}, asked)


def test_the_newest_events_come_oldest_first_and_then_the_version_and_platform(stub: Stubber) -> None:
    environments(stub, raw_environment(PlatformArn=PLATFORM, DateUpdated=a.NOW))
    events(stub, "Environment health has transitioned from Ok to Severe.", "Deploying new version")
    assert read(stub, ENVIRONMENT) == (
        "2026-11-20 09:59:30Z ERROR Deploying new version",
        "2026-11-20 10:00:30Z ERROR Environment health has transitioned from Ok to Severe.",
        (
            f"{ID}: Ready, health Red/Degraded, version v42 on Python 3.13 running on 64bit Amazon Linux "
            "2023/4.8.0, changed 2026-11-20 10:00:30Z"
        ),
    )


def test_an_older_platform_is_named_by_its_solution_stack(stub: Stubber) -> None:
    stack = "64bit Amazon Linux 2 v3.5 running Java 8"
    environments(stub, raw_environment(PlatformArn="", SolutionStackName=stack))
    events(stub)
    found = read(stub, ENVIRONMENT)
    assert isinstance(found, tuple)
    assert f"version v42 on {stack}" in found[0]


def test_what_a_command_printed_is_not_kept(stub: Stubber) -> None:
    environments(stub, raw_environment())
    events(stub, OUTPUT)
    found = read(stub, ENVIRONMENT)
    assert "hunter2" not in str(found)
    assert "Return code: 1 (output not kept)" in str(found)


def test_an_older_environment_of_the_same_name_is_not_taken_for_it(stub: Stubber) -> None:
    environments(stub, raw_environment(EnvironmentId="e-older", Status="Terminated"))
    assert read(stub, ENVIRONMENT) == ABSENT


def test_the_worst_instances_come_first_with_their_causes_and_their_version(stub: Stubber) -> None:
    instances(
        stub,
        {"InstanceId": "i-ok", "HealthStatus": "Ok"},
        {
            "InstanceId": "i-severe",
            "HealthStatus": "Severe",
            "LaunchedAt": a.NOW,
            "Causes": ["Following services are not running: web.", "ELB health is failing."],
            "Deployment": {"VersionLabel": "v42", "Status": "Deployed"},
        },
        {"InstanceId": "i-silent", "HealthStatus": "NoData"},
        {"InstanceId": "i-none", "Deployment": {"Status": "Failed"}},
    )
    assert read(stub, INSTANCES) == (
        "i-silent NoData",
        "i-none health not known",
        (
            "i-severe Severe, launched 2026-11-20 10:00:30Z, version v42 Deployed: Following services are "
            "not running: web.; ELB health is failing."
        ),
        "i-ok Ok",
    )


def test_of_many_instances_the_rest_is_counted(stub: Stubber) -> None:
    instances(stub, *({"InstanceId": f"i-{n}", "HealthStatus": "Ok"} for n in range(40)))
    found = read(stub, INSTANCES)
    assert isinstance(found, tuple)
    assert (len(found), found[-1]) == (11, "and 30 more, no worse than these")


def test_basic_health_reporting_knows_no_instances_and_says_so(stub: Stubber) -> None:
    stub.add_client_error("describe_instances_health", "InvalidRequestException")
    assert read(stub, INSTANCES) == Unknown("DescribeInstancesHealth: InvalidRequestException")
