"""`firebreak explain`: from an event's file to the decision it would get."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from firebreak.alarms import placed
from firebreak.core.model import Alarm, OwnEvent
from firebreak.loose import moment
from firebreak.policy import Policy, load_policy
from firebreak_cli.endings import BAD_INPUT, Ending
from firebreak_cli.event_file import read_event
from firebreak_cli.explainer import Explainer, Explanation
from firebreak_cli.eyes import OfflineEyes, live_eyes
from firebreak_cli.outside import Outside
from firebreak_cli.policies import policy_path
from firebreak_cli.stack import DEFAULT_POLICY, find


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for. `policy` overrides the policy that ships or that the stack names.

    `now` (ISO 8601) sets the clock of an offline explanation; empty leaves it at the event's time.
    """

    event: str
    policy: Path | None
    stack: str
    offline: bool
    now: str


def answer(asked: Question, outside: Outside) -> tuple[Explanation, str]:
    """The explanation, and the policy file it was made with. Raises Ending, PolicyError or AwsError."""
    trigger = read_event(asked.event)
    return _offline(asked, trigger) if asked.offline else _live(asked, trigger, outside)


def _offline(asked: Question, trigger: Alarm | OwnEvent) -> tuple[Explanation, str]:
    policy, file = _policy(asked.policy, DEFAULT_POLICY)
    given = _given(asked.now)
    explainer = Explainer(
        policy=policy, eyes=OfflineEyes(), clock="given" if given else "event", offline=True
    )
    return explainer.explain(trigger, given or _sent_at(trigger)), file


def _live(asked: Question, trigger: Alarm | OwnEvent, outside: Outside) -> tuple[Explanation, str]:
    if asked.now:
        raise Ending(BAD_INPUT, "--now: goes with --offline; the ledger is compared with the real clock")
    stack = find(outside, asked.stack)
    policy, file = _policy(asked.policy, stack.policy_file)
    if isinstance(trigger, Alarm):
        trigger = placed(trigger, stack.account, stack.region)
    explainer = Explainer(policy=policy, eyes=live_eyes(stack, policy), clock="real", offline=False)
    return explainer.explain(trigger, outside.now()), file


def _policy(given: Path | None, shipped: str) -> tuple[Policy, str]:
    """The policy as this machine has it: a stack's layer was built from a copy, maybe an older one."""
    return (load_policy(given), str(given)) if given else (load_policy(policy_path(shipped)), shipped)


def _given(now: str) -> datetime | None:
    if not now:
        return None
    read = moment(now)
    if read is None:
        raise Ending(BAD_INPUT, f"--now {now}: expected a time such as 2026-11-20T10:00:00Z")
    return read


def _sent_at(trigger: Alarm | OwnEvent) -> datetime:
    return trigger.sent_at if isinstance(trigger, Alarm) else trigger.at
