"""Settings are read once, and what is missing is named."""

from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from firebreak.errors import SettingsError
from firebreak.settings import LAYER, Settings
from firebreak.wiring import Wiring
from tests.support import builders as a
from tests.support.fakes import ListLog

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:firebreak-RestartService:live"
ENV = {
    "FUNCTION_ARN": ARN,
    "STACK_NAME": "firebreak",
    "LEDGER_TABLE": "ledger",
    "BUS_NAME": "firebreak",
    "SCHEDULE_GROUP": "firebreak",
    "SCHEDULE_ROLE_ARN": "arn:aws:iam::111122223333:role/firebreak-scheduler",
    "VERIFY_ARN": "arn:aws:lambda:eu-west-1:111122223333:function:firebreak-Verify:live",
    "PAGE_TOPIC_ARN": "arn:aws:sns:eu-west-1:111122223333:firebreak-pages",
    "POLICY_PATH": "policy.toml",
}


def test_a_whole_environment_is_read() -> None:
    settings = Settings.from_env(ENV)
    assert (settings.account, settings.region) == ("111122223333", "eu-west-1")
    assert (settings.stack_name, settings.ledger_table) == ("firebreak", "ledger")
    assert settings.function_arn == ARN
    assert (
        settings.dead_letters_url,
        Settings.from_env(ENV | {"DEAD_LETTERS_URL": "x"}).dead_letters_url,
    ) == ("", "x")
    assert (settings.action, Settings.from_env(ENV | {"ACTION": "x"}).action) == ("", "x")
    named = Settings.from_env(ENV | {"SCHEDULE_KEY_ARN": "arn:aws:kms:key"})
    assert (settings.schedule_key_arn, named.schedule_key_arn) == ("", "arn:aws:kms:key")


@pytest.mark.parametrize("name", sorted(ENV.keys() - {"PAGE_TOPIC_ARN"}))
@pytest.mark.parametrize("value", [pytest.param(None, id="missing"), pytest.param("", id="empty")])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    env = {key: found for key, found in ENV.items() if key != name}
    env |= {} if value is None else {name: value}
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    assert caught.value.variable == name
    assert str(caught.value) == f"{name}: is not set"


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "RestartService",
        "arn:aws:sns:eu-west-1:111122223333:topic",
        "arn:aws:lambda:eu-west-1:111122223333",
        ARN.replace("arn:aws:", "arn::"),
    ],
)
def test_an_arn_that_is_no_functions_is_named(arn: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(ENV | {"FUNCTION_ARN": arn})
    assert caught.value.variable == "FUNCTION_ARN"


@pytest.mark.parametrize("arn", [ARN, ARN.removesuffix(":live"), ARN.replace("arn:aws:", "arn:aws-cn:")])
def test_alias_and_partition_do_not_matter(arn: str) -> None:
    assert Settings.from_env(ENV | {"FUNCTION_ARN": arn}).account == "111122223333"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
def test_the_partition_is_that_of_the_functions_own_arn(partition: str) -> None:
    arn = ARN.replace("arn:aws:", f"arn:{partition}:")
    assert Settings.from_env(ENV | {"FUNCTION_ARN": arn}).partition == partition


def test_a_policy_path_counts_from_the_layer_and_an_absolute_one_stands() -> None:
    assert Settings.from_env(ENV).policy_path == LAYER / "policy.toml"
    absolute = Settings.from_env(ENV | {"POLICY_PATH": "/opt/python/policy.toml"})
    assert str(absolute.policy_path) == "/opt/python/policy.toml"


def test_only_page_needs_a_topic() -> None:
    env = {key: found for key, found in ENV.items() if key != "PAGE_TOPIC_ARN"}
    assert Settings.from_env(env).topic_arn == ""


def test_a_named_endpoint_is_local_aws() -> None:
    assert Settings.from_env(ENV).local_aws is False
    assert Settings.from_env(ENV | {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}).local_aws is True


@pytest.mark.parametrize("action", ["", "reboot"])
def test_a_function_of_no_action_says_so(action: str) -> None:
    wiring = Wiring(Settings.from_env(ENV), ListLog())
    with pytest.raises(SettingsError, match=f"ACTION: names no action: '{action}'"):
        wiring.remediator(action)


@pytest.mark.parametrize("key", ["", "arn:aws:kms:eu-west-1:111122223333:key/5d1c0e5e"])
def test_one_time_schedules_are_under_the_key_of_the_stack(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", a.REGION)
    with mock_aws():
        scheduler = boto3.session.Session(region_name=a.REGION).client("scheduler")
        scheduler.create_schedule_group(Name="firebreak")
        wiring = Wiring(Settings.from_env(ENV | {"SCHEDULE_KEY_ARN": key}), ListLog())
        wiring.schedules().check("i-0123456789", 0, 0, a.NOW)
        (made,) = scheduler.list_schedules(GroupName="firebreak")["Schedules"]
        found = scheduler.get_schedule(GroupName="firebreak", Name=made["Name"])
    assert found.get("KmsKeyArn", "") == key


@pytest.mark.parametrize(("days", "kept"), [(None, 90), ("", 90), ("90", 90), ("365", 365), ("3650", 3650)])
def test_decisions_are_kept_for_a_quarter_to_ten_years(days: str | None, kept: int) -> None:
    env = ENV | ({} if days is None else {"DECISION_RETENTION_DAYS": days})
    assert Settings.from_env(env).decisions_kept == timedelta(days=kept)


@pytest.mark.parametrize("days", ["89", "3651", "-90", "90d", "1e3", "9" * 5000, "\u0669\u0660", "\u00b2"])
def test_another_time_for_decisions_is_named(days: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(ENV | {"DECISION_RETENTION_DAYS": days})
    assert caught.value.variable == "DECISION_RETENTION_DAYS"
