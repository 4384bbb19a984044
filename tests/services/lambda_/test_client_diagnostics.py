"""The versions and the log of a function right before a change, in the shapes of Lambda and CloudWatch."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.aws.clients import fail_fast
from firebreak.aws.page_extras import ERRORS as PATTERN
from firebreak.core.model import Plan
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.services.lambda_.client_diagnostics import (
    ERRORS,
    FUNCTION,
    LOGS,
    NO_STREAM,
    FunctionDiagnostics,
)
from tests.support import builders as a
from tests.support.builders_ecs import session
from tests.support.builders_functions import CODE, TARGET, raw_alias, raw_function

PLAN = Plan(summary="restart", change={}, before={"alias": "live"})
STREAM = "2026/11/20/[7]1a2b3c"
SECRET = "password=hunter2"


@dataclass
class Aws:
    """Both clients with the answers that they still have to give, in order."""

    clients: dict[str, Any] = field(default_factory=dict)
    stubs: dict[str, Stubber] = field(default_factory=dict)

    def sources(self) -> Any:
        return FunctionDiagnostics(self.clients.__getitem__, lambda: a.NOW, lambda: 0.0).of(TARGET, PLAN)

    def read(self, source: str) -> Reading[tuple[str, ...]]:
        found: Reading[tuple[str, ...]] = self.sources()[source]()
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        return found


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    with ExitStack() as open_:
        for service in ("lambda", "logs"):
            made.clients[service] = fail_fast(session(), service)
            made.stubs[service] = open_.enter_context(Stubber(made.clients[service]))
        yield made


def aliases(aws: Aws, *found: dict[str, Any]) -> None:
    aws.stubs["lambda"].add_response("list_aliases", {"Aliases": list(found)}, {"FunctionName": "orders"})


def configuration(aws: Aws, version: str = "$LATEST", **changes: Any) -> None:
    asked = {"FunctionName": "orders"} | ({} if version == "$LATEST" else {"Qualifier": version})
    aws.stubs["lambda"].add_response("get_function_configuration", raw_function(version, **changes), asked)


def streams(aws: Aws, *names: str, group: str = "/aws/lambda/orders") -> None:
    chosen: dict[str, Any] = {"LoggingConfig": {"LogGroup": group}} if group.startswith("/shared") else {}
    configuration(aws, **chosen)
    asked = {"logGroupName": group, "orderBy": "LastEventTime", "descending": True, "limit": 50}
    answer = {"logStreams": [{"logStreamName": name} for name in names]}
    aws.stubs["logs"].add_response("describe_log_streams", answer, asked)


def lines(aws: Aws, stream: str, *found: str, group: str = "/aws/lambda/orders") -> None:
    asked = {"logGroupName": group, "logStreamName": stream, "limit": 4, "startFromHead": False}
    answer = {"events": [{"message": line} for line in found]}
    aws.stubs["logs"].add_response("get_log_events", answer, asked)


def test_the_alias_that_moves_comes_first_with_its_weights_and_the_versions_that_run(aws: Aws) -> None:
    aliases(aws, raw_alias("beta", "8"), raw_alias(RoutingConfig={"AdditionalVersionWeights": {"8": 0.1}}))
    configuration(aws)
    configuration(aws, "7", State="Failed")
    configuration(aws, "8")
    found = aws.read(FUNCTION)
    assert isinstance(found, tuple)
    assert found[:2] == ("alias live: version 7, 10% of its calls to version 8", "alias beta: version 8")
    latest, seventh, eighth = found[2:]
    assert latest == (
        f"$LATEST: python3.13, 1024 MB, 30 s, code {CODE[:12]} of 2026-11-20T09:50:30Z, Active, "
        "last update Successful"
    )
    assert seventh.startswith("version 7: ")
    assert "Failed" in seventh
    assert eighth.startswith("version 8: ")


def test_no_environment_variable_and_no_description_leaves_it(aws: Aws) -> None:
    aliases(aws)
    configuration(aws, Description=SECRET)
    assert "hunter2" not in str(aws.read(FUNCTION))


def test_many_aliases_are_not_all_read(aws: Aws) -> None:
    aliases(aws, *(raw_alias(f"a{n}", str(n)) for n in range(1, 20)), raw_alias("live", "77"))
    for version in ("$LATEST", "77", "1", "2", "3"):
        configuration(aws, version)
    found = aws.read(FUNCTION)
    assert isinstance(found, tuple)
    assert len(found) == 6 + 5
    assert found[0] == "alias live: version 77"


def test_a_function_that_is_gone_is_absent(aws: Aws) -> None:
    aws.stubs["lambda"].add_client_error("list_aliases", "ResourceNotFoundException")
    assert aws.read(FUNCTION) == ABSENT


def test_the_last_lines_of_the_newest_streams_stand_under_their_names(aws: Aws) -> None:
    older = ["2026/11/20/[7]4d5e6f", "2026/11/20/[7]7a8b9c", "2026/11/19/[7]0d0d0d"]
    streams(aws, STREAM, *older)
    lines(aws, STREAM, "START", " ", "Task timed out after 3.00 seconds")
    aws.stubs["logs"].add_client_error("get_log_events", "ResourceNotFoundException")
    lines(aws, older[1], "REPORT")
    assert aws.read(LOGS) == (
        f"{STREAM}:",
        "START",
        "Task timed out after 3.00 seconds",
        f"{older[0]}: no log stream",
        f"{older[1]}:",
        "REPORT",
    )


def test_the_errors_of_the_last_minutes_are_those_of_its_own_streams(aws: Aws) -> None:
    streams(aws, STREAM)
    ten, five, now = (int((a.NOW - timedelta(minutes=n)).timestamp() * 1000) for n in (10, 5, 0))
    asked = {
        "logGroupName": "/aws/lambda/orders",
        "logStreamNames": [STREAM],
        "filterPattern": PATTERN,
        "limit": 100,
    }
    none: dict[str, Any] = {"events": []}
    some = {"events": [{"message": "Traceback"}]}
    aws.stubs["logs"].add_response("filter_log_events", none, asked | {"startTime": five, "endTime": now})
    aws.stubs["logs"].add_response("filter_log_events", some, asked | {"startTime": ten, "endTime": five})
    assert aws.read(ERRORS) == ("Traceback",)


def test_of_a_log_group_that_functions_share_only_its_own_streams_are_read(aws: Aws) -> None:
    """A function's owner chooses its log group, so another team's streams may be in it."""
    own = "2026/11/20/orders[7][1a2b3c]"
    others = ["2026/11/20/orders-admin[1][4d5e]", "2026/11/20/[7]6f7a", "app/web/1a2b", "x/orders[7]"]
    streams(aws, *others, own, group="/shared/app")
    lines(aws, own, "line", group="/shared/app")
    assert aws.read(LOGS) == (f"{own}:", "line")


def test_streams_of_other_functions_in_its_default_group_are_not_read(aws: Aws) -> None:
    streams(aws, "2026/11/20/admin[7][1a2b3c]")
    assert aws.read(LOGS) == NO_STREAM


def test_both_sources_of_the_log_look_for_its_streams_once(aws: Aws) -> None:
    sources = aws.sources()
    streams(aws)
    assert sources[LOGS]() == sources[ERRORS]() == NO_STREAM
    aws.stubs["logs"].assert_no_pending_responses()


@pytest.mark.parametrize("source", [ERRORS, LOGS])
def test_a_role_that_may_not_read_the_log_is_unknown(aws: Aws, source: str) -> None:
    configuration(aws)
    aws.stubs["logs"].add_client_error("describe_log_streams", "AccessDeniedException")
    assert aws.read(source) == Unknown("DescribeLogStreams: AccessDeniedException")


def test_a_log_group_that_was_never_made_is_absent(aws: Aws) -> None:
    configuration(aws)
    aws.stubs["logs"].add_client_error("describe_log_streams", "ResourceNotFoundException")
    assert aws.read(LOGS) == ABSENT
