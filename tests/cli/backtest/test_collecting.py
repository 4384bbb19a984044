"""Reading an account's history: paged, throttled, denied in part, and never cut without a word."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from firebreak.aws.alarm_types import ALARM_TYPES
from firebreak.core.model import Target, Unresolved
from firebreak.core.reasons import Reason
from firebreak.errors import Denied, Throttled
from firebreak.intake.names import Home
from firebreak.policy.compiler import parse_policy
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.registry import ACTIONS, CATALOG
from firebreak_cli.backtest.collecting import WAITS, Account, write_history
from firebreak_cli.backtest.facts import UNREADABLE_MUTE_RULES, read_facts
from firebreak_cli.backtest.history_file import read_lines, writer
from firebreak_cli.backtest.mute_windows import MuteRules
from firebreak_cli.backtest.target_reader import TargetSources
from tests.cli.backtest.histories import OPTED_IN, RESTART, START, config, item, mute_rule
from tests.cli.running import error_lines, run
from tests.support import builders as a
from tests.support.builders_ecs import session
from tests.support.fakes import FakeEcs, FakeServices

POLICY = parse_policy(a.AUTO_POLICY, "policy.toml")
NAME = "api-memory"
MUTE_RULE_ARN = f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm-mute-rule:nightly"
# The actions whose services the fakes have; in the place of the others stands the first.
SEEN = ("restart-service", "scale-service")
ALARM = config(NAME, {"ClusterName": "prod", "ServiceName": "api"})
TAGGED = {
    "ResourceTagMappingList": [
        {
            "ResourceARN": ALARM["AlarmArn"],
            "Tags": [{"Key": key, "Value": value} for key, value in RESTART.items()],
        }
    ]
}
HISTORY = {
    "AlarmTypes": [*ALARM_TYPES],
    "StartDate": START,
    "EndDate": a.NOW,
    "ScanBy": "TimestampAscending",
    "MaxRecords": 100,
}


def raw_alarm(**changes: Any) -> dict[str, Any]:
    return {**ALARM, "StateUpdatedTimestamp": a.NOW, "StateTransitionedTimestamp": a.NOW, **changes}


def raw_item(minutes: float, before: str, after: str) -> dict[str, Any]:
    at = START + timedelta(minutes=minutes)
    return {key: value for key, value in item(NAME, at, before, after).items() if key != "line"} | {
        "Timestamp": at
    }


@dataclass
class Reading:
    """An account with programmed answers."""

    cloudwatch: Stubber
    tagging: Stubber
    account: Account
    ecs: FakeEcs = field(default_factory=FakeEcs)
    service: ServiceLive = field(default_factory=lambda: replace(a.service(), tags=OPTED_IN))
    waits: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    behind: Target | Unresolved = field(default_factory=lambda: Unresolved(Reason.TARGET_AMBIGUOUS, "two"))

    def mute_rules(self, *rules: dict[str, Any] | None) -> None:
        """The rules that are listed; None for one that is gone when it is read."""
        listed = [{"AlarmMuteRuleArn": f"{MUTE_RULE_ARN}{n}"} for n, _ in enumerate(rules)]
        self.cloudwatch.add_response(
            "list_alarm_mute_rules", {"AlarmMuteRuleSummaries": listed}, {"MaxRecords": 100}
        )
        for n, rule in enumerate(rules):
            if rule is None:
                gone = "ResourceNotFoundException"
                self.cloudwatch.add_client_error("get_alarm_mute_rule", gone, http_status_code=404)
            else:
                self.cloudwatch.add_response(
                    "get_alarm_mute_rule", rule, {"AlarmMuteRuleName": f"nightly{n}"}
                )

    def alarms(self, *alarms: dict[str, Any], muted: bool = False) -> None:
        if not muted:
            self.mute_rules()
        asked = {"AlarmTypes": [*ALARM_TYPES], "MaxRecords": 100}
        self.cloudwatch.add_response("describe_alarms", {"MetricAlarms": [*alarms]}, asked)

    def history(self, *items: dict[str, Any], token: str = "", after: str = "") -> None:
        answer: dict[str, Any] = {"AlarmHistoryItems": [*items]} | ({"NextToken": token} if token else {})
        asked = HISTORY | ({"NextToken": after} if after else {})
        self.cloudwatch.add_response("describe_alarm_history", answer, asked)

    def write(self, path: Path) -> Path:
        self.ecs.services["ecs:prod/api"] = self.service
        sources = TargetSources(
            lambda name: ACTIONS[name if name in SEEN else SEEN[0]](FakeServices(self.ecs, self.ecs)),
            lambda groups, home: self.behind,
        )
        with writer(path) as file:
            write_history(self.account, sources, POLICY, (START, a.NOW), file)
        return path


@pytest.fixture
def reading() -> Iterator[Reading]:
    cloudwatch, tagging = session().client("cloudwatch"), session().client("resourcegroupstaggingapi")
    waits: list[float] = []
    lines: list[str] = []
    account = Account(
        cloudwatch=cloudwatch,
        tagging=tagging,
        account=a.ACCOUNT,
        region=a.REGION,
        sleep=waits.append,
        progress=lines.append,
    )
    with Stubber(cloudwatch) as first, Stubber(tagging) as second:
        yield Reading(first, second, account, waits=waits, lines=lines)
        first.assert_no_pending_responses()
        second.assert_no_pending_responses()


def test_alarms_targets_and_all_pages_of_the_history_are_kept(tmp_path: Path, reading: Reading) -> None:
    reading.tagging.add_response("get_resources", TAGGED, {"ResourceTypeFilters": ["cloudwatch:alarm"]})
    reading.alarms(raw_alarm())
    reading.history(raw_item(10, "OK", "ALARM"), token="more")
    reading.history(raw_item(12, "ALARM", "OK"), after="more")
    path = reading.write(tmp_path / "history.jsonl.gz")
    facts, items = read_facts(read_lines(path), str(path))
    assert [one.timestamp for one in items] == [START + timedelta(minutes=n) for n in (10, 12)]
    assert facts.alarms[NAME].tags == RESTART
    target = facts.targets["ecs:prod/api"]
    assert (target.exists, target.tags) == (True, OPTED_IN)
    assert not set(SEEN) & set(target.obstacles)


def test_without_the_tagging_api_each_alarm_is_asked_for_its_tags(tmp_path: Path, reading: Reading) -> None:
    reading.tagging.add_client_error("get_resources", "AccessDeniedException", http_status_code=403)
    reading.alarms(raw_alarm(), raw_alarm(AlarmName="x", AlarmArn=ALARM["AlarmArn"] + "x"))
    reading.cloudwatch.add_response("list_tags_for_resource", {"Tags": [{"Key": "k", "Value": "v"}]})
    reading.cloudwatch.add_client_error("list_tags_for_resource", "AccessDenied", http_status_code=403)
    reading.history()
    path = reading.write(tmp_path / "history.jsonl")
    alarms = [line for line in map(json.loads, path.read_text().splitlines()) if line["line"] == "alarm"]
    assert [line["tags"] for line in alarms] == [{"k": "v"}, None]


def test_a_throttled_page_is_asked_for_again_after_a_rest(tmp_path: Path, reading: Reading) -> None:
    reading.tagging.add_response("get_resources", {"ResourceTagMappingList": []})
    reading.alarms(raw_alarm())
    for _ in range(2):
        reading.cloudwatch.add_client_error(
            "describe_alarm_history", "ThrottlingException", http_status_code=400
        )
    reading.history(raw_item(10, "OK", "ALARM"))
    path = reading.write(tmp_path / "history.jsonl")
    assert len(reading.waits) == 2
    assert "CloudWatch throttles; waiting" in reading.lines
    assert path.read_text().count('"line":"item"') == 1


def test_a_history_that_cannot_be_read_to_its_end_leaves_no_file(tmp_path: Path, reading: Reading) -> None:
    reading.tagging.add_response("get_resources", {"ResourceTagMappingList": []})
    reading.alarms()
    reading.history(raw_item(10, "OK", "ALARM"), token="more")
    for _ in range(WAITS + 1):
        reading.cloudwatch.add_client_error(
            "describe_alarm_history", "ThrottlingException", http_status_code=400
        )
    with pytest.raises(Throttled):
        reading.write(tmp_path / "history.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_alarms_that_may_not_be_read_end_the_command(tmp_path: Path, reading: Reading) -> None:
    reading.mute_rules()
    reading.tagging.add_response("get_resources", TAGGED)
    reading.cloudwatch.add_client_error("describe_alarms", "AccessDenied", http_status_code=403)
    with pytest.raises(Denied):
        reading.write(tmp_path / "history.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_mute_rules_are_kept_without_those_that_are_gone_by_then(tmp_path: Path, reading: Reading) -> None:
    rule = mute_rule("cron(0 2 * * *)", "PT2H", [NAME])
    kept = {key: value for key, value in rule.items() if key != "line"} | {"ExpireDate": a.NOW}
    reading.mute_rules(kept, None)
    reading.tagging.add_response("get_resources", TAGGED)
    reading.alarms(raw_alarm(), muted=True)
    reading.history()
    facts, _ = read_facts(read_lines(path := reading.write(tmp_path / "history.jsonl")), str(path))
    assert isinstance(facts.mute_rules, MuteRules)
    [found] = facts.mute_rules.rules
    assert (set(found.alarms), found.expires, list(facts.mute_rules.unreadable)) == ({NAME}, a.NOW, [])


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("InvalidAction", 400)])
def test_mute_rules_that_cannot_be_read_are_not_taken_for_none(
    tmp_path: Path, reading: Reading, code: str, status: int
) -> None:
    reading.cloudwatch.add_client_error("list_alarm_mute_rules", code, http_status_code=status)
    reading.tagging.add_response("get_resources", TAGGED)
    reading.alarms(raw_alarm(), muted=True)
    reading.history()
    facts, _ = read_facts(read_lines(path := reading.write(tmp_path / "history.jsonl")), str(path))
    assert facts.mute_rules == UNREADABLE_MUTE_RULES


def test_what_stands_in_the_way_today_is_kept_with_its_reason(tmp_path: Path, reading: Reading) -> None:
    reading.tagging.add_response("get_resources", TAGGED)
    reading.alarms(raw_alarm())
    reading.history()
    reading.service = replace(a.service(), tags=OPTED_IN, desired=0, running=0)
    path = reading.write(tmp_path / "history.jsonl")
    facts, _ = read_facts(read_lines(path), str(path))
    obstacles = facts.targets["ecs:prod/api"].obstacles
    assert {obstacles[name][0] for name in SEEN} == {Reason.SCALED_TO_ZERO}
    assert set(obstacles) == {name for name in CATALOG if CATALOG.service_of(name) == "ecs"}


def test_the_service_behind_target_groups_is_kept_for_the_replay(tmp_path: Path, reading: Reading) -> None:
    group = "targetgroup/api/0123456789abcdef"
    dimensions = {"LoadBalancer": "app/api/0123456789abcdef", "TargetGroup": group}
    of_balancer = {"Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count"}
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    reading.tagging.add_response("get_resources", TAGGED)
    reading.alarms(raw_alarm(Dimensions=pairs, **of_balancer))
    reading.history()
    reading.behind = a.TARGET
    path = reading.write(tmp_path / "history.jsonl")
    facts, _ = read_facts(read_lines(path), str(path))
    assert [line.service for line in facts.behind.values()] == [a.TARGET.display]
    assert facts.service_behind(next(iter(facts.behind)), Home(a.ACCOUNT, a.REGION)) == a.TARGET


def test_credentials_of_another_account_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with mock_aws():
        target = tmp_path / "history.jsonl"
        result = run("backtest", "--save", str(target), "--account", "999999999999", "--region", a.REGION)
    assert result.exit_code == 3
    [line] = error_lines(result)
    assert line.endswith("the command is for 999999999999: set --profile")
    assert not target.exists()
