"""Serves a build's functions from containers, as `sam local start-lambda` does."""

import hashlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firebreak_devtools.local.architecture import own_architecture
from firebreak_devtools.local.paths import REGION, Home
from firebreak_devtools.local.sam import environment
from firebreak_devtools.local.up import LocalAws

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = END_SECONDS = 60
# The images that SAM CLI makes of the base image and layers; a digest of the layers' names follows.
BUILT_IMAGE = f"samcli/lambda-python:3.13-{own_architecture()}"


@contextmanager
def serving(sam: Path, home: Home, local: LocalAws, options: list[str]) -> Iterator[int]:
    """`sam local start-lambda` on a copy of the build: a later build must not take away what is mounted."""
    copy = home.root / "container-build"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(REPOSITORY / ".aws-sam/build", copy)
    with _published_layer(copy) as layers:
        command = [str(sam), "local", "start-lambda", "--template-file", str(copy / "template.yaml")]
        # LAZY: with EAGER, SAM loses sight of most containers that it starts side by side.
        command += ["--warm-containers", "LAZY", "--layer-cache-basedir", str(layers), *options]
        with _listening(command, home, local) as port:
            yield port


@contextmanager
def _listening(command: list[str], home: Home, local: LocalAws) -> Iterator[int]:
    """The process of `sam local start-lambda`, at a port of its own."""
    port, log = _free_port(), log_of(home)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=REPOSITORY,
            env=environment(home, local.running.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Whatever a shell runs in the background ignores SIGINT, and so would SAM CLI.
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 - nothing else runs in this process at that moment
        )
    try:
        _wait_until_it_listens(process, port, log)
        yield port
    finally:
        process.send_signal(signal.SIGINT)  # it removes its containers, one after the other
        _ended(process, log)


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _ended(process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.wait()
        raise AssertionError(f"sam local start-lambda did not end; {end_of(log)}") from error


@contextmanager
def _published_layer(build: Path) -> Iterator[Path]:
    """Let the functions of a build name their layer by an ARN; gives the cache of layers of SAM CLI with it.

    A layer that lies in the template goes into a new image for every function, twelve seconds each; a
    published one goes into one image, once.
    """
    # A version of this run's own: SAM CLI would take an image that holds an earlier state of the layer.
    version = time.time_ns()
    arn = f"arn:aws:lambda:{REGION}:111122223333:layer:firebreak:{version}"
    # SAM CLI's names. Under others it would ask Lambda for the layer, and no function would answer.
    layer = f"firebreak-{version}-{hashlib.sha256(arn.encode()).hexdigest()[:10]}"
    image = f"{BUILT_IMAGE}-{hashlib.sha256(layer.encode()).hexdigest()[:25]}"
    cache, template = build / "layers", build / "template.yaml"
    cache.mkdir()
    (build / "SharedLayer").rename(cache / layer)
    text = template.read_text(encoding="utf-8")
    assert "- Ref: SharedLayer\n" in text
    template.write_text(text.replace("- Ref: SharedLayer\n", f"- {arn}\n"), encoding="utf-8")
    try:
        yield cache
    finally:
        subprocess.run(
            ["docker", "image", "rm", image],  # noqa: S607  # whichever client SAM CLI's engine has here
            capture_output=True,
            check=False,
        )


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"sam local start-lambda does not listen; {end_of(log)}")


def log_of(home: Home) -> Path:
    return home.root / "start-lambda.log"


def end_of(log: Path) -> str:
    end = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
    return f"the end of what it said:\n{end}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
