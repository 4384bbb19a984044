"""The functions in containers, as `sam local` runs them, on a local AWS that nobody else uses."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import HTTPClientError

from firebreak.core.model import Alarm
from firebreak.core.reasons import Reason
from firebreak.core.routing import route
from firebreak.intake import alarm_events
from firebreak.services.registry import CATALOG
from firebreak_cli.environment import Environment
from firebreak_devtools.demo.demo_stack import Inbox
from firebreak_devtools.local import containers, up
from firebreak_devtools.local.paths import REGION, Home, LocalError
from firebreak_devtools.local.sam import sam_command
from firebreak_devtools.local.up import LocalAws
from firebreak_devtools.local.workload import Workload
from tests.cli.running import run
from tests.contracts.template import functions, kebab
from tests.scenarios.start_lambda import REPOSITORY, end_of, log_of, serving
from tests.support.sample_events import load, usable

FUNCTIONS = {kebab(name): name for name in functions()}
ROUTER = "Route"
ANSWER_SECONDS = 90
# The first container of a function waits for its image, which a machine that never built one makes slowly:
# longer than one answer may take, so nobody's test pays for it.
WARM_UP_TRIES = 4
CLUSTER = "prod"


class NoAnswer(Exception):
    """A function's container did not answer at all."""


@dataclass
class Containers:
    """Warm containers of all functions (`lambdas`), and the local AWS that they work on."""

    local: LocalAws
    home: Home
    session: Session
    lambdas: Any
    inbox: Inbox
    workload: Workload
    tmp: Path

    def invoke(self, function: str, event: object) -> dict[str, Any]:
        """The answer of a function in its container."""
        try:
            reply = self.lambdas.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        except HTTPClientError as error:
            raise NoAnswer(f"{function} gave no answer ({error}); {end_of(self.log)}") from error
        answer: dict[str, Any] = json.loads(reply["Payload"].read())
        return answer

    @property
    def log(self) -> Path:
        """The output of `sam local start-lambda`."""
        return log_of(self.home)

    def warm_up(self) -> None:
        """Let a container of every function answer once."""
        for function, name in {function: name for name, function in cases()}.items():
            for tried in range(1, WARM_UP_TRIES + 1):
                try:
                    self.invoke(function, load(name))
                    break
                except NoAnswer:
                    if tried == WARM_UP_TRIES:
                        raise

    def explain(self, event: object) -> dict[str, Any]:
        """The output of `firebreak explain` on the same local AWS."""
        file = self.tmp / "event.json"
        file.write_text(json.dumps(event), encoding="utf-8")
        here = Environment({}, lambda: datetime.now(UTC), lambda: self.session)
        said = run("explain", str(file), "--json", environment=here)
        explained: dict[str, Any] = json.loads(said.stdout)
        return explained

    def forget(self) -> None:
        """Empty the ledger, so that no event is the duplicate of an earlier one."""
        table = self.session.client("dynamodb")
        name = self.local.stack.ledger_table
        for page in table.get_paginator("scan").paginate(TableName=name, ProjectionExpression="pk, sk"):
            for item in page["Items"]:
                table.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})

    def set_alarm(self, event: dict[str, Any]) -> None:
        """Let the alarm of an event be as red as the event says, and watch a high metric."""
        alarm = parsed(event)
        cloudwatch = self.session.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=alarm.name,
            Namespace="AWS/ECS",
            MetricName="MemoryUtilization",
            Dimensions=[{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": "api"}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=80.0,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(
            AlarmName=alarm.name, StateValue=alarm.state.value, StateReason="set by a test"
        )

    def ecs(self, name: str) -> dict[str, Any]:
        """A service of the played cluster as AWS shows it."""
        found = self.session.client("ecs").describe_services(cluster=CLUSTER, services=[name])
        return dict(found["services"][0])


def cases() -> list[tuple[str, str]]:
    """Every sample event with every function that it reaches."""
    return [(name, FUNCTIONS[function]) for name in usable() for function in _reached(name)]


def decided() -> list[tuple[str, str]]:
    """The cases in which a function decides; `explain` says of these what it decides."""
    return [(name, function) for name, function in cases() if function != ROUTER]


def routed() -> list[str]:
    """The sample events whose live tags the router has to read."""
    return [name for name, function in cases() if function == ROUTER]


def _reached(name: str) -> list[str]:
    trigger = alarm_events.parse(load(name))
    return (
        [found.function for found in route(trigger, CATALOG)]
        if isinstance(trigger, Alarm)
        else [trigger.action]
    )


def parsed(event: object) -> Alarm:
    """The alarm of an event, or behind a request."""
    trigger = alarm_events.parse(event)
    return trigger if isinstance(trigger, Alarm) else trigger.alarm


def fresh(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The same event, as if it had happened at that time."""
    written = {
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000",
    } | dict.fromkeys(("at", "since", "sent_at"), at.isoformat())

    def dated(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: written.get(key) or dated(inner) for key, inner in value.items()}

    redated: dict[str, Any] = dated(event)
    return redated


def about(service: str, action: str) -> dict[str, Any]:
    """A red alarm about a service, tagged with an action, now."""
    event = fresh(load("ecs_memory_alarm_tagged"), datetime.now(UTC))
    name = f"prod-{service}-memory-high"
    event["resources"] = [f"arn:aws:cloudwatch:{REGION}:111122223333:alarm:{name}"]
    detail = event["detail"]
    detail |= {"alarmName": name, "alarmTags": {"firebreak:action": action}}
    for metric in detail["configuration"]["metrics"]:
        metric["metricStat"]["metric"]["dimensions"] = {"ClusterName": CLUSTER, "ServiceName": service}
    return event


def expected(explained: dict[str, Any], function: str) -> dict[str, Any]:
    """The expected answer of the function, from the explanation. Verify only records an OK."""
    if function == "Verify" and explained["reason"] == Reason.NOT_IN_ALARM:
        return {"outcome": "record", "reason": explained["reason"]}
    return {"outcome": explained["decision"], "reason": explained["reason"]}


def left_out() -> str:
    """Why functions cannot be run in containers here; empty when they can."""
    try:
        sam_command(REPOSITORY)
    except LocalError as error:
        return str(error)
    return containers.engine_missing() or containers.image_missing()


@contextmanager
def started(tmp: Path) -> Iterator[Containers]:
    """Deploy to a separate local AWS, build for containers, and serve the functions from containers."""
    home, sam = Home(REPOSITORY / ".local/containers"), sam_command(REPOSITORY)
    firebreak("local", "down", home=home)
    try:
        firebreak("local", "up", "--quiet", "--no-carrier", home=home)
        local = up.find(home)
        assert local is not None
        containers.build(REPOSITORY, home, sam, _silent)
        with containers.reachable(local, home) as options, serving(sam, home, local, options) as port:
            served = _on(local, home, port, tmp)
            served.warm_up()
            yield served
    finally:
        firebreak("local", "down", home=home)


def firebreak(*arguments: str, home: Home) -> str:
    """The output of the installed command."""
    command = [str(Path(sys.executable).with_name("firebreak")), *arguments]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | {"FIREBREAK_LOCAL_HOME": str(home.root)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _silent(text: str) -> None:
    del text


def _on(local: LocalAws, home: Home, port: int, tmp: Path) -> Containers:
    session = local.running.session()
    # One try: a function that is invoked twice would not show what it answers to an event.
    once = Config(read_timeout=ANSWER_SECONDS, retries={"total_max_attempts": 1})
    lambdas = session.client("lambda", endpoint_url=f"http://127.0.0.1:{port}", config=once)
    inbox = Inbox(session, local.stack.page_topic)
    inbox.open()
    workload = Workload(session, cluster=CLUSTER)
    for name in ("api", "worker", "checkout"):
        workload.service(name)
    return Containers(local, home, session, lambdas, inbox, workload, tmp)
