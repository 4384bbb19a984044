"""The ledger's items: how values are written, and read back from this and older versions.

Every item carries `v`. Readers ignore fields they do not know; writers add a condition that
refuses to overwrite an item of a later version (functions of one deploy change one by one).
Times are integers, epoch milliseconds, so that conditions can compare them.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

from firebreak.core.decision import Check
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.limits.history import Act, Decided, GroupSize, Hold, Judged, ScopeHistory, Transition
from firebreak.core.limits.scopes import Scope
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.model import AlarmState, Verdict
from firebreak.core.reasons import Reason
from firebreak.core.routing import VERIFY
from firebreak.ledger.retention import HEARTBEAT_KEPT, USUAL, Retention
from firebreak.wire.decision_inputs import LeftOut, pack_inputs
from firebreak.wire.epoch import at_ms, ms
from firebreak.wire.requests import alarm_to_wire

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Attribute = AttributeValueTypeDef
type Item = dict[str, Attribute]

V = 1
SINGLE = "-"
META = "META"
# Whether it is a storm is stored apart from the red alarms: claims check the one, every red alarm writes the
# other, and DynamoDB refuses a claim that meets a write.
STORM = "STORM"
# The storm of pages has items of its own: no claim checks anything that it counts.
PAGES_STORM = "STORM#PAGES"
RED = "RED"


class DamagedItem(ValueError):
    """A stored item that cannot be read as the kind of item that its key names."""


# Items in the index by time, whose place there is `at`: decisions, incidents by when they opened, and the
# heartbeats apart, for they are two every quarter of an hour. Switches are in it by when they end.
BY_TIME_INDEX = "by_time"
LISTED_DECISION, LISTED_INCIDENT, LISTED_HEARTBEAT = "decision", "incident", "heartbeat"
LISTED_SWITCH = "switch"


def expires(at: datetime) -> Attribute:
    """The time from which DynamoDB may delete an item, in epoch seconds."""
    return number(int(at.timestamp()))


def text(value: str) -> Attribute:
    """A DynamoDB string."""
    return {"S": value}


def number(value: int) -> Attribute:
    """A DynamoDB number."""
    return {"N": str(value)}


def pack(value: object) -> Attribute:
    """A JSON document as a string: exact, readable in the console, and never a float surprise."""
    return {"S": json.dumps(value, separators=(",", ":"), sort_keys=True)}


def key(pk: str, sk: str = SINGLE) -> Item:
    """The primary key of an item."""
    return {"pk": text(pk), "sk": text(sk)}


def stamped(pk: str, sk: str = SINGLE) -> Item:
    """The start of every item: its key and schema version."""
    return {**key(pk, sk), "v": number(V)}


class Fields:
    """Reads one item by type; a missing or misshapen field is a DamagedItem that names it."""

    def __init__(self, item: Mapping[str, Attribute]) -> None:
        self._item = item

    def has(self, name: str) -> bool:
        """Whether the field is there at all."""
        return name in self._item

    def text(self, name: str, default: str | None = None) -> str:
        """A string field."""
        if default is not None and not self.has(name):
            return default
        value = self._item.get(name, {}).get("S")
        if not isinstance(value, str):
            raise DamagedItem(name)
        return value

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number field."""
        if default is not None and not self.has(name):
            return default
        try:
            return int(cast("str", self._item.get(name, {}).get("N")))
        except (TypeError, ValueError) as error:
            raise DamagedItem(name) from error

    def time(self, name: str) -> datetime:
        """A time field."""
        try:
            return at_ms(self.number(name))
        except (OSError, OverflowError, ValueError) as error:
            raise DamagedItem(name) from error

    def maybe_time(self, name: str) -> datetime | None:
        """A time field that may be missing."""
        return self.time(name) if self.has(name) else None

    def unpack(self, name: str) -> object:
        """A packed JSON field."""
        try:
            return json.loads(self.text(name))
        except ValueError as error:
            raise DamagedItem(name) from error

    def map(self, name: str) -> Mapping[str, Attribute]:
        """A map field; one that cannot be read is never taken for empty."""
        value = self._item.get(name, {}).get("M")
        if value is None:
            raise DamagedItem(name)
        return value


def scope_pk(scope: Scope) -> str:
    """The key of a scope's item."""
    return f"SCOPE#{scope.level.value}#{scope.key}"


def read_scope(scope: Scope, item: Mapping[str, Attribute]) -> ScopeHistory:
    """A scope's recent acts."""
    fields = Fields(item)
    acts = [_read_act(Fields(entry.get("M", {}))) for entry in fields.map("acts").values()]
    newest_last = tuple(sorted(acts, key=lambda act: act.at))
    return ScopeHistory(
        scope, newest_last, fields.number("version"), fields.text("incident", ""), _read_size(fields)
    )


def _read_size(fields: Fields) -> GroupSize | None:
    return GroupSize(fields.number("size"), fields.time("counted_at")) if fields.has("size") else None


def _read_act(fields: Fields) -> Act:
    return Act(
        fields.time("at"),
        fields.text("incident"),
        fields.text("action"),
        fields.number("rung"),
        fields.text("target", ""),
        _read_judged(fields),
    )


def _read_judged(fields: Fields) -> Judged | None:
    if not fields.has("verdict"):
        return None
    verdict = fields.text("verdict")
    if verdict not in set(Verdict):
        raise DamagedItem("verdict")
    return Judged(Verdict(verdict), fields.time("judged_at"))


def act_entry(act: Act) -> Attribute:
    """A slot in a scope's map of acts."""
    entry: Item = {
        "at": number(ms(act.at)),
        "incident": text(act.incident_id),
        "action": text(act.action),
        "rung": number(act.rung),
        "target": text(act.target),
    }
    if act.judged:
        entry |= {"verdict": text(act.judged.verdict.value), "judged_at": number(ms(act.judged.at))}
    return {"M": entry}


def storm_field(red: RedAlarm) -> str:
    """The name of the field that holds a red alarm; its own name is too long and has unsafe characters."""
    return f"red:{digest(red.series)}"


def red_entry(red: RedAlarm) -> Attribute:
    """A red alarm in the stored form of the storm."""
    entry: Item = {
        "since": number(ms(red.since)),
        "series": text(red.series),
        "name": text(red.name),
        "contributor": text(red.contributor),
    }
    return {"M": entry}


def read_red(item: Mapping[str, Attribute]) -> Storm:
    """The red alarms that are remembered; `read_tripped` reads whether they are a storm."""
    fields = Fields(item)
    reds = [Fields(entry.get("M", {})) for name, entry in item.items() if name.startswith("red:")]
    return Storm(
        red=tuple(sorted(_read_red(red) for red in reds)),
        version=fields.number("version"),
        last_red_at=fields.maybe_time("last_red_at"),
    )


def read_tripped(item: Mapping[str, Attribute]) -> datetime | None:
    """The time since which it is a storm, None when the last one is over."""
    fields = Fields(item)
    fields.number("v")
    return fields.maybe_time("tripped_at")


def read_renewed(item: Mapping[str, Attribute]) -> datetime | None:
    """The time at which an alarm last only renewed the storm; earlier releases wrote none."""
    return Fields(item).maybe_time("renewed_at")


def _read_red(fields: Fields) -> RedAlarm:
    return RedAlarm(
        fields.time("since"), fields.text("series"), fields.text("name"), fields.text("contributor")
    )


def read_holds(scope: str, item: Mapping[str, Attribute]) -> tuple[Hold, ...]:
    """The holders of a kill switch, damaged ones included as an error."""
    fields = Fields(item)
    fields.time("held_until")
    holders = fields.map("holders").items()
    return tuple(_read_hold(scope, name, Fields(entry.get("M", {}))) for name, entry in holders)


def _read_hold(scope: str, holder: str, fields: Fields) -> Hold:
    why, since, until = fields.text("why"), fields.time("since"), fields.time("until")
    return Hold(scope, holder, why, since, until, fields.text("claimed_by", ""))


def read_transition(item: Mapping[str, Attribute]) -> Transition:
    """The newest transition of an alarm that was seen."""
    fields = Fields(item)
    state = fields.text("state")
    if state not in set(AlarmState):
        raise DamagedItem("state")
    return Transition(fields.time("last_transition"), AlarmState(state), fields.text("incident", ""))


def read_decided(item: Mapping[str, Attribute]) -> Decided:
    """Whether, and how, a delivery was decided."""
    fields = Fields(item)
    return Decided(
        fields.text("pk").removeprefix("DECISION#"),
        fields.time("at"),
        fields.text("outcome"),
        fields.text("reason"),
    )


def decision_item(record: DecisionRecord, retention: Retention = USUAL) -> Item:
    """A decision with all its checks, what it was made of, and the code that made it."""
    decision = record.decision
    by: Item = {"by": text(record.by)} if record.by else {}
    if record.verified:
        by["by_confirmed"] = text("AWS")
    own = decision.reason in (Reason.HEARTBEAT, Reason.HEARTBEAT_BLIND)
    kept = HEARTBEAT_KEPT if own else retention.decisions
    build: Item = {"build": text(retention.build)} if retention.build else {}
    named: Item = {"alarm_name": text(record.alarm.name)} if record.alarm else {}
    return {
        **stamped(f"DECISION#{record.key}"),
        **by,
        **named,
        **_listed(record),
        **build,
        **_inputs(record),
        "at": number(ms(record.at)),
        "kind": text(record.kind.value),
        "action": text(record.action),
        "incident": text(record.incident_id),
        "target": text(record.target),
        "alarm": pack(alarm_to_wire(record.alarm) if record.alarm else None),
        "outcome": text(decision.word),
        "reason": text(decision.reason.value),
        "checks": pack([check_to_wire(check) for check in decision.checks]),
        "policy": text(decision.policy_hash),
        "expires_at": number(int((record.at + kept).timestamp())),
    }


def _inputs(record: DecisionRecord) -> Item:
    """The request and the snapshot, or why they are not kept; items of earlier releases have neither."""
    packed = pack_inputs(record.inputs) if record.inputs else LeftOut("no snapshot was taken")
    if isinstance(packed, LeftOut):
        return {"inputs_left_out": text(packed.why)}
    return {"inputs": text(packed)}


def _listed(record: DecisionRecord) -> Item:
    """The lists of the index by time that a decision is in; none for the OK of the heartbeat's alarm."""
    if record.decision.reason is not Reason.HEARTBEAT:
        return {"listed": text(LISTED_DECISION)}
    return {"listed": text(LISTED_HEARTBEAT)} if record.action != VERIFY else {}


def check_to_wire(check: Check) -> dict[str, object]:
    """A check in its stored form, which is also that of `--json`."""
    wire: dict[str, object] = {
        "guard": check.guard,
        "result": check.result.value,
        "detail": check.detail,
        "reason": check.reason.value if check.reason else None,
    }
    if check.until:
        wire["until"] = check.until.isoformat()
    if check.overridden:
        wire["overridden"] = True
    return wire
