"""docs/adopting.md agrees with the code: its numbers, tables, keys and rights."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from firebreak.services.registry import CATALOG
from firebreak_cli.adopt import plan_file
from firebreak_cli.adopt.alarm_configuration import OPERATIONS
from firebreak_cli.adopt.changes import Outcome
from firebreak_cli.adopt.entries import MEANINGS
from firebreak_cli.adopt.owners import OwnerKind
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import OWNED, PARTLY_DONE
from tests.cli.adopted import NOW
from tests.cli.adopted_aws import ACCOUNT, PropagatingSession, adopt, no_stack, put
from tests.cli.rights import VIEWER, Right, rights_of, statements_of
from tests.cli.test_adopt_offline import FILES
from tests.cli.test_adopt_offline import adopt as offline
from tests.cli.test_adopt_sample import PLAN
from tests.cli.test_pause_scopes import moto_service
from tests.docs.documents import document
from tests.support import builders as a

DOCUMENT = document("docs/adopting.md")


def test_the_numbers_of_the_sample_are_those_of_the_command() -> None:
    counts = json.loads(offline(*FILES, "--json").stdout)["counts"]
    said = f"{counts['adopt']} of them are to be adopted, of which 5 are managed by a stack or a tool"
    assert f"{said}, {counts['leave']} are left alone and {counts['red']} are red now" in DOCUMENT.text
    assert f"{counts['adopt'] + counts['leave']} alarms of a sample" in DOCUMENT.text


def test_the_metrics_and_their_actions_are_those_of_the_code() -> None:
    symptoms = [spec for spec in CATALOG.specs.values() if spec.symptom]
    by_itself = {
        (f"{spec.symptom.namespace} {spec.symptom.metric}", spec.name, "yes")
        for spec in symptoms
        if spec.symptom
    }
    by_tag = {
        (f"{one.namespace} {one.metric}", spec.name, "no")
        for spec in CATALOG.specs.values()
        for one in spec.suggested_by
    }
    assert {tuple(row) for row in DOCUMENT.table("metric")} == by_itself | by_tag


def test_every_reason_stands_with_its_meaning() -> None:
    assert {row[0]: row[1] for row in DOCUMENT.table("reason")} == {
        reason.value: meaning.strip("`") for reason, meaning in MEANINGS.items()
    }


def test_every_result_and_every_kind_of_owner_is_described() -> None:
    described = {row[0] for row in DOCUMENT.table("result")}
    assert described == {one.value for one in Outcome if one is not Outcome.READY}
    assert [kind for kind in OwnerKind if f"`{kind.value}`" not in DOCUMENT.text] == []
    assert f"ends it with exit code {OWNED}, `changed` or `gone` with {PARTLY_DONE}" in DOCUMENT.text


def test_every_key_of_an_alarm_is_described_in_its_order() -> None:
    found: Any = plan_file.as_json(PLAN)
    assert [row[0] for row in DOCUMENT.table("key")] == list(found["alarms"][0])
    section = DOCUMENT.text.partition("## The file")[2]
    assert [key for key in found if f"`{key}`" not in section] == []


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        yield boto3.session.Session(region_name=a.REGION).client("cloudwatch")


def recording(rights: set[Right]) -> Environment:
    def sent(params: Any, model: Any, **_: object) -> None:
        rights.update(rights_of(model.service_model.signing_name, model.name, params))

    def session() -> PropagatingSession:
        made = PropagatingSession(no_stack)
        made.events.register("before-parameter-build", sent, unique_id="rights")
        return made

    return Environment({}, lambda: NOW, session, sleep=lambda _: None)


def documented() -> set[str]:
    return {right for row in DOCUMENT.table("right") for right in re.findall(r"[a-z]+:[A-Za-z]+", row[0])}


def test_the_rights_are_those_of_the_calls(aws: Any) -> None:
    """Those of Lambda are its own calls with the names of these; ListTags is a reader's."""
    moto_service("api")
    put(aws, "api-sev1")
    rights: set[Right] = set()
    environment = recording(rights)
    done = adopt("--apply", "--yes", "--undo-file", "u.json", "--json", environment=environment)
    assert (done.exit_code, json.loads(done.stdout).keys()) == (0, APPLIED)
    back = adopt("--undo", "u.json", "--yes", "--json", environment=environment)
    assert (back.exit_code, json.loads(back.stdout)["results"][0].keys()) == (0, TAKEN_BACK)
    called = {right.action for right in rights if right.action != "sts:GetCallerIdentity"}
    readers = {right for right in called if any(Right(right).is_in(one) for one in statements_of(VIEWER))}
    of_lambda = {"lambda:TagResource", "lambda:UntagResource"}
    of_other_kinds = {"cloudwatch:PutCompositeAlarm", "cloudwatch:PutLogAlarm"}
    assert {one.partition(":")[2] for one in of_other_kinds} == {*OPERATIONS.values()} - {"PutMetricAlarm"}
    assert (called - readers) | of_lambda | of_other_kinds == documented()


APPLIED = {"version", "account", "region", "undo_file", "results", "rewrites", "patches"}
TAKEN_BACK = {"what", "arn", "result", "keys", "why"}


def test_a_document_s_undo_file_has_a_name_that_apply_gives(aws: Any) -> None:
    moto_service("api")
    put(aws, "api-sev1")
    done = adopt("--apply", "--yes", "--json")
    name = r"firebreak-adopt-20261130T030000Z-[0-9a-f]{8}\.undo\.json"
    assert re.fullmatch(name, json.loads(done.stdout)["undo_file"])
    assert len(re.findall(name, DOCUMENT.text)) == 1
    assert ACCOUNT in done.stdout
