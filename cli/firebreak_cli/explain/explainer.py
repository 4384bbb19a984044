"""The decision that Firebreak would make about an event, by the same functions, without doing anything."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core import ahead
from firebreak.core.decide import decide, refuse, refuse_unresolved
from firebreak.core.decision import Act, AskApproval, Decision, Propose, Snapshot
from firebreak.core.intake import reject_early, require_supported, why_human, why_not_routed
from firebreak.core.ledger import alarm_key, incident_name
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.history import Decided
from firebreak.core.limits.storm import red_alarm_of
from firebreak.core.messages.measurements import red_words
from firebreak.core.model import Alarm, OwnEvent, Plan, Request, RequestKind, Target, Unresolved
from firebreak.core.paging.commands import StackAddress
from firebreak.core.people import Caller
from firebreak.core.readings import NotRead, Reading
from firebreak.core.reasons import MEANINGS, Reason
from firebreak.core.routing import ROUTER, by_live_tags, primary, route
from firebreak.core.rules import PAGE_RUNG, Rules
from firebreak.intake.target_resolution import request_of
from firebreak.ledger.items import check_to_wire
from firebreak.policy.policy import Policy
from firebreak.remediation.callers import CallerCheck
from firebreak.remediation.remediator import ASKS_A_HUMAN
from firebreak.remediation.snapshot import needs_consent, with_consent
from firebreak.services.registry import CATALOG
from firebreak_cli.explain.advice import advice
from firebreak_cli.explain.sources import Sources, Tags, alarm_of

BY_REQUEST = "request"
BY_LIVE_TAG = "live tag"
_NO_GROUP = NotRead("no target was asked about")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The functions that the rules invoke. `primary` is the one that is explained, None for none."""

    primary: str | None
    functions: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with all that led to it. `rules` is None where no action was asked about a target.

    `clock` says whose time `now` is: "event", "given" or "real". `incident_id` is the id under which
    `firebreak show` finds the decision once it was made; `decided` says that it was. `notes` say what
    the event lacks, and `deployed` is the hash of the policy that the stack last decided by, if known.
    `policy_version` is the policy's version in AppConfig, 0 where it is a file.
    `stack` is the one that was looked at; None offline. `group` and `target_tags` are the target's,
    where they were read.
    """

    trigger: Alarm | OwnEvent
    routing: Routing
    target: Target | Unresolved
    decision: Decision
    rules: Rules | None
    incident_id: str
    now: datetime
    clock: str
    offline: bool
    decided: bool = False
    notes: tuple[str, ...] = ()
    deployed: str = ""
    policy_version: int = 0
    stack: StackAddress | None = None
    group: Reading[GroupCount] = _NO_GROUP
    target_tags: Reading[Mapping[str, str]] = _NO_GROUP

    @property
    def advice(self) -> list[str]:
        """Changes that would make the decision come out otherwise, a line each."""
        action = self.routing.primary or ""
        return advice(self.decision, offline=self.offline, action=action, stack=self.stack)

    @property
    def alarm(self) -> Alarm:
        """The transition in question."""
        return alarm_of(self.trigger)

    @property
    def plan(self) -> Plan | None:
        """The change that would be made, where it could be seen."""
        outcome = self.decision.outcome
        return outcome.plan if isinstance(outcome, Act | Propose | AskApproval) else None

    @property
    def content(self) -> str:
        """The SHA-256 of the runbook that would be run, which `sha256` of the policy pins."""
        return str(self.plan.before.get("sha256", "")) if self.plan else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Explains events under one policy. Raises AwsError when its sources do."""

    policy: Policy
    sources: Sources
    clock: str
    offline: bool

    def explain(self, trigger: Alarm | OwnEvent, now: datetime) -> Explanation:
        """The decision that the event would get, first for the function that may act.

        It is taken that AWS confirms the caller of a request that has a proof: that holds for minutes.
        """
        trigger, unconfirmed = _with_caller(trigger)
        tags = self.sources.tags(alarm_of(trigger))
        routing = _by_router(routed(trigger), trigger, tags)
        if routing.by == BY_LIVE_TAG and isinstance(trigger, Alarm) and isinstance(tags, Mapping):
            trigger = replace(trigger, tags=tags)  # as the router passes it on
        action = routing.primary or ""
        named = self.sources.target(trigger, tags, action)
        target = require_supported(named.found, action, CATALOG)
        rules, name, decided = None, _rejection_id(trigger, routing), False
        group: Reading[GroupCount] = _NO_GROUP
        target_tags: Reading[Mapping[str, str]] = _NO_GROUP
        early = why_rejected(trigger, self.policy, now) or unconfirmed or target
        if unasked := why_unasked(trigger, routing):
            decision = refuse(unasked.reason, unasked.detail, self.policy.hash)
        elif isinstance(early, Unresolved):
            decision = refuse_unresolved(early, self.policy.hash, now)
        else:
            request = request_of(trigger, action, early, tags, named)
            rules, name = self.policy.rules(request.action, early), incident_name(request)
            seen = self.sources.snapshot(request, rules, tags, now)
            group, target_tags = seen.group, seen.target_tags
            decision, decided = decide_as_deployed(request, rules, seen), isinstance(seen.decided, Decided)
        return Explanation(
            trigger=trigger,
            routing=routing,
            target=target,
            decision=decision,
            rules=rules,
            incident_id=name,
            now=now,
            clock=self.clock,
            offline=self.offline,
            decided=decided,
            group=group,
            target_tags=target_tags,
        )


def decide_as_deployed(request: Request, rules: Rules, seen: Snapshot) -> Decision:
    """Decide as a function does, which does not look at the alarm once the ledger or the opt-in objects.

    So such an objection names the reason even where an earlier guard, had it looked, would have.
    The decision has all checks, for the reader.
    """
    unread = NotRead("an earlier guard already objected")
    blank = replace(seen, alarm=unread, series_in_alarm=unread, target_tags=unread, plan=unread, calendars={})
    first, whole = decide(request, rules, blank), decide(request, rules, seen)
    counts = red_alarm_of(request, seen.now) and not isinstance(seen.decided, Decided)
    if counts or needs_consent(request, first, seen.incident):
        first = decide(request, rules, with_consent(request, first, blank, seen.target_tags))
    settled = first.objected and first.reason not in ASKS_A_HUMAN
    return replace(first, checks=whole.checks) if settled else whole


def _with_caller(trigger: Alarm | OwnEvent) -> tuple[Alarm | OwnEvent, Unresolved | None]:
    """The event with its caller as a function would have it, and why it would not."""
    if isinstance(trigger, Alarm):
        return trigger, None
    account = trigger.alarm.account
    named = CallerCheck(lambda _: Caller(trigger.by, account), account).confirm(trigger)
    return (trigger, named) if isinstance(named, Unresolved) else (named, None)


def routed(trigger: Alarm | OwnEvent) -> Routing:
    """The functions that get the event: alarms by the rules, own requests by their action's name."""
    if isinstance(trigger, OwnEvent):
        known = trigger.action in CATALOG
        asked = (trigger.action,) if known else ()
        return Routing(primary=trigger.action if known else None, functions=asked, by=BY_REQUEST)
    routes = route(trigger, CATALOG)
    chosen = primary(routes)
    by = next((found.by.value for found in routes if chosen in (None, found.function)), "")
    return Routing(primary=chosen, functions=tuple(found.function for found in routes), by=by)


def _by_router(routing: Routing, trigger: Alarm | OwnEvent, tags: Tags) -> Routing:
    """The same with the function that the router passes the alarm to, where its live tags name one."""
    if not isinstance(trigger, Alarm) or ROUTER not in routing.functions or not isinstance(tags, Mapping):
        return routing
    named = by_live_tags(trigger, tags, CATALOG)
    if named is None:
        return routing
    return Routing(primary=named, functions=(*routing.functions, named), by=BY_LIVE_TAG)


def why_unasked(trigger: Alarm | OwnEvent, routing: Routing) -> Unresolved | None:
    """Why no action's function gets the event, if so."""
    if isinstance(trigger, OwnEvent):
        unknown = Unresolved(Reason.UNSUPPORTED_REQUEST, f"no function does {trigger.action}")
        return None if routing.primary else unknown
    if routing.primary is None:
        return why_not_routed(trigger)
    return why_human(trigger) if routing.primary == PAGE_RUNG else None


def why_rejected(trigger: Alarm | OwnEvent, policy: Policy, now: datetime) -> Unresolved | None:
    """Why an action's function refuses the event before any guard is asked, if so."""
    if refused := ahead.refused(trigger, now):
        return refused
    return reject_early(trigger, policy.missing_data) if isinstance(trigger, Alarm) else None


def _rejection_id(trigger: Alarm | OwnEvent, routing: Routing) -> str:
    """The id under which `firebreak show` finds a decision without a target; empty when none is stored."""
    if isinstance(trigger, OwnEvent):
        return incident_name(trigger)
    return f"i-{alarm_key(trigger, routing.primary)[:10]}" if routing.primary else ""


def as_json(found: Explanation, policy_file: str) -> dict[str, object]:
    """The explanation as plain values; times are ISO 8601 in UTC."""
    decision, rules = found.decision, found.rules
    target = found.target if isinstance(found.target, Target) else None
    return {
        "alarm": _alarm(found.alarm),
        "request": _asked(found.trigger),
        "route": found.routing.primary,
        "functions": list(found.routing.functions),
        "routed_by": found.routing.by or None,
        "target": target.display if target else None,
        "target_key": target.key if target and target.account and target.region else None,
        "decision": decision.word,
        "reason": decision.reason.value,
        "sentence": MEANINGS[decision.reason].sentence,
        "disposition": decision.disposition.value,
        "plan": found.plan.summary if found.plan else None,
        "content_sha256": found.content or None,
        "checks": [check_to_wire(check) for check in decision.checks],
        "next": found.advice,
        "incident": found.incident_id if found.decided or not isinstance(found.trigger, Alarm) else None,
        "decision_id": found.incident_id or None,
        "autonomy": rules.autonomy.value if rules else None,
        "autonomy_by": rules.sources["autonomy"] if rules else None,
        "ladder": list(rules.ladder) if rules else None,
        "ladder_by": rules.sources["ladder"] if rules else None,
        "policy": {
            "file": policy_file,
            "version": found.policy_version or None,
            "hash": decision.policy_hash,
            "deployed_hash": found.deployed or None,
        },
        "notes": list(found.notes),
        "now": found.now.isoformat(),
        "clock": found.clock,
        "offline": found.offline,
    }


def _alarm(alarm: Alarm) -> Mapping[str, object]:
    return {
        "name": alarm.name,
        "arn": alarm.arn,
        "account": alarm.account,
        "region": alarm.region,
        "state": alarm.state.value,
        "previous": alarm.previous.value if alarm.previous else None,
        "red": red_words(alarm) or None,
        "reason": alarm.reason or None,
        "kind": alarm.kind.value,
        "since": alarm.since.isoformat(),
        "contributor": alarm.contributor.id if alarm.contributor else None,
        "tags": dict(alarm.tags),
        "tags_lost": alarm.tags_lost,
        "muted_by": alarm.mute.by if alarm.mute else None,
        "suppressed_by": alarm.suppressed_by or None,
    }


def _asked(trigger: Alarm | OwnEvent) -> Mapping[str, object]:
    if isinstance(trigger, Alarm):
        return {"kind": RequestKind.ALARM.value}
    return {
        "kind": trigger.kind.value,
        "action": trigger.action,
        "incident": trigger.incident_id,
        "rung": trigger.rung + 1,
        "attempt": trigger.attempt,
        "at": trigger.at.isoformat(),
        "by": trigger.by,
    }
