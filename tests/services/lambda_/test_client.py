"""Lambda functions through the adapter: what is read and what is sent, to the letter; and no secrets.

moto keeps no revisions and takes any memory, so the answers are written here against the API's model.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import (
    AwsError,
    Conflict,
    Denied,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
)
from firebreak.services.lambda_.client import PAGES, FunctionReader, FunctionWriter
from firebreak.services.lambda_.functions import LATEST, AliasLive, FunctionLive
from tests.support.builders_ecs import session
from tests.support.builders_functions import ARN, CODE, OTHER_CODE, PUBLISHED, raw_alias, raw_function

SECRET = "password=hunter2"
ONE = {"FunctionName": "orders"}


@cache
def client() -> Any:
    make: Any = session().client
    return make("lambda")


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(client()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def reader() -> FunctionReader:
    return FunctionReader(client())


@pytest.fixture
def writer() -> FunctionWriter:
    return FunctionWriter(client())


def read(stub: Stubber, reader: FunctionReader, version: str = LATEST, **changes: Any) -> FunctionLive:
    stub.add_response("get_function_configuration", raw_function(version, **changes))
    found = reader.configuration("orders", version)
    assert isinstance(found, FunctionLive), found
    return found


# --- reading


def test_latest_is_asked_for_without_a_qualifier(stub: Stubber, reader: FunctionReader) -> None:
    stub.add_response("get_function_configuration", raw_function(), ONE)
    found = reader.configuration("orders", LATEST)
    assert isinstance(found, FunctionLive)
    assert (found.arn, found.name, found.version, found.memory) == (ARN, "orders", LATEST, 1024)
    assert (found.code, found.revision, found.modified) == (CODE, "revision-of-$LATEST", PUBLISHED)
    assert (found.at_rest, found.snap_start, found.managed) == (True, False, False)


def test_a_version_is_asked_for_by_its_number(stub: Stubber, reader: FunctionReader) -> None:
    stub.add_response("get_function_configuration", raw_function("7"), ONE | {"Qualifier": "7"})
    found = reader.configuration("orders", "7")
    assert isinstance(found, FunctionLive)
    assert found.version == "7"


def test_a_version_of_the_same_has_the_same_settings(stub: Stubber, reader: FunctionReader) -> None:
    latest = read(stub, reader, MemorySize=2048, Description="other", RuntimeVersionConfig={})
    published = read(
        stub, reader, "7", SnapStart={"ApplyOn": "None", "OptimizationStatus": "On"}, ConfigSha256="1"
    )
    assert latest.settings == published.settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Environment", {"Variables": {"DB_PASSWORD": "other"}}),
        ("Timeout", 3),
        ("Layers", [{"Arn": f"{ARN}-layer:3"}]),
        ("VpcConfig", {"SubnetIds": ["subnet-1"]}),
        ("Role", "arn:aws:iam::111122223333:role/other"),
        ("SnapStart", {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}),
    ],
)
def test_any_other_value_is_another_setting(
    stub: Stubber, reader: FunctionReader, name: str, value: object
) -> None:
    usual, other = read(stub, reader), read(stub, reader, LATEST, **{name: value})
    unlike = {
        one
        for one in {**usual.settings, **other.settings}
        if usual.settings.get(one) != other.settings.get(one)
    }
    assert unlike == {name}


def test_an_empty_setting_is_as_good_as_none(stub: Stubber, reader: FunctionReader) -> None:
    nothing: dict[str, Any] = {"VpcConfig": {"SubnetIds": [], "VpcId": ""}, "Layers": [], "KMSKeyArn": ""}
    assert read(stub, reader, LATEST, **nothing).settings == read(stub, reader).settings


def test_no_environment_variable_leaves_the_adapter(stub: Stubber, reader: FunctionReader) -> None:
    found = read(stub, reader)
    assert "hunter2" not in f"{found!r} {found.settings}"
    assert "DB_PASSWORD" not in f"{found!r} {found.settings}"


def test_settings_are_not_shown_with_a_function(stub: Stubber, reader: FunctionReader) -> None:
    found = read(stub, reader)
    assert found.settings["Environment"] not in repr(found)


def test_an_environment_that_may_not_be_shown_is_known_to_be_hidden(
    stub: Stubber, reader: FunctionReader
) -> None:
    error = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "kms:Decrypt"}}
    assert read(stub, reader, Environment=error).hidden == ("Environment",)
    assert read(stub, reader, RuntimeVersionConfig=error).hidden == ()


@pytest.mark.parametrize(
    ("changes", "attribute"),
    [
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "snap_start"),
        (
            {
                "CapacityProviderConfig": {
                    "LambdaManagedInstancesCapacityProviderConfig": {
                        "CapacityProviderArn": "arn:aws:lambda:eu-west-1:111122223333:capacity-provider:p"
                    }
                }
            },
            "managed",
        ),
    ],
)
def test_special_kinds_of_functions_are_recognized(
    stub: Stubber, reader: FunctionReader, changes: Any, attribute: str
) -> None:
    assert getattr(read(stub, reader, **changes), attribute) is True


def test_tags_are_read_by_the_unqualified_arn(stub: Stubber, reader: FunctionReader) -> None:
    stub.add_response("list_tags", {"Tags": {"firebreak:enabled": "true"}}, {"Resource": ARN})
    stub.add_response("list_tags", {}, {"Resource": ARN})
    assert (reader.tags(ARN), reader.tags(ARN)) == ({"firebreak:enabled": "true"}, {})


def test_every_page_of_aliases_is_read_with_their_weights(stub: Stubber, reader: FunctionReader) -> None:
    shifting = raw_alias("shifting", "7", RoutingConfig={"AdditionalVersionWeights": {"8": 0.1}})
    stub.add_response("list_aliases", {"Aliases": [raw_alias()], "NextMarker": "more"}, ONE)
    stub.add_response("list_aliases", {"Aliases": [shifting]}, ONE | {"Marker": "more"})
    assert reader.aliases("orders") == (
        AliasLive(name="live", version="7", revision="revision-of-live"),
        AliasLive(name="shifting", version="7", revision="revision-of-shifting", weighted={"8": 0.1}),
    )


def test_provisioned_concurrency_is_read_by_alias_or_version(stub: Stubber, reader: FunctionReader) -> None:
    found = [{"FunctionArn": f"{ARN}:live"}, {"FunctionArn": f"{ARN}:3"}]
    stub.add_response("list_provisioned_concurrency_configs", {"ProvisionedConcurrencyConfigs": found}, ONE)
    assert reader.provisioned("orders") == frozenset({"live", "3"})


def listed(version: str = LATEST, **changes: Any) -> dict[str, Any]:
    """A configuration as in lists: without its state and the runtime's own version."""
    left_out = {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
    return {name: value for name, value in raw_function(version, **changes).items() if name not in left_out}


def test_published_versions_are_read_with_code_and_time_and_without_latest(
    stub: Stubber, reader: FunctionReader
) -> None:
    page = {"Versions": [listed(), listed("6", CodeSha256=OTHER_CODE)], "NextMarker": "more"}
    stub.add_response("list_versions_by_function", page, ONE)
    last = {"Versions": [listed("7", MemorySize=2048)]}
    stub.add_response("list_versions_by_function", last, ONE | {"Marker": "more"})
    found = reader.published("orders")
    assert isinstance(found, dict)
    assert {number: (one.version, one.code, one.memory, one.modified) for number, one in found.items()} == {
        6: ("6", OTHER_CODE, 1024, PUBLISHED),
        7: ("7", CODE, 2048, PUBLISHED),
    }


def test_a_version_has_the_same_settings_in_the_list_as_by_itself(
    stub: Stubber, reader: FunctionReader
) -> None:
    stub.add_response("list_versions_by_function", {"Versions": [listed("7")]}, ONE)
    found = reader.published("orders")
    assert isinstance(found, dict)
    assert found[7].settings == read(stub, reader, "7").settings


def test_more_versions_than_there_is_time_for_are_not_known(stub: Stubber, reader: FunctionReader) -> None:
    for number in range(PAGES + 1):
        page = {"Versions": [raw_function(str(number + 1))], "NextMarker": f"after {number}"}
        stub.add_response("list_versions_by_function", page)
    assert reader.published("orders") == Unknown("ListVersionsByFunction: more than 1000 versions")


type Read = Callable[[FunctionReader], object]
READS: list[tuple[str, str, Read]] = [
    ("get_function_configuration", "GetFunctionConfiguration", lambda r: r.configuration("orders", LATEST)),
    ("list_tags", "ListTags", lambda r: r.tags(ARN)),
    ("list_aliases", "ListAliases", lambda r: r.aliases("orders")),
    (
        "list_provisioned_concurrency_configs",
        "ListProvisionedConcurrencyConfigs",
        lambda r: r.provisioned("orders"),
    ),
    ("list_versions_by_function", "ListVersionsByFunction", lambda r: r.published("orders")),
]


@pytest.mark.parametrize(("operation", "name", "look"), READS, ids=[name for _, name, _ in READS])
def test_absent_and_unreadable_are_two_values(
    stub: Stubber, reader: FunctionReader, *, operation: str, name: str, look: Read
) -> None:
    stub.add_client_error(operation, "ResourceNotFoundException", SECRET, 404)
    stub.add_client_error(operation, "AccessDeniedException", SECRET, 403)
    stub.add_client_error(operation, "ServiceException", SECRET, 500)
    assert look(reader) == ABSENT
    assert look(reader) == Unknown(f"{name}: AccessDeniedException")
    assert look(reader) == Unknown(f"{name}: ServiceException")


def test_an_answer_without_what_it_must_hold_is_blindness(stub: Stubber, reader: FunctionReader) -> None:
    stub.add_response("get_function_configuration", {"FunctionName": "orders"})
    stub.add_response("get_function_configuration", raw_function(LastModified="yesterday"))
    blind = Unknown("GetFunctionConfiguration: unexpected answer")
    assert (reader.configuration("orders", LATEST), reader.configuration("orders", LATEST)) == (blind, blind)


# --- changing


def test_setting_memory_sends_the_revision_and_never_the_environment(
    stub: Stubber, writer: FunctionWriter
) -> None:
    sent = ONE | {"MemorySize": 1536, "RevisionId": "r1"}
    stub.add_response("update_function_configuration", raw_function(MemorySize=1536), sent)
    assert writer.set_memory("orders", 1536, "r1").memory == 1536


def test_setting_the_description_sends_nothing_else(stub: Stubber, writer: FunctionWriter) -> None:
    sent = ONE | {"Description": "new", "RevisionId": "r1"}
    stub.add_response("update_function_configuration", raw_function(Description="new"), sent)
    assert writer.set_description("orders", "new", "r1").description == "new"


def test_publishing_names_code_and_revision(stub: Stubber, writer: FunctionWriter) -> None:
    sent = ONE | {"CodeSha256": CODE, "Description": "why", "RevisionId": "r1"}
    stub.add_response("publish_version", raw_function("8", Description="why"), sent)
    found = writer.publish("orders", CODE, "why", "r1")
    assert (found.version, found.description) == ("8", "why")


def test_moving_an_alias_names_its_revision_and_clears_its_weights_explicitly(
    stub: Stubber, writer: FunctionWriter
) -> None:
    sent = ONE | {
        "Name": "live",
        "FunctionVersion": "6",
        "RoutingConfig": {"AdditionalVersionWeights": {}},
        "RevisionId": "r1",
    }
    stub.add_response("update_alias", raw_alias(version="6"), sent)
    assert writer.point("orders", "live", "6", "r1", {}).version == "6"


type Write = Callable[[FunctionWriter], object]
WRITES: list[tuple[str, str, Write]] = [
    (
        "update_function_configuration",
        "UpdateFunctionConfiguration",
        lambda w: w.set_memory("orders", 1536, "r1"),
    ),
    (
        "update_function_configuration",
        "UpdateFunctionConfiguration",
        lambda w: w.set_description("orders", "x", "r1"),
    ),
    ("publish_version", "PublishVersion", lambda w: w.publish("orders", CODE, "why", "r1")),
    ("update_alias", "UpdateAlias", lambda w: w.point("orders", "live", "6", "r1", {})),
]


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("PreconditionFailedException", 412, Conflict, id="somebody changed it"),
        pytest.param("ResourceConflictException", 409, Conflict, id="an update runs"),
        pytest.param("ResourceNotFoundException", 404, NotFound, id="gone"),
        pytest.param("InvalidParameterValueException", 400, Rejected, id="more than the quota"),
        pytest.param("CodeStorageExceededException", 400, Rejected, id="no room for a version"),
        pytest.param("AccessDeniedException", 403, Denied, id="denied"),
        pytest.param("TooManyRequestsException", 429, Throttled, id="throttled"),
        pytest.param("ServiceException", 500, OutcomeUnknown, id="AWS failed"),
    ],
)
@pytest.mark.parametrize(
    ("operation", "name", "write"), WRITES, ids=["memory", "description", "publish", "alias"]
)
def test_a_change_that_fails_says_how_without_quoting_aws(
    stub: Stubber,
    writer: FunctionWriter,
    *,
    operation: str,
    name: str,
    write: Write,
    code: str,
    status: int,
    expected: type[AwsError],
) -> None:
    stub.add_client_error(operation, code, SECRET, status)
    with pytest.raises(expected) as caught:
        write(writer)
    assert str(caught.value) == f"{name}: {code}"


@pytest.mark.parametrize(
    ("operation", "name", "write"), WRITES, ids=["memory", "description", "publish", "alias"]
)
def test_an_answer_to_a_change_that_cannot_be_read_is_in_doubt(
    stub: Stubber, writer: FunctionWriter, *, operation: str, name: str, write: Write
) -> None:
    stub.add_response(operation, {})
    with pytest.raises(OutcomeUnknown, match=f"^{name}: UnexpectedAnswer$"):
        write(writer)


# --- what is compared of a configuration


VPC = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1", "sg-2"], "VpcId": "vpc-1"}
LAYERS = [
    {"Arn": "arn:aws:lambda:eu-west-1:111122223333:layer:a:1"},
    {"Arn": "arn:aws:lambda:eu-west-1:1:layer:b:2"},
]


def test_subnets_and_security_groups_may_be_listed_in_any_order(
    stub: Stubber, reader: FunctionReader
) -> None:
    turned = VPC | {"SubnetIds": ["subnet-2", "subnet-1"], "SecurityGroupIds": ["sg-2", "sg-1"]}
    text = read(stub, reader, VpcConfig=VPC).settings
    assert text == read(stub, reader, VpcConfig=turned).settings
    assert text != read(stub, reader, VpcConfig=VPC | {"SubnetIds": ["subnet-1"]}).settings


def test_the_order_of_layers_is_a_setting(stub: Stubber, reader: FunctionReader) -> None:
    text = read(stub, reader, Layers=LAYERS).settings
    assert text != read(stub, reader, Layers=LAYERS[::-1]).settings


def test_a_variable_without_a_value_is_a_setting(stub: Stubber, reader: FunctionReader) -> None:
    with_one = read(stub, reader, Environment={"Variables": {"DEBUG": ""}}).settings
    assert with_one != read(stub, reader, Environment={"Variables": {}}).settings
    assert "Environment" in with_one


def test_a_function_that_left_its_vpc_is_as_one_that_never_was_in_any(
    stub: Stubber, reader: FunctionReader
) -> None:
    left = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}
    assert read(stub, reader, VpcConfig=left).settings == read(stub, reader).settings
