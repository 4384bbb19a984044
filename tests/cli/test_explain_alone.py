"""The installed command, in a process of its own, without a network, credentials or an environment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sample_events import EVENTS

# Any socket, and any import of the AWS SDK, ends the process loudly.
GUARD = """
import socket, sys
class Refused(Exception): pass
def refuse(*args, **kwargs): raise Refused("a socket was asked for")
socket.socket = socket.create_connection = socket.getaddrinfo = refuse
from firebreak_cli.main import app
try:
    app()
finally:
    loaded = {"boto3", "botocore", "moto"} & set(sys.modules)
    if loaded: print("LOADED", loaded, file=sys.stderr)
"""


def in_nothing(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env={}, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("how", [["--json"], []], ids=["json", "people"])
def test_offline_needs_no_network_no_credentials_and_no_environment(tmp_path: Path, how: list[str]) -> None:
    asked = ["explain", str(EVENTS / "ecs_memory_alarm.json"), "--offline", *how]

    done = in_nothing([sys.executable, "-c", GUARD, *asked], tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "ecs:prod/api" in done.stdout


def test_the_installed_command_explains(tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("firebreak"))

    done = in_nothing(
        [command, "explain", str(EVENTS / "ecs_memory_alarm.json"), "--json", "--offline"], tmp_path
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["alarm"]["name"] == "prod-api-memory-high"


def test_the_installed_command_ends_an_unusable_file_in_one_line(tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("firebreak"))
    file = EVENTS / "unusable" / "sqs_envelope.json"

    done = in_nothing([command, "explain", str(file), "--json", "--offline"], tmp_path)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"{file}: found an SQS envelope; expected" in done.stderr


def test_a_live_command_without_credentials_ends_in_one_line(tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("firebreak"))
    env = {"AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}

    done = subprocess.run(
        [command, "incidents"], env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "no usable AWS credentials" in done.stderr
