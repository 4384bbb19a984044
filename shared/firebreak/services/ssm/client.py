"""SSM Automation, as the protocols in ports.py define it.

Neither DescribeAutomationExecutions nor GetAutomationExecution returns the client token of a run, and
a filter takes no tag's value. So a run carries its token as a tag, and the tags of the newest runs
are read one by one.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from firebreak.aws.translate import look, send
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.tags import TOKEN_TAG
from firebreak.services.ssm.runbooks import AUTOMATION, DocumentLive, Run
from firebreak.wire.lenient_json import mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firebreak.core.observed import DescribedAlarm
    from firebreak.core.ports import AlarmReads


# A run whose reply was lost is among the newest: the target is held until Verify has looked.
TOKENS_READ = 5
# 50 is the most a page holds [DescribeAutomationExecutions].
RUNS_AT_ONCE = 50
MOST_PAGES = 4

# A run without a time of start still waits for its turn, so it is the newest of all.
NOT_BEGUN = datetime.max.replace(tzinfo=UTC)


class Ssm(Protocol):
    """The calls of boto3's SSM client that are made here, by the names of the API."""

    def get_document(self, **arguments: Any) -> Mapping[str, Any]:
        """GetDocument."""

    def describe_automation_executions(self, **arguments: Any) -> Mapping[str, Any]:
        """DescribeAutomationExecutions."""

    def list_tags_for_resource(self, **arguments: Any) -> Mapping[str, Any]:
        """ListTagsForResource."""

    def start_automation_execution(self, **arguments: Any) -> Mapping[str, Any]:
        """StartAutomationExecution."""


class RunbookReader:
    """Looks at documents and runs with a client that only reads, and at guard alarms as `alarms` does."""

    def __init__(self, ssm: Ssm, alarms: AlarmReads) -> None:
        self._ssm = ssm
        self._alarms = alarms

    def document(self, name: str, version: str) -> Reading[DocumentLive]:
        """That version of the document; Absent when either does not exist."""
        return look("GetDocument", lambda: self._document(name, version))

    def tags(self, document: str) -> Reading[Mapping[str, str]]:
        """The document's tags."""
        return self._tags("Document", document)

    def runs(self, document: str) -> Reading[tuple[Run, ...]]:
        """Its runs, the newest first, as far as four pages hold them."""
        found = look("DescribeAutomationExecutions", lambda: self._runs(document))
        if isinstance(found, Absent | Unknown):
            # A list is never absent: an error that sounds like it must not read as "nothing runs".
            return Unknown("DescribeAutomationExecutions: NotFound") if isinstance(found, Absent) else found
        with ThreadPoolExecutor(max_workers=TOKENS_READ) as pool:
            newest = pool.map(self._with_token, found[:TOKENS_READ])
            return (*newest, *found[TOKENS_READ:])

    def alarm(self, name: str) -> Reading[DescribedAlarm]:
        """An alarm of any type."""
        return self._alarms.describe(name)

    def _document(self, name: str, version: str) -> DocumentLive:
        return _document(self._ssm.get_document(Name=name, DocumentVersion=version, DocumentFormat="JSON"))

    def _runs(self, document: str) -> tuple[Run, ...]:
        found: list[Mapping[str, Any]] = []
        more: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = self._ssm.describe_automation_executions(
                Filters=[{"Key": "DocumentNamePrefix", "Values": [document]}],
                MaxResults=RUNS_AT_ONCE,
                **more,
            )
            found += [
                one for one in page["AutomationExecutionMetadataList"] if one["DocumentName"] == document
            ]
            if not page.get("NextToken"):
                break
            more = {"NextToken": page["NextToken"]}
        newest_first = sorted(found, key=lambda one: one.get("ExecutionStartTime", NOT_BEGUN), reverse=True)
        return tuple(map(_run, newest_first))

    def _with_token(self, run: Run) -> Run:
        match self._tags("Automation", run.id):
            case Absent() | Unknown() | NotRead() as unseen:
                return replace(run, token=unseen)
            case tags:
                return replace(run, token=tags.get(TOKEN_TAG, ABSENT))

    def _tags(self, kind: str, name: str) -> Reading[Mapping[str, str]]:
        def read() -> Mapping[str, str]:
            found = self._ssm.list_tags_for_resource(ResourceType=kind, ResourceId=name)
            return {tag["Key"]: tag["Value"] for tag in found.get("TagList", ())}

        return look("ListTagsForResource", read)


class RunbookWriter:
    """Starts runs. Its client must be a mutator (aws/clients.py): each call is sent once."""

    def __init__(self, ssm: Ssm) -> None:
        self._ssm = ssm

    def start(self, arguments: Mapping[str, object]) -> str:
        """Starts a run; the token in the arguments makes a second one of the same rung impossible."""
        return send(
            "StartAutomationExecution",
            lambda: str(self._ssm.start_automation_execution(**arguments)["AutomationExecutionId"]),
        )


def _document(raw: Mapping[str, Any]) -> DocumentLive:
    """The document without its steps; raises ValueError where a required value is missing."""
    content = mapping(json.loads(raw["Content"])) if raw["DocumentType"] == AUTOMATION else {}
    return DocumentLive(
        name=raw["Name"],
        version=raw["DocumentVersion"],
        status=raw["Status"],
        status_detail=raw.get("StatusInformation", ""),
        kind=raw["DocumentType"],
        parameters={name: _default(mapping(one)) for name, one in mapping(content.get("parameters")).items()},
        role=text(content.get("assumeRole")),
        sha256=hashlib.sha256(raw["Content"].encode()).hexdigest(),
    )


def _default(parameter: Mapping[str, object]) -> str | None:
    return str(parameter["default"]) if "default" in parameter else None


def _run(raw: Mapping[str, Any]) -> Run:
    return Run(
        id=raw["AutomationExecutionId"],
        version=raw.get("DocumentVersion", ""),
        status=raw["AutomationExecutionStatus"],
        failure=raw.get("FailureMessage", ""),
    )
