"""`make mutants`: change the core in many small ways and look whether its tests notice.

Arguments are the modules to look at; none means all of them.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.mutants.survivors import KILLED, LIST, Change, Outcome, change, listed, place, problems, table
from tests.mutants.working_copy import COPY, make_copy, modules_of_the_core

LOG = COPY / "log.txt"
MUTMUT = Path(sys.executable).with_name("mutmut")


def run() -> None:
    """Every mutant once. The fast examples are the same each time, so the outcome is as well."""
    environment = os.environ | {"HYPOTHESIS_PROFILE": "mutants"}
    command = [str(MUTMUT), "run", "--max-children", str(os.cpu_count() or 2)]
    with LOG.open("w", encoding="utf-8") as log:
        seen = None if sys.stdout.isatty() else log
        subprocess.run(command, cwd=COPY, env=environment, stdout=seen, stderr=seen, check=True)


def output(*command: str) -> str:
    """The output of mutmut."""
    done = subprocess.run([str(MUTMUT), *command], cwd=COPY, capture_output=True, text=True, check=True)
    return done.stdout


def outcome() -> Outcome:
    """The result of every mutant."""
    counts: dict[str, Counter[str]] = {}
    alive: list[Change] = []
    for line in output("results", "--all", "True").splitlines():
        found = re.fullmatch(r"\s*(\S+): (.+)", line)
        if not found:
            continue
        name, word = found.groups()
        counts.setdefault(place(name)[0], Counter())[word] += 1
        if word != KILLED:
            alive.append(change(name, output("show", name)))
    return Outcome(counts, alive)


def main(modules: list[str]) -> int:
    """0 when enough was killed and every survivor stands in the list."""
    if unknown := set(modules).difference(modules_of_the_core()):
        print(f"no module of the core: {', '.join(sorted(unknown))}", file=sys.stderr)  # noqa: T201
        return 2
    started = time.monotonic()
    looked_at = modules or modules_of_the_core()
    make_copy(looked_at)
    try:
        run()
    except subprocess.CalledProcessError:
        log = LOG.read_text(encoding="utf-8")[-4000:]
        print(f"mutmut did not come to its end:\n{log}", file=sys.stderr)  # noqa: T201
        return 2
    seen = outcome()
    found = problems(seen, listed(LIST.read_text(encoding="utf-8")), looked_at)
    minutes = (time.monotonic() - started) / 60
    print("\n\n".join((*found, table(seen), f"{minutes:.0f} minutes, {len(found)} problems")))  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
