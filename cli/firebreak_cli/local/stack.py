"""Builds and deploys the unmodified template to local AWS with SAM CLI, and reads what came of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from boto3.session import Session

from firebreak_cli.local.emulator import Running
from firebreak_cli.local.places import REGION, Home, LocalError

STACK = "firebreak"
FUNCTIONS = ("RestartService", "ScaleService", "Verify", "Page")
# What local AWS is deployed with; everything else is the template's own default.
LOCAL_PARAMETERS = {"PolicyFile": "policies/demo.toml", "LedgerDeletionProtection": "false"}

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """The names of a deployed stack, from its outputs; `functions` are the ARNs of the aliases."""

    name: str
    ledger_table: str
    bus: str
    schedule_group: str
    page_topic: str
    dead_letters: str
    functions: Mapping[str, str]


def build(repository: Path, home: Home, sam: Path, progress: Progress) -> None:
    """Run `sam build`; what has not changed since the last time is taken from its cache."""
    command = ["build", "--build-dir", str(home.build), "--cache-dir", str(home.sam / "cache")]
    # The functions run on this machine here, so the layer holds this machine's wheels.
    extra = {"LAYER_PLATFORM": "native"}
    _sam(sam, command, repository, _environment(home, extra), progress)


def deploy(
    repository: Path,
    home: Home,
    sam: Path,
    running: Running,
    progress: Progress,
    *,
    parameters: Mapping[str, str] | None = None,
) -> DeployedStack:
    """Run `sam deploy` on what `build` made; `parameters` go over LOCAL_PARAMETERS."""
    overrides = LOCAL_PARAMETERS | dict(parameters or {})
    command = ["deploy", "--template-file", str(home.build / "template.yaml"), "--stack-name", STACK]
    # SAM looks for its settings beside the template, which here is the built one.
    command += ["--config-file", str(repository / "samconfig.toml")]
    command += ["--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"]
    command += [f"{name}={value}" for name, value in sorted(overrides.items())]
    extra = running.environment | {"SAM_CLI_POLL_DELAY": "1"}
    _sam(sam, command, repository, _environment(home, extra), progress)
    return describe(running.session())


def describe(session: Session, name: str = STACK) -> DeployedStack:
    """Read the stack's outputs. Raises botocore's ClientError when there is no such stack."""
    stack = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return DeployedStack(
        name=name,
        ledger_table=outputs["LedgerTable"],
        bus=outputs["BusName"],
        schedule_group=outputs["ScheduleGroupName"],
        page_topic=outputs["PageTopicArn"],
        dead_letters=outputs["DeadLettersUrl"],
        functions={function: outputs[f"{function}Arn"] for function in FUNCTIONS},
    )


def _environment(home: Home, extra: Mapping[str, str]) -> dict[str, str]:
    # No AWS setting of the caller's may come along: it could name a real account.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # SAM looks for python3.13 on the PATH, and the layer's build for one that has pip.
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    (home.sam / "settings").mkdir(parents=True, exist_ok=True)
    ours = {"PATH": path, "SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(home.sam / "settings")}
    return kept | {"AWS_DEFAULT_REGION": REGION} | ours | dict(extra)


def _sam(
    sam: Path, arguments: list[str], repository: Path, environment: Mapping[str, str], progress: Progress
) -> None:
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603  # the pinned SAM CLI
        [str(sam), *arguments],
        cwd=repository,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            said.append(line.rstrip())
            if line.strip():
                progress(line.strip())
    if process.returncode:
        raise LocalError(f"sam {arguments[0]} failed:\n" + "\n".join(said[-40:]))
