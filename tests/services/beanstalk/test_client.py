"""The Elastic Beanstalk adapter against botocore's own service model."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import Denied, Rejected
from firebreak.services.beanstalk.client import BeanstalkReader, BeanstalkWriter
from firebreak.services.beanstalk.environments import ApplicationVersion
from tests.support.builders_beanstalk import (
    ARN,
    ID,
    QUIET_SINCE,
    REQUEST_ID,
    TARGET,
    environment,
    event,
    raw_environment,
    raw_event,
)
from tests.support.builders_ecs import session, without

SECRET = "User: arn:aws:iam::111122223333:role/x is not authorized, password=hunter2"


VERSIONS = {"ApplicationName": "shop", "MaxRecords": 1000}


def raw_version(label: str, days: int, **more: str) -> dict[str, Any]:
    """A version of that age in the format of the API."""
    created = QUIET_SINCE - timedelta(days=days)
    return {"ApplicationName": "shop", "VersionLabel": label, "DateCreated": created} | more


@cache
def client() -> Any:
    """Made once: loading a service model is most of the time of such a test."""
    make: Any = session().client
    return make("elasticbeanstalk")


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(client()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def reader() -> BeanstalkReader:
    return BeanstalkReader(client())


def environments(*raw: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return "describe_environments", {"Environments": list(raw)}, {"EnvironmentNames": ["shop-prod"]}


def test_an_environment_is_read_by_its_name(stub: Stubber) -> None:
    stub.add_response(*environments(raw_environment()))
    assert environment() == reader().environment(TARGET)


def test_an_environment_without_health_reporting_or_version_is_read_all_the_same(stub: Stubber) -> None:
    bare = without(raw_environment(Health="Grey"), ["HealthStatus", "VersionLabel"])
    stub.add_response(*environments(bare))
    assert environment(health="Grey", health_status="", version="") == reader().environment(TARGET)


def test_an_operations_role_is_read(stub: Stubber) -> None:
    role = "arn:aws:iam::111122223333:role/beanstalk-operations"
    stub.add_response(*environments(raw_environment(OperationsRole=role)))
    assert environment(operations_role=role) == reader().environment(TARGET)


def test_no_environment_of_that_name_is_absent(stub: Stubber) -> None:
    stub.add_response(*environments())
    assert reader().environment(TARGET) == ABSENT


def test_a_terminated_environment_is_seen_as_terminated(stub: Stubber) -> None:
    stub.add_response(
        *environments(raw_environment(Status="Terminated", Health="Grey", HealthStatus="NoData"))
    )
    found = reader().environment(TARGET)
    assert environment(status="Terminated", health="Grey", health_status="NoData") == found


def test_a_terminated_environment_does_not_hide_its_successor(stub: Stubber) -> None:
    old = raw_environment(Status="Terminated", EnvironmentId="e-before0001")
    stub.add_response(*environments(old, raw_environment()))
    assert environment() == reader().environment(TARGET)


def test_two_living_environments_of_one_name_are_not_guessed_at(stub: Stubber) -> None:
    stub.add_response(*environments(raw_environment(), raw_environment(EnvironmentId="e-other00001")))
    assert reader().environment(TARGET) == Unknown("DescribeEnvironments: 2 environments bear the name")


def test_an_environment_that_may_not_be_read_is_unknown_and_discloses_no_secret(stub: Stubber) -> None:
    stub.add_client_error("describe_environments", "AccessDenied", SECRET, 403)
    assert reader().environment(TARGET) == Unknown("DescribeEnvironments: AccessDenied")


def test_an_answer_without_an_arn_is_blindness(stub: Stubber) -> None:
    stub.add_response(*environments(without(raw_environment(), ["EnvironmentArn"])))
    assert reader().environment(TARGET) == Unknown("DescribeEnvironments: unexpected answer")


def test_tags_are_read_by_the_environments_arn(stub: Stubber) -> None:
    answer = {"ResourceArn": ARN, "ResourceTags": [{"Key": "firebreak:enabled", "Value": "true"}]}
    stub.add_response("list_tags_for_resource", answer, {"ResourceArn": ARN})
    assert reader().tags(ARN) == {"firebreak:enabled": "true"}


def test_tags_of_a_resource_that_was_there_a_moment_ago_are_unknown_and_not_none(stub: Stubber) -> None:
    stub.add_client_error("list_tags_for_resource", "ResourceNotFoundException", "gone", 400)
    assert reader().tags(ARN) == Unknown("ListTagsForResource: NotFound")


def test_tags_that_may_not_be_read_are_unknown(stub: Stubber) -> None:
    stub.add_client_error("list_tags_for_resource", "AccessDenied", SECRET, 403)
    assert reader().tags(ARN) == Unknown("ListTagsForResource: AccessDenied")


def test_events_come_newest_first_with_the_request_that_caused_them(stub: Stubber) -> None:
    begun = raw_event(
        EventDate=QUIET_SINCE + timedelta(hours=1),
        Message="restartAppServer is starting.",
        RequestId=REQUEST_ID,
        Severity="INFO",
    )
    answer = {"Events": [raw_event(), begun]}
    stub.add_response("describe_events", answer, {"EnvironmentName": "shop-prod", "MaxRecords": 100})
    assert reader().events(TARGET) == (
        event("restartAppServer is starting.", timedelta(hours=1), request_id=REQUEST_ID),
        event(severity="WARN"),
    )


def test_events_that_may_not_be_read_are_unknown(stub: Stubber) -> None:
    stub.add_client_error("describe_events", "Throttling", "Rate exceeded", 400)
    assert reader().events(TARGET) == Unknown("DescribeEvents: Throttling")


def test_a_restart_names_the_environment_twice_and_returns_the_requests_id(stub: Stubber) -> None:
    answer = {"ResponseMetadata": {"RequestId": REQUEST_ID}}
    wanted = {"EnvironmentId": ID, "EnvironmentName": "shop-prod"}
    stub.add_response("restart_app_server", answer, wanted)
    assert BeanstalkWriter(client()).restart(ID, "shop-prod") == REQUEST_ID


def test_a_restart_answered_without_an_id_is_a_restart(stub: Stubber) -> None:
    stub.add_response("restart_app_server", {}, {"EnvironmentId": ID, "EnvironmentName": "shop-prod"})
    assert BeanstalkWriter(client()).restart(ID, "shop-prod") == ""


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("AccessDenied", 403, Denied), ("InvalidParameterValue", 400, Rejected)],
)
def test_a_refused_restart_is_known_not_to_have_happened(
    stub: Stubber, code: str, status: int, error: type[Exception]
) -> None:
    stub.add_client_error("restart_app_server", code, SECRET, status)
    with pytest.raises(error, match=rf"^RestartAppServer: {code}$"):
        BeanstalkWriter(client()).restart(ID, "shop-prod")


def test_versions_come_newest_first(stub: Stubber) -> None:
    answer = {"ApplicationVersions": [raw_version("v41", 2, Status="Processed"), raw_version("v42", 1)]}
    stub.add_response("describe_application_versions", answer, VERSIONS)
    assert reader().versions("shop") == (
        ApplicationVersion("v42", QUIET_SINCE - timedelta(days=1)),
        ApplicationVersion("v41", QUIET_SINCE - timedelta(days=2), "Processed"),
    )


def test_more_versions_than_one_answer_holds_are_unknown_and_not_half_a_list(stub: Stubber) -> None:
    answer = {"ApplicationVersions": [raw_version("v42", 1)], "NextToken": "more"}
    stub.add_response("describe_application_versions", answer, VERSIONS)
    assert reader().versions("shop") == Unknown("DescribeApplicationVersions: more than 1000 versions")


def test_versions_that_may_not_be_read_are_unknown(stub: Stubber) -> None:
    stub.add_client_error("describe_application_versions", "AccessDenied", SECRET, 403)
    assert reader().versions("shop") == Unknown("DescribeApplicationVersions: AccessDenied")


def test_terminated_environments_of_the_application_do_not_count(stub: Stubber) -> None:
    answer = {"Environments": [raw_environment(), raw_environment(Status="Terminated")]}
    stub.add_response("describe_environments", answer, {"ApplicationName": "shop"})
    assert reader().environments("shop") == 1


def test_the_label_of_an_event_is_read_where_aws_gives_it(stub: Stubber) -> None:
    answer = {"Events": [raw_event(VersionLabel="v41")]}
    stub.add_response("describe_events", answer, {"EnvironmentName": "shop-prod", "MaxRecords": 100})
    assert reader().events(TARGET) == (event(severity="WARN", version="v41"),)


def test_a_deployment_names_the_environment_and_the_version_and_no_options(stub: Stubber) -> None:
    answer = raw_environment(Status="Updating", VersionLabel="v41")
    wanted = {"EnvironmentId": ID, "EnvironmentName": "shop-prod", "VersionLabel": "v41"}
    stub.add_response("update_environment", {**answer, "ResponseMetadata": {"RequestId": REQUEST_ID}}, wanted)
    assert BeanstalkWriter(client()).deploy(ID, "shop-prod", "v41") == REQUEST_ID


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("InsufficientPrivilegesException", 403, Denied), ("InvalidParameterValue", 400, Rejected)],
)
def test_a_refused_deployment_is_known_not_to_have_happened(
    stub: Stubber, code: str, status: int, error: type[Exception]
) -> None:
    stub.add_client_error("update_environment", code, SECRET, status)
    with pytest.raises(error, match=rf"^UpdateEnvironment: {code}$"):
        BeanstalkWriter(client()).deploy(ID, "shop-prod", "v41")
