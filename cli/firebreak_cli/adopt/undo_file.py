"""The file that takes an adoption back: the tags that were added, and the alarms that were put. Version 2.

It is written before each change is made: what it names was done, or may have been. Version 1 has tags only.
"""

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from firebreak.core.tags import ACTION_TAG, OPT_IN_TAG, SEVERITY_TAG, TARGET_TAG
from firebreak.policy.lines import path_of
from firebreak_cli.adopt.alarm_configuration import Configuration, Kind
from firebreak_cli.adopt.changes import Change
from firebreak_cli.adopt.files import read_json
from firebreak_cli.adopt.rewrites import Rewrite
from firebreak_cli.adopt.tagging import STORES
from firebreak_cli.exit_codes import BAD_INPUT, Ending

VERSION = 2
OLDEST = 1
# No other key is ever removed, whatever the file says.
KEYS = frozenset({ACTION_TAG, TARGET_TAG, SEVERITY_TAG, OPT_IN_TAG})

_ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):.+", re.DOTALL
)


@dataclass(slots=True)
class UndoFile:
    """Keeps the file as it must be at each moment; there is none while nothing was begun.

    `made` says that the file of that name is this one.
    """

    path: Path
    account: str
    region: str
    made_at: datetime
    by: str
    begun: list[Change | Rewrite] = field(default_factory=list)
    made: bool = False

    def require_new(self) -> None:
        """Raise Ending where a file of that name exists, or none can be made there."""
        if self.path.exists():
            raise Ending(BAD_INPUT, f"{self.path}: it exists already; name another with --undo-file")
        if not os.access(self.path.parent, os.W_OK):
            raise Ending(BAD_INPUT, f"{self.path}: cannot be written")

    def begin(self, change: Change | Rewrite) -> None:
        """Record a change that is about to be made. Raises Ending where that is not possible."""
        self.begun.append(change)
        try:
            self._write()
        except Ending:
            self.begun.remove(change)
            raise

    def drop(self, change: Change | Rewrite) -> None:
        """Take a change out that was not made after all."""
        self.begun.remove(change)
        self._write()

    def _write(self) -> None:
        try:
            if not self.begun:
                self.path.unlink(missing_ok=True)
            elif self.made:
                self._replace()
            else:
                self._create(self.path)
            self.made = bool(self.begun)
        except FileExistsError as error:
            text = "it exists already: nothing more is changed; name another with --undo-file"
            raise Ending(BAD_INPUT, f"{self.path}: {text}") from error
        except OSError as error:
            text = f"{self.path}: cannot be written ({type(error).__name__}): nothing more is changed"
            raise Ending(BAD_INPUT, text) from error

    def _replace(self) -> None:
        """Replace the file as a whole: it is never half written."""
        new = self.path.with_name(f".{self.path.name}.{token_hex(4)}")
        self._create(new)
        new.replace(self.path)

    def _create(self, path: Path) -> None:
        """Write a file that is not there yet: another's is never overwritten. Raises OSError."""
        with path.open("x", encoding="utf-8") as file:
            try:
                json.dump(self._content(), file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                path.unlink()
                raise

    def _content(self) -> Mapping[str, object]:
        return {
            "version": VERSION,
            "account": self.account,
            "region": self.region,
            "made_at": self.made_at.isoformat(timespec="milliseconds"),
            "by": self.by,
            "added": [
                {"what": one.what, "arn": one.arn, "tags": dict(one.add)}
                for one in self.begun
                if isinstance(one, Change)
            ],
            "put": [
                _put(one.what, one.before) for one in self.begun if isinstance(one, Rewrite) and one.before
            ],
        }


def _put(what: str, before: Configuration) -> Mapping[str, object]:
    """One alarm as it was as a whole, and the settings that were put in place of its own."""
    return {
        "what": what,
        "arn": before.arn,
        "kind": before.kind.value,
        "before": before.fields,
        "action_configuration": before.with_propagation().action_configuration,
    }


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Added(_Part):
    """The tags that were added to one resource."""

    what: str
    arn: str
    tags: Annotated[dict[str, str], Field(min_length=1)]

    @model_validator(mode="after")
    def _of_firebreak(self) -> Self:
        if odd := sorted(self.tags.keys() - KEYS):
            raise ValueError(f"tags: {odd[0]} is no tag that adopt adds")
        return self


class PutAlarm(_Part):
    """One alarm that was put: `before` is all of it, `action_configuration` what it was put with."""

    what: str
    arn: str
    kind: Kind
    before: dict[str, Any]
    action_configuration: dict[str, Any]

    @property
    def earlier(self) -> Configuration:
        """The alarm as it was."""
        return Configuration(kind=self.kind, name=self.name, arn=self.arn, fields=self.before)

    @property
    def name(self) -> str:
        """The alarm's name."""
        return self.arn.partition(":alarm:")[2]

    @model_validator(mode="after")
    def _one_alarm(self) -> Self:
        if not self.name or self.before.get("AlarmName") != self.name:
            raise ValueError("before.AlarmName: expected the name in its arn")
        return self


class ReadUndo(_Part):
    """An undo file that was read."""

    version: Annotated[int, Field(strict=True, ge=OLDEST, le=VERSION)]
    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{5,32}$")]
    made_at: AwareDatetime
    by: str = ""
    added: tuple[Added, ...]
    put: tuple[PutAlarm, ...] = ()

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        for place, one in enumerate(self.added):
            self._require_here(f"added[{place}]", one.arn, STORES)
        for place, alarm in enumerate(self.put):
            self._require_here(f"put[{place}]", alarm.arn, ("cloudwatch",))
        return self

    def _require_here(self, place: str, arn: str, services: Collection[str]) -> None:
        found = _ARN.fullmatch(arn)
        if not found or found.group("region", "account") != (self.region, self.account):
            raise ValueError(f"{place}.arn: expected one of {self.account} {self.region}")
        if found["service"] not in services:
            raise ValueError(f"{place}.arn: expected one of {', '.join(services)}")


def read_undo(name: str) -> ReadUndo:
    """The file of that name. Raises Ending with a line for each mistake, each with its place."""
    written = read_json(name, "a file that `adopt --apply` wrote")
    try:
        return ReadUndo.model_validate(written)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        lines = ((path_of(one["loc"]), one["msg"].removeprefix("Value error, ")) for one in found)
        raise Ending(
            BAD_INPUT, *(f"{name}: {place}: {said}" if place else f"{name}: {said}" for place, said in lines)
        ) from error
