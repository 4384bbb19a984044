"""Reasons, guards, policy, parameters and variables in the documents are those of the code."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from docs import generate
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.states import MOVES
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmKind
from firebreak.core.reasons import MEANINGS, Reason
from firebreak.paging.rendering import _MARKS
from firebreak.policy.schema import PolicyFile
from firebreak.services.registry import CATALOG
from firebreak_cli.export.columns import DECISIONS, INCIDENTS, PAGES
from tests.contracts.template import REPORT, WATCH, functions, own_alarms, template
from tests.docs.documents import ROOT, Document, document, documents, files

GENERATED = [one for one in documents() if "<!-- generated: " in one.text]
SHIPPED = tomllib.loads((ROOT / "shared/policy.toml").read_text(encoding="utf-8"))
OPERATIONS = document("docs/operations.md")
LOCAL = document("docs/local-aws.md")


@pytest.mark.parametrize("one", GENERATED, ids=lambda one: one.name)
def test_a_generated_part_is_what_the_code_says_now(one: Document) -> None:
    assert one.text == generate.renewed(one.text), "run .venv/bin/python docs/generate.py"


def test_every_generated_part_stands_in_exactly_one_document() -> None:
    found = [name for one in documents() for name in re.findall(r"<!-- generated: ([a-z-]+) -->", one.text)]
    assert sorted(found) == sorted(generate.BLOCKS)


def test_nothing_of_what_an_export_is_said_to_lack_is_there() -> None:
    about = document("docs/export.md").prose.partition("## Limits")[2].partition("\n## ")[0]
    columns = {name for table in (DECISIONS, INCIDENTS, PAGES) for name in table.columns}

    assert "A row has the hash of its policy, not its text" in about
    assert {"policy", "inputs"} <= columns
    assert "policy_text" not in columns
    assert "The stack has no\n  scheduled export" in about
    kinds = [one["Type"] for one in template()["Resources"].values()]
    assert [kind for kind in kinds if kind.startswith("AWS::S3::")] == []
    table = template()["Resources"]["Ledger"]["Properties"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], "export to S3 needs it"


def test_every_reason_and_every_state_is_documented() -> None:
    assert [one for one in Reason if f"| `{one.value}` |" not in document("docs/reasons.md").text] == []
    assert [one for one in MOVES if f"| `{one.value}` |" not in document("docs/architecture.md").text] == []


def test_every_guard_is_described_in_its_place() -> None:
    rows = document("docs/guards.md").table("guard")
    assert [row[0] for row in rows] == [guard.name for guard in GUARDS]


def test_the_reason_of_a_guard_that_cannot_look_is_documented_with_its_disposition() -> None:
    text = re.findall(r"\| `(\w+_(?:unreadable|blind))`, (\w+)[ :]", document("docs/guards.md").text)
    assert len(text) == len(GUARDS) - 3, "freeze, autonomy and hold-out can always look: by the policy alone"
    assert text == [(name, MEANINGS[Reason(name)].disposition.value) for name, _ in text]


def test_every_kind_of_alarm_and_every_sample_event_is_described() -> None:
    text = document("docs/events.md").text
    assert [kind for kind in AlarmKind if f"| {kind.value} |" not in text] == []
    samples = [str(path.relative_to(ROOT)) for path in files(".json") if "events" in path.parts]
    assert [name for name in samples if name.startswith("events/") and f"`{name}`" not in text] == []


def test_every_kind_of_page_is_described_under_its_first_word() -> None:
    text = {row[1]: row[0] for row in OPERATIONS.table("first word")}
    assert text == {kind.value: _MARKS[kind] for kind in AnnouncementKind}


# --- the policy


def model_keys(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every key of a policy file, as the document writes it."""
    for name, field in model.model_fields.items():
        kind, suffix = _section(field.annotation)
        yield from model_keys(kind, f"{path}{name}{suffix}.") if kind else iter([f"{path}{name}"])


def _section(annotation: object) -> tuple[type[BaseModel] | None, str]:
    """The section that a field holds, and how its place is written: one, a table by name, or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    held = [one for one in get_args(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
    return (held[0], ".NAME" if get_origin(annotation) is dict else "[]") if held else (None, "")


def shipped(key: str) -> str:
    """A key's value in the shipped policy as TOML writes it, a dash when it is left out."""
    actions, last = SHIPPED["actions"], key.rsplit(".", 1)[-1]
    # Of the keys that only some actions take, the first that takes it speaks.
    of_some = next((name for name in actions if last in actions[name]), "restart-service")
    value: Any = SHIPPED
    for part in key.replace("[]", "").split("."):
        name = of_some if part == "NAME" else part
        value = value.get(name) if isinstance(value, dict) else None
    return "-" if value is None else json.dumps(value)


def test_the_policys_keys_are_those_of_the_models() -> None:
    documented = [row[0] for row in document("docs/policy.md").table("key")]
    assert sorted(documented) == sorted(model_keys(PolicyFile))


@pytest.mark.parametrize("row", document("docs/policy.md").table("key"), ids=lambda row: row[0])
def test_a_keys_shipped_value_is_the_documented_one(row: list[str]) -> None:
    key, value, meaning = row
    assert value == shipped(key)
    assert meaning


def test_every_action_is_named_in_the_policys_document() -> None:
    assert [name for name in CATALOG if f"`{name}`" not in document("docs/policy.md").text] == []


# --- parameters, variables, log events


def test_the_parameters_are_those_of_the_template_with_their_defaults() -> None:
    rows = [*OPERATIONS.table("parameter"), *OPERATIONS.table("rule parameter")]
    documented = {row[0]: "" if row[1] == "empty" else row[1] for row in rows}
    parameters = template()["Parameters"].items()
    assert documented == {name: str(one["Default"]) for name, one in parameters}


def test_every_variable_of_the_functions_is_documented() -> None:
    named = set(template()["Globals"]["Function"]["Environment"]["Variables"])
    named |= {name for one in functions().values() for name in one["Environment"]["Variables"]}
    read = set(re.findall(r'env(?:, |\.get\()"([A-Z_]+)"', _source("shared/firebreak/settings.py")))
    assert len(read) > 5, "the search finds nothing any more"
    assert [name for name in sorted(named | read) if f"`{name}`" not in OPERATIONS.text] == []


def test_every_variable_of_the_command_and_of_make_is_documented() -> None:
    sources = [path.read_text(encoding="utf-8") for path in files(".py") if "firebreak_cli" in path.parts]
    named = {name for text in sources for name in re.findall(r"\bFIREBREAK_[A-Z_]+\b", text)}
    for makefile in ("Makefile", "shared/Makefile"):
        named |= set(re.findall(r"^([A-Z_]+) \?=", _source(makefile), re.MULTILINE))
    documented = OPERATIONS.text + LOCAL.text
    assert [name for name in sorted(named) if f"`{name}`" not in documented] == []


def test_every_log_event_in_the_document_is_written_and_every_counter_counted() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "shared").rglob("*.py"))
    section = OPERATIONS.text.partition("## Logs")[2]
    events = re.findall(r"`([a-z]+\.[a-z_]+)`", section)
    assert events
    assert [name for name in events if f'"{name}"' not in code] == []
    counted = set(re.findall(r'\.count\("(\w+)"', code))
    assert counted >= {"Events", "Decisions", "Failures", "Acts", "Heartbeats", "Sweeps"}
    assert [name for name in sorted(counted) if f"`{name}`" not in section] == []


def test_every_gauge_is_documented_and_every_alarm_of_the_stack() -> None:
    section = OPERATIONS.text.partition("## Watchdog")[2].partition("\n## ")[0]
    rooms = (ROOT / "shared", ROOT / "cli/firebreak_cli/scheduled")
    code = "".join(path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py"))
    gauges = re.findall(r'\.gauge\(\s*"(\w+)"', code)
    assert len(gauges) == 8
    assert [name for name in gauges if f"`{name}`" not in section] == []
    assert {row[0] for row in OPERATIONS.table("alarm")} == own_alarms().keys()


def _source(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_load_that_the_gate_proves_is_the_one_that_is_documented() -> None:
    source = (ROOT / "tests/proofs/concurrency/test_real_concurrency.py").read_text(encoding="utf-8")
    size = re.search(r"^GATE = Size\(services=(\d+), transitions=(\d+), again=(\d+),", source, re.MULTILINE)
    assert size
    services, transitions, again = map(int, size.groups())
    events = f"{services * transitions + again:,} events of {services} services"
    assert f"runs in the gate: {events}" in document("docs/performance.md").text


def test_the_picture_shows_every_function_that_is_no_action() -> None:
    (picture,) = re.findall(r"```mermaid\n(.*?)```", document("docs/architecture.md").text, flags=re.DOTALL)
    shown = set(re.findall(r"\[(\w+)\]", picture))
    assert {*WATCH, REPORT} <= shown
    assert "one function per action" in picture
