"""The checks FB101 to FB113: the stack itself."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak_cli.doctor.deployment import REPORT, WATCH, switchable_rules
from firebreak_cli.doctor.stack_looks import BRING_BACK
from tests.cli.doctored import Account, physical
from tests.cli.test_storm_command import declare
from tests.contracts.template import functions, rules, template
from tests.support.world import TABLE, World

OTHER_TOPIC = "arn:aws:sns:eu-west-1:123456789012:other"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("UPDATE_COMPLETE", "good"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "good"),
        ("UPDATE_IN_PROGRESS", "warning"),
        ("UPDATE_ROLLBACK_COMPLETE", "warning"),
        ("UPDATE_ROLLBACK_FAILED", "bad"),
        ("UPDATE_FAILED", "bad"),
        ("DELETE_FAILED", "bad"),
        ("ROLLBACK_COMPLETE", "bad"),
    ],
)
def test_the_state_of_the_stack(account: Account, status: str, result: str) -> None:
    account.status = status
    assert account.check("FB101")["result"] == result


def names_of_rules() -> list[str]:
    return [name + event for name, one in functions().items() for event in rules(one)]


def test_every_rule_of_the_template_is_looked_at_by_one_check() -> None:
    switched = {name for name, one in template()["Parameters"].items() if one["Default"] == "ENABLED"}
    assert switchable_rules() & set(names_of_rules()) == switched - {"Dashboard"}  # which switches no rule
    assert len(names_of_rules()) > len(switched)


@pytest.mark.parametrize(
    "name", ["RestartServiceByRequest", "VerifyOkByTag", "PageAnnouncement", "PageByTag"]
)
@pytest.mark.parametrize("state", ["disabled", "gone"])
def test_a_rule_that_everything_needs_is_found(account: Account, name: str, state: str) -> None:
    bus = account.rules[name]["EventBusName"]
    if state == "gone":
        del account.rules[name]
    else:
        account.rules[name]["State"] = "DISABLED"

    (found,) = account.check("FB102")["findings"]
    assert (found["result"], found["subject"], found["detail"]) == (
        "bad",
        physical(name),
        f"{name} is {state}",
    )
    assert found["mend"] == (
        f"aws events enable-rule --name {physical(name)} --event-bus-name {bus} --region eu-west-1"
        if state == "disabled"
        else BRING_BACK
    )
    assert account.details("FB103") == []


def test_a_bus_that_was_deleted_takes_its_rules_with_it(account: Account) -> None:
    account.gone_buses = {"firebreak"}
    found = account.details("FB102")
    assert {result for result, _, _ in found} == {"bad"}
    assert ("bad", physical("PageAnnouncement"), "PageAnnouncement is gone") in found
    assert all("ByTag" not in detail for _, _, detail in found)


def test_a_rule_that_matches_cloudtrail_too_is_enabled(account: Account) -> None:
    account.rules["PageByTag"]["State"] = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert account.details("FB102") == []


def test_a_stack_without_any_rule_is_not_good(account: Account) -> None:
    account.resources["AWS::Events::Rule"] = {}
    assert account.check("FB102")["result"] == "bad"


def test_the_rule_of_one_action_that_is_disabled_is_a_warning(account: Account) -> None:
    account.rules["PauseSendingByTag"]["State"] = "DISABLED"
    name = physical("PauseSendingByTag")
    assert account.details("FB103") == [("warning", name, "PauseSendingByTag is disabled")]
    assert account.details("FB102") == []


def test_what_is_gone_is_not_mended_by_looking_at_it_or_enabling_it(account: Account) -> None:
    del account.rules["PauseSendingByTag"]
    account.client("scheduler").delete_schedule(Name=physical("PageDue"), GroupName="firebreak")
    account.client("cloudwatch").delete_alarms(AlarmNames=[physical("SweepsMissing")])
    for code in ("FB103", "FB110", "FB109"):
        (found,) = account.check(code)["findings"]
        assert (found["detail"].split()[-1], found["mend"]) == ("gone", BRING_BACK)
    assert "REVERT_DRIFT" in BRING_BACK


@pytest.mark.parametrize("name", ["VerifySweep", "PageDue", "HeartbeatSchedule"])
@pytest.mark.parametrize("state", ["disabled", "gone"])
def test_a_schedule_that_does_not_wake_is_found(account: Account, name: str, state: str) -> None:
    if state == "gone":
        account.client("scheduler").delete_schedule(Name=physical(name), GroupName="firebreak")
    else:
        account.schedule(name, "DISABLED")
    assert account.details("FB110") == [("bad", physical(name), f"{name} is {state}")]


def test_a_function_that_was_stopped_in_the_console_is_found(account: Account) -> None:
    account.reserved["firebreak-verify"] = 0
    assert account.details("FB104") == [("bad", "firebreak-verify", "Verify has a reserved concurrency of 0")]


def test_one_stopped_action_is_a_warning_and_all_of_them_are_a_stop(account: Account) -> None:
    account.reserved["firebreak-pausesending"] = 0
    assert account.check("FB104")["result"] == "warning"

    actions = [name for name in account.resources["AWS::Lambda::Function"] if name not in {*WATCH, REPORT}]
    account.reserved = {f"firebreak-{name.lower()}": 0 for name in actions}
    account.parameters["ReservedConcurrency"] = "0"
    found = account.check("FB104")
    assert found["result"] == "bad"
    assert found["findings"][0]["detail"].endswith("the stack was deployed with ReservedConcurrency=0")
    assert found["findings"][0]["mend"] == "sam deploy with ReservedConcurrency=-1"


@pytest.mark.parametrize(
    ("given", "mend"),
    [
        (
            "4",
            "put-function-concurrency --function-name firebreak-verify --reserved-concurrent-executions 4 ",
        ),
        ("-1", "delete-function-concurrency --function-name firebreak-verify --region"),
        ("0", "delete-function-concurrency --function-name firebreak-verify --region"),
    ],
)
def test_a_function_that_was_stopped_gets_back_what_its_stack_reserves(
    account: Account, given: str, mend: str
) -> None:
    account.reserved["firebreak-verify"] = 0
    account.parameters["ReservedConcurrency"] = given
    (found,) = account.check("FB104")["findings"]
    assert found["mend"].startswith(f"aws lambda {mend}".format("--function-name firebreak-verify"))


def test_a_stopped_report_stops_no_alarm_and_gets_no_reservation(account: Account) -> None:
    account.reserved["firebreak-report"] = 0
    (found,) = account.check("FB104")["findings"]
    assert (found["result"], found["subject"]) == ("warning", "firebreak-report")
    assert found["detail"] == "Report has a reserved concurrency of 0: nobody looks each day"
    assert found["mend"].startswith("aws lambda delete-function-concurrency --function-name firebreak-report")


def test_a_function_without_a_reservation_may_run(account: Account) -> None:
    account.reserved = dict.fromkeys(account.resources["AWS::Lambda::Function"].values(), -1)
    assert account.details("FB104") == []


@pytest.mark.parametrize(("minutes", "result"), [(44, "good"), (46, "bad")])
def test_a_heartbeat_may_be_three_intervals_old(account: Account, minutes: int, result: str) -> None:
    account.world.clock.pass_time(minutes * MINUTE)
    assert account.check("FB105")["result"] == result


def test_an_interval_of_the_parameter_counts(account: Account) -> None:
    account.world.clock.pass_time(46 * MINUTE)
    account.parameters["HeartbeatMinutes"] = "60"
    assert account.details("FB105") == []


def forget_decisions(account: Account) -> None:
    for item in account.world.dynamodb.scan(TableName=TABLE)["Items"]:
        if item["pk"]["S"].startswith("DECISION#"):
            key = {name: item[name] for name in ("pk", "sk")}
            account.world.dynamodb.delete_item(TableName=TABLE, Key=key)


def test_a_stack_that_never_beat_is_found(account: Account) -> None:
    forget_decisions(account)
    account.world.clock.pass_time(46 * MINUTE)
    assert account.details("FB105") == [("bad", None, "no heartbeat was ever recorded")]


def test_a_stack_that_is_too_young_to_have_beaten_is_not_known_to_be_deaf(account: Account) -> None:
    forget_decisions(account)
    account.world.clock.pass_time(44 * MINUTE)
    said = "the stack was deployed 44 min ago, and no heartbeat came yet"
    assert account.details("FB105") == [("could_not_look", None, said)]
    assert account.report()["verdict"]["would_act"] == "not_known"


def damage_decisions(account: Account) -> None:
    for item in account.world.dynamodb.scan(TableName=TABLE)["Items"]:
        if item["pk"]["S"].startswith("DECISION#"):
            account.world.dynamodb.put_item(TableName=TABLE, Item=item | {"checks": {"S": "damaged"}})


def test_a_heartbeat_that_cannot_be_read_is_not_one_that_never_came(account: Account) -> None:
    damage_decisions(account)
    said = "1 of the newest heartbeats in the ledger cannot be read"
    assert account.details("FB105") == [("could_not_look", None, said)]
    assert account.report()["verdict"]["would_act"] == "not_known"


def test_one_that_can_be_read_and_is_in_time_is_good_although_the_next_one_is_damaged(
    account: Account,
) -> None:
    damage_decisions(account)
    account.beat()
    assert account.details("FB105") == []
    account.world.clock.pass_time(46 * MINUTE)
    assert account.check("FB105")["result"] == "could_not_look"


@pytest.mark.parametrize("name", ["HeartbeatMinutes", "RestartServiceByTag", "ReservedConcurrency"])
def test_without_a_heartbeat_nothing_is_known_of_the_way_of_an_alarm(account: Account, name: str) -> None:
    account.parameters[name] = "DISABLED" if name == "RestartServiceByTag" else "0"
    assert account.check("FB105")["result"] == "could_not_look"


def test_a_ledger_without_its_index_is_not_good(account: Account) -> None:
    account.denied = {"Query"}
    assert account.check("FB105")["result"] == "could_not_look"
    assert account.check("FB401")["result"] == "could_not_look"


def test_dead_letters_are_counted(account: Account) -> None:
    account.client("sqs").send_message(QueueUrl=account.outputs["DeadLettersUrl"], MessageBody="{}")
    assert account.details("FB106") == [("warning", None, "1 message in the queue")]


def hold(account: Account, scope: str, since: timedelta) -> None:
    now = account.world.clock.at
    account.world.switches.pause(Hold(scope, "ana", "migration", now - since, now + HOUR))


def test_a_pause_of_one_action_is_a_warning(account: Account) -> None:
    hold(account, "action scale-service", timedelta())
    ((result, subject, detail),) = account.details("FB107")
    assert (result, subject) == ("warning", "action scale-service")
    assert "migration" in detail
    assert "already" not in detail


def test_a_pause_that_is_held_for_long_says_for_how_long(account: Account) -> None:
    hold(account, "global", timedelta(days=9, hours=2))
    ((result, _, detail),) = account.details("FB107")
    assert result == "bad"
    assert "held for 9 d 2 h already" in detail


def test_a_storm_is_found(account: Account) -> None:
    declare(account.world, "one", "two")
    ((result, _, detail),) = account.details("FB108")
    assert result == "bad"
    assert "2 alarms" in detail


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ActionsEnabled": False}, "would notify nobody"),
        ({"AlarmActions": []}, "would notify nobody"),
        ({"AlarmActions": [OTHER_TOPIC]}, "does not notify the topic of pages"),
    ],
)
@pytest.mark.parametrize("logical", ["SweepsMissing", "DeadLettersAlarm"])
def test_an_alarm_of_the_stack_that_reaches_nobody_is_found(
    account: Account, logical: str, changes: dict[str, Any], said: str
) -> None:
    name = physical(logical)
    usual = {"AlarmActions": [account.outputs["PageTopicArn"]]}
    account.put_alarm(name, {"firebreak:action": "none"}, **{**usual, **changes})
    ((result, subject, detail),) = account.details("FB109")
    assert (result, subject) == ("bad", name)
    assert said in detail


def test_an_alarm_of_the_stack_that_is_red_is_found_but_for_the_one_of_the_queue(account: Account) -> None:
    for logical in ("SweepsMissing", "DeadLettersAlarm"):  # FB106 says how many messages there are
        topic = [account.outputs["PageTopicArn"]]
        account.put_alarm(physical(logical), {"firebreak:action": "none"}, state="ALARM", AlarmActions=topic)
    assert account.details("FB109") == [("bad", physical("SweepsMissing"), "SweepsMissing is red")]


@pytest.mark.parametrize("logical", ["HeartbeatMissing", "DeadLettersAlarm", "HeartbeatAlarm"])
def test_an_alarm_of_the_stack_that_was_deleted_is_found(account: Account, logical: str) -> None:
    name = account.resources["AWS::CloudWatch::Alarm"][logical]
    account.client("cloudwatch").delete_alarms(AlarmNames=[name])
    assert account.details("FB109") == [("bad", name, f"{logical} is gone")]


def test_the_beating_heartbeat_notifies_nobody_and_is_no_red_alarm(account: Account) -> None:
    account.put_alarm("firebreak-heartbeat", {}, state="ALARM")
    assert account.details("FB109") == []


def test_the_alarms_of_gradual_deployments_notify_nobody_and_may_be_red(account: Account) -> None:
    before = account.check("FB109")["looked_at"]
    account.deploy_gradually()
    account.put_alarm(physical("VerifyErrors"), {"firebreak:action": "none"}, state="ALARM")
    assert account.details("FB109") == []
    assert account.check("FB109")["looked_at"] == before
    assert account.details("FB112") == []


# --- FB113


@pytest.mark.parametrize(
    ("adopted", "mend"),
    [
        ("", "sam deploy with LedgerDeletionProtection=true"),
        (TABLE, f"aws dynamodb update-table --table-name {TABLE} --deletion-protection-enabled "),
    ],
)
def test_a_ledger_that_could_be_deleted_is_a_warning(account: Account, adopted: str, mend: str) -> None:
    account.parameters["LedgerTableName"] = adopted
    assert account.details("FB113") == []

    account.protect_ledger(protected=False)
    (found,) = account.check("FB113")["findings"]
    assert (found["result"], found["subject"]) == ("warning", TABLE)
    assert found["mend"].startswith(mend)
    account.denied = {"DescribeTable"}
    assert account.check("FB113")["result"] == "could_not_look"
