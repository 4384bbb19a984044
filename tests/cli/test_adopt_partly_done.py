"""An adoption of which a part is left undone has an exit code of its own, and prints its results first."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from firebreak_cli.adopt.applying import Applied, Applier
from firebreak_cli.adopt.changes import Change, Outcome
from firebreak_cli.adopt.owners import NOBODY
from firebreak_cli.adopt.results import end_applied
from firebreak_cli.adopt.undo_file import UndoFile
from firebreak_cli.exit_codes import BAD_INPUT, EXIT_CODES, PARTLY_DONE, Ending
from tests.cli.adopted import NOW, Resources
from tests.cli.adopted_aws import SERVICE, adopt, cli_environment, no_stack, put, results, tags
from tests.cli.running import error_lines
from tests.cli.test_adopt_changes import ONE, PAGE, TWO, change
from tests.cli.test_pause_scopes import moto_service
from tests.support import builders as a


def test_it_is_no_other_command_s_code() -> None:
    assert (PARTLY_DONE, [*EXIT_CODES].count(PARTLY_DONE)) == (10, 1)


def ended(outcome: Outcome) -> Ending:
    with pytest.raises(Ending) as raised:
        end_applied(Applied([change().ended(outcome, "x")]))
    return raised.value


@pytest.mark.parametrize("outcome", [Outcome.CHANGED, Outcome.GONE])
def test_a_plan_that_is_not_right_any_more_is_partly_done(outcome: Outcome) -> None:
    assert ended(outcome).code == PARTLY_DONE


class Cutting(Resources):
    """After the first tag no file can be written any more."""

    def __init__(self, folder: Path) -> None:
        super().__init__({ONE: {}, TWO: {}})
        self.folder = folder

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        super().add(arn, tags)
        self.folder.rename(self.folder.with_name("elsewhere"))


def applied(store: Resources, folder: Path, *changes: Change) -> Applied:
    applier = Applier(lambda _: store, lambda *_: NOBODY)
    undo = UndoFile(folder / "u.json", a.ACCOUNT, a.REGION, NOW, "ana")
    return applier.apply([applier.looked(one) for one in changes], undo)


def test_an_undo_file_that_cannot_be_written_any_more_ends_it_with_what_was_done(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    store = Cutting(folder)
    done = applied(store, folder, change(), change(TWO), change(ONE))
    assert [one.outcome for one in done.changes] == [Outcome.TAGGED, Outcome.NOT_TRIED, Outcome.NOT_TRIED]
    assert store.tags == {ONE: PAGE, TWO: {}}
    with pytest.raises(Ending) as raised:
        end_applied(done)
    text = f"NOT ALL TAGGED: {folder}/u.json: cannot be written (FileNotFoundError): nothing more is changed"
    assert (raised.value.code, raised.value.lines) == (PARTLY_DONE, (f"{text}; 1 of 3 tagged",))


def test_one_that_cannot_be_written_at_all_is_a_wrong_name(tmp_path: Path) -> None:
    store = Resources({ONE: {}})
    done = applied(store, tmp_path / "nowhere", change())
    with pytest.raises(Ending) as raised:
        end_applied(done)
    assert (raised.value.code, store.made) == (BAD_INPUT, [])


# --- by the command


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        yield boto3.session.Session(region_name=a.REGION).client("cloudwatch")


def test_the_results_are_printed_before_the_error_of_the_undo_file(aws: Any) -> None:
    """Somebody else makes a file of that name after it was found to be free."""
    moto_service("api")
    alarm = put(aws, "api-sev1")
    asked: list[Stubber] = []

    def taken(stubber: Stubber) -> None:
        """CloudFormation has a new client for each look and when the tagging begins."""
        asked.append(stubber)
        if len(asked) > 2:
            Path("u.json").write_text("mine", encoding="utf-8")
        no_stack(stubber)

    done = adopt("--apply", "--yes", "--undo-file", "u.json", "--json", environment=cli_environment(taken))
    assert (done.exit_code, set(results(done).values())) == (BAD_INPUT, {"not_tried"})
    assert json.loads(done.stdout)["undo_file"] is None
    exists = "u.json: it exists already: nothing more is changed; name another with --undo-file"
    assert error_lines(done) == [
        f"firebreak: NOT ALL TAGGED: {exists}; 0 of 2 tagged, 0 of 1 alarm rewritten"
    ]
    assert (tags(alarm), tags(SERVICE), Path("u.json").read_text(encoding="utf-8")) == ({}, {}, "mine")
