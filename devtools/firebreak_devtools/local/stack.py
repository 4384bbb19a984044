"""Builds and deploys the unmodified template to local AWS with SAM CLI, and reads its outputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boto3.session import Session

from firebreak_devtools.local.architecture import own_architecture
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home
from firebreak_devtools.local.sam import Progress, run

STACK = "firebreak"
# The place where shared/Makefile puts a policy that is given with FIREBREAK_POLICY.
GIVEN_POLICY = "policies/given.toml"
# The parameters of the local deployment; everything else is the template's own default.
LOCAL_PARAMETERS = {
    "PolicyFile": "policies/demo.toml",
    "SubscribeByHand": "true",
    "Dashboard": "DISABLED",
}


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


def build(repository: Path, home: Home, sam: Path, progress: Progress, *, policy: Path | None = None) -> None:
    """Run `sam build`; `policy` goes into the layer as well, as GIVEN_POLICY.

    SAM takes what has not changed since the last time from its cache, and does not know of `policy`: with
    one, everything is built.
    """
    command = ["build", "--build-dir", str(home.build)]
    command += ["--no-cached"] if policy else ["--cached", "--cache-dir", str(home.sam / "cache")]
    # The functions run on this machine here, so the layer holds this machine's wheels.
    extra = {"LAYER_PLATFORM": "native"} | ({"FIREBREAK_POLICY": str(policy.resolve())} if policy else {})
    run(sam, command, repository=repository, home=home, progress=progress, extra=extra)


def deploy(
    repository: Path,
    home: Home,
    sam: Path,
    running: Running,
    progress: Progress,
    *,
    parameters: Mapping[str, str] | None = None,
) -> DeployedStack:
    """Run `sam deploy` on what `build` made, for this machine; `parameters` go over LOCAL_PARAMETERS."""
    overrides = LOCAL_PARAMETERS | {"Architecture": own_architecture()} | dict(parameters or {})
    command = ["deploy", "--template-file", str(home.build / "template.yaml"), "--stack-name", STACK]
    # SAM looks for its settings next to the template, which here is the built one.
    command += ["--config-file", str(repository / "samconfig.toml")]
    command += ["--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"]
    command += [f"{name}={value}" for name, value in sorted(overrides.items())]
    extra = running.environment | {"SAM_CLI_POLL_DELAY": "1"}
    run(sam, command, repository=repository, home=home, progress=progress, extra=extra)
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
        functions={key.removesuffix("Arn"): arn for key, arn in outputs.items() if ":function:" in arn},
    )
