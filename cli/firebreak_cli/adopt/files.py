"""Alarms and tags from files, as the AWS CLI prints them; nothing is asked of AWS.

The alarms are the output of `aws cloudwatch describe-alarms`, the tags that of
`aws resourcegroupstaggingapi get-resources`, which holds alarms and targets alike.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from firebreak.core.model import NO_TAGS
from firebreak.core.readings import NotRead, Reading
from firebreak.errors import UnusableEvent
from firebreak.intake.names import SERVICES, Home
from firebreak.intake.target_groups import not_looked_up
from firebreak.wire.lenient_json import as_excerpt, items, mapping, strict_json, text
from firebreak.wire.lenient_json import field as member
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.existing import ExistingAlarm, existing_alarm
from firebreak_cli.adopt.judging import Known
from firebreak_cli.adopt.planner import plan
from firebreak_cli.exit_codes import BAD_INPUT, Ending

STDIN = "-"
# An account has at most 5,000 alarms unless AWS raised its quota; one is printed in 2 KB.
MAX_BYTES = 64 * 1024 * 1024
KINDS = ("MetricAlarms", "CompositeAlarms", "LogAlarms")

_TAGS_NOT_GIVEN = NotRead("no file of tags was given")
_NOT_IN_FILE = NotRead("it is not in the file of tags")
_ALARM_ARN = re.compile(
    r"arn:aws[a-z-]*:cloudwatch:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):alarm:.+", re.S
)
_PLACED_ARN = re.compile(r"arn:aws[a-z-]*:[^:]+:(?P<region>[^:]+):(?P<account>\d{12}):.+", re.S | re.ASCII)
_TARGET_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:(?P<ecs>ecs):[^:]+:\d+:service/(?P<service>[^/]+/[^/]+)"
    r"|(?P<lambda>lambda):[^:]+:\d+:function:(?P<function>[^:]+)"
    r"|(?P<beanstalk>elasticbeanstalk):[^:]+:\d+:environment/[^/]+/(?P<environment>[^/]+)"
    r"|(?P<ses>ses):[^:]+:\d+:configuration-set/(?P<set>[^/]+))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TagsFile:
    """The tags of a file by the ARNs in it. Of what is not in it nothing is known, but of alarms."""

    by_arn: Mapping[str, Mapping[str, str]] | None = None

    def of_alarm(self, arn: str) -> Reading[Mapping[str, str]]:
        """The tags of an alarm; one that is not in the file never had any."""
        return _TAGS_NOT_GIVEN if self.by_arn is None else self.by_arn.get(arn, NO_TAGS)

    def of_targets(self, home: Home) -> Mapping[str, Reading[Mapping[str, str]]]:
        """The tags of the targets of that place, by their short form."""
        here = {arn: tags for arn, tags in (self.by_arn or {}).items() if _home_of_arn(arn) == home}
        return {short: tags for arn, tags in here.items() if (short := _short_form(arn))}

    def require_of(self, home: Home, name: str) -> None:
        """Raise Ending where all of it is of other places: then no alarm would have a tag, or an owner."""
        found = {place for arn in self.by_arn or () if (place := _home_of_arn(arn))}
        if found and home not in found:
            there = ", ".join(sorted(f"{place.account} {place.region}" for place in found))
            wanted = f"{home.account} {home.region}, as the alarms are"
            raise Ending(BAD_INPUT, f"{_named(name)}: expected tags of {wanted}, found {there}")


def plan_of_files(alarms_file: str, tags_file: str, own_stack: str, now: datetime) -> Plan:
    """The plan for the alarms of a file. Raises Ending naming the file and what is wrong in it."""
    tags = _tags(tags_file) if tags_file else TagsFile()
    alarms = list(_alarms(alarms_file, tags, now))
    if not alarms:
        raise Ending(BAD_INPUT, f"{_named(alarms_file)}: no alarm in it")
    home = home_of(alarms, _named(alarms_file))
    tags.require_of(home, tags_file)
    known = Known(
        home=home,
        behind=not_looked_up("run it without --alarms"),
        target_tags=tags.of_targets(home),
        unread=_TAGS_NOT_GIVEN if tags.by_arn is None else _NOT_IN_FILE,
        own_stack=own_stack,
    )
    return plan(alarms, known, now)


def home_of(alarms: list[ExistingAlarm], source: str) -> Home:
    """The one account and region of the alarms. Raises Ending."""
    found = {match.group("account", "region") for one in alarms if (match := _place(one))}
    if len(found) != 1:
        places = ", ".join(" ".join(place) for place in sorted(found)) or "none"
        raise Ending(BAD_INPUT, f"{source}: expected alarms of one account and region, found {places}")
    return Home(*found.pop())


def only_alarms(printed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alarms of every kind in an answer of DescribeAlarms."""
    return [mapping(raw) for kind in KINDS for raw in items(printed.get(kind))]


def _place(alarm: ExistingAlarm) -> re.Match[str] | None:
    return _ALARM_ARN.fullmatch(alarm.shown.arn)


def _alarms(name: str, tags: TagsFile, now: datetime) -> Iterator[ExistingAlarm]:
    printed = read_json(name, "the output of `aws cloudwatch describe-alarms`")
    lists = {kind: printed[kind] for kind in KINDS if kind in printed}
    if not lists:
        raise Ending(
            BAD_INPUT, f"{_named(name)}: expected {' or '.join(KINDS)}: the output of describe-alarms"
        )
    _require_whole(printed, name)
    seen: set[str] = set()
    for kind, listed in lists.items():
        for place, raw in enumerate(items(listed)):
            alarm = _alarm(mapping(raw), tags, now, f"{_named(name)}: {kind}[{place}]")
            if alarm.shown.name in seen:
                raise Ending(BAD_INPUT, f"{_named(name)}: {kind}[{place}]: {alarm.shown.name} is there twice")
            seen.add(alarm.shown.name)
            yield alarm


def _alarm(raw: Mapping[str, Any], tags: TagsFile, now: datetime, place: str) -> ExistingAlarm:
    try:
        return existing_alarm(raw, tags.of_alarm(text(raw.get("AlarmArn"))), now)
    except UnusableEvent as error:
        raise Ending(BAD_INPUT, f"{place}: found {error.found}; expected {error.expected}") from error


def _tags(name: str) -> TagsFile:
    printed = read_json(name, "the output of `aws resourcegroupstaggingapi get-resources`")
    listed = printed.get("ResourceTagMappingList")
    if not isinstance(listed, list):
        raise Ending(BAD_INPUT, f"{name}: expected ResourceTagMappingList: the output of get-resources")
    _require_whole(printed, name)
    return TagsFile({text(member(one, "ResourceARN")): _pairs(member(one, "Tags")) for one in listed})


def _home_of_arn(arn: str) -> Home | None:
    """The account and region of an ARN; None for a resource that is in no region."""
    found = _PLACED_ARN.fullmatch(arn)
    return Home(*found.group("account", "region")) if found else None


def _require_whole(printed: Mapping[str, Any], name: str) -> None:
    """Raise Ending where more was left to be asked for: the rest would look as if it were not there."""
    for key in ("NextToken", "PaginationToken"):
        if printed.get(key):
            text = f"it is a part of the answer ({key} is in it): without --max-items the CLI prints all"
            raise Ending(BAD_INPUT, f"{_named(name)}: {text}")


def _pairs(tags: object) -> Mapping[str, str]:
    return {text(member(tag, "Key")): text(member(tag, "Value")) for tag in items(tags)}


def _short_form(arn: str) -> str:
    """The target of that ARN as policies write it; empty where it is none."""
    found = _TARGET_ARN.fullmatch(arn)
    if not found:
        return ""
    service = next(name for name in ("ecs", "lambda", "beanstalk", "ses") if found[name])
    rest = next(found[name] for name in ("service", "function", "environment", "set") if found[name])
    return f"{service}:{rest}" if service in SERVICES else ""


def read_json(name: str, expected: str) -> Mapping[str, Any]:
    """The JSON object in a file, or on standard input. Raises Ending naming it."""
    try:
        found = strict_json(_content(name).decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Ending(BAD_INPUT, f"{_named(name)}: not JSON ({place}); expected {expected}") from error
    except UnusableEvent as error:
        raise Ending(BAD_INPUT, f"{_named(name)}: found {error.found}; expected {error.expected}") from error
    except (ValueError, RecursionError) as error:
        what = f"not readable ({type(error).__name__})"
        raise Ending(BAD_INPUT, f"{_named(name)}: {what}; expected {expected}") from error
    if not isinstance(found, dict):
        raise Ending(BAD_INPUT, f"{_named(name)}: found {as_excerpt(found)}; expected {expected}")
    return found


def _content(name: str) -> bytes:
    try:
        if name == STDIN:
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Ending(BAD_INPUT, f"{_named(name)}: cannot be read ({type(error).__name__})") from error
    if len(content) > MAX_BYTES:
        raise Ending(BAD_INPUT, f"{_named(name)}: more than {MAX_BYTES // 1024 // 1024} MB")
    return content


def _named(name: str) -> str:
    return "standard input" if name == STDIN else name
