"""`firebreak doctor --on-aws`: each answer that reads can give, and what is not asked yet."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.model import Unresolved
from firebreak.core.reasons import Reason
from firebreak.errors import Rejected
from firebreak.telemetry import PowertoolsLog
from firebreak.wire.requests import request_event
from firebreak_cli.doctor.on_aws.asking import ASKS
from firebreak_cli.doctor.on_aws.registry import QUESTIONS
from firebreak_cli.doctor.on_aws.trials import TRIALS
from tests.cli.doctored import physical
from tests.cli.questioned import Questioned, history, notified, turned
from tests.support import builders as a
from tests.support.builders_ecs import owner
from tests.support.faults import fail
from tests.support.world import World
from tests.workflow.test_acting_by_hand import asked

TWO_HOURS = timedelta(hours=2, minutes=1)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:oncall"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"

type Change = Callable[[Questioned], object]


@pytest.fixture
def account(world: World, tmp_path: Path) -> Questioned:
    return Questioned(world, tmp_path / "policy.toml")


def reply(operation: str, value: Any) -> Change:
    return lambda account: account.replies.update({operation: value})


def parameter(name: str, value: str) -> Change:
    return lambda account: account.parameters.update({name: value})


def later(account: Questioned) -> None:
    account.world.clock.pass_time(TWO_HOURS)


def both(*changes: Change) -> Change:
    return lambda account: [change(account) for change in changes]


def nothing(_: Questioned) -> None:
    pass


def without_heartbeat(account: Questioned) -> None:
    account.parameters["HeartbeatMinutes"] = "0"


def counted(*minutes_ago: float) -> Change:
    def change(account: Questioned) -> None:
        account.an_hour_and_a_half_later()
        account.replies["GetMetricData"] = account.counted(*minutes_ago)

    return change


def one_dropped(account: Questioned) -> None:
    account.replies["ListMetrics"] = metrics_of(account.rules["RestartServiceByTag"]["Name"], "another-rule")


def metrics_of(*rules: str) -> dict[str, Any]:
    return {"Metrics": [{"Dimensions": [{"Name": "RuleName", "Value": rule}]} for rule in rules]}


def shortened(account: Questioned) -> None:
    account.resources["AWS::IAM::Role"]["PageRole"] = "firebr-PageRole-1A2B"


def roles(*more: str, without: int = 0) -> Change:
    def change(account: Questioned) -> None:
        names = [*account.resources["AWS::IAM::Role"].values()][without:]
        account.replies["ListRoles"] = account.listed(*names, *more)

    return change


def of_key(*more: Change) -> Change:
    return both(parameter("KeyArn", KEY), *more)


def rules_of_the_bus_refused(account: Questioned) -> None:
    def listed(params: Any) -> Any:
        return "AccessDeniedException" if params["EventBusName"] == "firebreak" else {"Rules": []}

    account.replies["ListRules"] = listed


def red(account: Questioned) -> None:
    account.put_alarm(physical("SweepsMissing"), {}, "ALARM", AlarmActions=[account.outputs["PageTopicArn"]])


def refused_lately(account: Questioned) -> None:
    now = account.world.clock.at
    account.world.switches.pause(Hold("global", "ana", "migration", now, now + timedelta(hours=1)))
    assert account.world.send(account.world.red()).outcome == "refuse"


def decided_lately(account: Questioned) -> None:
    assert account.world.send(account.world.red()).incident_id


def by_hand(refused: str = "", *, verified: bool = False) -> Change:
    def asked_for(account: Questioned) -> None:
        mine, unconfirmed = asked(account.world), Unresolved(Reason.CALLER_UNCONFIRMED, refused)
        answer = unconfirmed if refused else replace(mine, verified=verified)
        replace(account.world.remediator(), confirm=lambda _: answer).handle(request_event(mine))

    return asked_for


def of_series(account: Questioned) -> None:
    account.put_alarm_of_series("series")


def passed_on(alarm: str) -> Change:
    line = json.dumps({"message": "route.passed_on", "fields": {"alarm": alarm, "function": "x"}})
    return reply("FilterLogEvents", {"events": [{"message": "not json"}, {"message": line}]})


def decided_about_a_series(account: Questioned) -> None:
    account.world.send(account.world.red("series", tags={"firebreak:action": "restart-service"}))


def scaled(account: Questioned, note: str = "") -> None:
    """scale-service had its turn; with a note AWS refused it."""
    world = account.world
    world.policy = a.auto_policy()
    world.ecs.services["ecs:prod/web"] = a.service(name="web")
    world.ecs.targets["ecs:prod/web"] = owner()
    if note:
        world.ecs.before_write = fail(Rejected("RegisterScalableTarget", note))
    tags = {"firebreak:action": "scale-service", "firebreak:target": "ecs:prod/web"}
    world.send(world.red("web-cpu-high", tags=tags), "scale-service")


def found_rows(*fields: str) -> Change:
    row = [{"field": one, "value": "x"} for one in fields]
    return reply("GetQueryResults", {"status": "Complete", "results": [row]})


TRACE = {"TraceSummaries": [{"Id": "1-2-3"}]}
HELD = {"PolicyRoles": [{"RoleName": "x"}], "PolicyUsers": [], "PolicyGroups": []}
CONTRIBUTORS: dict[str, Any] = {"AlarmContributors": []}


ANSWERS: tuple[tuple[str, str, Change], ...] = (
    ("heartbeat-mail", "notified", nothing),
    (
        "heartbeat-mail",
        "notified",
        reply("DescribeAlarmHistory", history(turned("OK"), notified(succeeded=False), notified())),
    ),
    (
        "heartbeat-mail",
        "not-notified",
        reply("DescribeAlarmHistory", history(turned("OK"), notified(succeeded=False))),
    ),
    (
        "heartbeat-mail",
        "not-notified",
        reply("DescribeAlarmHistory", history(notified(minutes=0), turned("OK"))),
    ),
    ("heartbeat-mail", "red", reply("DescribeAlarmHistory", history(turned("ALARM")))),
    ("heartbeat-mail", "nothing", both(later, reply("DescribeAlarmHistory", history()))),
    ("dropped-dead-letters", "none", reply("ListMetrics", metrics_of("another-rule"))),
    ("dropped-dead-letters", "dropped", one_dropped),
    ("own-topic", "reached", parameter("PageTopicArn", TOPIC)),
    (
        "own-topic",
        "failed",
        both(
            parameter("PageTopicArn", TOPIC),
            reply("DescribeAlarmHistory", history(notified(succeeded=False))),
        ),
    ),
    ("counts-in-time", "in-time", counted(12, 8)),
    ("counts-in-time", "late", counted(9)),
    ("counts-in-time", "late", counted(14)),
    ("counts-in-time", "too-late", counted(15)),
    ("counts-in-time", "too-late", counted()),
    ("saved-queries", "found", found_rows("fields.reason", "times")),
    ("saved-queries", "none", refused_lately),
    ("saved-queries", "none", both(refused_lately, found_rows("times"))),
    ("saved-queries", "missing", reply("DescribeQueryDefinitions", {"queryDefinitions": []})),
    ("trace-ids", "found", both(decided_lately, reply("GetTraceSummaries", TRACE))),
    ("trace-ids", "none", decided_lately),
    ("tags-of-series", "passed-on", both(of_series, passed_on("series"))),
    ("tags-of-series", "direct", both(of_series, passed_on("another"), decided_about_a_series)),
    ("log-alarms", "known", nothing),
    ("log-alarms", "refused", reply("DescribeAlarms", "ValidationError")),
    ("series-of-alarms", "listed", both(of_series, reply("DescribeAlarmContributors", CONTRIBUTORS))),
    ("series-of-alarms", "denied", both(of_series, reply("DescribeAlarmContributors", "AccessDenied"))),
    ("shortened-names", "whole", nothing),
    ("shortened-names", "shortened", shortened),
    ("role-paths", "as-declared", nothing),
    ("role-paths", "more", roles("firebreak-elsewhere")),
    ("role-paths", "fewer", roles(without=1)),
    ("role-paths", "fewer", roles("firebreak-elsewhere", without=1)),
    ("page-destination", "topic", nothing),
    (
        "page-destination",
        "empty",
        lambda account: account.replies.update({"GetFunctionEventInvokeConfig": account.destination("")}),
    ),
    ("page-destination", "empty", reply("GetFunctionEventInvokeConfig", "ResourceNotFoundException")),
    ("trial-calls", "acted", scaled),
    ("trial-calls", "validation", lambda account: scaled(account, "ValidationException")),
    (
        "trial-calls",
        "denied",
        lambda account: account.replies.update(
            {"SimulatePrincipalPolicy": lambda params: account.simulated(params, "explicitDeny")}
        ),
    ),
    ("confirmed-callers", "confirmed", by_hand(verified=True)),
    (
        "confirmed-callers",
        "denied",
        by_hand("it answered SignatureDoesNotMatch"),
    ),
    ("rules-under-key", "listed", of_key()),
    ("rules-under-key", "refused", of_key(rules_of_the_bus_refused)),
    ("schedules-under-key", "arrive", of_key()),
    ("schedules-under-key", "do-not-arrive", of_key(red)),
    ("schedules-under-key", "do-not-arrive", of_key(later)),
    ("held-policies", "free", nothing),
    ("held-policies", "held", reply("ListEntitiesForPolicy", HELD)),
    ("architecture", "as-deployed", nothing),
    ("architecture", "another", parameter("Architecture", "x86_64")),
    ("parameters-reach-aliases", "reached", nothing),
    ("parameters-reach-aliases", "stayed", parameter("PolicyFile", "policies/mine.toml")),
    ("parameters-reach-aliases", "stayed", parameter("Architecture", "x86_64")),
    ("service-names", "known", nothing),
)


@pytest.mark.parametrize(("name", "answer", "change"), ANSWERS)
def test_an_answer_is_one_of_the_rows_of_the_document(
    account: Questioned, name: str, answer: str, change: Change
) -> None:
    change(account)
    found = account.ask(name)
    assert (found["standing"], found["answer"]) == ("answered", answer), found
    assert found["expected"] is QUESTIONS[name].answer(answer).expected
    assert {*account.calls.changes} <= {"StartQuery", "FilterLogEvents"}, "a query of logs changes nothing"


# The answers that no read can give: the deployment failed, or somebody reads a page.
BY_HAND = {
    ("parameters-reach-aliases", "version-exists"),
    ("service-names", "invalid-principal"),
    ("service-names", "act-denied"),
}


def test_every_answer_that_reads_can_give_is_given_by_a_test() -> None:
    declared = {(name, one.name) for name in ASKS for one in QUESTIONS[name].answers}
    tested = {(name, answer) for name, answer, _ in ANSWERS} | {("service-names", "no-heartbeat")}
    assert tested == declared - BY_HAND


def forget_everything(account: Questioned) -> None:
    """The ledger is as empty as on the first day."""
    table = account.outputs["LedgerTable"]
    for item in account.world.dynamodb.scan(TableName=table)["Items"]:
        account.world.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


def test_without_a_heartbeat_two_hours_after_the_deployment_a_service_may_call_itself_otherwise(
    account: Questioned,
) -> None:
    forget_everything(account)
    assert account.ask("service-names")["standing"] == "not_asked"
    account.world.clock.pass_time(TWO_HOURS)
    assert account.ask("service-names")["answer"] == "no-heartbeat"


NOT_ASKED: tuple[tuple[str, str, Change], ...] = (
    ("heartbeat-mail", "without a heartbeat", without_heartbeat),
    ("heartbeat-mail", "not two hours old", reply("DescribeAlarmHistory", history())),
    (
        "heartbeat-mail",
        "keeps 30 days",
        both(
            reply("DescribeAlarmHistory", history()),
            lambda account: account.world.clock.pass_time(timedelta(days=31)),
        ),
    ),
    (
        "heartbeat-mail",
        "no such alarm",
        lambda account: account.resources["AWS::CloudWatch::Alarm"].pop("HeartbeatMissing"),
    ),
    ("own-topic", "made its topic itself", nothing),
    (
        "own-topic",
        "firebreak doctor --on-aws --try own-topic --stack firebreak",
        both(parameter("PageTopicArn", TOPIC), reply("DescribeAlarmHistory", history(turned("OK")))),
    ),
    ("counts-in-time", "not an hour old", nothing),
    ("saved-queries", "no alarm was refused", nothing),
    ("saved-queries", "without dashboard", parameter("Dashboard", "DISABLED")),
    ("trace-ids", "no incident was opened", nothing),
    ("tags-of-series", "no alarm of many series", nothing),
    ("tags-of-series", "turned red in the last two weeks", of_series),
    ("series-of-alarms", "no alarm of many series", nothing),
    ("trial-calls", "no auto-scaled service was acted on yet", nothing),
    ("confirmed-callers", "nobody approved or requested an act", refused_lately),
    (
        "confirmed-callers",
        "nobody approved",
        by_hand("without a proof"),
    ),
    ("rules-under-key", "no KeyArn", nothing),
    ("schedules-under-key", "no KeyArn", nothing),
    ("schedules-under-key", "no heartbeat came yet", of_key(forget_everything)),
    ("schedules-under-key", "without a heartbeat", of_key(without_heartbeat)),
    ("service-names", "without a heartbeat", without_heartbeat),
)


@pytest.mark.parametrize(("name", "why", "change"), NOT_ASKED)
def test_what_cannot_be_known_yet_is_not_asked_and_says_what_it_waits_for(
    account: Questioned, name: str, why: str, change: Change
) -> None:
    change(account)
    found = account.ask(name)
    assert (found["standing"], found["answer"]) == ("not_asked", None)
    assert why in found["detail"]


def test_a_query_of_logs_that_does_not_end_is_waited_for_and_not_asked(account: Questioned) -> None:
    answers: Iterator[str] = iter(["Scheduled", "Running", "Complete"])
    account.replies["GetQueryResults"] = lambda _: {
        "status": next(answers),
        "results": [[{"field": "fields.reason", "value": "x"}]],
    }
    assert account.ask("saved-queries")["answer"] == "found"
    account.replies["GetQueryResults"] = {"status": "Running", "results": []}
    assert "had not answered" in account.ask("saved-queries")["detail"]
    assert account.waited >= 20


def test_the_log_line_of_route_is_read_as_it_is_written(
    account: Questioned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    monkeypatch.setenv(
        "POWERTOOLS_SERVICE_NAME", "route-of-a-test"
    )  # a logger of its own, on this standard output
    of_series(account)
    PowertoolsLog().event("route.passed_on", alarm="series", function="restart-service")
    lines = [{"message": line} for line in capsys.readouterr().out.splitlines()]
    account.replies["FilterLogEvents"] = {"events": lines}
    assert account.ask("tags-of-series")["answer"] == "passed-on"


def test_a_question_is_asked_by_reads_or_tried_or_left_to_a_human_with_the_reason() -> None:
    for name, one in QUESTIONS.items():
        assert (name in ASKS, name in TRIALS) == (bool(one.reads), one.trial is not None)
        assert bool(one.by_hand) is not (bool(one.reads) or one.trial is not None)
        assert len({answer.name for answer in one.answers}) == len(one.answers) >= 2
