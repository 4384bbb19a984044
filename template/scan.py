"""Runs checkov on the templates: `python -m template.scan CHECKOV TEMPLATE...`; `make lint` does it.

checkov alone would pass a template that it cannot read, and a suppression that suppresses nothing any more.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from template.cloudformation import CloudFormationLoader

# Without --skip-download it asks its maker's server for texts.
OPTIONS = ("--framework", "cloudformation", "--skip-download", "--output", "json")
# Shorter ones say nothing.
SHORTEST_REASON = 20


def main() -> None:
    """Scan, say what was found, and exit with 1 where that is anything."""
    program, *paths = sys.argv[1:]
    templates = {path: yaml.load(Path(path).read_text("utf-8"), CloudFormationLoader) for path in paths}  # noqa: S506  # a SafeLoader
    report = json.loads(scanned(program, paths))
    found = list(findings(report, templates))
    sys.stdout.write("".join(f"{line}\n" for line in found or [summary(report)]))
    sys.exit(1 if found else 0)


def scanned(program: str, paths: Sequence[str]) -> str:
    """The report of checkov on these templates, as JSON."""
    command = [program, *(part for path in paths for part in ("--file", path)), *OPTIONS]
    quiet = os.environ | {"LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)  # noqa: S603  # of this repository's lock
    sys.stderr.write(done.stderr)
    return done.stdout


def findings(report: Mapping[str, Any], templates: Mapping[str, Any]) -> Iterator[str]:
    """The faults to mend: failed checks, templates not read, suppressions without need or reason."""
    results = report["results"]
    yield from (f"{path}: checkov cannot read it" for path in results["parsing_errors"])
    for one in results["failed_checks"]:
        yield f"{one['resource']}: {one['check_id']}: {one['check_name']}"
    needed = {(one["resource"], one["check_id"]) for one in results["skipped_checks"]}
    for resource, check, reason in (one for template in templates.values() for one in suppressed(template)):
        if (resource, check) not in needed:
            yield f"{resource}: {check} is suppressed, and checkov finds nothing there"
        if len(reason) < SHORTEST_REASON:
            yield f"{resource}: {check} is suppressed without a reason"


def suppressed(template: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each suppression of a template: the resource as checkov names it, the check and the reason."""
    for name, one in template["Resources"].items():
        for skip in one.get("Metadata", {}).get("checkov", {}).get("skip", ()):
            yield f"{one['Type']}.{name}", skip["id"], skip.get("comment", "")


def summary(report: Mapping[str, Any]) -> str:
    """One line for a scan that found nothing."""
    counts = report["summary"]
    return f"checkov: {counts['passed']} passed, {counts['skipped']} suppressed with a reason"


if __name__ == "__main__":
    main()
