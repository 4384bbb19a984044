"""The checks FB301 to FB502: pages, the policy, the account, this machine."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from firebreak_cli.doctor.place_looks import USUAL_COPIES
from firebreak_cli.queries.heartbeats import NOTHING_RESERVED, RESERVED
from tests.cli.doctored import MOTOS_ACCOUNT, Account
from tests.cli.running import run
from tests.contracts.template import template
from tests.support import builders as a
from tests.support.world import World

SECRET = f"arn:aws:secretsmanager:{a.REGION}:{MOTOS_ACCOUNT}:secret:firebreak/pd"
PARAMETER = f"arn:aws:ssm:{a.REGION}:{MOTOS_ACCOUNT}:parameter/firebreak/pd"
TOPIC = f"arn:aws:sns:{a.REGION}:{MOTOS_ACCOUNT}:elsewhere"


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


def paging(kind: str, *, otherwise: str = "topic") -> str:
    return f"""
[paging.channels.pd]
{kind}
otherwise = "{otherwise}"
[paging.channels.unused]
kind = "pagerduty"
secret = "{SECRET}-of-nobody"
[paging.channels.second]
kind = "topic"
to = "{TOPIC}"
[paging.channels.third]
kind = "pagerduty"
secret = "{PARAMETER}"
[[paging.routes]]
severities = ["critical"]
steps = [{{ after = "0s", channels = ["pd"], who = "ops" }}]
"""


def with_channel(world: World, tmp_path: Path, arn: str = SECRET, otherwise: str = "topic") -> Account:
    channel = paging(f'kind = "pagerduty"\nsecret = "{arn}"', otherwise=otherwise)
    return Account(world, tmp_path / "policy.toml", policy_text=a.AUTO_POLICY + channel)


# --- FB301


def forget_subscriptions(account: Account) -> None:
    sns = account.client("sns")
    for one in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def test_a_topic_without_a_subscription_reaches_nobody(account: Account) -> None:
    forget_subscriptions(account)
    report = account.report("--only", "FB301")
    (found,) = report["checks"][0]["findings"]
    assert (found["result"], found["subject"]) == ("bad", account.outputs["PageTopicArn"])
    assert found["detail"] == "no confirmed subscription, 0 not confirmed yet"
    assert report["verdict"]["pages"] == ["FB301"]
    assert report["verdict"]["line"].endswith("pages may reach nobody (FB301)")
    assert not report["verdict"]["accepted"]


@pytest.mark.parametrize("confirmed", [0, 1])
def test_a_subscription_that_nobody_confirmed_does_not_count(account: Account, confirmed: int) -> None:
    pending = {"SubscriptionArn": "PendingConfirmation", "Protocol": "email"}
    sound = {"SubscriptionArn": f"{TOPIC}:1", "Protocol": "email"}
    account.subscriptions = [pending, *([sound] * confirmed)]
    ((result, _, detail),) = account.details("FB301")
    if confirmed:
        assert (result, detail) == ("warning", "1 not confirmed yet, 1 confirmed")
    else:
        assert (result, detail) == ("bad", "no confirmed subscription, 1 not confirmed yet")


def test_a_topic_that_was_deleted_is_found(account: Account) -> None:
    account.client("sns").delete_topic(TopicArn=account.outputs["PageTopicArn"])
    ((result, _, detail),) = account.details("FB301")
    assert (result, detail) == ("bad", "the topic does not exist")


def test_a_topic_of_the_policy_is_looked_at_where_a_channel_falls_back_to_it(
    world: World, tmp_path: Path
) -> None:
    account = with_channel(world, tmp_path, otherwise="second")
    assert [one[1] for one in account.details("FB301")] == [TOPIC]


def test_a_topic_of_another_account_whose_owner_lets_nobody_look_is_named(account: Account) -> None:
    account.outputs["PageTopicArn"] = theirs = f"arn:aws:sns:{a.REGION}:444455556666:oncall"
    account.denied = {"ListSubscriptionsByTopic"}
    said = "it is of account 444455556666, which lets nobody else list its subscriptions"
    assert account.details("FB301") == [("could_not_look", theirs, said)]


# --- FB302


def test_a_secret_that_is_there_is_good_and_its_value_is_not_read(world: World, tmp_path: Path) -> None:
    account = with_channel(world, tmp_path)
    arn = account.client("secretsmanager").create_secret(Name="firebreak/pd", SecretString="x")["ARN"]
    account.policy_file.write_text(account.policy_text.replace(f'"{SECRET}"', f'"{arn}"'), encoding="utf-8")

    assert account.details("FB302") == []
    assert "GetSecretValue" not in account.calls.made


def test_a_secret_that_is_not_there_is_found_for_the_channel_in_use_alone(
    world: World, tmp_path: Path
) -> None:
    account = with_channel(world, tmp_path)
    assert account.details("FB302") == [("bad", "pd", "its secret does not exist")]


def test_a_secret_that_will_be_deleted_is_found(world: World, tmp_path: Path) -> None:
    account = with_channel(world, tmp_path)
    secrets = account.client("secretsmanager")
    arn = secrets.create_secret(Name="firebreak/pd", SecretString="x")["ARN"]
    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    account.policy_file.write_text(account.policy_text.replace(f'"{SECRET}"', f'"{arn}"'), encoding="utf-8")
    ((result, _, detail),) = account.details("FB302")
    assert result == "bad"
    assert "scheduled for deletion" in detail


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("SecureString", []),
        ("String", [("bad", "pd", "its parameter is not a SecureString")]),
        ("", [("bad", "pd", "its secret does not exist")]),
    ],
)
def test_a_parameter_must_be_there_and_encrypted(
    world: World, tmp_path: Path, kind: str, found: list[tuple[str, str, str]]
) -> None:
    account = with_channel(world, tmp_path, PARAMETER)
    if kind:
        account.client("ssm").put_parameter(Name="/firebreak/pd", Value="x", Type=kind)
    assert account.details("FB302") == found


def test_a_parameter_on_a_later_page_is_there(world: World, tmp_path: Path) -> None:
    account = with_channel(world, tmp_path, PARAMETER)
    account.parameter_pages = [[], [{"Name": "/firebreak/pd", "Type": "SecureString"}]]
    assert account.details("FB302") == []
    account.parameter_pages = [[], []]
    assert account.details("FB302") == [("bad", "pd", "its secret does not exist")]


def test_a_secret_of_another_place_cannot_be_read_by_page(world: World, tmp_path: Path) -> None:
    account = with_channel(world, tmp_path, SECRET.replace(MOTOS_ACCOUNT, a.ACCOUNT))
    ((result, subject, detail),) = account.details("FB302")
    assert (result, subject) == ("bad", "pd")
    assert a.ACCOUNT in detail


def test_a_secret_that_may_not_be_described_is_not_good(world: World, tmp_path: Path) -> None:
    account = with_channel(world, tmp_path)
    account.denied = {"DescribeSecret"}
    assert account.check("FB302")["result"] == "could_not_look"


# --- FB401, FB402


def test_by_a_copy_of_the_policy_that_the_stack_does_not_have_the_verdict_is_not_known(
    account: Account,
) -> None:
    account.parameters["PolicyFile"] = "policies/demo.toml"
    result = run("doctor", "--short", environment=account.environment)
    (line,) = [line for line in result.stdout.splitlines() if "FB401" in line and line.startswith("NOT SEEN")]
    assert account.world.policy.hash in line
    assert "--policy" in line

    report = json.loads(run("doctor", "--only", "FB401", "--json", environment=account.environment).stdout)
    assert report["verdict"]["would_act"] == "not_known"


def test_a_file_of_policy_other_than_the_one_last_decided_by_is_a_warning(account: Account) -> None:
    account.policy_file.write_text(a.AUTO_POLICY + "# changed\n", encoding="utf-8")
    report = account.report("--only", "FB401")
    (found,) = report["checks"][0]["findings"]
    assert found["result"] == "warning"
    assert account.world.policy.hash in found["detail"]
    assert report["policy"]["hash"] in found["detail"]


def test_the_warnings_of_policy_check_are_found(account: Account) -> None:
    ((result, subject, _),) = account.details("FB402")
    assert (result, subject) == ("warning", "defaults.autonomy")


# --- FB403

PROD = f"arn:aws:ssm:{a.REGION}:{MOTOS_ACCOUNT}:document/prod-changes"
COMPANY = f"arn:aws:ssm:{a.REGION}:999999999999:document/company"
CLOSED = (200, {"State": "CLOSED", "AtTime": "2026-11-20T10:00:30Z"})


def answered(code: str) -> tuple[int, dict[str, object]]:
    return 400, {"Error": {"Code": code, "Message": "x"}}


def with_calendars(world: World, tmp_path: Path, *arns: str) -> Account:
    names = {PROD: "prod-changes", COMPANY: "company"}
    sections = "".join(
        f'[[freeze.calendars]]\nname = "{names[arn]}"\narn = "{arn}"\ntargets = ["ecs:batch/*"]\n'
        for arn in arns
    )
    account = Account(world, tmp_path / "policy.toml", policy_text=a.AUTO_POLICY + sections)
    account.parameters["ChangeCalendarArns"] = ",".join(arns)
    account.calendars = dict.fromkeys(arns, CLOSED)
    return account


def test_without_a_calendar_in_the_policy_none_is_read(account: Account) -> None:
    assert account.check("FB403")["looked_at"] == "the policy names no Change Calendar"


def test_calendars_that_can_be_read_are_good_whatever_their_state(world: World, tmp_path: Path) -> None:
    account = with_calendars(world, tmp_path, PROD, COMPANY)
    assert account.details("FB403") == []


def test_a_calendar_that_the_roles_may_not_read_is_found_with_the_parameter(
    world: World, tmp_path: Path
) -> None:
    account = with_calendars(world, tmp_path, PROD, COMPANY)
    account.parameters["ChangeCalendarArns"] = PROD
    (found,) = account.check("FB403")["findings"]
    assert (found["result"], found["subject"]) == ("bad", "company")
    assert found["detail"] == (
        f"the roles of the actions may not read it: ChangeCalendarArns lacks {COMPANY}"
    )
    assert found["mend"].startswith("sam deploy with ChangeCalendarArns=")


@pytest.mark.parametrize(
    ("code", "result", "detail"),
    [
        ("InvalidDocument", "bad", f"it does not exist, or is not shared with this account: {PROD}"),
        ("InvalidDocumentType", "bad", f"it cannot be used: InvalidDocumentType: {PROD}"),
        ("UnsupportedCalendarException", "bad", f"it cannot be used: UnsupportedCalendarException: {PROD}"),
        (
            "AccessDeniedException",
            "could_not_look",
            "it could not be read: GetCalendarState: AccessDeniedException",
        ),
    ],
)
def test_a_calendar_without_a_state_is_found(
    world: World, tmp_path: Path, code: str, result: str, detail: str
) -> None:
    account = with_calendars(world, tmp_path, PROD)
    account.calendars[PROD] = answered(code)
    assert account.details("FB403") == [(result, "prod-changes", detail)]


# --- FB501, FB502


@pytest.mark.parametrize(
    ("given", "free", "said", "mend"),
    [
        ("-1", 1000, "15 functions", "sam deploy with ReservedConcurrency=2"),
        ("-1", 130, "15 functions", "sam deploy with ReservedConcurrency=2"),
        ("-1", 129, "15 functions", "--desired-value 130 "),
        ("0", 106, "3 functions", "sam deploy with ReservedConcurrency=2"),
        ("-1", 10, "15 functions", "--desired-value 130 "),
    ],
)
def test_where_nothing_is_reserved_a_burst_of_others_takes_it_however_large_the_pool(
    account: Account, given: str, free: int, said: str, mend: str
) -> None:
    account.parameters["ReservedConcurrency"] = given
    account.quota = (free, free)
    (found,) = account.check("FB501")["findings"]
    assert found["result"] == "warning"
    assert said in found["detail"]
    assert mend in found["mend"]


def test_of_a_stack_of_an_earlier_release_nothing_is_said_for_its_parameters_were_others(
    account: Account,
) -> None:
    account.parameters["ReservedConcurrency"] = ""
    assert account.details("FB501") == []


def test_what_is_reserved_is_kept_however_small_the_pool(account: Account) -> None:
    account.parameters["ReservedConcurrency"] = "2"
    account.quota = (100, 0)
    assert account.details("FB501") == []


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(seconds=9), None),
        (timedelta(minutes=3), "3 min behind"),
        (-timedelta(minutes=3), "3 min ahead of"),
    ],
)
def test_a_clock_that_is_wrong_is_a_warning(account: Account, ahead: timedelta, said: str | None) -> None:
    account.aws_ahead = ahead
    found = account.details("FB502")
    expected = [("warning", None, f"this machine's clock is {said} AWS's")] if said else []
    assert found == expected


def test_a_reply_without_a_time_is_not_good(account: Account) -> None:
    account.date = ""
    assert account.details("FB502") == [("could_not_look", None, "the reply of AWS carries no time")]


def test_what_the_doctor_takes_for_the_default_is_the_templates() -> None:
    parameter = template()["Parameters"][RESERVED]
    assert str(parameter["Default"]) == NOTHING_RESERVED
    assert parameter["MinValue"] <= USUAL_COPIES <= parameter["MaxValue"]
