"""The account of one stack for `firebreak doctor --on-aws`: a sound one, of which a test changes a part."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from firebreak_cli.environment import Environment
from tests.cli.doctored import MOTOS_ACCOUNT, Account, Session, physical
from tests.cli.running import StackSession
from tests.contracts.template import functions
from tests.support import builders as a

# Operations that moto lacks, or that a test answers in its own way.
ANSWERED = (
    *("cloudwatch.DescribeAlarmHistory", "cloudwatch.DescribeAlarmContributors", "cloudwatch.GetMetricData"),
    *("cloudwatch.ListMetrics", "cloudwatch.DescribeAlarms", "cloudwatch.SetAlarmState"),
    *("cloudwatch.PutMetricAlarm", "cloudwatch.PutMetricData", "cloudwatch.DeleteAlarms"),
    *("lambda.PutFunctionConcurrency", "lambda.DeleteFunctionConcurrency", "logs", "xray"),
)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def turned(state: str, minutes: float = 1, *, before: str = "INSUFFICIENT_DATA") -> dict[str, Any]:
    """A StateUpdate of an alarm's history, so many minutes after NOW."""
    data = {"version": "1.0", "oldState": {"stateValue": before}, "newState": {"stateValue": state}}
    return _item("StateUpdate", data, minutes)


def notified(*, succeeded: bool = True, minutes: float = 2) -> dict[str, Any]:
    """An Action of an alarm's history."""
    data = {
        "actionState": "Succeeded" if succeeded else "Failed",
        "notificationResource": "arn:aws:sns:x:1:y",
    }
    return _item("Action", data, minutes)


def _item(kind: str, data: Mapping[str, Any], minutes: float) -> dict[str, Any]:
    at = a.NOW + minutes * MINUTE
    return {"AlarmName": "x", "HistoryItemType": kind, "Timestamp": at, "HistoryData": json.dumps(data)}


def history(*items: dict[str, Any]) -> dict[str, Any]:
    return {"AlarmHistoryItems": list(items)}


@dataclass
class Questioned(Account):
    """`replies` are AWS's answers by operation: a value, an error's code, or a function of the parameters."""

    replies: dict[str, Any] = field(default_factory=dict)
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    waited: float = 0
    waits: int = 0
    interrupt_after: int | None = None
    # The answers to the attempts of a call of Lambda's, by its operation: a status each, 429 is a throttle.
    on_the_wire: dict[str, list[int]] = field(default_factory=dict)
    # How often each call would be sent at most, by its operation.
    attempts_of: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        names = self.resources["AWS::IAM::Role"].values()
        self.outputs["Version"] = "0.1.0"
        self.parameters |= {
            "Architecture": "arm64",
            "KeyArn": "",
            "PolicyFile": "policy.toml",
            "PolicySource": "LAYER",
            "DecisionRetentionInDays": "90",
        }
        self.resources["AWS::IAM::ManagedPolicy"] = {
            name: f"arn:aws:iam::{MOTOS_ACCOUNT}:policy/{physical(name)}"
            for name in ("RemediatorPolicy", "ViewerPolicy", "OnCallPolicy", "AdministratorPolicy")
        }
        self.replies = {
            "DescribeAlarmHistory": history(turned("OK"), notified()),
            "ListMetrics": {"Metrics": []},
            "ListRoles": self.listed(*names),
            "GetFunctionEventInvokeConfig": self.destination(self.outputs["PageTopicArn"]),
            "GetFunctionConfiguration": {
                "Architectures": ["arm64"],
                "Description": "arm64  policy.toml LAYER 90",
            },
            "ListEntitiesForPolicy": {"PolicyRoles": [], "PolicyUsers": [], "PolicyGroups": []},
            "SimulatePrincipalPolicy": lambda params: self.simulated(params, "allowed"),
            "DescribeQueryDefinitions": self.queries("firebreak/Refusals by reason"),
            "StartQuery": {"queryId": "q"},
            "GetQueryResults": {"status": "Complete", "results": []},
            "GetTraceSummaries": {"TraceSummaries": []},
            "FilterLogEvents": {"events": []},
            "GetMetricData": self.counted(2),
        }

    def listed(self, *names: str) -> dict[str, Any]:
        """ListRoles' answer."""
        return {
            "IsTruncated": False,
            "Roles": [
                {
                    "Path": "/firebreak/",
                    "RoleName": one,
                    "RoleId": "A" * 16,
                    "Arn": f"arn:aws:iam::{MOTOS_ACCOUNT}:role/firebreak/{one}",
                    "CreateDate": a.NOW,
                }
                for one in names
            ],
        }

    def destination(self, arn: str) -> dict[str, Any]:
        """GetFunctionEventInvokeConfig's answer."""
        return {"DestinationConfig": {"OnSuccess": {}, "OnFailure": {"Destination": arn} if arn else {}}}

    def simulated(self, params: Mapping[str, Any], decision: str) -> dict[str, Any]:
        """SimulatePrincipalPolicy's answer."""
        results = [{"EvalActionName": one, "EvalDecision": decision} for one in params["ActionNames"]]
        return {"EvaluationResults": results}

    def queries(self, *names: str) -> dict[str, Any]:
        """DescribeQueryDefinitions' answer."""
        made = [{"name": one, "queryString": "stats count(*)", "logGroupNames": ["x"]} for one in names]
        return {"queryDefinitions": made}

    def counted(self, *minutes_ago: float) -> dict[str, Any]:
        """GetMetricData's answer at an hour and a half after NOW, where the questions are asked."""
        at = [a.NOW + 1.5 * HOUR - one * MINUTE for one in minutes_ago]
        return {"MetricDataResults": [{"Id": "letters", "Timestamps": at, "Values": [0.0] * len(at)}]}

    def an_hour_and_a_half_later(self) -> None:
        """The time that `counted` is about."""
        self.world.clock.pass_time(a.NOW + 1.5 * HOUR - self.world.clock.at)

    def put_alarm_of_series(self, name: str) -> None:
        """A Metrics Insights alarm of many series."""
        query = 'SELECT MAX(MemoryUtilization) FROM SCHEMA("AWS/ECS", ServiceName) GROUP BY ServiceName'
        shape = {"Metrics": [{"Id": "q", "Expression": query, "Period": 60, "ReturnData": True}]}
        self.put_other_alarm("MetricAlarms", name, {}, **shape)

    def answer(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation not in self.replies:
            return super().answer(operation, params)
        reply = self.replies[operation]
        found: Any = reply(params) if callable(reply) else reply
        if isinstance(found, str):
            refused: Any = {"Error": {"Code": found, "Message": "text that nobody reads"}}
            status = {"ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(refused | status, operation)
        return dict(found)

    @property
    def environment(self) -> Environment:
        return replace(super().environment, sleep=self.wait)

    def wait(self, seconds: float) -> None:
        """Time passes, and no test waits."""
        self.waits += 1
        if self.waits == self.interrupt_after:
            raise KeyboardInterrupt
        self.waited += seconds
        self.world.clock.pass_time(timedelta(seconds=seconds))

    def session(self) -> StackSession:
        return _Session(self)

    def ask(self, name: str, *words: str) -> dict[str, Any]:
        """The command's answer to one question."""
        return self.ask_by("--only", name, *words)

    def ask_by(self, option: str, name: str, *words: str) -> dict[str, Any]:
        """The answer, by this option."""
        result = self.doctor("--on-aws", option, name, "--json", *words)
        assert result.exit_code in {0, 8}, result.output
        (found,) = json.loads(result.stdout)["questions"]
        assert found["name"] == name
        expected = found["standing"] == "not_asked" or found["expected"] is True
        assert expected is (result.exit_code == 0)
        return dict(found)


class _Empty:
    """The body of a reply that has none."""

    def stream(self) -> list[bytes]:
        return []


class _Session(Session):
    def __init__(self, account: Questioned) -> None:
        super().__init__(account)
        self.events.register_first("before-send.lambda", self._attempt, unique_id="attempt")
        self._questioned = account
        for event in ANSWERED:
            self.events.register_first(f"before-call.{event}", self._answer_some, unique_id=f"some.{event}")

    def _attempt(self, request: AWSPreparedRequest, event_name: str, **_: object) -> Any:
        statuses = self._questioned.on_the_wire.get(event_name.rpartition(".")[2])
        if statuses is None:
            return None
        status = statuses.pop(0)
        headers = HTTPHeaders()
        if status == 429:
            headers["x-amzn-errortype"] = "TooManyRequestsException"
        return AWSResponse(str(request.url), status, headers, _Empty())

    def _answer(self, model: Any, context: Mapping[str, Any], **more: object) -> Any:
        return None if model.name in self._questioned.on_the_wire else super()._answer(model, context, **more)

    def _answer_some(self, model: Any, context: Mapping[str, Any], **_: object) -> Any:
        account = self._questioned
        account.sent.append((model.name, context["given"]))
        attempts = context["client_config"].retries["total_max_attempts"]
        account.attempts_of.setdefault(model.name, []).append(attempts)
        if model.name not in account.replies or model.name in account.on_the_wire:
            return None
        parsed = account.answer(model.name, context["given"])
        if model.output_shape is not None:
            validate_parameters(parsed, model.output_shape)
        return SimpleNamespace(status_code=200), parsed


def function_of(name: str) -> str:
    """The physical name of a function."""
    assert name in functions()
    return f"firebreak-{name.lower()}"
