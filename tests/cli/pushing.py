"""A stack that takes its policy from AppConfig, and commands on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from typer.testing import Result

from firebreak.policy.compiled import deployed_build
from firebreak.policy.compiler import parse_policy
from firebreak.policy.document import encode_document
from firebreak_cli.environment import Environment
from tests.cli.running import Calls, StackSession, cli_environment, run
from tests.cli.test_status_command import stack_with
from tests.support import builders as a
from tests.support.app_config import PLACE, STRATEGY, FakeAppConfig
from tests.support.world import World

ACTS = a.AUTO_POLICY
OBSERVES = ACTS.replace('autonomy = "auto"', 'autonomy = "observe"')
OUTPUTS = {"PolicyConfiguration": "/".join(PLACE), "PolicyStrategyId": STRATEGY}


def document(text: str, number: int = 1) -> bytes:
    """The document of a policy as a command of this clone writes it."""
    return encode_document(parse_policy(text, "x.toml"), text, number, deployed_build())


@dataclass
class Pushed:
    """The stack, its AppConfig, and a file to push."""

    world: World
    file: Path
    fake: FakeAppConfig = field(default_factory=FakeAppConfig)
    calls: Calls = field(default_factory=Calls)
    outputs: dict[str, str] = field(default_factory=lambda: dict(OUTPUTS))
    parameters: dict[str, str] = field(default_factory=dict)

    def session(self) -> StackSession:
        """A session whose AppConfig is the fake one."""
        fake = self.fake

        class Session(StackSession):
            def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
                made = super().client(service_name, *args, **kwargs)
                return fake.attach(made) if service_name == "appconfig" else made

        return Session(stack_with(self.outputs, self.parameters), self.calls)

    @property
    def environment(self) -> Environment:
        """The environment of a command."""
        here = cli_environment(self.world.clock.now)
        return replace(here, session=self.session, sleep=self.world.clock.sleep)

    def write(self, text: str) -> None:
        """Writes the text into the file."""
        self.file.write_text(text, encoding="utf-8")

    def push(self, *words: str, stdin: str = "") -> Result:
        """`firebreak policy push` of the file."""
        return run("policy", "push", str(self.file), *words, environment=self.environment, stdin=stdin)

    def run(self, *words: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Result:
        """Another command."""
        here = replace(self.environment, environ=environ or self.environment.environ)
        return run(*words, environment=here, stdin=stdin)
