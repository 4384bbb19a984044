"""The stack as CloudFormation and the services have it: resources, rules, schedules, functions, alarms."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firebreak.aws.translate import translated
from firebreak.errors import NotFound
from firebreak.services.registry import CATALOG
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.queries.alarm_pages import alarm_pages
from firebreak_cli.stack import Stack, patient

RULE, SCHEDULE = "AWS::Events::Rule", "AWS::Scheduler::Schedule"
FUNCTION, ALARM = "AWS::Lambda::Function", "AWS::CloudWatch::Alarm"

ROUTE_UNTAGGED = "RouteUntagged"
# The functions that every alarm needs, by their names in the template.
WATCH = ("Verify", "Page", "Route")
# The function that no alarm needs: no copies are reserved for it.
REPORT = "Report"


@dataclass(frozen=True, slots=True)
class Drift:
    """The result of the last detection of drift, and when it began; None where there was none."""

    status: str
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The stack as CloudFormation has it. `resources` are physical names by type and logical name.

    `changed_at` is when the last deployment began.
    """

    status: str
    changed_at: datetime
    drift: Drift
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    resources: Mapping[str, Mapping[str, str]]

    def of_type(self, kind: str) -> Mapping[str, str]:
        """The physical names of the resources of one type, by their names in the template."""
        return self.resources.get(kind, {})

    def output(self, name: str) -> str:
        """An output. Raises Ending where the stack has none of that name."""
        if name not in self.outputs:
            raise Ending(NO_AWS, f"the stack has no output {name}")
        return self.outputs[name]


def deployment_of(stack: Stack) -> Deployment:
    """The deployed stack. Raises AwsError."""
    client = stack.reader("cloudformation")
    with translated("DescribeStacks", mutates=False):
        found = client.describe_stacks(StackName=stack.name)["Stacks"][0]
    resources: dict[str, dict[str, str]] = {}
    for one in pages(client, "list_stack_resources", "StackResourceSummaries", StackName=stack.name):
        kind = resources.setdefault(one["ResourceType"], {})
        kind[one["LogicalResourceId"]] = one.get("PhysicalResourceId", "")
    return Deployment(
        status=found["StackStatus"],
        changed_at=found.get("LastUpdatedTime") or found["CreationTime"],
        drift=_drift(found.get("DriftInformation", {})),
        parameters={one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())},
        outputs={one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())},
        resources=resources,
    )


def _drift(found: Mapping[str, Any]) -> Drift:
    return Drift(found.get("StackDriftStatus", ""), found.get("LastCheckTimestamp"))


def switchable_rules() -> frozenset[str]:
    """The rules that a parameter of the template may disable, by their names in the template."""
    of_actions = {
        f"{spec.logical_id}{by}" for spec in CATALOG.specs.values() for by in ("ByTag", "BySymptom")
    }
    return frozenset({*of_actions, ROUTE_UNTAGGED})


@dataclass(frozen=True, slots=True)
class Triggers:
    """Rules or schedules by their names in the template: what they are called, and which are not at work.

    `places` are the bus or the group in which each was found.
    """

    names: Mapping[str, str]
    places: Mapping[str, str]
    disabled: frozenset[str]
    gone: frozenset[str]

    def problem(self, name: str) -> str:
        """Why that one does nothing, in one word; empty while it works, or where the stack has none."""
        if name in self.gone:
            return "gone"
        return "disabled" if name in self.disabled else ""


def rules_of(stack: Stack, deployed: Deployment) -> Triggers:
    """The rules of the stack on the default bus and on its own. Raises AwsError."""
    events = stack.reader("events")
    names = {name: one.rpartition("|")[2] for name, one in deployed.of_type(RULE).items()}
    buses = ("default", stack.bus_name)
    found = [rule for bus in buses for rule in _rules_on(events, bus)]
    states = {rule["Name"]: rule["State"] for rule in found}
    places = {rule["Name"]: rule["EventBusName"] for rule in found}
    return Triggers(
        names,
        {name: places.get(one, "") for name, one in names.items()},
        frozenset(name for name, one in names.items() if states.get(one) == "DISABLED"),
        frozenset(name for name, one in names.items() if one not in states),
    )


def _rules_on(events: Any, bus: str) -> Iterator[Mapping[str, Any]]:
    """The rules of a bus; a bus that is gone has taken its rules with it."""
    try:
        yield from pages(events, "list_rules", "Rules", EventBusName=bus)
    except NotFound:
        return


def schedules_of(stack: Stack, deployed: Deployment) -> Triggers:
    """The schedules that stand in the template, not those that wait for one incident. Raises AwsError."""
    scheduler, group = stack.reader("scheduler"), deployed.output("ScheduleGroupName")
    names = deployed.of_type(SCHEDULE)
    states = {name: _schedule_state(scheduler, group, one) for name, one in names.items()}
    return Triggers(
        names,
        dict.fromkeys(names, group),
        frozenset(name for name, state in states.items() if state == "DISABLED"),
        frozenset(name for name, state in states.items() if not state),
    )


def _schedule_state(scheduler: Any, group: str, name: str) -> str:
    try:
        with translated("GetSchedule", mutates=False):
            return str(scheduler.get_schedule(GroupName=group, Name=name)["State"])
    except NotFound:
        return ""


def stopped_functions(stack: Stack, deployed: Deployment) -> Mapping[str, str]:
    """The functions whose reserved concurrency is 0, by their names in the template. Raises AwsError."""
    client = stack.reader("lambda")
    return {
        name: function
        for name, function in deployed.of_type(FUNCTION).items()
        if _reserved(client, function) == 0
    }


def _reserved(client: Any, function: str) -> int | None:
    with translated("GetFunctionConcurrency", mutates=False):
        found = client.get_function_concurrency(FunctionName=function)
    reserved: int | None = found.get("ReservedConcurrentExecutions")
    return reserved


def alarms_of(stack: Stack) -> Mapping[str, Mapping[str, Any]]:
    """Every alarm of the account in this region as DescribeAlarms shows it, by name. Raises AwsError."""
    client = patient(stack.session, "cloudwatch")
    found: dict[str, Mapping[str, Any]] = {}
    for page in alarm_pages(client.describe_alarms, "DescribeAlarms", MaxRecords=100):
        for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms"):
            found |= {alarm["AlarmName"]: alarm for alarm in page.get(kind, ())}
    return found


def pages(client: Any, operation: str, key: str, **asked: object) -> Iterator[Mapping[str, Any]]:
    """Every entry of a paged answer. Raises AwsError."""
    name = "".join(word.capitalize() for word in operation.split("_"))
    with translated(name, mutates=False):
        found: Sequence[Any] = list(client.get_paginator(operation).paginate(**asked))
    return (entry for page in found for entry in page.get(key, ()))
