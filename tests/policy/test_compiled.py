"""A compiled policy says what the file says, and counts for that very text alone."""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from firebreak.core.paging.rules import DEFAULT_PAGING
from firebreak.errors import PolicyError
from firebreak.policy.build import problems
from firebreak.policy.compiled import COMPILED_VERSION, compiled_path, decode, encode, stamp
from firebreak.policy.compiler import digest_of, parse_policy
from firebreak.policy.loader import load_policy
from firebreak.policy.paging import PagingSection
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


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_shipped_policy_comes_back_from_its_compiled_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    policy = parse_policy(text, str(path))
    assert decode(encode(policy, digest_of(text)), digest_of(text)) == policy


def test_a_policy_with_every_section_comes_back_from_its_compiled_form() -> None:
    text = policy_of_everything()
    policy = parse_policy(text, "all.toml")
    back = decode(encode(policy, digest_of(text)), digest_of(text))
    assert back == policy
    assert back.never[0].window.covering(a.NOW) == policy.never[0].window.covering(a.NOW)
    assert back.rules("scale-service", a.TARGET) == policy.rules("scale-service", a.TARGET)


def test_every_field_of_a_policy_differs_from_its_default_somewhere_in_that_text() -> None:
    """Otherwise a section that is lost on the way would come back as its default, and nobody noticed."""
    bare, full = (parse_policy(text, "x.toml") for text in (a.AUTO_POLICY, policy_of_everything()))
    same = {"defaults", "budgets", "verification", "storm", "breakers", "disruption"}
    assert {name for name in vars(full) if getattr(bare, name) == getattr(full, name)} == same


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    (tmp_path / "policy.toml").write_text(policy_of_everything(), encoding="utf-8")
    assert list(problems(tmp_path, ["policy.toml"])) == []
    return tmp_path


def marked(layer: Path) -> Path:
    """Changes the compiled form alone, so that it shows which of the two was read."""
    compiled = compiled_path(layer / "policy.toml")
    found = json.loads(compiled.read_bytes())
    found["policy"]["defaults"]["application_tag"] = "from-the-compiled-form"
    compiled.write_text(json.dumps(found), encoding="utf-8")
    return compiled


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
        b'{"v": 1}',
        b"\xff\xfe",
        b'{"v": 1, "sha256": "x", "policy": {}}',
        b'{"v": 1, "sha256": "x", "by": "", "policy": ' + b'{"a":' * 100_000,
        json.dumps(
            {"v": COMPILED_VERSION, "sha256": digest_of(policy_of_everything()), "policy": {}}
        ).encode(),
    ],
)
def test_a_damaged_compiled_form_is_passed_over(layer: Path, damage: bytes) -> None:
    compiled_path(layer / "policy.toml").write_bytes(damage)
    assert load_policy(layer / "policy.toml") == parse_policy(policy_of_everything(), "x.toml")


def test_one_of_another_build_is_passed_over(layer: Path) -> None:
    """The same text may have other defaults in another release."""
    compiled = marked(layer)
    found = json.loads(compiled.read_bytes())
    compiled.write_text(json.dumps({**found, "by": "another"}), encoding="utf-8")
    assert tag(layer) == ""


def test_the_build_stamps_a_package_by_its_sources(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core/a.py").write_text("x = 1", encoding="utf-8")
    stamp(tmp_path)
    first = (tmp_path / "build_id").read_text(encoding="ascii")
    (tmp_path / "core/a.py").write_text("x = 2", encoding="utf-8")
    stamp(tmp_path)
    assert first != (tmp_path / "build_id").read_text(encoding="ascii")


def test_one_of_a_later_version_is_passed_over(layer: Path) -> None:
    compiled = marked(layer)
    found = json.loads(compiled.read_bytes())
    compiled.write_text(json.dumps({**found, "v": COMPILED_VERSION + 1}), encoding="utf-8")
    assert tag(layer) == ""


@pytest.mark.parametrize("section", ["defaults", "budgets", "settings", "paging", "never", "overrides"])
def test_one_that_lacks_a_part_or_holds_another_type_there_is_passed_over(layer: Path, section: str) -> None:
    compiled = marked(layer)
    whole = json.loads(compiled.read_bytes())
    for policy in (
        {key: value for key, value in whole["policy"].items() if key != section},
        {**whole["policy"], section: 5},
        {**whole["policy"], section: [{"x": 5}]},
    ):
        compiled.write_text(json.dumps({**whole, "policy": policy}), encoding="utf-8")
        assert tag(layer) == ""


def test_a_compiled_policy_is_read_without_the_library_that_checks_it(layer: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from firebreak.policy.loader import load_policy;"
        f"load_policy(Path({str(layer / 'policy.toml')!r})); print('pydantic' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"


def test_a_policy_that_says_nothing_of_pages_pages_as_none_at_all() -> None:
    assert PagingSection().rules() == DEFAULT_PAGING
    assert DEFAULT_PAGING.digest_every == timedelta(hours=1)


def test_a_layer_is_stamped_and_reads_its_compiled_policies(tmp_path: Path) -> None:
    """As the Makefile of the layer runs it, with the package of the layer itself."""
    layer = tmp_path / "python"
    shutil.copytree(ROOT / "shared", layer, ignore=shutil.ignore_patterns("__pycache__"))
    run = [sys.executable, "-B", "-m", "firebreak.policy.build", str(layer), "policy.toml"]
    here = {"PYTHONPATH": f"{layer}/", "PATH": ""}
    subprocess.run(run, check=True, env=here, cwd=tmp_path)
    code = (
        "import sys; from pathlib import Path; from firebreak.policy.loader import load_policy;"
        f"load_policy(Path({str(layer / 'policy.toml')!r})); print('pydantic' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-B", "-c", code], capture_output=True, text=True, check=True, env=here, cwd=tmp_path
    )
    assert answer.stdout == "False\n"
    assert len((layer / "firebreak/build_id").read_text(encoding="ascii")) == 64
