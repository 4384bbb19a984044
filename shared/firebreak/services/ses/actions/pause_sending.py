"""pause-sending: stop the mail of one SES configuration set, or, with approval only, of the account."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, MetricName, Permission
from firebreak.core.model import Obstacle, Plan, Receipt, Request, RequestKind, Settled, Target
from firebreak.core.readings import Absent, NotRead, Reading, Unknown, unseen
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.tags import OPT_IN_TAG
from firebreak.errors import Rejected
from firebreak.services.action import EffectShowsOthers, OfNoGroup
from firebreak.services.other_writers import reset_by
from firebreak.services.ses.ports import SesConnections, SesReads, SesWrites
from firebreak.services.ses.sending import SHUTDOWN, SendingLive, SesObservation

SPEC = ActionSpec(
    name="pause-sending",
    service="ses",
    effect=Effect.OTHER,
    does="stops the mail of one SES configuration set; of the whole account only with approval",
    irreversible="only a human ends the pause",
    # A healthy hold says nothing about why the mail bounced, so nothing is given back.
    temporary=False,
    suggested_by=(
        MetricName("AWS/SES", "Reputation.BounceRate"),
        MetricName("AWS/SES", "Reputation.ComplaintRate"),
    ),
    always_asks_for=frozenset({"ses:account"}),
    permissions=(
        Permission("ses:GetConfigurationSet"),
        Permission("ses:GetAccount"),
        Permission("ses:PutConfigurationSetSendingOptions", mutates=True),
        Permission("ses:PutAccountSendingAttributes", mutates=True),
    ),
)

# The subjects of a plan. A plan that lost a part must not be taken for one that stops everything.
WHOLE_ACCOUNT = "account"
ONE_SET = "configuration-set"

LOST = "transactional mail such as password resets stops as well: SES refuses it, and nothing is queued"
SPARSE = (
    "bounce and complaint rates move slowly and have gaps: the alarm may stay red, or be without data, "
    "for hours after the pause"
)


@dataclass(frozen=True, slots=True)
class PauseSending(EffectShowsOthers, OfNoGroup):
    """Switches sending off. Nothing of Firebreak switches it on again: that is a human's decision."""

    spec: ClassVar = SPEC

    reads: SesReads
    writes: SesWrites

    def observe(self, target: Target) -> SesObservation:
        """The one switch, with its tags.

        An account has no tags that could opt it in. `plan` refuses it unless the policy names it, and
        that stands in for the tag.
        """
        if not target.is_account:
            return SesObservation(self.reads.configuration_set(target.name))
        found = self.reads.account()
        if isinstance(found, SendingLive):
            found = replace(found, tags={OPT_IN_TAG: "true"})
        return SesObservation(found)

    def plan(self, request: Request, seen: SesObservation, rules: Rules) -> Reading[Plan | Obstacle]:
        """The pause, if there is something to pause."""
        target, sending = request.target, seen.sending
        if target.is_account and not rules.named:
            text = f"an account has no tags: only an override with target = {target.display!r} opts it in"
            return Obstacle(Reason.NOT_OPTED_IN, text)
        match sending:
            case Absent():
                return Obstacle(Reason.TARGET_MISSING, f"{target.display} does not exist")
            case Unknown() | NotRead():
                return unseen("whether mail is sent", sending)
            case SendingLive(enforcement=status) if status == SHUTDOWN:
                return Obstacle(Reason.ALREADY_DONE, "AWS itself stopped the account's sending")
            case SendingLive(enabled=False):
                return Obstacle(Reason.ALREADY_DONE, f"sending of {target.display} is paused already")
            case _:
                return _plan(target, sending)

    def execute(self, plan: Plan) -> Receipt:
        """Sends the one call the plan names. Raises AwsError."""
        after: Mapping[str, object] = {"sendingEnabled": False}
        match plan.change:
            case {"scope": "account", "sendingEnabled": False}:
                self.writes.pause_account()
                return Receipt(summary="the account sends no mail in this region", after=after)
            case {"scope": "configuration-set", "configurationSetName": str(name), "sendingEnabled": False}:
                self.writes.pause_configuration_set(name)
                return Receipt(summary=f"configuration set {name} sends no mail", after=after)
            case _:
                raise Rejected("PauseSending", "UnusablePlan")

    def outcome(self, plan: Plan, seen: SesObservation) -> bool | Unknown:
        """Whether sending is off, as the plan wanted; before it was on."""
        del plan  # there is only one thing it can have done
        sending = seen.sending
        return not sending.enabled if isinstance(sending, SendingLive) else unseen("the switch", sending)

    def settled(self, plan: Plan, receipt: Receipt, seen: SesObservation) -> Settled | Unknown:
        """Whether sending is off; if it is on, somebody switched it on since."""
        del plan, receipt
        sending = seen.sending
        if not isinstance(sending, SendingLive):
            return unseen("whether mail is sent", sending)
        return Unknown("mail is sent: somebody ended the pause") if sending.enabled else Settled.YES

    def worse(self, plan: Plan, seen: SesObservation) -> bool | Unknown:
        """Never True: sending that is off cannot get worse. Unknown where it could not be read."""
        del plan
        sending = seen.sending
        return False if isinstance(sending, SendingLive) else unseen("whether mail is sent", sending)

    def undo(self, plan: Plan, seen: SesObservation, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """Never a plan: sending again before the cause is gone may cost the account its reputation."""
        del seen, kind
        return Obstacle(Reason.NOT_REVERSIBLE, f"{SPEC.irreversible}: {_ending(plan.change)}")


def build(services: SesConnections) -> PauseSending:
    """The action on these services."""
    return PauseSending(*services.ses())


def _plan(target: Target, sending: SendingLive) -> Plan:
    whole = target.is_account
    change: dict[str, object] = {"scope": WHOLE_ACCOUNT if whole else ONE_SET, "sendingEnabled": False}
    if not whole:
        change["configurationSetName"] = target.name
    stops = f"all mail of the account in {target.region}" if whole else f"all mail of {target.display}"
    standing = f" (AWS: {sending.enforcement})" if sending.enforcement else ""
    return Plan(
        summary=f"pause {stops}{standing}",
        change=change,
        before={"sendingEnabled": sending.enabled},
        warnings=(LOST, f"{SPEC.irreversible}: {_ending(change)}", SPARSE),
        reset_by=reset_by(sending.tags, "the pause"),
        stays=f"{stops} is paused; to take it back, enable sending",
    )


def _ending(change: Mapping[str, object]) -> str:
    """The command that switches sending on again; the resolver has accepted the name."""
    if change.get("scope") == WHOLE_ACCOUNT:
        return "aws sesv2 put-account-sending-attributes --sending-enabled"
    name = change.get("configurationSetName", "NAME")
    return (
        f"aws sesv2 put-configuration-set-sending-options --configuration-set-name {name} --sending-enabled"
    )
