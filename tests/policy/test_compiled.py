"""A compiled policy says what the file says, and counts for that very text alone."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.paging.rules import DEFAULT_PAGING
from firebreak.errors import PolicyError
from firebreak.policy.build import problems
from firebreak.policy.compiled import compiled_path, decode, encode, seal, sources_id, stamp
from firebreak.policy.compiler import parse_policy
from firebreak.policy.loader import load_policy
from firebreak.policy.paging import PagingSection
from firebreak.policy.policy import Policy
from tests.docs.documents import ROOT
from tests.support import builders as a

POLICIES = sorted(
    path
    for folder in ("shared", "examples")
    for path in (ROOT / folder).rglob("*.toml")
    if path.name == "policy.toml" or path.parent.name == "policies"
)

EVERYTHING = """
[[groups]]
group = "ecs:batch"
max_unavailable = 0.25
within = "90m"

[[dependencies]]
name = "database"
targets = ["ecs:prod/*"]
budget = ["2/1h"]

[[freeze.never]]
name = "nights"
schedule = "cron(0 2 * * MON-FRI)"
duration = "4h"
timezone = "Europe/Berlin"
targets = ["ecs:prod/*"]

[[freeze.only]]
name = "launch"
schedule = "at(2026-11-27T00:00)"
duration = "2h"
actions = ["restart-service"]

[missing_data]
means = "ignore"
[[freeze.calendars]]
name = "prod-changes"
arn = "arn:aws:ssm:eu-west-1:111122223333:document/prod-changes"
targets = ["ecs:prod/*"]
actions = ["restart-service"]
override = false
[[missing_data.named]]
alarms = "heartbeat-*"
means = "symptom"

[paging]
critical_ceiling = "200/1h"
[[paging.business]]
name = "week"
schedule = "cron(0 8 * * MON-FRI)"
duration = "10h"
[paging.channels.team]
kind = "slack"
secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firebreak/slack-a"
to = "C0123ABCD"
[[paging.routes]]
severities = ["info", "warning"]
hours = "business"
steps = [{ after = "0s", channels = ["team"], who = "the team" }]
[[paging.runbooks]]
alarms = "api-*"
url = "https://example.com/api"
[[paging.logs]]
targets = "ecs:prod/*"
group = "/ecs/{name}"

[actions.adjust-function-memory]
factor = 1.25
[actions.roll-back-service]
suspect_within = "45m"
[actions.run-runbook.runbooks.flush]
document = "Firebreak-Flush"
version = "3"
parameters = { Host = "cache-1", Modes = ["soft", "hard"] }
guard = "errors"

[[overrides]]
target = "ecs:prod/api"
action = "scale-service"
autonomy = "approve"
cooldown = "20m"
ladder = ["scale-service", "page"]
"""


def policy_of_everything() -> str:
    return a.AUTO_POLICY + EVERYTHING


@cache
def everything() -> Policy:
    return parse_policy(policy_of_everything(), "x.toml")


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_shipped_policy_comes_back_from_its_compiled_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    policy = parse_policy(text, str(path))
    assert decode(encode(policy, text), text) == policy


def test_a_policy_with_every_section_comes_back_from_its_compiled_form() -> None:
    text = policy_of_everything()
    policy = parse_policy(text, "all.toml")
    back = decode(encode(policy, text), text)
    assert back == policy
    assert back.never[0].window.covering(a.NOW) == policy.never[0].window.covering(a.NOW)
    assert back.rules("scale-service", a.TARGET) == policy.rules("scale-service", a.TARGET)


def test_that_text_sets_every_part_that_a_policy_may_leave_out() -> None:
    """A part that it left out could be lost on the way and come back as its default."""
    bare, full = (parse_policy(text, "x.toml") for text in (a.AUTO_POLICY, policy_of_everything()))
    needed = {"defaults", "budgets", "verification", "storm", "breakers", "disruption"}
    assert {name for name in vars(full) if getattr(bare, name) == getattr(full, name)} == needed


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    (tmp_path / "policy.toml").write_text(policy_of_everything(), encoding="utf-8")
    assert list(problems(tmp_path, ["policy.toml"])) == []
    return tmp_path


def sealed(layer: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Changes the compiled form as a build would have made it, so that it shows which of the two was read."""
    path = compiled_path(layer / "policy.toml")
    policy = json.loads(path.read_bytes())["policy"]
    change(policy)
    content = json.dumps(policy, separators=(",", ":"))
    of = seal((layer / "policy.toml").read_text(encoding="utf-8"), content.encode())
    path.write_text(f'{{"seal":"{of}","policy":{content}}}', encoding="utf-8")
    return path


def marked(layer: Path) -> Path:
    return sealed(layer, lambda policy: policy["defaults"].update(application_tag="from-the-compiled-form"))


def tag(layer: Path) -> str:
    return load_policy(layer / "policy.toml").defaults.application_tag


def test_the_build_compiles_each_policy_and_the_compiled_form_is_read(layer: Path) -> None:
    marked(layer)
    assert tag(layer) == "from-the-compiled-form"


def test_a_policy_that_changed_since_it_was_compiled_is_read_as_it_is(layer: Path) -> None:
    marked(layer)
    with (layer / "policy.toml").open("a", encoding="utf-8") as file:
        file.write("# another word\n")
    assert tag(layer) == ""


def test_a_mistake_made_after_the_build_is_found_all_the_same(layer: Path) -> None:
    with (layer / "policy.toml").open("a", encoding="utf-8") as file:
        file.write("[no-such-section]\n")
    with pytest.raises(PolicyError, match="no-such-section"):
        load_policy(layer / "policy.toml")


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"seal": 1, "policy": {}}',
        b"\xff\xfe",
        b'{"seal": "x", "policy": {}}',
        b'{"seal": "x", "policy": ' + b'{"a":' * 100_000,
    ],
)
def test_a_damaged_compiled_form_is_passed_over(layer: Path, damage: bytes) -> None:
    compiled_path(layer / "policy.toml").write_bytes(damage)
    assert load_policy(layer / "policy.toml") == parse_policy(policy_of_everything(), "x.toml")


@given(place=st.integers(0, 100_000), byte=st.integers(0, 255))
def test_whichever_byte_of_a_compiled_form_is_another_the_policy_is_that_of_the_file(
    place: int, byte: int
) -> None:
    policy = everything()
    found = bytearray(encode(policy, policy_of_everything()))
    found[place % len(found)] = byte
    assert decode(bytes(found), policy_of_everything()) in (None, policy)


def test_the_build_stamps_a_package_by_its_sources(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core/a.py").write_text("x = 1", encoding="utf-8")
    stamp(tmp_path)
    first = (tmp_path / "build_id").read_text(encoding="ascii")
    (tmp_path / "core/a.py").write_text("x = 2", encoding="utf-8")
    stamp(tmp_path)
    assert first != (tmp_path / "build_id").read_text(encoding="ascii")


def test_a_compiled_policy_is_read_without_the_library_that_checks_it(layer: Path) -> None:
    assert checked_again(layer) == "False\n"


def test_a_policy_that_says_nothing_of_pages_pages_as_none_at_all() -> None:
    assert PagingSection().rules() == DEFAULT_PAGING
    assert DEFAULT_PAGING.digest_every == timedelta(hours=1)


def test_a_layer_reads_the_compiled_policies_of_its_own_build_alone(tmp_path: Path) -> None:
    """As the Makefile of the layer runs it: in a copy of the folder, with the package of the layer itself."""
    copy, layer = tmp_path / "copy", tmp_path / "python"
    for folder in (copy, layer):
        shutil.copytree(ROOT / "shared", folder, ignore=shutil.ignore_patterns("__pycache__"))
    here = {"PYTHONPATH": f"{layer}/", "PATH": ""}
    module = "-m firebreak.policy.build"
    (line,) = [one for one in (copy / "Makefile").read_text(encoding="utf-8").splitlines() if module in one]
    flags = line.partition("$(PYTHON) ")[2].partition(module)[0].split()
    build = [sys.executable, *flags, *module.split(), str(layer), "policy.toml"]
    subprocess.run(build, check=True, env=here, cwd=copy)
    assert (layer / "firebreak/build_id").read_text(encoding="ascii") == sources_id(layer / "firebreak")
    assert checked_again(layer, here) == "False\n"
    (layer / "firebreak/build_id").write_text("another", encoding="ascii")
    assert checked_again(layer, here) == "True\n"


def checked_again(layer: Path, environment: Mapping[str, str] | None = None) -> str:
    """Whether a fresh process needed the library that checks policies to load this one."""
    code = (
        "import sys; from pathlib import Path; from firebreak.policy.loader import load_policy;"
        f"load_policy(Path({str(layer / 'policy.toml')!r})); print('pydantic' in sys.modules)"
    )
    command = [sys.executable, "-B", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
