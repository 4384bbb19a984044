import json
from pathlib import Path

import pytest

from tests.cli.running import error_lines, run
from tests.support.sample_events import EVENTS

POLICIES = EVENTS.parent / "shared"


@pytest.mark.parametrize("name", ["policy.toml", "policies/demo.toml"])
def test_a_policy_that_loads_is_one_line(name: str) -> None:
    result = run("policy", "check", str(POLICIES / name))

    assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 1)
    assert "loads" in result.stdout


def test_every_mistake_is_a_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    text = (POLICIES / "policy.toml").read_text(encoding="utf-8")
    file.write_text(text.replace('"observe"', '"yolo"').replace('"15m"', '"soon"'), encoding="utf-8")

    result = run("policy", "check", str(file))

    assert (result.exit_code, result.stdout) == (1, "")
    assert len(error_lines(result)) == 2
    assert all(str(file) in line for line in error_lines(result))
    assert {"defaults.autonomy", "defaults.cooldown"} <= {line.split(": ")[3] for line in error_lines(result)}


@pytest.mark.parametrize(
    "content", [None, b"\xff", b"[", b""], ids=["missing", "binary", "not TOML", "empty"]
)
def test_a_file_that_is_no_policy_ends_plainly(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "policy.toml"
    if content is not None:
        file.write_bytes(content)

    result = run("policy", "check", str(file))

    assert (result.exit_code, result.stdout) == (1, "")
    assert all(line.startswith(f"firebreak: {file}: ") for line in error_lines(result))


def test_runbooks_that_pin_no_content_are_named(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    books = "\n".join(
        f'[actions.run-runbook.runbooks.{name}]\ndocument = "Firebreak-X"\nversion = "1"\n{pin}'
        for name, pin in {"unpinned": "", "pinned": f'sha256 = "{"a" * 64}"\n'}.items()
    )
    text = (POLICIES / "policy.toml").read_text(encoding="utf-8")
    file.write_text(f"{text}\n{books}", encoding="utf-8")

    assert "runbooks without sha256: unpinned, hash" in run("policy", "check", str(file)).stdout
    assert json.loads(run("policy", "check", str(file), "--json").stdout)["runbooks_without_sha256"] == [
        "unpinned"
    ]


def test_a_hash_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    text = (POLICIES / "policy.toml").read_text(encoding="utf-8")
    book = '[actions.run-runbook.runbooks.x]\ndocument = "Firebreak-X"\nversion = "1"\nsha256 = "ABC"\n'
    file.write_text(f"{text}\n{book}", encoding="utf-8")
    assert "actions.run-runbook.runbooks.x.sha256" in run("policy", "check", str(file)).stderr
