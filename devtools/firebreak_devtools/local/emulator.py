"""Starts and stops the AWS emulator, a process of its own that outlives the command that started it."""

import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.session import Session

from firebreak_devtools.local.paths import ACCOUNT, REGION, SECRET, Home, LocalError

START_SECONDS = 60
STOP_SECONDS = 10
PORT_TRIES = 3
LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, slots=True)
class Running:
    """A started emulator. `mark` is in its command line, so that a pid used again is not taken for it.

    `bind` is the address it listens on; containers reach it only on 0.0.0.0.
    """

    pid: int
    port: int
    bind: str
    mark: str

    @property
    def endpoint(self) -> str:
        """The endpoint of AWS, for this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which a command talks to this AWS and no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    def session(self) -> Session:
        """A session whose clients talk to this emulator, whatever the environment says."""
        return session_on(self.endpoint)


class LocalSession(Session):
    """A session whose clients all talk to one endpoint; never to AWS, even if the environment names it.

    Without a key it is the root of the account, which may do everything.
    """

    def __init__(self, endpoint: str, key: str = ACCOUNT, secret: str = SECRET) -> None:
        super().__init__(aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION)
        self._endpoint = endpoint
        self._plain: dict[str, object] = {}
        self._one_at_a_time = threading.Lock()

    if not TYPE_CHECKING:  # the stubs' overloads, one a service, say more than one signature here could

        def client(self, service_name, *args, **options):
            """A client of the emulator; without options the one that was made before.

            Reading a service's model takes a tenth of a second. Clients may be used by many threads,
            making them may not:
            https://docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
            """
            with self._one_at_a_time:
                if args or options:
                    return self._made(service_name, *args, **options)
                if service_name not in self._plain:
                    self._plain[service_name] = self._made(service_name)
                return self._plain[service_name]

        def _made(self, service_name, *args, **options):
            return super().client(service_name, *args, **{"endpoint_url": self._endpoint} | options)


def session_on(endpoint: str) -> LocalSession:
    """The one session of this process that talks to that emulator."""
    with _ONE_AT_A_TIME:  # a cache lets two threads make what it does not hold yet
        return _session_on(endpoint)


_ONE_AT_A_TIME, _session_on = threading.Lock(), cache(LocalSession)


def start(home: Home, python: Path, *, bind: str = "127.0.0.1", enforce_iam: bool = True) -> Running:
    """Start the emulator, or return the one of this home that already runs.

    `python` is the interpreter of the emulator's environment; it also runs the functions. `bind` is
    0.0.0.0 when containers must reach it. With `enforce_iam` a function may call only what its
    own role allows (see `permissions`). Raises LocalError with the end of the log when it does not come up.
    """
    if (running := find(home)) is not None:
        return running
    home.scratch.mkdir(parents=True, exist_ok=True)
    for _ in range(PORT_TRIES):
        process, running = _launch(home, python, bind, enforce_iam=enforce_iam)
        if _came_up(process, running):
            home.state.write_text(json.dumps(asdict(running)))
            return running
    raise LocalError(f"the emulator did not start; the end of {home.log}:\n{_tail(home.log)}")


def find(home: Home) -> Running | None:
    """The emulator this home's state names, if it still runs and really belongs to this home."""
    try:
        running = Running(**json.loads(home.state.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return running if _is_running(running) else None


def stop(home: Home) -> bool:
    """End this home's emulator and its functions; False when none runs."""
    running = find(home)
    home.state.unlink(missing_ok=True)
    if running is None:
        return False
    # It leads a process group of its own, in which its functions' processes are.
    os.killpg(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_running(running):
        if time.monotonic() > deadline:
            os.killpg(running.pid, signal.SIGKILL)
            break
        time.sleep(0.1)
    return True


def _launch(
    home: Home, python: Path, bind: str, *, enforce_iam: bool
) -> tuple[subprocess.Popen[bytes], Running]:
    mark = f"firebreak-local-{secrets.token_hex(8)}"
    port = _free_port()
    with home.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # the launcher of this package
            [str(python), str(LAUNCHER), mark],
            env=_environment(home, port, bind, enforce_iam=enforce_iam),
            cwd=home.scratch,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process, Running(pid=process.pid, port=port, bind=bind, mark=mark)


def _environment(home: Home, port: int, bind: str, *, enforce_iam: bool) -> dict[str, str]:
    # The functions inherit this, so nothing of the caller's comes along but what a process needs to
    # run: no PYTHONPATH (they would import the repository instead of the layer), no AWS profile.
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return inherited | {
        "TMPDIR": str(home.scratch.resolve()),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": bind,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AUTH": str(enforce_iam).lower(),
        # No such socket: ECS tasks are records, not containers, whether or not the machine has Docker.
        "DOCKER_HOST": f"unix://{home.scratch.resolve()}/no-docker.sock",
        # Every API call is recorded, so that tests can count the ones that changed something.
        "CLOUDTRAIL_RECORDING": "1",
        "CLOUDTRAIL_MAX_EVENTS": "100000",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
        "LAMBDA_WARM_TTL_SECONDS": "60",
        # No X-Ray daemon listens here.
        "POWERTOOLS_TRACE_DISABLED": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _came_up(process: subprocess.Popen[bytes], running: Running) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None:
        if healthy(running):
            return True
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            return False
        time.sleep(0.2)
    return False


def healthy(running: Running) -> bool:
    """Whether the emulator answers."""
    try:
        with urllib.request.urlopen(f"{running.endpoint}/_ministack/health", timeout=2) as reply:  # noqa: S310
            return bool(reply.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False


def _is_running(running: Running) -> bool:
    return running.mark in command_line(running.pid)


def command_line(pid: int) -> str:
    """The command line of a process, empty when it has ended."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    process = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return process.stdout


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
