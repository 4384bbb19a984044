"""Runs checkov on the templates: `python -m template.scan CHECKOV TEMPLATE...`; `make lint` does it.

checkov alone would pass a template that it cannot read, one in which it looks at nothing, and a suppression
that suppresses nothing any more.
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
# Its exit codes: nothing was found, something was.
ENDS = (0, 1)
CHECKS = ("passed_checks", "failed_checks", "skipped_checks")


def main() -> None:
    """Scan, say what was found, and exit with 1 where that is anything."""
    program, *paths = sys.argv[1:]
    templates = {path: yaml.load(Path(path).read_text("utf-8"), CloudFormationLoader) for path in paths}  # noqa: S506  # a SafeLoader
    report = json.loads(scanned(program, paths))
    found = list(findings(report, templates))
    sys.stdout.write("".join(f"{line}\n" for line in found or [summary(report)]))
    sys.exit(1 if found else 0)


def scanned(program: str, paths: Sequence[str]) -> str:
    """The report of checkov on these templates, as JSON. Raises SystemExit where it came to no end."""
    command = [program, *(part for path in paths for part in ("--file", path)), *OPTIONS]
    quiet = os.environ | {"LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)  # noqa: S603  # of this repository's lock
    sys.stderr.write(done.stderr)
    if done.returncode not in ENDS:
        sys.exit(f"checkov ended with {done.returncode}")
    return done.stdout


def findings(report: Mapping[str, Any], templates: Mapping[str, Any]) -> Iterator[str]:
    """The faults to mend: failed checks, what was not looked at, suppressions without need or reason."""
    # Of no resource at all checkov prints counts alone.
    results = report.get("results", {"parsing_errors": [], **{kind: [] for kind in CHECKS}})
    yield from (f"{path}: checkov cannot read it" for path in results["parsing_errors"])
    yield from _not_looked_at(report, results, templates)
    for one in results["failed_checks"]:
        yield f"{one['resource']}: {one['check_id']}: {one['check_name']}"
    needed = {(_path(one), one["resource"], one["check_id"]) for one in results["skipped_checks"]}
    for path, template in templates.items():
        for resource, check, reason in suppressed(template):
            if (Path(path).resolve(), resource, check) not in needed:
                yield f"{resource}: {check} is suppressed, and checkov finds nothing there"
            if len(reason) < SHORTEST_REASON:
                yield f"{resource}: {check} is suppressed without a reason"


def _not_looked_at(
    report: Mapping[str, Any], results: Mapping[str, Any], templates: Mapping[str, Any]
) -> Iterator[str]:
    """Templates without a check of any kind, and resources that checkov did not count."""
    looked = {_path(one) for kind in CHECKS for one in results[kind]}
    yield from (
        f"{path}: checkov checks nothing of it" for path in templates if Path(path).resolve() not in looked
    )
    counted = report.get("summary", report)["resource_count"]
    there = sum(len(one["Resources"]) for one in templates.values())
    if counted != there:
        yield f"checkov counts {counted} resources, and there are {there}"


def _path(found: Mapping[str, Any]) -> Path:
    return Path(found["file_abs_path"]).resolve()


def suppressed(template: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each suppression of a template: the resource as checkov names it, the check and the reason."""
    resources = template["Resources"].items()
    for name, one in ((name, one) for name, one in resources if isinstance(one, dict)):  # a loop is a list
        for skip in one.get("Metadata", {}).get("checkov", {}).get("skip", ()):
            yield f"{one['Type']}.{name}", skip["id"], skip.get("comment", "")


def summary(report: Mapping[str, Any]) -> str:
    """One line for a scan that found nothing."""
    counts = report["summary"]
    return f"checkov: {counts['passed']} passed, {counts['skipped']} suppressed with a reason"


if __name__ == "__main__":
    main()
