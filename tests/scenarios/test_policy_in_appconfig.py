"""The policy without a deployment: pushed by a person, read by the deployed functions, and kept by Verify."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from firebreak.ledger.policies import DynamoPolicies
from firebreak.ledger.ports import KeptPolicy
from firebreak.policy.policy import hash_of
from firebreak_cli.environment import Environment
from firebreak_cli.main import app
from firebreak_devtools.local.emulator import LocalSession
from firebreak_devtools.local.stack import STACK
from firebreak_devtools.local.up import LocalAws
from tests.scenarios.bench import Bench
from tests.scenarios.own_stack import POLICY, built_home, deployed

pytestmark = pytest.mark.local
NUMBERS = count()


@pytest.fixture(scope="module")
def demo(local_aws: LocalAws) -> str:
    """The text of the policy of local AWS."""
    del local_aws  # that it is up says that there is a build
    build = built_home()
    if build is None:
        pytest.skip("local AWS was not built in this home")
    return (build / POLICY).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def own(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """The stack of this module. The policy of its layer acts; nothing may ever act by that."""
    build = built_home()
    assert build
    folder = tmp_path_factory.mktemp("own")
    with deployed(folder, build, demo, {}, {"PolicySource": "APPCONFIG"}) as local:
        yield local


@pytest.fixture(scope="module")
def bench(own: LocalAws) -> Bench:
    return Bench.on(own, "inbox-policy")


@pytest.fixture(scope="module")
def outputs(bench: Bench) -> dict[str, str]:
    (stack,) = bench.session.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def command(session: Any, *words: str) -> Result:
    environment = Environment({}, lambda: datetime.now(UTC), lambda: session)
    return CliRunner().invoke(app, list(words), obj=environment)


def person(bench: Bench, own: LocalAws, *policies: str) -> LocalSession:
    """A user with these policies and nothing else."""
    iam: Any = bench.session.client("iam")
    user = f"person-{next(NUMBERS)}"
    iam.create_user(UserName=user)
    for arn in policies:
        iam.attach_user_policy(UserName=user, PolicyArn=arn)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return LocalSession(own.running.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def decided(bench: Bench, function: str, action: str, name: str) -> tuple[str, str]:
    """The result of a deployed function on an alarm about a service, and the policy that decided."""
    bench.service_with_alarm(name, tags={"firebreak:action": action, "firebreak:target": bench.about(name)})
    event = bench.event_of(bench.alarm(name), "ALARM")
    answer = bench.invoke(function, event)
    decisions = bench.decisions(bench.alarm(name))
    return answer["reason"], next((one["policy"] for one in decisions), "")


@dataclass(frozen=True, slots=True)
class Story:
    """The stack, a file to push, and two persons: one who may look, and one who may push as well."""

    bench: Bench
    outputs: dict[str, str]
    file: Path
    viewer: LocalSession
    author: LocalSession

    def push(self, session: LocalSession, text: str) -> Result:
        self.file.write_text(text, encoding="utf-8")
        return command(session, "policy", "push", str(self.file), "--yes", "--json")

    def kept(self) -> KeptPolicy:
        """The last policy that loaded, as Verify's sweep keeps it."""
        sweep = {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}
        self.bench.invoke("Verify", sweep)
        ledger = DynamoPolicies(
            self.bench.session.client("dynamodb"),
            self.bench.stack.ledger_table,
            configuration=tuple(self.outputs["PolicyConfiguration"].split("/")),
        )
        found = ledger.last_loaded()
        assert isinstance(found, KeptPolicy), found
        return found

    def deploy_garbage(self) -> None:
        """A content that does not load, past the command."""
        application, environment, profile = self.outputs["PolicyConfiguration"].split("/")
        appconfig: Any = self.bench.session.client("appconfig")
        written = appconfig.create_hosted_configuration_version(
            ApplicationId=application,
            ConfigurationProfileId=profile,
            Content=b"garbage",
            ContentType="text/plain",
        )
        appconfig.start_deployment(
            ApplicationId=application,
            EnvironmentId=environment,
            ConfigurationProfileId=profile,
            ConfigurationVersion=str(written["VersionNumber"]),
            DeploymentStrategyId=self.outputs["PolicyStrategyId"],
        )

    def page(self) -> str:
        """The page about a policy that does not load."""
        sweep = {"source": "firebreak", "detail-type": "Firebreak Page Sweep", "detail": {"v": 1}}
        self.bench.invoke("Page", sweep)

        def look() -> str | None:
            texts = [f"{one.subject} {one.body}" for one in self.bench.inbox.pages]
            return next((text for text in texts if "newest policy" in text), None)

        return self.bench.wait("a page about the policy", look, timedelta(seconds=30))


@pytest.fixture
def story(bench: Bench, own: LocalAws, outputs: dict[str, str], tmp_path: Path) -> Story:
    view, author = outputs["ViewerPolicyArn"], outputs["PolicyAuthorPolicyArn"]
    people = person(bench, own, view), person(bench, own, view, author)
    return Story(bench, outputs, tmp_path / "policy.toml", *people)


def test_the_policy_from_the_first_push_to_one_that_does_not_load(story: Story, demo: str) -> None:
    bench, observing = story.bench, demo.replace('autonomy = "auto"', 'autonomy = "observe"')
    assert observing != demo
    # Before the first push nothing is done, although the policy of the layer would act.
    assert decided(bench, "ScaleService", "scale-service", "early") == ("policy_unusable", "")

    refused = story.push(story.viewer, observing)
    assert (refused.exit_code, "AWS refused" in refused.output) == (3, True), refused.output
    pushed = story.push(story.author, observing)
    assert pushed.exit_code == 0, pushed.output
    assert json.loads(pushed.stdout)["result"] == "in_force"
    shown = command(story.viewer, "policy", "show")
    assert (shown.exit_code, shown.stdout) == (0, observing), shown.output

    # The functions decide by it, and Verify keeps it.
    by = hash_of(observing)
    assert decided(bench, "RestartService", "restart-service", "first") == ("observe_only", by)
    kept = story.kept()
    assert (kept.text, kept.number) == (observing, 1)

    # A cold function takes the one that was kept, humans hear of it, and so do the commands.
    story.deploy_garbage()
    assert decided(bench, "ReplaceTask", "replace-task", "fallen")[1] == by
    assert by in story.page()
    status = json.loads(command(story.viewer, "status", "--json").stdout)
    assert status["policy_in_appconfig"]["hash"] == by
    assert "does not load" in status["policy_in_appconfig"]["notes"][0]

    mended = story.push(story.author, f"{observing}# mended\n")
    assert mended.exit_code == 0, mended.output
    assert json.loads(mended.stdout)["version"] == 3
