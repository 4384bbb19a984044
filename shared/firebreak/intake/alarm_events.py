"""Turns an invocation's event into an Alarm or one of Firebreak's requests, or says why it is neither.

Only the alarm's name (or ARN), its new state and one readable time are relied on. All else may be
missing, null or of another type than AWS documents.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from firebreak.core.arns import alarm_arn
from firebreak.core.model import Alarm, AlarmKind, AlarmState, OwnEvent
from firebreak.core.paging.console import REGION
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.tags import ACTION_TAG, TARGET_TAG
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_fields import (
    children_of,
    contributor_of,
    entries_of,
    kind_of,
    label_of,
    metrics_of,
    mute_of,
    tags_of,
)
from firebreak.wire.lenient_json import as_excerpt, items, mapping, parse_timestamp, text, text_or_unreadable
from firebreak.wire.reason_data import evaluation_of
from firebreak.wire.requests import (
    OWN_SOURCE,
    ROUTED_ALARM,
    WIRE_VERSION,
    alarm_to_wire,
    refuse_wrong_sender,
    request_from_event,
)

ALARM_SOURCE = "aws.cloudwatch"
STATE_CHANGE = "CloudWatch Alarm State Change"
CONTRIBUTOR_CHANGE = "CloudWatch Alarm Contributor State Change"
CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change"

EXPECTED = (
    f'a "{STATE_CHANGE}" or "{CONTRIBUTOR_CHANGE}" event, a direct alarm action, or a Firebreak request'
)

# The longest name that PutMetricAlarm takes, and the longest description and state reason.
MAX_NAME_CHARACTERS = 255
MAX_TEXT_CHARACTERS = 1024

# An alarm is stored with each decision about it, and an item of the ledger holds 400 KB.
MAX_ALARM_BYTES = 64 * 1024

# The tags that name the action and the target. Of an event on the own bus only the alarm's own tags count.
READ_LIVE = frozenset({ACTION_TAG, TARGET_TAG})

_ARN = re.compile(r"arn:(?:aws[a-z-]*):cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)", re.ASCII | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def parse(event: object) -> Alarm | OwnEvent:
    """The alarm transition or own request that an invocation carries.

    Raises UnusableEvent naming what was found and what was expected. It quotes nothing long: an
    event may hold anything. `arn`, `account` and `region` stay empty when nothing in the event gives
    them; see `placed`.
    """
    if not isinstance(event, dict):
        raise UnusableEvent("a string" if isinstance(event, str) else as_excerpt(event), EXPECTED)
    _refuse_deliveries(event)
    found = _read(event)
    _refuse_what_does_not_fit(found.alarm if isinstance(found, OwnEvent) else found)
    return found


def _read(event: Mapping[str, object]) -> Alarm | OwnEvent:
    if event.get("source") == OWN_SOURCE and event.get("detail-type") == ROUTED_ALARM:
        return _routed(mapping(event.get("detail")))
    if event.get("source") == OWN_SOURCE:
        return _own(event)
    return _from_cloudwatch(event)


def _refuse_what_does_not_fit(alarm: Alarm) -> None:
    """Refuses a too large alarm as a whole: with a part left out it could name another target."""
    size = len(json.dumps(alarm_to_wire(alarm)))
    if size > MAX_ALARM_BYTES:
        parts = f"{len(alarm.metrics)} metrics, {len(alarm.children)} child alarms, {len(alarm.tags)} tags"
        found = f"alarm {as_excerpt(alarm.name)}, whose event has {size // 1024} KB ({parts})"
        raise UnusableEvent(found, f"at most {MAX_ALARM_BYTES // 1024} KB")


def _own(event: Mapping[str, object]) -> OwnEvent:
    """The request without the sender's claim about the allowed action: that is read from the alarm itself."""
    asked = request_from_event(event)
    refuse_wrong_sender(event.get("detail-type"), asked)
    tags = {key: value for key, value in asked.alarm.tags.items() if key not in READ_LIVE}
    return replace(asked, alarm=replace(asked.alarm, tags=tags))


def _from_cloudwatch(event: Mapping[str, object]) -> Alarm:
    _refuse_other_events(event)
    return _alarm(event, _body(event))


def _routed(detail: Mapping[str, object]) -> Alarm:
    """The alarm of an event that the router passed on, with the tags that it read.

    The tags that name the action are left out, except for Page: a function that changes something reads
    them from the alarm itself, for anybody who may put events on the bus could have written these.
    """
    event = detail.get("event")
    if detail.get("v") != WIRE_VERSION or not isinstance(event, dict):
        raise UnusableEvent(
            f"a routed alarm of version {as_excerpt(detail.get('v'))}", f"version {WIRE_VERSION}"
        )
    tags, to_page = tags_of(detail.get("tags")), detail.get("action") == PAGE_RUNG
    trusted = tags if to_page else {key: tags[key] for key in tags if key not in READ_LIVE}
    return replace(_from_cloudwatch(event), tags=trusted, tags_lost=False, by_router=True)


def placed(alarm: Alarm, account: str, region: str, partition: str) -> Alarm:
    """The alarm with a place: where its event names none, it is that of this stack.

    An event without an ARN names no partition; this stack hears of alarms in its own alone.
    """
    account, region = alarm.account or account, alarm.region or region
    arn = alarm.arn or alarm_arn(partition, account, region, alarm.name)
    return replace(alarm, arn=arn, account=account, region=region)


def _refuse_deliveries(event: Mapping[str, object]) -> None:
    records = event.get("Records")
    if isinstance(records, list):
        raise UnusableEvent(_carrier(mapping(records[0]) if records else {}), EXPECTED)
    if event.get("Type") == "Notification" and "Message" in event:
        raise UnusableEvent("an SNS notification", EXPECTED)
    if "NewStateValue" in event:
        raise UnusableEvent("an alarm message as SNS delivers it", EXPECTED)


def _carrier(record: Mapping[str, object]) -> str:
    if "Sns" in record or record.get("EventSource") == "aws:sns":
        return "an SNS envelope"
    if record.get("eventSource") == "aws:sqs":
        return "an SQS envelope"
    return f"a batch of records from {as_excerpt(record.get('eventSource'))}"


def _refuse_other_events(event: Mapping[str, object]) -> None:
    kind, source = text(event.get("detail-type")), text(event.get("source"))
    if kind == CONFIGURATION_CHANGE or "operation" in mapping(event.get("detail")):
        raise UnusableEvent(f'a "{CONFIGURATION_CHANGE}" event', EXPECTED)
    if kind and kind not in {STATE_CHANGE, CONTRIBUTOR_CHANGE}:
        raise UnusableEvent(f"detail-type {as_excerpt(kind)} from source {as_excerpt(source)}", EXPECTED)
    if source and source != ALARM_SOURCE:
        raise UnusableEvent(f"source {as_excerpt(source)}", f'source "{ALARM_SOURCE}" or "{OWN_SOURCE}"')


def _body(event: Mapping[str, object]) -> Mapping[str, object]:
    bodies = [mapping(event.get("detail")), mapping(event.get("alarmData"))]
    body = max(bodies, key=lambda found: ("state" in found, bool(found)))
    if not body:
        raise UnusableEvent(f"{as_excerpt(event)} but no alarm in detail or alarmData", EXPECTED)
    return body


def _alarm(event: Mapping[str, object], body: Mapping[str, object]) -> Alarm:
    state = mapping(body.get("state"))
    value = _state(state.get("value"))
    since = _since(state, event)
    arn, account, region, name = _identity(event, body)
    entries = entries_of(body.get("configuration"))
    contributor = contributor_of(body.get("alarmContributor"))
    one_series = contributor is not None or event.get("detail-type") == CONTRIBUTOR_CHANGE
    kind = kind_of(body, entries, one_series=one_series)
    return Alarm(
        arn=arn,
        name=name,
        account=account,
        region=region,
        kind=kind,
        state=value,
        since=since,
        sent_at=parse_timestamp(event.get("time")) or since,
        previous=_previous(body),
        metrics=metrics_of(entries),
        contributor=contributor,
        children=children_of(body) if kind is AlarmKind.COMPOSITE else (),
        tags=tags_of(body.get("alarmTags")),
        tags_lost="alarmTagsStatus" in body and body["alarmTagsStatus"] != "SUCCESS",
        mute=mute_of(body.get("muteDetail")),
        suppressed_by=text_or_unreadable(state.get("actionsSuppressedBy")),
        description=text(mapping(body.get("configuration")).get("description"))[:MAX_TEXT_CHARACTERS],
        reason=text(state.get("reason"))[:MAX_TEXT_CHARACTERS],
        event_id=text(event.get("id"))[:MAX_TEXT_CHARACTERS],
        evaluation=evaluation_of(state.get("reasonData")),
        label=label_of(body.get("configuration")),
    )


def _state(value: object) -> AlarmState:
    expected = f"state.value, one of {', '.join(AlarmState)}"
    if not (written := text(value)):
        raise UnusableEvent("an alarm without a new state", expected)
    if written not in set(AlarmState):
        raise UnusableEvent(f"the alarm state {as_excerpt(written)}", expected)
    return AlarmState(written)


def _previous(body: Mapping[str, object]) -> AlarmState | None:
    written = text(mapping(body.get("previousState")).get("value"))
    return AlarmState(written) if written in set(AlarmState) else None


def _since(state: Mapping[str, object], event: Mapping[str, object]) -> datetime:
    since = parse_timestamp(state.get("timestamp")) or parse_timestamp(event.get("time"))
    if since is None:
        raise UnusableEvent("an alarm transition without a readable time", "state.timestamp or time")
    return since


def _identity(event: Mapping[str, object], body: Mapping[str, object]) -> tuple[str, str, str, str]:
    """ARN, account, region and name; the ARN comes first, then the envelope's own fields."""
    named = [*items(event.get("resources")), event.get("alarmArn"), body.get("alarmArn")]
    arn = next((text(candidate) for candidate in named if _ARN.fullmatch(text(candidate))), "")
    parts = _ARN.fullmatch(arn)
    region, account, in_arn = parts.groups() if parts else (_region(event), _account(event), "")
    name = _name(text(body.get("alarmName")) or in_arn)
    return arn, account, region, name


def _name(name: str) -> str:
    expected = f"an alarm name of 1 to {MAX_NAME_CHARACTERS} characters, or the alarm's ARN"
    if not name.strip():
        raise UnusableEvent("an alarm without a name", expected)
    if len(name) > MAX_NAME_CHARACTERS or _CONTROL.search(name):
        raise UnusableEvent(f"an alarm name that is {as_excerpt(name)}", expected)
    return name


def _region(event: Mapping[str, object]) -> str:
    region = text(event.get("region"))
    return region if REGION.fullmatch(region) else ""


def _account(event: Mapping[str, object]) -> str:
    written = [text(event.get("account")), text(event.get("accountId"))]
    return next((account for account in written if re.fullmatch(r"\d{12}", account, re.ASCII)), "")
