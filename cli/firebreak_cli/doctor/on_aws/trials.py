"""The harmless changes that answer what reads cannot. Each is taken back, whatever happens in between.

    look at what is there  ->  make the change  ->  wait for the answer  ->  take it back
                                    `------ an error, a refusal, Ctrl-C ------^

A change is sent once. Where its reply is lost it may have been made, so it is taken back all the same; where
AWS refused it, there is nothing to take back. A call that takes one back may be repeated: it is sent again
where AWS throttles or does not answer, and Ctrl-C does not end it.
"""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from firebreak.aws.translate import send, translated
from firebreak.core.model import AlarmState
from firebreak.errors import AwsError, OutcomeUnknown, Rejected
from firebreak_cli.doctor.deployment import ALARM, FUNCTION, REPORT
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.on_aws.model import Answered, NotAsked, Reply
from firebreak_cli.doctor.on_aws.notifications import Life, life_of
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.stack import client, patient

POLL = timedelta(seconds=5)
NOTIFIED_WITHIN = timedelta(minutes=1)
WINDOW_AT_MOST, WINDOW_DOCUMENTED = timedelta(minutes=40), timedelta(minutes=21)
SLOW_POLL = timedelta(seconds=30)
TEST = "a test, nothing is wrong"


@dataclass(slots=True)
class Change:
    """One change and how it is taken back; `command` is for the human who has to do it.

    `made` says that there may be something to take back.
    """

    command: str
    take_back: Callable[[], object]
    made: bool = False

    def send(self, operation: str, call: Callable[[], object]) -> None:
        """Make the change. Raises AwsError; after any but OutcomeUnknown nothing was changed."""
        self.made = True  # before the call: Ctrl-C may end it when it was sent already
        try:
            send(operation, call)
        except AwsError as error:
            self.made = isinstance(error, OutcomeUnknown)
            raise


@contextmanager
def taken_back(change: Change, say: Callable[[str], None]) -> Iterator[None]:
    """Takes the change back at the end, also after an error or Ctrl-C. Raises Ending where that fails."""
    say(f"if this is killed, take it back by: {change.command}")
    try:
        yield
    finally:
        if change.made:
            say("taking it back, at most two minutes, which Ctrl-C does not end")
            _take_back(change)
            say("taken back")


def _take_back(change: Change) -> None:
    try:
        with _uninterrupted():
            change.take_back()
    except AwsError as error:
        line = f"it was not taken back ({error.operation}: {error.code}); do it by: {change.command}"
        raise Ending(NO_AWS, line) from error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C does nothing meanwhile. Only for the main thread, which alone gets it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(slots=True)
class Bench:
    """The tools of a trial: the stack with its clock, its clients, and a line for people."""

    seen: Examination
    say: Callable[[str], None]
    _made: dict[str, Any] = field(default_factory=dict)

    def mutator(self, service: str) -> Any:
        """A client that sends each call once."""
        if service not in self._made:
            self._made[service] = client(self.seen.stack.session, service, once=True)
        return self._made[service]

    def undoer(self, service: str) -> Any:
        """A client that sends a call again where AWS throttles or does not answer."""
        return patient(self.seen.stack.session, service)

    def named(self, kind: str, name: str) -> str:
        """A physical name by its name in the template. Raises Ending where the stack has none."""
        resources = self.seen.deployment().of_type(kind)
        if name not in resources:
            raise Ending(NO_AWS, f"CloudFormation lists no {name} in the stack")
        return resources[name]

    def wait_for[T](self, look: Callable[[], T | None], within: timedelta, every: timedelta) -> T | None:
        """The first look that finds something; None where none did in that time."""
        until = self.seen.clock() + within
        while (found := look()) is None and self.seen.clock() < until:
            self.seen.sleep(every.total_seconds())
        return found


def reserve_zero(bench: Bench) -> Reply:
    """Reserves 0 for Report, and gives back what it had."""
    function, region = bench.named(FUNCTION, REPORT), bench.seen.stack.region
    with translated("GetFunctionConcurrency", mutates=False):
        before = bench.seen.stack.reader("lambda").get_function_concurrency(FunctionName=function)
    change = _unreserve(bench.undoer("lambda"), function, before.get("ReservedConcurrentExecutions"), region)
    with taken_back(change, bench.say):
        try:
            change.send("PutFunctionConcurrency", _reserve(bench.mutator("lambda"), function, 0))
        except Rejected as error:
            return Answered("refused", error.code)
    return Answered("taken")


def _unreserve(lambda_: Any, function: str, copies: int | None, region: str) -> Change:
    """The change back to so many copies, or to no reservation."""
    if copies is not None:
        return Change(
            f"aws lambda put-function-concurrency --function-name {function}"
            f" --reserved-concurrent-executions {copies} --region {region}",
            lambda: send("PutFunctionConcurrency", _reserve(lambda_, function, copies)),
        )
    return Change(
        f"aws lambda delete-function-concurrency --function-name {function} --region {region}",
        lambda: send(
            "DeleteFunctionConcurrency", lambda: lambda_.delete_function_concurrency(FunctionName=function)
        ),
    )


def _reserve(lambda_: Any, function: str, copies: int) -> Callable[[], object]:
    return lambda: lambda_.put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=copies
    )


def own_topic(bench: Bench) -> Reply:
    """Turns StuckLeases red and back, and looks whether CloudWatch could notify the topic."""
    alarm, stack = bench.named(ALARM, "StuckLeases"), bench.seen.stack
    before = _state(bench, alarm)
    if before == AlarmState.ALARM:
        return NotAsked("StuckLeases is red already: look at it first")
    cloudwatch, began = bench.mutator("cloudwatch"), bench.seen.clock()
    undoer = bench.undoer("cloudwatch")
    change = Change(
        f"aws cloudwatch set-alarm-state --alarm-name {alarm} --state-value {before}"
        f" --state-reason '{TEST}' --region {stack.region}",
        lambda: send("SetAlarmState", _set(undoer, alarm, before)),
    )
    reader = patient(stack.session, "cloudwatch")

    def notified() -> bool | None:
        # CloudWatch's clock may be a little behind this machine's.
        life = life_of(reader, alarm, began - timedelta(minutes=1))
        return any(found) if (found := life.notified_since(began - timedelta(minutes=1))) else None

    with taken_back(change, bench.say):
        change.send("SetAlarmState", _set(cloudwatch, alarm, AlarmState.ALARM))
        result = bench.wait_for(notified, NOTIFIED_WITHIN, POLL)
    if result is None:
        return NotAsked("CloudWatch has written no notification into the alarm's history: ask again later")
    return Answered("reached" if result else "failed")


def _state(bench: Bench, alarm: str) -> str:
    shape = bench.seen.alarms().get(alarm)
    if shape is None:
        raise Ending(NO_AWS, "CloudWatch has no alarm StuckLeases of this stack")
    return str(shape["StateValue"])


def _set(cloudwatch: Any, alarm: str, state: str) -> Callable[[], object]:
    return lambda: cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason=TEST)


def wall_clock_window(bench: Bench) -> Reply:
    """Makes an alarm with such a window and one value, and measures when it turns red."""
    stack = bench.seen.stack
    name, metric = f"{stack.name}-window-trial", {"Namespace": f"{stack.name}-trial", "MetricName": "Beats"}
    if name in bench.seen.alarms():
        return NotAsked(f"an alarm of that name is there: aws cloudwatch delete-alarms --alarm-names {name}")
    cloudwatch, undoer = bench.mutator("cloudwatch"), bench.undoer("cloudwatch")
    change = Change(
        f"aws cloudwatch delete-alarms --alarm-names {name} --region {stack.region}",
        lambda: send("DeleteAlarms", lambda: undoer.delete_alarms(AlarmNames=[name])),
    )
    reader = patient(stack.session, "cloudwatch")
    with taken_back(change, bench.say):
        try:
            change.send("PutMetricAlarm", lambda: cloudwatch.put_metric_alarm(**_window(name, metric)))
        except Rejected as error:
            return Answered("refused", error.code)
        data = [{"MetricName": metric["MetricName"], "Value": 1.0}]
        send(
            "PutMetricData",
            lambda: cloudwatch.put_metric_data(Namespace=metric["Namespace"], MetricData=data),
        )
        at = bench.seen.clock()
        bench.say("waiting for the alarm to turn red, at most 40 minutes; Ctrl-C takes it back")
        red = bench.wait_for(lambda: _red_after_ok(life_of(reader, name, at)), WINDOW_AT_MOST, SLOW_POLL)
    if red is None:
        return Answered("longer", "not within 40 min")
    minutes = (red - at) / timedelta(minutes=1)
    return Answered("documented" if red - at <= WINDOW_DOCUMENTED else "longer", f"{minutes:.0f} min")


def _red_after_ok(life: Life) -> Any:
    """When the alarm turned red after the value made it OK; before, it is red because nothing was put."""
    ok = life.first(AlarmState.OK)
    return next((at for at, state in life.turned if ok and at > ok and state is AlarmState.ALARM), None)


def _window(name: str, metric: Mapping[str, str]) -> Mapping[str, Any]:
    """The alarm of docs/first-deploy.md: on absence, as SweepsMissing is, and without any action."""
    return {
        "AlarmName": name,
        **metric,
        "Statistic": "Sum",
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1.0,
        "Period": 300,
        "EvaluationPeriods": 3,
        "TreatMissingData": "breaching",
        "EvaluationWindow": {"WallClockWindow": {}},
    }


TRIALS: Mapping[str, Callable[[Bench], Reply]] = MappingProxyType(
    {"reserve-zero": reserve_zero, "own-topic": own_topic, "wall-clock-window": wall_clock_window}
)
