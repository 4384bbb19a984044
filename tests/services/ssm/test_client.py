"""SSM Automation in the format of the API: resources that exist, are absent, or could not be read."""

import hashlib
import json
from functools import cache
from types import TracebackType
from typing import Any, Self

import pytest
from botocore.stub import ANY, Stubber

from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.errors import Denied, NotFound, OutcomeUnknown, Rejected
from firebreak.services.ssm.client import MOST_PAGES, TOKENS_READ, RunbookReader, RunbookWriter
from firebreak.services.ssm.runbooks import DocumentLive
from tests.support.builders_ecs import session
from tests.support.builders_runbooks import document, planned, raw_document, raw_run

NAME = "Firebreak-DrainQueue"
SECRET = "arn:aws:iam::111122223333:role/x is not authorized, password=hunter2"


@cache
def client(service: str) -> Any:
    """Made once: loading a service model is most of the time of such a test."""
    make: Any = session().client
    return make(service)


class Stubs:
    """The stubbed clients and the adapters on them; every answer written must be used."""

    def __init__(self) -> None:
        self.ssm = Stubber(client("ssm"))
        self.cloudwatch = Stubber(client("cloudwatch"))
        self.reader = RunbookReader(client("ssm"), CloudWatchAlarms(client("cloudwatch")))
        self.writer = RunbookWriter(client("ssm"))

    def __enter__(self) -> Self:
        self.ssm.activate()
        self.cloudwatch.activate()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ssm.deactivate()
        self.cloudwatch.deactivate()
        if error is None:
            self.ssm.assert_no_pending_responses()
            self.cloudwatch.assert_no_pending_responses()

    def lists(self, *runs: dict[str, Any], token: str = "", after: str = "") -> None:
        """The next page of runs."""
        asked = {
            "Filters": [{"Key": "DocumentNamePrefix", "Values": [NAME]}],
            "MaxResults": 50,
        } | ({"NextToken": after} if after else {})
        answer = {"AutomationExecutionMetadataList": [*runs]} | ({"NextToken": token} if token else {})
        self.ssm.add_response("describe_automation_executions", answer, asked)

    def tagged(self, *tags: tuple[str, str]) -> None:
        """The tags of the next thing that is asked about."""
        found = [{"Key": key, "Value": value} for key, value in tags]
        self.ssm.add_response("list_tags_for_resource", {"TagList": found})


def test_a_document_is_read_in_the_version_that_was_asked_for() -> None:
    with Stubs() as stubs:
        asked = {"Name": NAME, "DocumentVersion": "3", "DocumentFormat": "JSON"}
        stubs.ssm.add_response("get_document", raw_document(), asked)
        found = stubs.reader.document(NAME, "3")
    digest = hashlib.sha256(raw_document()["Content"].encode()).hexdigest()
    assert document(sha256=digest) == found
    assert "hunter2" not in repr(found), "the steps stay where they are"


def test_a_document_without_role_or_parameters_has_none() -> None:
    with Stubs() as stubs:
        bare = json.dumps({"schemaVersion": "0.3", "mainSteps": []})
        stubs.ssm.add_response("get_document", raw_document(Content=bare))
        found = stubs.reader.document(NAME, "3")
    assert isinstance(found, DocumentLive)
    assert (found.parameters, found.role) == ({}, "")


def test_a_document_that_is_no_automation_is_recognized_by_its_type_alone() -> None:
    with Stubs() as stubs:
        stubs.ssm.add_response("get_document", raw_document(DocumentType="Command", Content="rm -rf"))
        found = stubs.reader.document(NAME, "3")
    assert isinstance(found, DocumentLive)
    assert found.kind == "Command"


def test_content_that_cannot_be_read_is_unknown() -> None:
    with Stubs() as stubs:
        stubs.ssm.add_response("get_document", raw_document(Content="schemaVersion: '0.3'"))
        found = stubs.reader.document(NAME, "3")
    assert found == Unknown("GetDocument: unexpected answer")


@pytest.mark.parametrize(
    "content", ["[]", '{"parameters": []}', '{"parameters": {"A": 1}, "assumeRole": {}}']
)
def test_content_of_an_odd_shape_names_no_role(content: str) -> None:
    with Stubs() as stubs:
        stubs.ssm.add_response("get_document", raw_document(Content=content))
        found = stubs.reader.document(NAME, "3")
    assert isinstance(found, DocumentLive)
    assert found.role == ""


@pytest.mark.parametrize("code", ["InvalidDocument", "InvalidDocumentVersion"])
def test_a_document_or_version_that_does_not_exist_is_absent(code: str) -> None:
    with Stubs() as stubs:
        stubs.ssm.add_client_error("get_document", code, SECRET)
        found = stubs.reader.document(NAME, "9")
    assert found == ABSENT


@pytest.mark.parametrize(
    ("operation", "look", "said"),
    [
        ("get_document", lambda r: r.document(NAME, "3"), "GetDocument"),
        ("list_tags_for_resource", lambda r: r.tags(NAME), "ListTagsForResource"),
        ("describe_automation_executions", lambda r: r.runs(NAME), "DescribeAutomationExecutions"),
    ],
    ids=["document", "tags", "runs"],
)
def test_a_failed_read_is_unknown_and_repeats_no_message(operation: str, look: Any, said: str) -> None:
    with Stubs() as stubs:
        stubs.ssm.add_client_error(operation, "AccessDeniedException", SECRET, 403)
        found = look(stubs.reader)
    assert found == Unknown(f"{said}: AccessDeniedException")


def test_a_list_of_runs_is_never_absent() -> None:
    with Stubs() as stubs:
        stubs.ssm.add_client_error("describe_automation_executions", "SomethingNotFound", SECRET)
        found = stubs.reader.runs(NAME)
    assert isinstance(found, Unknown)


def test_tags_of_a_document_are_asked_for_by_its_name() -> None:
    with Stubs() as stubs:
        asked = {"ResourceType": "Document", "ResourceId": NAME}
        tag = {"Key": "firebreak:enabled", "Value": "true"}
        stubs.ssm.add_response("list_tags_for_resource", {"TagList": [tag]}, asked)
        found = stubs.reader.tags(NAME)
    assert found == {"firebreak:enabled": "true"}


def test_a_document_without_tags_has_none_and_one_that_is_gone_is_absent() -> None:
    with Stubs() as stubs:
        stubs.ssm.add_response("list_tags_for_resource", {})
        stubs.ssm.add_client_error("list_tags_for_resource", "InvalidResourceId", SECRET)
        untagged, gone = stubs.reader.tags(NAME), stubs.reader.tags(NAME)
    assert (untagged, gone) == ({}, ABSENT)


def test_runs_come_newest_first_over_all_pages_and_only_those_of_the_document_itself() -> None:
    with Stubs() as stubs:
        stranger = raw_run(9, DocumentName=f"{NAME}-Slowly")
        stubs.lists(raw_run(1), stranger, token="more")
        stubs.lists(
            raw_run(2, AutomationExecutionStatus="Failed", FailureMessage="Step 1 fails"), after="more"
        )
        for _ in range(2):
            stubs.tagged()
        found = stubs.reader.runs(NAME)
    assert isinstance(found, tuple)
    assert [(run.id[:8], run.status, run.failure) for run in found] == [
        ("00000002", "Failed", "Step 1 fails"),
        ("00000001", "Success", ""),
    ]


def test_a_run_that_has_not_begun_counts_as_the_newest() -> None:
    pending = raw_run(1, AutomationExecutionStatus="Pending")
    del pending["ExecutionStartTime"]
    with Stubs() as stubs:
        stubs.lists(raw_run(2), pending)
        for _ in range(2):
            stubs.tagged()
        found = stubs.reader.runs(NAME)
    assert isinstance(found, tuple)
    assert [run.status for run in found] == ["Pending", "Success"]


def test_a_run_carries_the_token_that_it_was_started_with() -> None:
    with Stubs() as stubs:
        stubs.lists(raw_run(1))
        asked = {"ResourceType": "Automation", "ResourceId": raw_run(1)["AutomationExecutionId"]}
        tag = {"Key": "firebreak:token", "Value": "t-1"}
        stubs.ssm.add_response("list_tags_for_resource", {"TagList": [tag]}, asked)
        found = stubs.reader.runs(NAME)
    assert isinstance(found, tuple)
    assert found[0].token == "t-1"


def test_no_token_and_an_unreadable_token_are_two_things() -> None:
    with Stubs() as stubs:
        stubs.lists(raw_run(1))
        stubs.tagged(("owner", "ana"))
        by_hand = stubs.reader.runs(NAME)
        stubs.lists(raw_run(1))
        stubs.ssm.add_client_error("list_tags_for_resource", "ThrottlingException", SECRET)
        unread = stubs.reader.runs(NAME)
    assert isinstance(by_hand, tuple)
    assert isinstance(unread, tuple)
    assert by_hand[0].token == ABSENT
    assert unread[0].token == Unknown("ListTagsForResource: ThrottlingException")


def test_only_of_the_newest_runs_the_token_is_read() -> None:
    with Stubs() as stubs:
        stubs.lists(*[raw_run(n) for n in range(TOKENS_READ + 2)])
        for _ in range(TOKENS_READ):
            stubs.tagged(("firebreak:token", "t"))
        found = stubs.reader.runs(NAME)
    assert isinstance(found, tuple)
    assert [run.token == "t" for run in found] == [True] * TOKENS_READ + [False] * 2
    assert all(isinstance(run.token, NotRead) for run in found[TOKENS_READ:])


def test_the_list_ends_after_a_bounded_number_of_pages() -> None:
    with Stubs() as stubs:
        for n in range(MOST_PAGES):
            stubs.lists(token="more", after="more" if n else "")
        found = stubs.reader.runs(NAME)
    assert found == ()


def test_the_state_of_a_guard_is_read_and_a_missing_guard_is_absent() -> None:
    alarm = {
        "AlarmName": "orders-lost",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:orders-lost",
        "StateValue": "ALARM",
        "StateUpdatedTimestamp": raw_run(1)["ExecutionStartTime"],
        "ActionsEnabled": True,
    }
    with Stubs() as stubs:
        stubs.cloudwatch.add_response("describe_alarms", {"MetricAlarms": [alarm]})
        stubs.cloudwatch.add_response("describe_alarms", {})
        red, gone = stubs.reader.alarm("orders-lost"), stubs.reader.alarm("orders-lost")
    assert isinstance(red, DescribedAlarm)
    assert (red.state, gone) == (AlarmState.ALARM, ABSENT)


def test_a_start_sends_the_plans_change_and_nothing_else() -> None:
    change = planned().change
    with Stubs() as stubs:
        answer = {"AutomationExecutionId": "11111111-2222-4333-8444-555555555555"}
        stubs.ssm.add_response("start_automation_execution", answer, dict(change))
        found = stubs.writer.start(change)
    assert found == "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("AutomationDefinitionVersionNotFoundException", 400, NotFound),
        ("InvalidAutomationExecutionParametersException", 400, Rejected),
        ("AccessDeniedException", 400, Denied),
        ("InternalServerError", 500, OutcomeUnknown),
    ],
)
def test_a_start_that_failed_says_whether_it_may_have_happened(
    code: str, status: int, meaning: type[Exception]
) -> None:
    with Stubs() as stubs:
        stubs.ssm.add_client_error(
            "start_automation_execution",
            code,
            SECRET,
            status,
            expected_params=dict.fromkeys(planned().change, ANY),
        )
        with pytest.raises(meaning):
            stubs.writer.start(planned().change)
