"""docs/doctor.md says what the command does."""

import re
from pathlib import Path

import pytest

from firebreak_cli.doctor import doctor_screen, reports
from firebreak_cli.doctor.model import Result
from firebreak_cli.doctor.verdict import Word
from firebreak_cli.doctor.waivers import read_waivers
from tests.cli.doctored import Account
from tests.cli.test_pause_scopes import moto_service
from tests.docs.documents import document
from tests.support.world import World

PAGE = document("docs/doctor.md")


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE.text, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_the_results_are_those_of_the_command_with_their_words_on_the_screen() -> None:
    rows = [(row[0], row[1]) for row in PAGE.table("result")]
    assert rows == [
        (one.value, doctor_screen._MARKS[one][0]) for one in Result if one in doctor_screen._MARKS
    ]
    assert len(rows) == len(Result)


def test_the_verdicts_are_those_of_the_command() -> None:
    assert [row[1] for row in PAGE.table("verdict")] == [one.value for one in Word]


def test_the_example_is_what_the_command_prints(account: Account) -> None:
    moto_service("batch")
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/batch"}
    account.put_alarm("batch-memory", tags)
    printed = account.doctor("--only", "FB206").stdout
    assert printed.partition("\n\n")[2] == block("text")


def test_what_it_says_it_does_not_look_at_is_not_asked_for(account: Account) -> None:
    section = PAGE.text.partition("## Not looked at")[2].partition("\n## ")[0]
    assert all(word in section for word in ("role", "targets", "resource policies", "KMS", "drift", "page"))
    account.doctor()
    asked = {right.action for right in account.rights}
    assert {one for one in asked if one.startswith(("kms:", "organizations:"))} == set()
    not_called = {
        "events:ListTargetsByRule",
        "lambda:GetPolicy",
        "sns:GetTopicAttributes",
        "sns:Publish",
        "secretsmanager:GetSecretValue",
        "cloudformation:DetectStackDrift",
    }
    assert asked & not_called == set()


def test_the_file_of_waivers_is_one(tmp_path: Path) -> None:
    path = tmp_path / "policy.waivers.toml"
    path.write_text(block("toml"), encoding="utf-8")
    (waiver,) = read_waivers(path)
    assert (waiver.code, waiver.subject) == ("FB206", "staging-*")


def keys(value: object) -> set[str]:
    match value:
        case dict():
            return {*value, *(key for one in value.values() for key in keys(one))}
        case list():
            return {key for one in value for key in keys(one)}
        case _:
            return set()


def test_every_key_of_the_json_is_documented(account: Account, tmp_path: Path) -> None:
    (tmp_path / "policy.waivers.toml").write_text(block("toml"), encoding="utf-8")
    account.status = "UPDATE_FAILED"
    section = PAGE.text.partition("## JSON")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`([a-z_]+)`", section))
    written = keys(account.report()) | keys(reports.checks_as_json())
    assert written == documented
