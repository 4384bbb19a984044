"""SSM Automation simulated behind real boto3 clients: requests and answers fit AWS's models.

moto has no Automation, and botocore's Stubber wants to know the order of calls, which threads do not keep.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.model import OperationModel
from botocore.validate import validate_parameters

from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.core.missing_data import MissingDataRules
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak.services.ssm.client import RunbookReader, RunbookWriter
from tests.support.builders_ecs import session
from tests.support.builders_runbooks import GUARD, raw_document, raw_run

BEGAN = datetime(2026, 11, 20, 10, tzinfo=UTC)


@cache
def client(service: str) -> Any:
    """Made once: loading a service model is most of the time of such a test."""
    make: Any = session().client
    return make(service)


@dataclass
class SimulatedSsm:
    """One document, its runs with their tags, and its guard alarm.

    A start makes a run of `status`. With `loses_replies` it does so and the reply is lost; with
    `refuses` it makes none and answers with that error's code.
    """

    tags: dict[str, str] = field(default_factory=lambda: {"firebreak:enabled": "true"})
    status: str = "InProgress"
    guard: str = "OK"
    guard_reason: str = ""
    guard_tags: dict[str, str] = field(default_factory=dict)
    loses_replies: bool = False
    refuses: str = ""
    runs: list[dict[str, Any]] = field(default_factory=list)
    run_tags: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    started: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def clients(self) -> Iterator[tuple[RunbookReader, RunbookWriter]]:
        """The adapters on clients whose calls come here."""
        ssm, cloudwatch = client("ssm"), client("cloudwatch")
        for one in (ssm, cloudwatch):
            one.meta.events.register("before-parameter-build", self._note, "note")
            one.meta.events.register("before-call", self._answer, "answer")
        try:
            alarms = EffectiveAlarms(CloudWatchAlarms(cloudwatch), MissingDataRules)
            yield RunbookReader(ssm, alarms), RunbookWriter(ssm)
        finally:
            for one in (ssm, cloudwatch):
                one.meta.events.unregister("before-parameter-build", self._note, "note")
                one.meta.events.unregister("before-call", self._answer, "answer")

    def become(self, status: str, failure: str = "") -> None:
        """Put the newest run into a status."""
        self.runs[-1] |= {"AutomationExecutionStatus": status}
        if failure:
            self.runs[-1]["FailureMessage"] = failure

    def _note(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: OperationModel, context: dict[str, Any], **_: Any) -> tuple[Any, Any]:
        answer: dict[str, Any] = getattr(self, f"_{model.name}")(**context["asked"])
        assert model.output_shape
        validate_parameters(answer, model.output_shape)
        return _Reply(), answer

    def _GetDocument(self, Name: str, DocumentVersion: str, **_: Any) -> dict[str, Any]:  # noqa: N802, N803 - AWS's names
        return raw_document(Name=Name, DocumentVersion=DocumentVersion)

    def _ListTagsForResource(  # noqa: N802 - AWS's name
        self,
        ResourceType: str = "",  # noqa: N803 - the same
        ResourceId: str = "",  # noqa: N803 - the same
        ResourceARN: str = "",  # noqa: N803 - the same
    ) -> dict[str, Any]:
        if ResourceARN:  # CloudWatch's call of that name
            return {"Tags": [{"Key": key, "Value": value} for key, value in self.guard_tags.items()]}
        of_document = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return {"TagList": of_document if ResourceType == "Document" else self.run_tags.get(ResourceId, [])}

    def _DescribeAutomationExecutions(self, **_: Any) -> dict[str, Any]:  # noqa: N802 - AWS's name
        return {"AutomationExecutionMetadataList": [*self.runs]}

    def _StartAutomationExecution(self, **asked: Any) -> dict[str, Any]:  # noqa: N802 - AWS's name
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, "StartAutomationExecution")
        self.started.append(asked)
        began = BEGAN + timedelta(minutes=len(self.runs))
        run = raw_run(len(self.runs), AutomationExecutionStatus=self.status, ExecutionStartTime=began)
        self.runs.append(run)
        self.run_tags[run["AutomationExecutionId"]] = asked["Tags"]
        if self.loses_replies:
            raise ReadTimeoutError(endpoint_url="https://ssm.eu-west-1.amazonaws.com")
        return {"AutomationExecutionId": run["AutomationExecutionId"]}

    def _DescribeAlarms(self, **_: Any) -> dict[str, Any]:  # noqa: N802 - AWS's name
        alarm = {
            "AlarmName": GUARD,
            "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{GUARD}",
            "StateValue": self.guard,
            "StateReason": self.guard_reason,
            "StateUpdatedTimestamp": BEGAN,
            "ActionsEnabled": True,
        }
        return {"MetricAlarms": [alarm]}


class _Reply:
    """The attributes of an HTTP answer that botocore reads."""

    status_code = 200
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it
