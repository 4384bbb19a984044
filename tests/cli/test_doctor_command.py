"""`firebreak doctor`: the answer in each of its forms, and what it says where it cannot look."""

import json
from pathlib import Path

import pytest

from firebreak.core.limits.history import Hold
from firebreak_cli.commands.doctor import complete_code
from firebreak_cli.doctor.looks import LOOKS
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.environment import Environment
from tests.cli.doctored import ALARM, MOTOS_ACCOUNT, TAGS, Account
from tests.cli.rights import VIEWER, refused
from tests.cli.running import error_lines, run
from tests.cli.test_doctor_places import with_channel
from tests.cli.test_exit_codes_of_commands import no_region
from tests.support import builders as a
from tests.support.world import World

REFUSED = "AWS refused GetQueueAttributes (AccessDenied): these credentials have expired or may not do that"
YES = "Would act on the bad day: yes"


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


def paused(account: Account) -> None:
    now = account.world.clock.at
    account.world.switches.pause(Hold("global", "ana", "migration", now, now.replace(hour=12)))


def test_a_sound_stack_would_act_and_nothing_is_changed(account: Account) -> None:
    account.calls.made.clear()
    result = account.doctor()

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == YES
    assert [code for code in LOOKS if f"{code} {CHECKS[code].should}" not in result.stdout] == []
    assert account.calls.changes == []


def test_the_policy_of_viewers_allows_all_that_the_doctor_calls(world: World, tmp_path: Path) -> None:
    arn = f"arn:aws:{{}}:{a.REGION}:{MOTOS_ACCOUNT}:{{}}:firebreak/key"
    account = with_channel(world, tmp_path, arn.format("secretsmanager", "secret"), otherwise="third")
    account.doctor()
    assert refused(VIEWER, account.rights) == set()
    wanted = {"secretsmanager:DescribeSecret", "ssm:DescribeParameters", "scheduler:GetSchedule"}
    assert wanted <= {right.action for right in account.rights}


def test_every_check_looks_at_something_in_a_sound_stack(account: Account) -> None:
    checks = account.report()["checks"]
    assert [one["code"] for one in checks] == list(LOOKS)
    assert [one["code"] for one in checks if one["looked_at"] is None] == []
    assert {one["code"]: one["result"] for one in checks if one["result"] != "good"} == {"FB402": "warning"}


def test_a_pause_of_everything_is_the_verdict_with_the_reason_and_the_command(account: Account) -> None:
    paused(account)
    result = account.doctor()

    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[-1]) == (8, "Would act on the bad day: no")
    at = lines.index("BAD      FB107 No kill switch is held.")
    assert lines[at + 1] == "         - global by ana until 12:00:40Z: migration"
    assert lines[at + 2].strip() == CHECKS["FB107"].why
    place = "--stack firebreak --region eu-west-1 --account 123456789012"
    assert lines[at + 3].strip() == f"mend: firebreak switches {place}"


def test_short_is_a_line_for_each_finding_that_counts_and_the_verdict(account: Account) -> None:
    paused(account)
    result = account.doctor("--short")

    assert result.stdout.splitlines() == [
        "BAD      FB107 global by ana until 12:00:40Z: migration",
        "BAD      FB210 api-memory-high: global by ana until 12:00:40Z: migration (switched_off)",
        "Would act on the bad day: no",
    ]


@pytest.mark.parametrize("form", [[], ["--short"], ["--json"]], ids=["long", "short", "json"])
def test_the_exit_code_is_the_same_in_every_form(account: Account, form: list[str]) -> None:
    assert account.doctor("--only", "FB107", *form).exit_code == 0
    paused(account)
    assert account.doctor("--only", "FB107", *form).exit_code == 8


def test_what_one_check_alone_finds_is_no_yes(account: Account) -> None:
    report = account.report("--only", "FB107", "--only", "FB106")

    assert [one["code"] for one in report["checks"]] == ["FB106", "FB107"]
    assert report["verdict"]["would_act"] == "not_asked"
    assert report["verdict"]["line"] == "Would act on the bad day: not asked (FB106, FB107 found nothing)"


def test_a_check_that_may_not_look_is_never_good_and_keeps_no_other_from_looking(account: Account) -> None:
    account.denied = {"GetQueueAttributes"}
    result = account.doctor("--short")

    assert result.exit_code == 8
    assert result.stdout.splitlines() == [
        f"NOT SEEN FB106 {REFUSED}",
        "Would act on the bad day: not known; could not look (FB106)",
    ]
    assert "text that nobody reads" not in result.output


@pytest.mark.parametrize(
    ("call", "blind"),
    [
        ("ListStackResources", {"FB101", "FB102", "FB103", "FB104", "FB105", "FB106", "FB109", "FB110"}),
        ("ListRules", {"FB102", "FB103", "FB202"}),
        ("GetSchedule", {"FB110"}),
        ("GetFunctionConcurrency", {"FB104", "FB202"}),
        ("DescribeAlarms", {"FB109", *(code for code in CHECKS if code.startswith("FB2"))}),
        ("ListSubscriptionsByTopic", {"FB301"}),
        ("GetAccountSettings", {"FB501"}),
        ("GetCallerIdentity", {"FB502"}),
    ],
)
def test_all_checks_that_need_a_call_say_that_they_could_not_make_it(
    account: Account, call: str, blind: set[str]
) -> None:
    account.denied = {call}
    report = account.report()

    found = {one["code"] for one in report["checks"] if one["result"] == "could_not_look"}
    assert blind <= found
    assert set(report["verdict"]["could_not_look"]) == found
    assert report["verdict"]["would_act"] == "not_known"


def test_a_look_that_several_checks_need_is_made_once_even_where_it_fails(account: Account) -> None:
    account.denied = {"ListRules"}
    account.calls.made.clear()
    account.doctor("--json")
    assert account.calls.made.count("ListRules") == 1
    assert account.calls.made.count("ListStackResources") == 1


def test_the_json_has_the_command_for_each_finding(account: Account) -> None:
    account.reserved["firebreak-page"] = 0
    (finding,) = account.check("FB104")["findings"]

    assert finding == {
        "result": "bad",
        "subject": "firebreak-page",
        "detail": "Page has a reserved concurrency of 0",
        "mend": "aws lambda put-function-concurrency --function-name firebreak-page"
        " --reserved-concurrent-executions 2 --region eu-west-1",
        "waived": None,
    }


def test_where_nobody_could_look_nothing_is_known_to_be_mended(account: Account) -> None:
    account.denied = {"GetQueueAttributes"}
    (finding,) = account.check("FB106")["findings"]
    assert (finding["result"], finding["mend"]) == ("could_not_look", None)
    assert "mend:" not in account.doctor("--only", "FB106").stdout


def test_of_each_kind_of_finding_there_is_one_command_on_the_screen(account: Account) -> None:
    for name in ("PauseSendingByTag", "ScaleServiceByTag"):
        account.rules[name]["State"] = "DISABLED"
    for name in ("RestartServiceByTag", "RestartServiceBySymptom"):
        del account.rules[name]
    lines = account.doctor("--only", "FB103").stdout.splitlines()
    assert [line.split()[1:3] for line in lines if "mend: " in line] == [["aws", "events"], ["deploy", "the"]]


HOSTILE = 'evil\x1b[2J"; rm -rf $(x)\u202e'


def test_the_text_of_an_alarm_is_one_harmless_line_and_never_part_of_a_command(account: Account) -> None:
    account.put_alarm(HOSTILE, {"firebreak:action": "restart-servce"})
    text, report = account.doctor("--only", "FB202"), account.doctor("--only", "FB202", "--json")

    (line,) = [line for line in text.stdout.splitlines() if "evil" in line]
    assert "\x1b" not in text.stdout
    assert "\u202e" not in text.stdout
    assert line.startswith("         - ")
    assert 'mend: firebreak explain --alarm "..." --stack firebreak' in text.stdout
    assert report.stdout.isascii()


def test_the_shell_completes_a_code_with_its_sentence() -> None:
    assert complete_code("fb30") == [(code, CHECKS[code].should) for code in ("FB301", "FB302", "FB303")]
    assert complete_code("x") == []


def test_the_list_needs_no_stack_and_no_aws() -> None:
    nowhere = Environment({}, lambda: a.NOW, no_region)
    text = run("doctor", "--list", environment=nowhere)
    listed = json.loads(run("doctor", "--list", "--json", environment=nowhere).stdout)

    assert text.stdout.splitlines() == [f"{one.code} {one.should}" for one in CHECKS.values()]
    assert [one["code"] for one in listed["checks"]] == list(CHECKS)
    assert listed["version"] == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--only", "fb107"], "--only fb107: there is no such check; did you mean FB107?"),
        (["--only", "rules"], "--only rules: there is no such check; --list prints them"),
        (["--waivers", "no-such.toml"], "no-such.toml: cannot be read: FileNotFoundError"),
    ],
    ids=["almost", "nothing like it", "no file"],
)
def test_a_wrong_option_is_one_line(account: Account, words: list[str], line: str) -> None:
    result = account.doctor(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert error_lines(result)[0].startswith(f"firebreak: {line}")


def test_a_policy_that_does_not_load_ends_the_command(account: Account) -> None:
    account.policy_file.write_text("version = 9\n", encoding="utf-8")
    assert account.doctor().exit_code == 1


def test_without_the_stack_there_is_nothing_to_look_at(account: Account) -> None:
    account.denied = {"DescribeStacks"}
    result = account.doctor("--json")
    assert (result.exit_code, result.stdout) == (3, "")


def test_an_alarm_that_nothing_is_done_about_is_counted_once_in_the_verdict(account: Account) -> None:
    account.put_alarm("nameless", {"firebreak:action": "restart-service"}, Namespace="Shop", MetricName="Lag")
    account.put_alarm(ALARM, TAGS, ActionsEnabled=False)
    account.put_alarm("sound", TAGS)
    report = account.report()

    assert report["verdict"]["line"] == "Would act on the bad day: not on 2 alarms"
    assert report["verdict"]["alarms"] == [ALARM, "nameless"]


def test_the_policy_of_the_stack_is_this_machines_copy(account: Account) -> None:
    account.parameters["PolicyFile"] = "policies/demo.toml"
    result = run("doctor", "--only", "FB402", "--json", environment=account.environment)
    assert json.loads(result.stdout)["policy"]["file"] == "policies/demo.toml"
