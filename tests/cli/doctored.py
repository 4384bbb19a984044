"""A deployed stack for `firebreak doctor`: on moto where moto has the service, and by programmed answers.

`Account()` is a stack in which nothing is wrong; a test breaks one thing and looks what is found.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from boto3.session import Session as Boto3Session
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters
from typer.testing import Result

from firebreak.policy.compiler import parse_policy
from firebreak_cli.environment import Environment
from tests.cli.doctored_roles import Roles, names_of_roles
from tests.cli.rights import Right, rights_of
from tests.cli.running import STACK_ID, Calls, StackSession, cli_environment, run
from tests.cli.test_pause_scopes import moto_service
from tests.contracts.template import OF_DEPLOYMENTS, always_made, functions, rules, template
from tests.support import builders as a
from tests.support.world import TABLE, World

MOTOS_ACCOUNT = "123456789012"
SERVICE = "api"
ALARM = "api-memory-high"
TAGS = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{SERVICE}"}
BY_ACTION = {"firebreak:action": "restart-service"}
DIMENSIONS = [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}]
BEAT = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
# Services that moto lacks here, or that a test wants to answer in its own way.
PROGRAMMED = ("cloudformation", "lambda", "events", "iam", "sts")
TEN_SECONDS = timedelta(seconds=10)
OF_THE_STACK = {"EndpointUrl": "http://local", "ReservedConcurrency": "2"}


def physical(name: str) -> str:
    return f"firebreak-{name}-1A2B"


def in_sync() -> dict[str, Any]:
    return {"StackDriftStatus": "IN_SYNC", "LastCheckTimestamp": a.NOW}


@cache
def motos_client(service: str) -> Any:
    """One for all tests: making one takes longer than most calls, and it keeps nothing of an account."""
    return Boto3Session(region_name=a.REGION).client(service)  # type: ignore[call-overload]  # any service


@dataclass
class Account:
    """The account of one stack, as a test wants it: each field is what AWS answers."""

    world: World
    policy_file: Path
    policy_text: str = a.AUTO_POLICY
    parameters: dict[str, str] = field(default_factory=dict)
    status: str = "CREATE_COMPLETE"
    rules: dict[str, dict[str, str]] = field(default_factory=dict)
    gone_buses: set[str] = field(default_factory=set)
    drift: dict[str, Any] = field(default_factory=in_sync)
    drifted: list[dict[str, Any]] = field(default_factory=list)
    reserved: dict[str, int] = field(default_factory=dict)
    quota: tuple[int, int] = (1000, 961)
    aws_ahead: timedelta = timedelta()
    date: str | None = None
    subscriptions: list[dict[str, str]] | None = None
    of_other_kinds: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags_of_others: dict[str, Mapping[str, str]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)
    parameter_pages: list[list[dict[str, str]]] = field(default_factory=list)
    attempts: dict[str, list[int]] = field(default_factory=dict)
    rights: set[Right] = field(default_factory=set)
    calendars: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    roles: Roles = field(init=False)

    def __post_init__(self) -> None:
        self.policy_file.write_text(self.policy_text, encoding="utf-8")
        self.world.policy = parse_policy(self.policy_text, "policy.toml")
        self._make_functions_and_rules()
        named = {name: physical(name) for name in names_of_roles()}
        self.resources["AWS::IAM::Role"], self.roles = named, Roles(named)
        self._make_schedules()
        self._make_queue_and_topic()
        self.protect_ledger(protected=True)
        self._make_own_alarms()
        self.beat()
        moto_service(SERVICE, **{"firebreak:enabled": "true"})
        self.put_alarm(ALARM, TAGS)

    def client(self, service: str) -> Any:
        """A client of moto's own."""
        return motos_client(service)

    def _make_functions_and_rules(self) -> None:
        made = self.resources.setdefault("AWS::Events::Rule", {})
        named = self.resources.setdefault("AWS::Lambda::Function", {})
        for function, properties in functions().items():
            named[function] = f"firebreak-{function.lower()}"
            for event, rule in rules(properties).items():
                bus = "firebreak" if "EventBusName" in rule else "default"
                name = physical(function + event)
                made[function + event] = name if bus == "default" else f"{bus}|{name}"
                self.rules[function + event] = {"Name": name, "EventBusName": bus, "State": "ENABLED"}

    def _make_schedules(self) -> None:
        scheduler = self.client("scheduler")
        scheduler.create_schedule_group(Name="firebreak")
        made = self.resources.setdefault("AWS::Scheduler::Schedule", {})
        for name in ("VerifySweep", "PageDue", "ReportDoctor", "HeartbeatSchedule"):
            made[name] = physical(name)
            self.schedule(name, "ENABLED")
        self.outputs["ScheduleGroupName"] = "firebreak"

    def schedule(self, name: str, state: str) -> None:
        asked = {
            "Name": physical(name),
            "GroupName": "firebreak",
            "State": state,
            "ScheduleExpression": "rate(5 minutes)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:x",
                "RoleArn": "arn:aws:iam::123456789012:role/x",
            },
        }
        scheduler = self.client("scheduler")
        if state == "ENABLED":
            scheduler.create_schedule(**asked)
        else:
            scheduler.update_schedule(**asked)

    def _make_queue_and_topic(self) -> None:
        self.outputs["DeadLettersUrl"] = self.client("sqs").create_queue(QueueName="firebreak-DeadLetters")[
            "QueueUrl"
        ]
        self.outputs["PageTopicArn"] = self.client("sns").create_topic(Name="pages")["TopicArn"]
        self.outputs["LedgerTable"] = TABLE
        self.subscribe("oncall@example.com")

    def protect_ledger(self, *, protected: bool) -> None:
        self.client("dynamodb").update_table(TableName=TABLE, DeletionProtectionEnabled=protected)

    def subscribe(self, address: str) -> None:
        topic = self.outputs["PageTopicArn"]
        self.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint=address)

    def _make_own_alarms(self) -> None:
        made = self.resources.setdefault("AWS::CloudWatch::Alarm", {})
        for name in always_made("AWS::CloudWatch::Alarm"):
            made[name] = "firebreak-heartbeat" if name == "HeartbeatAlarm" else physical(name)
            tags = BEAT if name == "HeartbeatAlarm" else {"firebreak:action": "none"}
            self.put_alarm(made[name], tags, AlarmActions=[self.outputs["PageTopicArn"]])

    def deploy_gradually(self) -> None:
        """Adds what the parameter DeploymentPreference has the stack make."""
        for name, one in template()["Resources"].items():
            if one.get("Condition") == OF_DEPLOYMENTS:
                self.resources.setdefault(one["Type"], {})[name] = physical(name)
                if one["Type"] == "AWS::CloudWatch::Alarm":
                    self.put_alarm(physical(name), {"firebreak:action": "none"})

    def put_alarm(self, name: str, tags: Mapping[str, str], state: str = "OK", **changes: Any) -> None:
        asked = {
            "Namespace": "AWS/ECS",
            "MetricName": "MemoryUtilization",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 80.0,
            "Period": 60,
            "Statistic": "Average",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        cloudwatch = self.client("cloudwatch")
        cloudwatch.put_metric_alarm(AlarmName=name, **{**asked, **changes})
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")

    def put_other_alarm(self, kind: str, name: str, tags: Mapping[str, str], **shape: Any) -> None:
        """An alarm of a kind that moto has not: composite, or of a log."""
        usual = {
            "AlarmName": name,
            "AlarmArn": f"arn:aws:cloudwatch:{a.REGION}:{MOTOS_ACCOUNT}:alarm:{name}",
            "ActionsEnabled": True,
            "StateValue": "OK",
            "StateUpdatedTimestamp": a.NOW,
        }
        self.of_other_kinds.setdefault(kind, {})[name] = usual | shape
        self.tags_of_others[str(usual["AlarmArn"])] = tags

    def beat(self) -> None:
        """A heartbeat comes all the way, by the policy of the stack."""
        self.world.send(self.world.red("firebreak-heartbeat", tags=BEAT))
        self.world.clock.pass_time(TEN_SECONDS)

    def answer(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        match operation:
            case "DescribeStacks":
                return {"Stacks": [self._stack()]}
            case "DescribeStackResourceDrifts":
                return self._drifts(int(params.get("NextToken", "0")))
            case "ListStackResources":
                return {"StackResourceSummaries": self._resources()}
            case "ListRules" if params["EventBusName"] in self.gone_buses:
                gone: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "x"}}
                raise ClientError(gone, operation)
            case "ListRules":
                return {
                    "Rules": [
                        one for one in self.rules.values() if one["EventBusName"] == params["EventBusName"]
                    ]
                }
            case "GetFunctionConcurrency":
                found = self.reserved.get(params["FunctionName"], 2)
                return {} if found < 0 else {"ReservedConcurrentExecutions": found}
            case "GetAccountSettings":
                quota, free = self.quota
                limit = {"ConcurrentExecutions": quota, "UnreservedConcurrentExecutions": free}
                return {"AccountLimit": limit}
            case "GetCallerIdentity":
                date = {"date": self.date} if self.date is not None else self._date()
                arn = f"arn:aws:sts::{MOTOS_ACCOUNT}:assumed-role/operators/ana"
                return {"Account": MOTOS_ACCOUNT, "Arn": arn, "ResponseMetadata": {"HTTPHeaders": date}}
            case _:
                return self.roles.answer(operation, params)

    def _date(self) -> dict[str, str]:
        return {"date": format_datetime(self.world.clock.now() + self.aws_ahead, usegmt=True)}

    def _stack(self) -> dict[str, Any]:
        return {
            "StackId": STACK_ID.replace(a.ACCOUNT, MOTOS_ACCOUNT),
            "StackName": "firebreak",
            "CreationTime": a.NOW,
            "StackStatus": self.status,
            **({"DriftInformation": self.drift} if self.drift else {}),
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": one}
                for key, one in ({"EndpointUrl": "http://local"} | self._reserved | self.parameters).items()
            ],
            "Outputs": [{"OutputKey": key, "OutputValue": one} for key, one in self.outputs.items()],
        }

    def _drifts(self, first: int) -> dict[str, Any]:
        """One resource a page, as CloudFormation answers where there are many."""
        more = {"NextToken": str(first + 1)} if first + 1 < len(self.drifted) else {}
        return {"StackResourceDrifts": self.drifted[first : first + 1], **more}

    def _resources(self) -> list[dict[str, Any]]:
        return [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": one,
                "ResourceType": kind,
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": a.NOW,
            }
            for kind, made in self.resources.items()
            for name, one in made.items()
        ]

    def session(self) -> StackSession:
        return Session(self)

    @property
    def environment(self) -> Environment:
        return replace(cli_environment(self.world.clock.now), session=self.session)

    def doctor(self, *words: str) -> Result:
        return run("doctor", "--policy", str(self.policy_file), *words, environment=self.environment)

    def report(self, *words: str) -> dict[str, Any]:
        result = self.doctor("--json", *words)
        found: dict[str, Any] = json.loads(result.stdout)
        assert (result.exit_code, found["verdict"]["accepted"]) in {(0, True), (8, False)}
        return found

    @property
    def _reserved(self) -> dict[str, str]:
        """The parameter of this release; that of 0.1.0 had another name."""
        return {} if "ActionConcurrency" in self.parameters else {"ReservedConcurrency": "2"}

    def check(self, code: str) -> dict[str, Any]:
        """The findings of one check alone."""
        (found,) = self.report("--only", code)["checks"]
        assert found["code"] == code
        return dict(found)

    def details(self, code: str) -> list[tuple[str, str | None, str]]:
        """The findings of one check: result, subject, detail."""
        return [(one["result"], one["subject"], one["detail"]) for one in self.check(code)["findings"]]


class Session(StackSession):
    """Some services answer as the account says, in the shape that botocore knows; the others are moto's."""

    def __init__(self, account: Account) -> None:
        super().__init__(lambda _: None)
        self._account = account
        handlers: dict[str, Any] = {
            "before-parameter-build": self._asked,
            **{f"before-call.{service}": self._answer for service in PROGRAMMED},
            "before-call.cloudwatch.ListTagsForResource": self._tags_of_others,
            "before-call.ssm.DescribeParameters": self._parameters,
            "before-call.ssm.GetCalendarState": self._calendar,
            "after-call.cloudwatch.DescribeAlarms": self._with_others,
            "after-call.sns.ListSubscriptionsByTopic": self._subscriptions,
        }
        for event, handler in handlers.items():
            self.events.register(event, handler, unique_id=event)

    def _with_others(self, parsed: dict[str, Any], **_: object) -> None:
        if not parsed.get("NextToken"):
            for kind, alarms in self._account.of_other_kinds.items():
                parsed.setdefault(kind, []).extend(alarms.values())

    def _subscriptions(self, parsed: dict[str, Any], **_: object) -> None:
        if self._account.subscriptions is not None:
            parsed["Subscriptions"] = self._account.subscriptions

    def _tags_of_others(self, context: Mapping[str, Any], **_: object) -> Any:
        tags = self._account.tags_of_others.get(context["given"]["ResourceARN"])
        if tags is None:
            return None
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        return SimpleNamespace(status_code=200), {"Tags": pairs}

    def _calendar(self, context: Mapping[str, Any], **_: object) -> Any:
        (arn,) = context["given"]["CalendarNames"]
        status, answer = self._account.calendars[arn]
        return SimpleNamespace(status_code=status), answer

    def _parameters(self, context: Mapping[str, Any], **_: object) -> Any:
        pages, number = self._account.parameter_pages, int(context["given"].get("NextToken", "0"))
        if not pages:
            return None
        more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
        return SimpleNamespace(status_code=200), {"Parameters": pages[number], **more}

    def _asked(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: object) -> None:
        context["given"] = params
        self._account.calls.made.append(model.name)
        self._account.rights |= set(rights_of(model.service_model.signing_name, model.name, params))
        if model.name in self._account.denied:
            refused: Any = {"Error": {"Code": "AccessDenied", "Message": "text that nobody reads"}}
            raise ClientError(refused, model.name)

    def _answer(self, model: Any, context: Mapping[str, Any], **_: object) -> Any:
        parsed = self._account.answer(model.name, context["given"])
        shown = {key: one for key, one in parsed.items() if key != "ResponseMetadata"}
        validate_parameters(shown, model.output_shape)
        return SimpleNamespace(status_code=200), parsed

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        retries = kwargs["config"].retries if "config" in kwargs else {"total_max_attempts": 0}
        self._account.attempts.setdefault(service_name, []).append(retries["total_max_attempts"])
        return Boto3Session.client(self, service_name, *args, **kwargs)  # type: ignore[call-overload]  # any service
