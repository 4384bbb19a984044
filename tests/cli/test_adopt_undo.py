"""The undo file of `firebreak adopt --apply`, and `--undo`: only what is as it was added is removed."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from firebreak_cli.adopt.undo_file import KEYS
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, INTERRUPTED, NO_AWS, PARTLY_DONE
from tests.cli.adopted import NOW
from tests.cli.adopted_aws import (
    ACCOUNT,
    CRITICAL,
    OPTED,
    SERVICE,
    PropagatingSession,
    adopt,
    no_stack,
    put,
    results,
    tags,
)
from tests.cli.running import error_lines
from tests.cli.test_pause_scopes import moto_service
from tests.support import builders as a


@pytest.fixture
def aws() -> Iterator[Any]:
    with mock_aws():
        yield boto3.session.Session(region_name=a.REGION).client("cloudwatch")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Undo files are written here."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def failing(operation: str, code: str, status: int) -> Environment:
    """ECS answers one kind of call so, and does not carry it out."""
    metadata = {"HTTPStatusCode": status}
    answer = {"Error": {"Code": code, "Message": "x"}, "ResponseMetadata": metadata}

    class Session(PropagatingSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            if service_name == "ecs":
                sent = SimpleNamespace(status_code=status), answer
                made.meta.events.register(f"before-call.ecs.{operation}", lambda **_: sent)
            return made

    return Environment({}, lambda: NOW, lambda: Session(no_stack), sleep=lambda _: None)


def test_the_undo_file_has_what_was_done_and_not_what_was_refused(aws: Any, folder: Path) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    refused = failing("TagResource", "AccessDeniedException", 403)
    done = adopt("--apply", "--yes", "--undo-file", "u.json", "--json", environment=refused)
    (line,) = error_lines(done)
    assert (done.exit_code, line.endswith("; 1 of 2 tagged, 1 of 1 alarm rewritten")) == (NO_AWS, True)
    assert line.startswith(
        "firebreak: NOT ALL TAGGED: 1 refused: AWS refused TagResource (AccessDeniedException): "
    )
    assert results(done) == {"alarm api-sev1": "tagged", "ecs:prod/api": "refused"}
    written = json.loads((folder / "u.json").read_text(encoding="utf-8"))
    assert [one["what"] for one in written["added"]] == ["alarm api-sev1"]
    assert adopt("--undo", "u.json", "--yes").exit_code == 0
    assert tags(alarm) == {}


def test_a_lost_reply_is_in_the_undo_file(aws: Any, folder: Path) -> None:
    moto_service("api")
    put(aws, "api-sev1")
    lost = failing("TagResource", "InternalError", 500)
    done = adopt("--apply", "--yes", "--undo-file", "u.json", "--json", environment=lost)
    assert (done.exit_code, results(done)["ecs:prod/api"]) == (NO_AWS, "not_read")
    written = json.loads((folder / "u.json").read_text(encoding="utf-8"))
    assert [one["what"] for one in written["added"]] == ["alarm api-sev1", "ecs:prod/api"]


def test_an_interrupt_says_where_what_was_changed_is(aws: Any, folder: Path) -> None:
    moto_service("api")
    put(aws, "api-sev1")

    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    class Session(PropagatingSession):
        def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made = super().client(service_name, *args, **kwargs)
            made.meta.events.register("before-call.ecs.TagResource", interrupt)
            return made

    environment = Environment({}, lambda: NOW, lambda: Session(no_stack), sleep=lambda _: None)
    done = adopt("--apply", "--yes", "--undo-file", "u.json", environment=environment)
    assert (done.exit_code, error_lines(done)) == (
        INTERRUPTED,
        ["firebreak: interrupted: what was changed is in u.json"],
    )
    added = json.loads((folder / "u.json").read_text(encoding="utf-8"))["added"]
    assert [one["what"] for one in added] == ["alarm api-sev1", "ecs:prod/api"]


def test_an_existing_undo_file_is_never_overwritten(aws: Any, folder: Path) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    (folder / "u.json").write_text("mine", encoding="utf-8")
    done = adopt("--apply", "--yes", "--undo-file", "u.json")
    assert (done.exit_code, error_lines(done)) == (
        BAD_INPUT,
        ["firebreak: u.json: it exists already; name another with --undo-file"],
    )
    assert ((folder / "u.json").read_text(encoding="utf-8"), tags(alarm)) == ("mine", {})


def test_a_folder_that_is_not_there_is_said_before_anything_is_changed(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    done = adopt("--apply", "--yes", "--undo-file", "nowhere/u.json")
    assert (done.exit_code, tags(alarm)) == (BAD_INPUT, {})
    assert error_lines(done) == ["firebreak: nowhere/u.json: cannot be written"]


# --- taking it back


def test_a_tag_that_was_changed_since_is_kept(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    adopt("--apply", "--yes", "--undo-file", "u.json")
    aws.tag_resource(ResourceARN=alarm, Tags=[{"Key": "firebreak:severity", "Value": "info"}])
    back = adopt("--undo", "u.json", "--yes", "--json")
    assert (back.exit_code, results(back)) == (
        PARTLY_DONE,
        {"ecs:prod/api": "removed", "alarm api-sev1": "changed"},
    )
    assert (tags(alarm), tags(SERVICE)) == ({"firebreak:severity": "info"}, {})


def test_taking_back_asks_first(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    adopt("--apply", "--yes", "--undo-file", "u.json")
    back = adopt("--undo", "u.json", stdin="n\n")
    assert (back.exit_code, tags(alarm)) == (BAD_INPUT, CRITICAL)
    assert "ecs:prod/api" in back.stderr


def undo_file(folder: Path, **changes: object) -> str:
    one = {"what": "alarm x", "arn": f"arn:aws:cloudwatch:{a.REGION}:{ACCOUNT}:alarm:x", "tags": OPTED}
    content = {
        "version": 1,
        "account": ACCOUNT,
        "region": a.REGION,
        "made_at": "2026-11-30T03:00:00+00:00",
        "added": [one | changes],
    }
    file = folder / "crafted.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


CRAFTED: list[tuple[str, dict[str, object], str]] = [
    ("another tag", {"tags": {"team": "x"}}, "added[0]: tags: team is no tag that adopt adds"),
    ("no tags", {"tags": {}}, "added[0].tags: "),
    (
        "a bucket",
        {"arn": f"arn:aws:s3:{a.REGION}:{ACCOUNT}:x"},
        "arn: expected one of cloudwatch, ecs, lambda",
    ),
    ("another region", {"arn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:x"}, f"arn: expected one of {ACCOUNT} "),
    ("no ARN", {"arn": "x"}, f"arn: expected one of {ACCOUNT} {a.REGION}"),
]


@pytest.mark.parametrize(("changes", "line"), [one[1:] for one in CRAFTED], ids=[one[0] for one in CRAFTED])
def test_an_undo_file_removes_nothing_but_what_adopt_adds(
    aws: Any, folder: Path, changes: dict[str, object], line: str
) -> None:
    result = adopt("--undo", undo_file(folder, **changes), "--yes")
    assert result.exit_code == BAD_INPUT
    assert line in error_lines(result)[0]


def test_the_tags_that_may_be_removed_are_those_that_a_plan_adds() -> None:
    assert {"firebreak:action", "firebreak:target", "firebreak:severity", "firebreak:enabled"} == KEYS
