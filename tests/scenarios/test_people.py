"""The policies for people, attached to users of the deployed stack: each runs its commands and no others."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from time import sleep as wait
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from firebreak_cli.environment import Environment
from firebreak_cli.main import app
from firebreak_devtools.local.emulator import LocalSession
from firebreak_devtools.local.stack import STACK
from firebreak_devtools.local.up import LocalAws
from tests.scenarios.bench import Bench
from tests.scenarios.test_drill import DRILLED, carrying, warm

pytestmark = pytest.mark.local
NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who holds one policy of the stack and nothing else."""

    session: LocalSession

    def run(self, *words: str, sleep: Callable[[float], None] = wait) -> Result:
        environment = Environment({}, lambda: datetime.now(UTC), lambda: self.session, sleep)
        return CliRunner().invoke(app, [*words, "--json"], obj=environment)

    def answer(self, *words: str) -> Any:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def is_refused(self, call: str, *words: str) -> None:
        """The command ends because AWS refuses a call."""
        result = self.run(*words)
        assert result.exit_code not in {0, 1}, result.output
        assert f"AWS refused {call} (AccessDenied" in result.output


@pytest.fixture
def person(bench: Bench, local_aws: LocalAws) -> Callable[[str], Person]:
    """Makes the user `name` with one policy of the stack."""
    (stack,) = bench.session.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    iam: Any = bench.session.client("iam")

    def made(policy: str) -> Person:
        user = f"{bench.workload.cluster}-{policy}-{next(NUMBERS)}"
        iam.create_user(UserName=user)
        iam.attach_user_policy(UserName=user, PolicyArn=outputs[f"{policy}PolicyArn"])
        key = iam.create_access_key(UserName=user)["AccessKey"]
        endpoint = local_aws.running.endpoint
        return Person(LocalSession(endpoint, key["AccessKeyId"], key["SecretAccessKey"]))

    return made


def test_a_viewer_sees_all_and_pauses_nothing(bench: Bench, person: Callable[[str], Person]) -> None:
    viewer = person("Viewer")
    for words in (["status"], ["incidents"], ["switches"], ["storm"], ["stats", "--since", "1h"]):
        viewer.answer(*words)
    viewer.is_refused("PutItem", "pause", "--reason", "x", "--scope", "action", "scale-service")


def test_who_is_on_call_pauses_and_resumes_and_does_not_act(
    bench: Bench, person: Callable[[str], Person]
) -> None:
    on_call = person("OnCall")
    bench.service_with_alarm("held")
    scope = ("--scope", "target", bench.about("held"))
    on_call.answer("pause", *scope, "--reason", "x")
    on_call.answer("resume", *scope)
    on_call.is_refused("PutEvents", "act", "restart-service", bench.about("held"), "--reason", "x", "--yes")


def test_an_administrator_acts_by_hand(bench: Bench, person: Callable[[str], Person]) -> None:
    bench.service_with_alarm("by-hand")
    words = ("act", "restart-service", bench.about("by-hand"), "--reason", "x", "--yes")
    person("Administrator").answer(*words)
    page = bench.expect_page("ACTED", bench.about("by-hand"))
    assert f"{bench.workload.cluster}-Administrator" in page.body


def test_an_administrator_drills_with_an_alarm_for_drills_alone(
    bench: Bench, person: Callable[[str], Person]
) -> None:
    administrator = person("Administrator")
    service = bench.workload.service("drilled-by-admin")
    alarm, other = f"drill-{bench.alarm('x')}", bench.alarm("other")
    for name in (alarm, other):
        bench.workload.alarm(name, service, tags=DRILLED)
        bench.session.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="new")
    warm(bench)
    administrator.is_refused("SetAlarmState", "drill", "recovers", "--alarm", other, "--yes")
    with carrying(bench, alarm):
        drilled = administrator.answer("drill", "recovers", "--alarm", alarm, "--timeout", "2m", "--yes")
    assert drilled["steps"][-1]["step"] == "recovery announced"
