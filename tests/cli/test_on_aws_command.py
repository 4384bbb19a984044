"""`firebreak doctor --on-aws`: its forms, its rights, and the report that is sent back."""

import json
import re
from pathlib import Path

import pytest

from docs import generate
from firebreak.core.paging.commands import StackAddress
from firebreak_cli.commands.doctor import complete_code
from firebreak_cli.doctor.on_aws.asking import ASKS
from firebreak_cli.doctor.on_aws.model import Question
from firebreak_cli.doctor.on_aws.on_aws_report import words_of
from firebreak_cli.doctor.on_aws.registry import QUESTIONS
from firebreak_cli.environment import Environment
from tests.cli.doctored import MOTOS_ACCOUNT
from tests.cli.questioned import Questioned
from tests.cli.rights import VIEWER, refused
from tests.cli.running import error_lines, run
from tests.cli.test_exit_codes_of_commands import no_region
from tests.cli.test_on_aws_answers import CONTRIBUTORS, KEY, TOPIC, decided_lately, roles
from tests.docs.documents import document
from tests.support import builders as a
from tests.support.world import World

PAGE = document("docs/first-deploy.md")
PLACE = f"--stack firebreak --region eu-west-1 --account {MOTOS_ACCOUNT}"


@pytest.fixture
def account(world: World, tmp_path: Path) -> Questioned:
    return Questioned(world, tmp_path / "policy.toml")


def everything_to_ask(account: Questioned) -> None:
    """A stack of which every question can be asked."""
    account.parameters |= {"KeyArn": KEY, "PageTopicArn": TOPIC}
    account.put_alarm_of_series("payroll")
    account.replies["DescribeAlarmContributors"] = CONTRIBUTORS
    decided_lately(account)
    account.an_hour_and_a_half_later()


@pytest.mark.parametrize("name", ASKS)
def test_a_question_calls_what_it_declares_and_nothing_else(account: Questioned, name: str) -> None:
    everything_to_ask(account)
    account.rights.clear()
    account.ask(name)
    called = {one.action for one in account.rights}
    assert called - {"cloudformation:DescribeStacks"} == {*QUESTIONS[name].reads}


def test_the_policy_of_viewers_allows_every_question_but_those_to_logs(account: Questioned) -> None:
    everything_to_ask(account)
    account.rights.clear()
    account.doctor("--on-aws")
    lacking = {one.action for one in refused(VIEWER, account.rights)}
    assert lacking == {one for asked in QUESTIONS.values() for one in asked.reads if one.startswith("logs:")}
    assert "`ViewerPolicy` has all rights but those on logs (`logs:`)" in PAGE.text


def test_the_screen_has_question_answer_meaning_and_next_step(account: Questioned) -> None:
    roles(without=1)(account)
    result = account.doctor("--on-aws", "--only", "role-paths", "--only", "architecture")
    assert (result.exit_code, result.stderr) == (8, "")
    assert [line.partition("deployed with")[0] for line in result.stdout.splitlines()] == [
        f"Questions to the account of stack firebreak ({MOTOS_ACCOUNT} eu-west-1), release 0.1.0",
        "",
        "OTHER    Are the roles found by their path?",
        "         role-paths: fewer (17 by the path, 18 of the stack)",
        "         means: the others have another path; FB112 cannot look at them each morning, and says so",
        f"         next: firebreak doctor --only FB112 {PLACE}",
        "ok       Does your region have Lambda on arm64?",
        f"         architecture: {QUESTIONS['architecture'].answer('as-deployed').found} (arm64; ",
        "         means: the region has it",
        "",
        "Answered 2 of 2; not as expected: role-paths",
    ]


def test_a_look_that_failed_and_what_is_not_asked_are_on_the_screen_as_such(account: Questioned) -> None:
    account.denied = {"ListRoles"}
    result = account.doctor("--on-aws")
    lines = result.stdout.splitlines()
    assert result.exit_code == 8
    at = lines.index("NOT SEEN Are the roles found by their path?")
    assert lines[at + 1].endswith("these credentials have expired or may not do that; it needs iam:ListRoles")
    at = lines.index("-        Can a new account reserve 0?")
    assert lines[at + 1].endswith(
        f"which firebreak doctor --on-aws --try reserve-zero {PLACE} makes and takes back"
    )
    (by_hand,) = [line for line in lines if "By hand, as docs/first-deploy.md says" in line]
    assert [name for name, one in QUESTIONS.items() if one.by_hand and name not in by_hand] == []
    assert lines[-1] == f"Answered 9 of {len(QUESTIONS)}; could not look: role-paths"


def test_a_sound_stack_ends_with_0_and_nothing_is_changed(account: Questioned) -> None:
    account.calls.made.clear()
    result = account.doctor("--on-aws")
    assert (result.exit_code, result.stderr) == (0, "")
    assert {*account.calls.changes} == {"StartQuery"}, "a query of logs changes nothing"


def test_one_question_that_cannot_be_asked_keeps_no_other_from_being_asked(account: Questioned) -> None:
    account.denied = {"DescribeAlarmHistory", "GetFunctionConfiguration"}
    report = json.loads(account.doctor("--on-aws", "--json").stdout)
    unseen = {one["name"] for one in report["questions"] if one["standing"] == "could_not_look"}
    assert unseen == {"heartbeat-mail", "architecture", "parameters-reach-aliases"}
    assert [one["name"] for one in report["questions"]] == [*QUESTIONS]


def test_the_json_to_send_back_has_no_id_of_an_account_and_no_name_of_anybodys(account: Questioned) -> None:
    everything_to_ask(account)
    roles(without=1)(account)
    text = account.doctor("--on-aws", "--json").stdout
    report = json.loads(text)
    assert MOTOS_ACCOUNT not in text
    (keys,) = re.findall(r"Keys: (.*?);", PAGE.text, re.DOTALL)
    assert {*re.findall(r"`(\w+)`", keys)} == {*report, *report["questions"][0]}
    assert "--account ACCOUNT" in text
    assert [word for word in ("payroll", "oncall@", "api-memory", TOPIC, KEY) if word in text] == []
    assert (report["version"], report["release"], report["partition"]) == (1, "0.1.0", "aws")
    assert (report["region"], report["stack"]) == ("eu-west-1", "firebreak")


def test_the_list_needs_no_stack_and_no_aws() -> None:
    nowhere = Environment({}, lambda: a.NOW, no_region)
    text = run("doctor", "--on-aws", "--list", environment=nowhere).stdout
    listed = json.loads(run("doctor", "--on-aws", "--list", "--json", environment=nowhere).stdout)
    assert [line.partition(":")[0] for line in text.splitlines()] == [*QUESTIONS]
    assert [one["name"] for one in listed["questions"]] == [*QUESTIONS]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--on-aws", "--only", "role-path"], "--only role-path: there is no such question; did you mean"),
        (["--on-aws", "--only", "FB107"], "--only FB107: there is no such question; --on-aws --list"),
        (["--on-aws", "--short"], "--on-aws goes with --only or --list, --policy and --json;"),
        (["--on-aws", "--before-deploy"], "--on-aws goes with"),
        (["--on-aws", "--page-test", "topic"], "--on-aws goes with"),
        (["--try", "reserve-zero", "--only", "role-paths"], "--on-aws goes with"),
        (["--try", "role-paths"], "--try role-paths: no change answers it; those that do are own-topic,"),
        (["--try", "reserve-zero"], "--try changes something: name the account with --account"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_line(account: Questioned, words: list[str], line: str) -> None:
    result = account.doctor(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert error_lines(result)[0].startswith(f"firebreak: {line}")


def test_the_shell_completes_a_question_with_its_title() -> None:
    assert complete_code("role") == [("role-paths", QUESTIONS["role-paths"].title)]


def test_every_command_that_is_printed_reaches_this_stack(account: Questioned) -> None:
    place = StackAddress("firebreak-prod", "eu-west-1", MOTOS_ACCOUNT)
    texts = [
        text for one in QUESTIONS.values() for answer in one.answers for text in (answer.means, answer.then)
    ]
    texts += [one.by_hand for one in QUESTIONS.values()]
    for text in texts:
        shown = words_of(text, place)
        assert shown.count("firebreak doctor") + shown.count("firebreak pause") == text.count("`firebreak ")
        assert shown.count(f"--stack {place.name}") == text.count("`firebreak ")
    assert account.ask("trial-calls")["detail"].count("--stack firebreak ") == 2


def section(question: Question) -> str:
    """The text of the document under a question's title."""
    _, _, rest = PAGE.text.partition(f"# {question.title}\n")
    assert rest, f"{question.name} has no section"
    outside, inside = [], False
    for line in rest.splitlines():
        inside ^= line.startswith("```")
        if line.startswith("#") and not inside:
            break
        outside.append(line)
    return "\n".join(outside)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_its_section_with_the_answers_that_the_command_knows(name: str) -> None:
    text = section(QUESTIONS[name])
    assert f"<!-- generated: answers-{name} -->\n\n{generate.BLOCKS[f'answers-{name}']()}" in f"{text}\n"


def test_every_section_of_the_document_is_a_question() -> None:
    titles = [line.lstrip("# ") for line in PAGE.prose.splitlines() if line.startswith(("## ", "### "))]
    assert sorted(titles) == sorted(
        [*(one.title for one in QUESTIONS.values()), "Terraform, CDK and organizations"]
    )
