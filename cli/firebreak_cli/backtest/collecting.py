"""Reads an account's alarm history, its alarms and their targets, and writes them to a file.

Every call reads. CloudWatch answers 20 DescribeAlarmHistory a second for an account, which no quota raises
(docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html); the client waits and repeats
where it is throttled.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

from firebreak.aws.alarm_types import ALARM_TYPES, AlarmTypes
from firebreak.aws.translate import translated
from firebreak.core.readings import ABSENT
from firebreak.errors import Denied, NotFound, Rejected, Throttled
from firebreak.intake.names import Found, Home
from firebreak.intake.target_groups import ServiceLookup
from firebreak.policy.policy import Policy
from firebreak.services.connections import Connections, NoWrites
from firebreak.services.registry import ACTIONS
from firebreak_cli.backtest.facts import Facts, alarm_facts
from firebreak_cli.backtest.history_file import (
    FORMAT_VERSION,
    AlarmLine,
    HeaderLine,
    HistoryWriter,
    MuteRulesLine,
    item_line,
    writer,
)
from firebreak_cli.backtest.target_reader import TargetReader, TargetSources
from firebreak_cli.environment import Environment
from firebreak_cli.queries.services_behind import looked_up_once
from firebreak_cli.stack import client, patient, refuse_another_account, session_of

# ResourceTypeFilters of GetResources.
TAGGED = "cloudwatch:alarm"
MUTE_RULES = "AlarmMuteRuleSummaries"
# How long to wait once the client's own attempts were all throttled, and how often.
WAIT_SECONDS, WAITS = 30.0, 10

type Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Account:
    """An account and region to read, and how to wait."""

    cloudwatch: Any
    tagging: Any
    account: str
    region: str
    sleep: Callable[[float], None]
    progress: Progress


def collect(
    path: Path, policy: Policy, span: tuple[datetime, datetime], environment: Environment, progress: Progress
) -> None:
    """Writes the history of the span. Raises Ending or AwsError; then there is no file."""
    session = session_of(environment)
    with translated("GetCallerIdentity", mutates=False):
        identity = client(session, "sts").get_caller_identity()
    refuse_another_account(identity["Account"], environment.account)
    account = Account(
        cloudwatch=patient(session, "cloudwatch"),
        tagging=patient(session, "resourcegroupstaggingapi"),
        account=identity["Account"],
        region=session.region_name or "",
        sleep=environment.sleep,
        progress=progress,
    )
    sources = target_sources(partial(client, session), policy)
    with writer(path) as file:
        write_history(account, sources, policy, span, file)


def target_sources(read: Callable[[str], Any], policy: Policy) -> TargetSources:
    """How the targets of the account are looked at with such clients; nothing can be changed by it."""
    services = Connections(
        read, lambda _: NoWrites(), lambda name: policy.runbook(name) or ABSENT, lambda: policy.missing_data
    )

    @cache
    def lookup(home: Home) -> ServiceLookup:
        from firebreak.services.ecs.client_registrations import RegistrationReader  # brings the ECS adapter

        reads = RegistrationReader(read("ecs"), time.monotonic, home.account, home.region)
        return looked_up_once(reads, lambda: datetime.now(UTC))

    def behind(groups: Collection[str], home: Home) -> Found:
        return lookup(home)(groups, home)

    return TargetSources(lambda name: ACTIONS[name](services), behind)


def write_history(
    account: Account,
    sources: TargetSources,
    policy: Policy,
    span: tuple[datetime, datetime],
    file: HistoryWriter,
) -> None:
    """Writes the facts, then the items of the history, oldest first."""
    start, end = span
    file.write(
        HeaderLine(
            version=FORMAT_VERSION,
            account=account.account,
            region=account.region,
            start=start,
            end=end,
            read_at=end,
        )
    )
    file.write(MuteRulesLine(rules=_mute_rules(account)))
    lines = list(_alarms(account))
    for line in lines:
        file.write(line)
    alarms = {line.config["AlarmName"]: alarm_facts(line, "DescribeAlarms") for line in lines}
    facts = Facts(account.account, account.region, start, end, end, alarms, {})
    for found in TargetReader(sources, policy, facts, account.progress).lines():
        file.write(found)
    for number, item in enumerate(_items(account, start, end), start=1):
        if not number % 1000:
            account.progress(f"read {number} items of the history, up to {item['Timestamp']:%Y-%m-%d}")
        file.write(item_line(item))


def _alarms(account: Account) -> Iterator[AlarmLine]:
    tags = _tags(account)
    for page in _pages_of_alarms(account, "describe_alarms", MaxRecords=100):
        for alarm in (alarm for kind in ALARM_TYPES for alarm in page.get(f"{kind}s", ())):
            config = {key: _plain(value) for key, value in alarm.items()}
            mine = (
                tags.get(alarm["AlarmArn"], {}) if tags is not None else _tags_of(account, alarm["AlarmArn"])
            )
            yield AlarmLine(config=config, tags=None if mine is None else dict(mine))


def _mute_rules(account: Account) -> list[dict[str, Any]] | None:
    """All mute rules; None where they may not be read, or where the region does not know them."""
    try:
        pages = _pages(partial(_page, account, "list_alarm_mute_rules"), {"MaxRecords": 100})
        names = [one["AlarmMuteRuleArn"].rpartition(":")[2] for page in pages for one in page[MUTE_RULES]]
        return [rule for name in names if (rule := _mute_rule(account, name))]
    except (Denied, Rejected):
        return None


def _mute_rule(account: Account, name: str) -> dict[str, Any] | None:
    """The rule; None for one that was deleted since it was listed."""
    try:
        answer = _page(account, "get_alarm_mute_rule", {"AlarmMuteRuleName": name})
    except NotFound:
        return None
    return {key: _plain(value) for key, value in answer.items() if key != "ResponseMetadata"}


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _tags(account: Account) -> Mapping[str, Mapping[str, str]] | None:
    """The tags of all tagged alarms by ARN; None where the Resource Groups Tagging API may not be asked."""
    found: dict[str, Mapping[str, str]] = {}
    try:
        pages = account.tagging.get_paginator("get_resources").paginate(ResourceTypeFilters=[TAGGED])
        with translated("GetResources", mutates=False):
            for page in pages:
                for one in page["ResourceTagMappingList"]:
                    found[one["ResourceARN"]] = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
    except Denied:
        return None
    return found


def _tags_of(account: Account, arn: str) -> Mapping[str, str] | None:
    """The tags of one alarm; None where they may not be read."""
    try:
        with translated("ListTagsForResource", mutates=False):
            answer = account.cloudwatch.list_tags_for_resource(ResourceARN=arn)
    except Denied:
        return None
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def _items(account: Account, start: datetime, end: datetime) -> Iterator[Mapping[str, Any]]:
    asked = {"StartDate": start, "EndDate": end, "ScanBy": "TimestampAscending"}
    for page in _pages_of_alarms(account, "describe_alarm_history", MaxRecords=100, **asked):
        yield from page["AlarmHistoryItems"]


def _pages_of_alarms(account: Account, operation: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
    """The pages about alarms of every type that the region knows."""
    types = AlarmTypes()
    return _pages(
        lambda more: types.ask(lambda kinds: _page(account, operation, {"AlarmTypes": kinds, **more})), asked
    )


def _pages(
    page: Callable[[Mapping[str, Any]], Mapping[str, Any]], asked: dict[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """The pages of an answer; a page that is throttled for long is asked for again after a rest."""
    while True:
        found = page(asked)
        yield found
        if not found.get("NextToken"):
            return
        asked["NextToken"] = found["NextToken"]


def _page(account: Account, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    for tried in count():
        try:
            with translated(operation.title().replace("_", ""), mutates=False):
                answer: Mapping[str, Any] = getattr(account.cloudwatch, operation)(**asked)
                return answer
        except Throttled:
            if tried >= WAITS:
                raise
            account.progress("CloudWatch throttles; waiting")
            account.sleep(WAIT_SECONDS)
    raise AssertionError("unreachable")  # pragma: no cover
