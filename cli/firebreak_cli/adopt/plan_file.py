"""A plan as JSON, to be reviewed, edited and read again. Version 1; docs/adopting.md has the shape.

`do`, `action`, `target` and `severity` of an alarm may be edited. The rest is what was found; the tags
follow from those four, and everything is looked at again before a tag is written.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from firebreak.core.arns import alarm_arn, partition_of
from firebreak.core.model import AlarmState, Unresolved
from firebreak.core.paging.page import Severity
from firebreak.core.routing import NO_ACTION
from firebreak.core.rules import PAGE_RUNG
from firebreak.intake.names import read_target
from firebreak.policy.lines import path_of
from firebreak.services.registry import CATALOG
from firebreak_cli.adopt.entries import ByItself, Do, Entry, LeftAlone, OptIn, Plan
from firebreak_cli.adopt.files import read_json
from firebreak_cli.adopt.owners import NOBODY, Owner, OwnerKind
from firebreak_cli.exit_codes import BAD_INPUT, Ending

VERSION = 1
# Answers that change nothing: they have no target.
WITHOUT_TARGET = frozenset({PAGE_RUNG, NO_ACTION})


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Owner(_Part):
    kind: OwnerKind = OwnerKind.NOT_KNOWN
    name: str = ""
    by: str = ""
    resource: str = ""

    def owner(self) -> Owner:
        return Owner(self.kind, self.name, self.by, self.resource)


class _ByItself(_Part):
    action: str = ""
    target: str = ""


class _Alarm(_Part):
    alarm: str = Field(min_length=1, max_length=255)
    arn: str
    do: Do
    action: str = ""
    target: str = ""
    severity: Severity | Literal[""] = ""
    reason: LeftAlone | None = None
    why: str = ""
    state: AlarmState
    since: AwareDatetime
    changed_at: AwareDatetime | None = None
    severity_from: str = ""
    by_itself: _ByItself = _ByItself()
    tags: dict[str, str] | None = None
    tags_in_events: bool = False
    owner: _Owner = _Owner()
    opt_in: OptIn = OptIn.NOT_KNOWN
    target_owner: _Owner = _Owner()
    notes: tuple[str, ...] = ()
    add: Mapping[str, Any] = {}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.do is Do.ADOPT and (problem := _problem(self.action, self.target)):
            raise ValueError(problem)
        return self

    def entry(self) -> Entry:
        return Entry(
            alarm=self.alarm,
            arn=self.arn,
            do=self.do,
            action=self.action,
            target=self.target,
            severity=self.severity,
            reason=self.reason,
            why=self.why,
            state=self.state,
            since=self.since,
            changed_at=self.changed_at,
            severity_from=self.severity_from,
            by_itself=ByItself(self.by_itself.action, self.by_itself.target),
            tags=self.tags,
            rides=self.tags_in_events,
            owner=self.owner.owner(),
            opt_in=self.opt_in if self.target else OptIn.NO_TARGET,
            target_owner=self.target_owner.owner() if self.target else NOBODY,
            notes=self.notes,
        )


def _problem(action: str, target: str) -> str:
    """The objection to an action and a target together; empty if there is none."""
    if action not in {*CATALOG, *WITHOUT_TARGET}:
        return f"action: expected one of {', '.join([*CATALOG, PAGE_RUNG, NO_ACTION])}"
    if action in WITHOUT_TARGET:
        return f"target: expected none with {action}" if target else ""
    found = read_target(target, "", "")
    if isinstance(found, Unresolved):
        return f"target: {found.detail}"
    if (service := CATALOG.service_of(action)) != found.service:
        return f"target: {action} is for {service}: targets"
    return ""


class _Plan(_Part):
    version: Annotated[int, Field(strict=True, ge=VERSION, le=VERSION)]
    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{5,32}$")]
    made_at: AwareDatetime
    counts: Mapping[str, int] = {}
    red: tuple[str, ...] = ()
    alarms: tuple[_Alarm, ...]

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        """Every alarm is of the plan's account and region, and there once."""
        seen: set[str] = set()
        partition = partition_of(self.alarms[0].arn) if self.alarms else ""
        for place, one in enumerate(self.alarms):
            if not partition or one.arn != alarm_arn(partition, self.account, self.region, one.alarm):
                prefix = alarm_arn(partition or "PARTITION", self.account, self.region, "NAME")
                raise ValueError(
                    f"alarms[{place}].arn: expected {prefix.removesuffix('NAME')} and the alarm's name"
                )
            if one.alarm in seen:
                raise ValueError(f"alarms[{place}].alarm: it is there twice")
            seen.add(one.alarm)
        return self


def read_plan(name: str) -> Plan:
    """The plan in a file. Raises Ending with a line for each mistake, each with its place."""
    written = read_json(name, "a plan, as `adopt --json` prints it")
    try:
        found = _Plan.model_validate(written)
    except ValidationError as error:
        raise Ending(BAD_INPUT, *(f"{name}: {line}" for line in _mistakes(error))) from error
    entries = tuple(one.entry() for one in found.alarms)
    return Plan(account=found.account, region=found.region, made_at=found.made_at, entries=entries)


def _mistakes(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        place, said = path_of(one["loc"]), one["msg"].removeprefix("Value error, ")
        yield f"{place}{'.' if said.startswith(('action: ', 'target: ')) else ': '}{said}" if place else said


def as_json(plan: Plan) -> Mapping[str, object]:
    """The plan as plain values."""
    return {
        "version": VERSION,
        "account": plan.account,
        "region": plan.region,
        "made_at": _time(plan.made_at),
        "counts": {"adopt": len(plan.adopted), "leave": len(plan.left), "red": len(plan.baseline)},
        "red": [entry.alarm for entry in plan.baseline],
        "alarms": [_alarm_json(entry) for entry in plan.entries],
    }


def _alarm_json(entry: Entry) -> Mapping[str, object]:
    """The parts that may be edited come first."""
    return {
        "alarm": entry.alarm,
        "do": entry.do.value,
        "action": entry.action,
        "target": entry.target,
        "severity": entry.severity,
        "reason": entry.reason.value if entry.reason else None,
        "why": entry.why,
        "add": {"alarm": dict(entry.missing), "opt_in": entry.needs_opt_in},
        "notes": list(entry.notes),
        "state": entry.state.value,
        "since": _time(entry.since),
        "changed_at": _time(entry.changed_at) if entry.changed_at else None,
        "owner": _owner_json(entry.owner),
        "opt_in": entry.opt_in.value,
        "target_owner": _owner_json(entry.target_owner),
        "severity_from": entry.severity_from,
        "by_itself": {"action": entry.by_itself.action, "target": entry.by_itself.target},
        "tags": None if entry.tags is None else dict(entry.tags),
        "tags_in_events": entry.rides,
        "arn": entry.arn,
    }


def _owner_json(owner: Owner) -> Mapping[str, str]:
    return {"kind": owner.kind.value, "name": owner.name, "by": owner.by, "resource": owner.resource}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
