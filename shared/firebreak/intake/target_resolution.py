"""The one target that an alarm asks to change: by its tag, its series, its metrics or its children.

Zero or several candidates are an answer for humans, never a reason to pick one. An empty name is
an error and never means "all".
"""

from collections.abc import Mapping
from dataclasses import replace

from firebreak.core.intake import tag_names_action
from firebreak.core.model import (
    Alarm,
    AlarmKind,
    Metric,
    OwnEvent,
    Request,
    RequestKind,
    Target,
    Unresolved,
)
from firebreak.core.readings import Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.tags import ACTION_TAG, TARGET_TAG
from firebreak.intake.composites import RedChildren, foreign_metric
from firebreak.intake.dimensions import named_elsewhere, wanted
from firebreak.intake.lookups import Lookups, Resolution, by_metrics
from firebreak.intake.names import Home, read_target
from firebreak.services.ecs.target_groups import counts_unhealthy_hosts
from firebreak.services.registry import CATALOG
from firebreak.wire.lenient_json import as_excerpt

# The label under which a query over several accounts names the account of a series.
_ACCOUNT_ATTRIBUTE = "aws.accountid"


def needs_live_tags(alarm: Alarm) -> bool:
    """Whether the alarm's tags must be read: not both of Firebreak's were in the event."""
    return not {ACTION_TAG, TARGET_TAG} <= alarm.tags.keys()


def resolve(alarm: Alarm, tags: Reading[Mapping[str, str]], lookups: Lookups, action: str) -> Resolution:
    """The one target of the alarm for this action, in this account and region, or the reason for none.

    `tags` are the alarm's tags as read live; Unknown refuses, since a target tag that could not
    be seen must not give way to dimensions. `lookups` is only asked for the children of a composite
    and for target groups. Dimensions are read for the service of the action; without an action, for
    every service.
    """
    if isinstance(tags, Unknown):
        why = f"the alarm's tags could not be read: {tags.why}"
        return Resolution(Unresolved(Reason.TARGET_UNREADABLE, why))
    if elsewhere := _elsewhere(alarm, lookups.home):
        return Resolution(elsewhere)
    live = tags if isinstance(tags, Mapping) else {}
    tag = live.get(TARGET_TAG, alarm.tags.get(TARGET_TAG))
    if tag is not None:
        named = Resolution(read_target(tag, lookups.home.account, lookups.home.region))
    elif alarm.kind is AlarmKind.COMPOSITE:
        return RedChildren(lookups, action).resolve(alarm.name)
    else:
        named = _from_metrics(alarm, CATALOG.service_of(action), lookups)
    return replace(named, unhealthy_hosts=counts_unhealthy_hosts(alarm.metrics))


def named_by_human(event: OwnEvent, home: Home) -> Resolution:
    """The target that a manual request names, in this account and region."""
    return Resolution(read_target(event.target, home.account, home.region))


def counts_hosts_below(alarm: Alarm, tags: Reading[Mapping[str, str]], lookups: Lookups) -> bool:
    """Whether the red alarms below a composite count unhealthy hosts; for others the event says so."""
    return alarm.kind is AlarmKind.COMPOSITE and resolve(alarm, tags, lookups, "").unhealthy_hosts


def request_of(
    trigger: Alarm | OwnEvent,
    action: str,
    target: Target,
    tags: Reading[Mapping[str, str]],
    named: Resolution,
) -> Request:
    """The request for an alarm, or for one of Firebreak's own requests, about its target."""
    if isinstance(trigger, Alarm):
        return Request(
            kind=RequestKind.ALARM,
            action=action,
            alarm=trigger,
            target=target,
            at=trigger.since,
            by_symptom=not tag_names_action(trigger, tags),
            groups=named.groups,
            unhealthy_hosts=named.unhealthy_hosts,
        )
    return Request(
        kind=trigger.kind,
        action=action,
        alarm=trigger.alarm,
        target=target,
        at=trigger.at,
        incident_id=trigger.incident_id,
        rung=trigger.rung,
        attempt=trigger.attempt,
        by=trigger.by,
        verified=trigger.verified,
        question=trigger.question,
        refused=trigger.refused,
        by_symptom=_by_symptom(trigger, tags),
        groups=named.groups,
        unhealthy_hosts=named.unhealthy_hosts or counts_unhealthy_hosts(trigger.alarm.metrics),
        plan_seen=trigger.plan_seen,
        red=trigger.red,
        despite_freeze=trigger.despite_freeze,
    )


def _by_symptom(trigger: OwnEvent, tags: Reading[Mapping[str, str]]) -> bool:
    """Whether the metric alone led here; a human who requests an action names it."""
    first = not trigger.incident_id and trigger.kind is not RequestKind.MANUAL
    return first and not tag_names_action(trigger.alarm, tags)


def _elsewhere(alarm: Alarm, home: Home) -> Unresolved | None:
    if not home.holds(alarm.account, alarm.region):
        place = f"{alarm.account}/{alarm.region}"
        return Unresolved(Reason.OTHER_ACCOUNT, f"the alarm lives in {as_excerpt(place)}")
    series = alarm.contributor.attributes if alarm.contributor else {}
    named = [found for name, found in series.items() if name.casefold() == _ACCOUNT_ATTRIBUTE]
    return foreign_metric([*named, *(metric.account for metric in alarm.metrics)], home)


def _from_metrics(alarm: Alarm, service: str, lookups: Lookups) -> Resolution:
    """The target that the series' attributes name, else the metrics; another service's only to be refused."""
    series = [Metric("", "", alarm.contributor.attributes)] if alarm.contributor else []
    for metrics in (series, alarm.metrics):
        if (named := by_metrics(metrics, service, lookups)) is not None:
            return named
    if service and (other := named_elsewhere([*series, *alarm.metrics], service, lookups.home)):
        return Resolution(other)
    why = f"no {TARGET_TAG} tag, and {wanted(service)} in the alarm"
    return Resolution(Unresolved(Reason.TARGET_NONE, why))
