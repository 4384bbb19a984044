"""The decisions of an export, as `firebreak export decisions --json` wrote them."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.export.columns import VERSION
from firebreak_cli.progress import Progress
from firebreak_cli.queries.ledger_queries import StoredDecision


def decisions_in(path: Path, wanted: str, progress: Progress) -> Iterator[StoredDecision]:
    """The decisions of that key or incident, in the order of the file. Raises Ending."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                progress.look(f"{number} lines")
                if wanted and wanted in line and (row := _row(line, path, number)):
                    yield from _decision(row, wanted, path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise Ending(BAD_INPUT, f"{path} cannot be read: {type(error).__name__}") from error


def _row(line: str, path: Path, number: int) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _no_row(path, number) from error
    if not isinstance(row, dict) or row.get("version") != VERSION:
        raise _no_row(path, number)
    return row


def _decision(row: Mapping[str, Any], wanted: str, path: Path, number: int) -> Iterator[StoredDecision]:
    if wanted not in (row.get("key"), row.get("incident")):
        return
    try:
        yield _stored(row)
    except (KeyError, TypeError, ValueError) as error:
        raise _no_row(path, number) from error


def _stored(row: Mapping[str, Any]) -> StoredDecision:
    inputs = row.get("inputs")
    return StoredDecision(
        key=str(row["key"]),
        at=datetime.fromisoformat(row["at"]),
        kind=str(row["kind"]),
        action=str(row["action"]),
        incident_id=str(row["incident"]),
        target=str(row["target_key"] or ""),
        alarm=str(row["alarm"] or ""),
        outcome=str(row["decision"]),
        reason=str(row["reason"]),
        policy=str(row["policy"]),
        checks=tuple(check for check in row["checks"] if isinstance(check, dict)),
        by=str(row["by"] or ""),
        verified=row.get("by_confirmed") is True,
        transition=None,
        build=str(row.get("build") or ""),
        inputs=inputs if isinstance(inputs, str) else "",
        inputs_left_out="" if inputs else "the export holds no snapshot of it",
    )


def _no_row(path: Path, number: int) -> Ending:
    return Ending(BAD_INPUT, f"{path} line {number}: no row of exported decisions as JSON Lines")
