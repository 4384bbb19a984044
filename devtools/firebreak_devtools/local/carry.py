"""Carries alarms' transitions to the deployed rules, in a process that outlives the command that started it.

CloudWatch does this on AWS; the emulator does not. It ends with its local AWS.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from firebreak.paging.rendering import plain
from firebreak_devtools.local.emulator import LocalSession, Running, command_line
from firebreak_devtools.local.paths import Home
from firebreak_devtools.local.transitions import Carried, Carrier

EVERY = timedelta(seconds=1)
# So many polls in a row without an answer: the emulator has ended, and so does this.
GIVES_UP_AFTER = 10
NAMED_WITHIN_SECONDS = 10


def start(home: Home, running: Running) -> None:
    """Start the carrier of this local AWS, unless it runs."""
    if is_running(home):
        return
    mark = f"firebreak-carrier-{secrets.token_hex(8)}"
    with home.carrier_log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # a module of this package
            [sys.executable, "-m", __name__, running.endpoint, mark],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    home.carrier_state.write_text(json.dumps({"pid": process.pid, "mark": mark}))
    _wait_for_its_name(process, mark)
    process.returncode = 0  # it is meant to outlive this command, of which Popen would warn


def _wait_for_its_name(process: subprocess.Popen[bytes], mark: str) -> None:
    """A process that just began shows no command line for a moment: Linux sets it after Popen returned."""
    deadline = time.monotonic() + NAMED_WITHIN_SECONDS
    while mark not in command_line(process.pid) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def is_running(home: Home) -> bool:
    """Whether the carrier that this home names runs, and is really this home's own."""
    return _pid(home) is not None


def stop(home: Home) -> None:
    """End the carrier of this home, if it runs."""
    pid = _pid(home)
    home.carrier_state.unlink(missing_ok=True)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)


def _pid(home: Home) -> int | None:
    try:
        state = json.loads(home.carrier_state.read_text())
        pid, mark = int(state["pid"]), str(state["mark"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    return pid if mark in command_line(pid) else None


def carry(carrier: Carrier, say: Callable[[str], None], wait: Callable[[float], None]) -> None:
    """Deliver what happens until local AWS does not answer any more."""
    failed = 0
    while failed < GIVES_UP_AFTER:
        try:
            for carried in carrier.poll():
                say(line_of(carried))
            failed = 0
        except (BotoCoreError, ClientError) as error:
            failed += 1
            say(f"local AWS did not answer: {plain(str(error))}")
        wait(EVERY.total_seconds())


def line_of(carried: Carried) -> str:
    """One delivered transition, in one line."""
    change = carried.transition
    rules = ", ".join(carried.rules) or "no rule"
    return f"{change.at:%H:%M:%S}Z {plain(change.alarm)}: {change.before} -> {change.after} (matched {rules})"


def main(arguments: Sequence[str]) -> None:
    """`python -m firebreak_devtools.local.carry ENDPOINT MARK`; nothing reads the mark but `is_running`."""
    carrier = Carrier(LocalSession(arguments[0]), datetime.now(UTC))

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    carry(carrier, say, time.sleep)


if __name__ == "__main__":
    main(sys.argv[1:])
