"""The versions that run behind a function, and the last lines of its log, read before a change of it.

Of a configuration only the few values named here leave this module: others are secrets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from firebreak.aws.page_extras import LogGroups
from firebreak.aws.translate import look
from firebreak.core.diagnostics import headed
from firebreak.core.readings import NotRead
from firebreak.services.lambda_.functions import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from types_boto3_lambda.type_defs import AliasConfigurationTypeDef

    from firebreak.core.model import Plan, Target
    from firebreak.core.readings import Reading

type Lines = tuple[str, ...]

FUNCTION, ERRORS, LOGS = "function and aliases", "last errors", "last log lines"

# A start for a human, within a few calls; errors are looked for in more streams than are shown.
MOST_ALIASES, MOST_VERSIONS, MOST_STREAMS, LINES_OF_A_STREAM = 6, 4, 3, 4
LATELY = timedelta(minutes=10)
# DescribeLogStreams gives at most 50; of a group that functions share most may belong to others.
STREAMS_AT_ONCE = 50

NO_STREAM = NotRead("no log stream of the function is among the newest of its log group")

# YYYY/MM/DD/[version]id, in a group of its own choice YYYY/MM/DD/function[version]id
# (docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html).
_STREAM = re.compile(r"\d{4}/\d\d/\d\d/([\w-]*)\[", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Log:
    """The log group of a function, and those of its own streams that were written last, newest first."""

    group: str
    streams: tuple[str, ...]


class _Once:
    """A look that two sources share: the second of them waits for the first."""

    def __init__(self, read: Callable[[], Reading[_Log]]) -> None:
        self._read = read
        self._lock = Lock()
        self._found: Reading[_Log] | None = None

    def __call__(self) -> Reading[_Log]:
        with self._lock:
            if self._found is None:
                self._found = self._read()
            return self._found


class FunctionDiagnostics:
    """remediation.diagnostics.DiagnosticSources on Lambda and CloudWatch Logs.

    `connect` returns a client that gives up early, the same one for the same service. `monotonic` counts
    seconds.
    """

    def __init__(
        self,
        connect: Callable[[str], Any],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._now = now
        self._monotonic = monotonic

    def of(self, target: Target, plan: Plan) -> Mapping[str, Callable[[], Reading[Lines]]]:
        """The configurations that its aliases run, the errors of the last minutes, and the newest lines."""
        moved = plan.before.get("alias")
        log = _Once(partial(look, "DescribeLogStreams", partial(self._log, target.name)))
        return {
            FUNCTION: partial(look, "GetFunctionConfiguration", partial(self._function, target.name, moved)),
            ERRORS: partial(self._errors, log),
            LOGS: partial(self._log_lines, log),
        }

    def _function(self, name: str, moved: object) -> Lines:
        """The alias that moves first, then the others, as far as one answer holds them."""
        found = self._connect("lambda").list_aliases(FunctionName=name)["Aliases"]
        aliases = sorted(found, key=lambda one: one["Name"] != moved)[:MOST_ALIASES]
        named = dict.fromkeys(version for alias in aliases for version in _versions(alias))
        numbers = [version for version in named if version != LATEST][:MOST_VERSIONS]
        return (
            *(_alias(alias) for alias in aliases),
            *(_configuration(self._configuration(name, version)) for version in (LATEST, *numbers)),
        )

    def _configuration(self, name: str, version: str) -> Mapping[str, Any]:
        chosen = {} if version == LATEST else {"Qualifier": version}
        found: Mapping[str, Any] = self._connect("lambda").get_function_configuration(
            FunctionName=name, **chosen
        )
        return found

    def _log(self, name: str) -> Reading[_Log]:
        """The function's own streams: a group may be shared, and only a stream's name says whose it is."""
        default = f"/aws/lambda/{name}"
        group = self._configuration(name, LATEST).get("LoggingConfig", {}).get("LogGroup", default)
        answer = self._connect("logs").describe_log_streams(
            logGroupName=group, orderBy="LastEventTime", descending=True, limit=STREAMS_AT_ONCE
        )
        owners = {name, ""} if group == default else {name}
        streams = [one["logStreamName"] for one in answer["logStreams"]]
        own = tuple(one for one in streams if (match := _STREAM.match(one)) and match.group(1) in owners)
        return _Log(group, own) if own else NO_STREAM

    def _errors(self, log: _Once) -> Reading[Lines]:
        found = log()
        if not isinstance(found, _Log):
            return found
        now = self._now()
        groups = LogGroups(self._connect("logs"), self._monotonic)
        return groups.last(found.group, now - LATELY, now, found.streams)

    def _log_lines(self, log: _Once) -> Reading[Lines]:
        found = log()
        if not isinstance(found, _Log):
            return found
        groups = LogGroups(self._connect("logs"), self._monotonic)
        newest = found.streams[:MOST_STREAMS]
        read = [(one, groups.end_of(found.group, one, LINES_OF_A_STREAM)) for one in newest]
        return headed(read)


def _versions(alias: AliasConfigurationTypeDef) -> Iterator[str]:
    yield alias["FunctionVersion"]
    yield from alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def _alias(alias: AliasConfigurationTypeDef) -> str:
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    parts = "".join(f", {share:.0%} of its calls to version {number}" for number, share in weights.items())
    return f"alias {alias['Name']}: version {alias['FunctionVersion']}{parts}"


def _configuration(raw: Mapping[str, Any]) -> str:
    version = raw["Version"]
    of = LATEST if version == LATEST else f"version {version}"
    state = ", ".join(filter(None, (raw.get("State", ""), _update(raw))))
    code = f"code {raw['CodeSha256'][:12]} of {raw['LastModified'][:19]}Z"
    runs = f"{raw.get('Runtime', 'an image')}, {raw['MemorySize']} MB, {raw['Timeout']} s"
    return f"{of}: {runs}, {code}{f', {state}' if state else ''}"


def _update(raw: Mapping[str, Any]) -> str:
    done, why = raw.get("LastUpdateStatus", ""), raw.get("LastUpdateStatusReason", "")
    return f"last update {done}{f' ({why})' if why else ''}" if done else ""
