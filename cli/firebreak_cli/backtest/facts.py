"""The facts of a replay besides the transitions: the alarms and the targets when it was saved."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from firebreak.aws.described_alarms import described_alarm
from firebreak.core.arns import partition_of
from firebreak.core.model import Target, Unresolved
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.intake.names import Found, Home, read_target
from firebreak.wire.lenient_json import parse_timestamp
from firebreak_cli.backtest.history_file import (
    AlarmLine,
    GroupsLine,
    HeaderLine,
    ItemLine,
    Line,
    MuteRulesLine,
    TargetLine,
    in_utc,
)
from firebreak_cli.backtest.mute_windows import MuteRules, MuteWindows, read_mute_rules
from firebreak_cli.exit_codes import BAD_INPUT, Ending

NO_TAGS_READ = Unknown("the history has no tags of it")
NO_MUTE_RULES = Unknown("the history has none of the account")
UNREADABLE_MUTE_RULES = Unknown("they could not be read when it was saved")

# Fields of DescribeAlarms that are times, which JSON holds as text.
_TIMES = ("StateTransitionedTimestamp", "StateUpdatedTimestamp")


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """An alarm as it was when the history was saved; `configured_at` is when it last changed, if known."""

    config: Mapping[str, Any]
    described: DescribedAlarm
    tags: Reading[Mapping[str, str]]
    configured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The place and the span of a history, its alarms by name, and its targets by their short form."""

    account: str
    region: str
    start: datetime
    end: datetime
    read_at: datetime
    alarms: Mapping[str, AlarmFacts]
    targets: Mapping[str, TargetLine]
    behind: Mapping[frozenset[str], GroupsLine] = field(default_factory=dict)
    mute_rules: MuteRules | Unknown = NO_MUTE_RULES

    @property
    def mutes(self) -> MuteWindows:
        """The windows of the mute rules that are known."""
        return MuteWindows(self.mute_rules if isinstance(self.mute_rules, MuteRules) else MuteRules())

    @property
    def partition(self) -> str:
        """The partition of the account, by the ARN of an alarm; empty in a history without alarms."""
        return next((partition_of(one.described.arn) for one in self.alarms.values()), "")

    def service_behind(self, groups: Collection[str], home: Home) -> Found:
        """The one service behind these target groups, as it was looked up when the history was saved."""
        found = self.behind.get(frozenset(groups))
        if found is None:
            return Unresolved(
                Reason.TARGET_UNREADABLE, "the history does not say what these target groups serve"
            )
        if not found.service:
            return Unresolved(Reason.TARGET_AMBIGUOUS, found.why)
        return read_target(found.service, home.account, home.region)

    def members_of(self, target: Target) -> int:
        """How many known targets share the target's group; at least one."""
        prefix = f"{target.service}:{target.group}/"
        return max(1, sum(name.startswith(prefix) for name in self.targets))


def read_facts(lines: Iterator[Line], file: str) -> tuple[Facts, Iterator[ItemLine]]:
    """The facts at the head of a history, and the items after them. Raises Ending."""
    header = next(lines)
    assert isinstance(header, HeaderLine)  # noqa: S101  # history_file reads no other first line
    alarms: dict[str, AlarmFacts] = {}
    targets: dict[str, TargetLine] = {}
    behind: dict[frozenset[str], GroupsLine] = {}
    mute_rules: MuteRules | Unknown = NO_MUTE_RULES
    first: list[ItemLine] = []
    for line in lines:
        match line:
            case AlarmLine():
                facts = alarm_facts(line, file)
                alarms[facts.described.name] = facts
            case MuteRulesLine():
                mute_rules = UNREADABLE_MUTE_RULES if line.rules is None else read_mute_rules(line.rules)
            case TargetLine():
                targets[line.target] = line
            case GroupsLine():
                behind[frozenset(line.groups)] = line
            case ItemLine():
                first.append(line)
                break
            case HeaderLine():  # pragma: no cover - history_file lets only the first line be one
                break
    found = Facts(
        header.account,
        header.region,
        in_utc(header.start),
        in_utc(header.end),
        in_utc(header.read_at),
        alarms,
        targets,
        behind,
        mute_rules,
    )
    return found, chain(first, _items(lines, file))


def _items(lines: Iterator[Line], file: str) -> Iterator[ItemLine]:
    for line in lines:
        if not isinstance(line, ItemLine):
            raise Ending(
                BAD_INPUT,
                f"{file}: a line about alarms or targets stands after the first item of the history",
            )
        yield line


def alarm_facts(line: AlarmLine, file: str) -> AlarmFacts:
    """The facts of a line. Raises Ending, which names the file."""
    times = {key: parse_timestamp(line.config[key]) for key in _TIMES if key in line.config}
    try:
        described = described_alarm({**line.config, **times})
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        name = str(line.config.get("AlarmName", "without a name"))[:100]
        raise Ending(BAD_INPUT, f"{file}: alarm {name}: not as DescribeAlarms answers ({error})") from error
    if described.since is None:
        raise Ending(
            BAD_INPUT, f"{file}: alarm {described.name[:100]}: it says since when in no readable way"
        )
    tags = NO_TAGS_READ if line.tags is None else line.tags
    return AlarmFacts(
        line.config, described, tags, parse_timestamp(line.config.get("AlarmConfigurationUpdatedTimestamp"))
    )
