"""Runs a function of the template in a container, as `sam local` does, on local AWS."""

import ipaddress
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from firebreak_devtools.local.architecture import own_architecture
from firebreak_devtools.local.paths import Home, LocalError
from firebreak_devtools.local.port_forward import forwarded
from firebreak_devtools.local.sam import Progress, environment, run
from firebreak_devtools.local.up import LocalAws

# The name by which a container reaches this machine.
HOST = "host.docker.internal"
# SAM CLI's image for python3.13 functions; .ci/base-image.sh makes one where no registry can be asked.
BASE_IMAGE = "public.ecr.aws/lambda/python:3.13-{architecture}"
DOCKER_SECONDS = 20


def engine_missing() -> str:
    """Why no container can be started here; empty when one can."""
    # Judged by the server's version: some clients succeed without a server.
    return "" if _docker("info", "--format", "{{.ServerVersion}}") else "no Docker engine answers"


def image_missing() -> str:
    """Why SAM CLI would have to ask a registry for its base image; empty when it need not."""
    image = BASE_IMAGE.format(architecture=own_architecture())
    return "" if _docker("image", "inspect", "--format", "{{.Id}}", image) else f"no image {image}"


def build(repository: Path, home: Home, sam: Path, progress: Progress) -> None:
    """Run `sam build` as for AWS: a container is Lambda's Linux, so the layer holds Lambda's wheels."""
    run(sam, ["build", *of_this_machine()], repository=repository, home=home, progress=progress)


def of_this_machine() -> list[str]:
    """The option by which SAM CLI takes functions for this machine's processor: the engine runs no other."""
    return ["--parameter-overrides", f"Architecture={own_architecture()}"]


@contextmanager
def reachable(local: LocalAws, home: Home) -> Iterator[list[str]]:
    """Makes local AWS reachable from containers; yields the options with which `sam local` finds it."""
    with ExitStack() as stack:
        port = _port(local, stack)
        variables = home.root / "containers.json"
        variables.write_text(json.dumps(environments(local, port)), encoding="utf-8")
        options = ["--add-host", f"{HOST}:host-gateway", "--env-vars", str(variables), *of_this_machine()]
        yield options if image_missing() else ["--skip-pull-image", *options]


def environments(local: LocalAws, port: int) -> dict[str, dict[str, str]]:
    """The content of an `--env-vars` file: each deployed function's variables, and the endpoint of AWS."""
    client = local.running.session().client("lambda")
    where = {"AWS_ENDPOINT_URL": f"http://{HOST}:{port}"}
    return {
        name: client.get_function_configuration(FunctionName=arn)["Environment"]["Variables"] | where
        for name, arn in local.stack.functions.items()
    }


def invoke_command(sam: Path, function: str, event: Path, options: list[str]) -> list[str]:
    """The `sam local invoke` of a built function."""
    return [str(sam), "local", "invoke", function, "--event", str(event), *options]


def invoke(command: list[str], repository: Path, home: Home, local: LocalAws) -> str:
    """Run it, its log on stderr; returns what the function answered. Raises LocalError when SAM fails."""
    done = subprocess.run(  # noqa: S603  # the pinned SAM CLI
        command,
        cwd=repository,
        env=environment(home, local.running.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LocalError(f"sam local invoke ended with {done.returncode}")
    return done.stdout.strip()


def raised(answer: str) -> bool:
    """Whether a function's answer is an error; SAM CLI succeeds all the same."""
    try:
        found = json.loads(answer)
    except ValueError:
        return True
    return isinstance(found, dict) and "errorType" in found


def bridge_address(config: str) -> str:
    """This machine's address on the engine's bridge, from the JSON of the network's IPAM configuration.

    An engine that starts on a machine for the first time names no gateway there, only the subnet; the
    bridge then has the subnet's first address. Raises LocalError when neither can be read.
    """
    try:
        found: list[dict[str, Any]] = json.loads(config)
        named = [str(entry["Gateway"]) for entry in found if entry.get("Gateway")]
        subnets = [ipaddress.ip_network(entry["Subnet"], strict=False) for entry in found]
        addresses = named + [str(subnet[1]) for subnet in subnets]
        return next(address for address in addresses if ":" not in address)
    except (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise LocalError(f"the engine's bridge network has no IPv4 address: {config[:200]}") from error


def _port(local: LocalAws, stack: ExitStack) -> int:
    """The port at which containers find local AWS under HOST."""
    if local.running.bind != "127.0.0.1":
        return local.running.port
    address = bridge_address(_docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"))
    try:
        return stack.enter_context(forwarded(address, local.running.port))
    except OSError:
        # The bridge is in a virtual machine (Docker Desktop), which leads HOST to this machine's loopback.
        return local.running.port


def _docker(*arguments: str) -> str:
    """The answer of the Docker client, empty when there is none."""
    try:
        done = subprocess.run(  # noqa: S603
            ["docker", *arguments],  # noqa: S607  # whichever client the user has
            capture_output=True,
            text=True,
            check=False,
            timeout=DOCKER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
