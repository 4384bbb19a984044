"""`firebreak drill`: a test alarm turns red for real, and the steps that follow are timed.

Nothing is simulated: the alarm's state is set in CloudWatch itself, so the transition goes through the
deployed rules, functions, policy and ledger. The alarm is set back to OK in any case.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from firebreak.aws.alarms import CloudWatchAlarms
from firebreak.aws.translate import translated
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.errors import AwsError, OutcomeUnknown
from firebreak.policy.policy import Policy
from firebreak_cli.drill.times import (
    WANTED,
    EventKind,
    Scenario,
    Seen,
    Step,
    complete,
    history_events,
    hopeless,
    in_time,
    steps,
)
from firebreak_cli.exit_codes import BAD_INPUT, Ending, ending_of
from firebreak_cli.explain.explainer import Explainer, Explanation
from firebreak_cli.explain.sources import LiveSources
from firebreak_cli.polling import BETWEEN_LOOKS
from firebreak_cli.queries.live_alarms import described_alarm, tags_of, turned_red_now
from firebreak_cli.screen import when

DRILL_TAG, DRILL_VALUE = "firebreak:drill", "true"

# Others may act while the decision is predicted.
TRIES = 3

# A state that CloudWatch dates earlier than this before the request was set by somebody else.
CLOCKS_DIFFER = timedelta(seconds=5)


class Alarms(Protocol):
    """The one alarm of a drill."""

    def turn(self, state: AlarmState) -> None:
        """Set the alarm's state. Raises AwsError."""

    def described(self) -> Reading[DescribedAlarm]:
        """The alarm as it is now."""


@dataclass(frozen=True, slots=True)
class DrilledAlarm:
    """A drill's alarm in CloudWatch, by the caller's credentials."""

    client: Any
    name: str
    reason: str

    def turn(self, state: AlarmState) -> None:
        """SetAlarmState; the same state again is no transition."""
        with translated("SetAlarmState", mutates=True):
            self.client.set_alarm_state(AlarmName=self.name, StateValue=state.value, StateReason=self.reason)

    def described(self) -> Reading[DescribedAlarm]:
        """DescribeAlarms."""
        return CloudWatchAlarms(self.client).describe(self.name)


@dataclass(frozen=True, slots=True)
class Ready:
    """An alarm that may be drilled: as it is, and as the event that turning it red will send."""

    red: Alarm
    described: DescribedAlarm


def ready(client: Any, name: str, now: datetime) -> Ready:
    """The alarm, if it is one that may be drilled. Raises Ending that says why not."""
    alarms = CloudWatchAlarms(client)
    described = described_alarm(alarms, name)
    tags = tags_of(alarms, described)
    if tags.get(DRILL_TAG) != DRILL_VALUE:
        text = (
            f"alarm {name} is not tagged {DRILL_TAG}={DRILL_VALUE}: a drill turns a test alarm red, no other"
        )
        raise Ending(BAD_INPUT, f"{text}; nothing was changed")
    if described.state is not AlarmState.OK:
        since = when(described.since, now)
        raise Ending(
            BAD_INPUT,
            f"alarm {name} is {described.state} since {since}: a drill begins with an alarm that is OK",
        )
    return Ready(turned_red_now(client, name, tags, now), described)


def predicted(red: Alarm, policy: Policy, sources: LiveSources, now: Callable[[], datetime]) -> Explanation:
    """The decision that would be made if the alarm were red now. Raises AwsError."""
    as_red = sources.as_if_red(red)
    explainer = Explainer(policy=policy, sources=as_red, clock="real", offline=False)
    found = explainer.explain(red, now())
    for _ in range(TRIES - 1):
        # An act that was claimed during the look is of the future; a function takes its time after its look.
        if found.decision.reason is not Reason.CLOCK_BEHIND:
            break
        found = explainer.explain(red, now())
    return replace(found, incident_id="")  # the drill's own transition will have another


def require_fitting_rules(scenario: Scenario, found: Explanation) -> Rules:
    """The rules to time it by. Raises Ending when the scenario would not go its way."""
    wanted, word = WANTED[scenario], found.decision.word
    if word != wanted or found.rules is None:
        text = f"scenario {scenario} needs the decision to be {wanted}"
        raise Ending(
            BAD_INPUT, f"{text}, and it would be {word} ({found.decision.reason}): nothing was changed"
        )
    return found.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a drill. `why` says what prevented a step, where that is known.

    `left_red` says why the alarm could not be set back; `again` how often it had to be set red again.
    """

    scenario: Scenario
    alarm: str
    seen: Seen
    steps: tuple[Step, ...]
    why: str
    again: int
    left_red: str

    @property
    def good(self) -> bool:
        """Whether everything that the scenario expects happened in time."""
        return complete(self.steps) and in_time(self.steps) and not self.why


class Watch(Protocol):
    """The drill's view of the steps that follow."""

    def look(self, seen: Seen, now: datetime) -> Seen:
        """The state of the drill as it is known now. Raises AwsError."""


@dataclass(slots=True, kw_only=True)
class Drill:
    """One drill. `say` is called with each step once, as it is seen; `now` and `sleep` are the only clock."""

    scenario: Scenario
    rules: Rules
    alarm: Alarms
    name: str
    watch: Watch
    timeout: timedelta
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    say: Callable[[Step], None]
    left_red: str = ""
    _again: int = 0
    _said: set[tuple[str, datetime]] = field(default_factory=set)

    def run(self) -> Report:
        """Turn the alarm red, watch, set it back in any case; `left_red` says if it could not be.

        Raises AwsError, and KeyboardInterrupt when somebody ends it.
        """
        red_at = self._turn_red()
        try:
            seen, why = self._play(Seen(red_at=red_at))
        finally:
            self._calm()
        return Report(
            scenario=self.scenario,
            alarm=self.name,
            seen=seen,
            steps=steps(self.scenario, self.rules, seen),
            why=why,
            again=self._again,
            left_red=self.left_red,
        )

    def _turn_red(self) -> datetime:
        """Turns the alarm red; sets it back on an error that leaves this in doubt, but not on a refusal."""
        try:
            return self._turn(AlarmState.ALARM)
        except (OutcomeUnknown, KeyboardInterrupt):
            self._calm()
            raise

    def _play(self, seen: Seen) -> tuple[Seen, str]:
        ends_at = self.now() + self.timeout
        while True:
            seen = self._steered(self.watch.look(seen, self.now()))
            found = steps(self.scenario, self.rules, seen)
            self._report(found)
            if complete(found):
                return seen, ""
            if why := hopeless(self.scenario, seen):
                return seen, why
            if self.now() >= ends_at:
                return seen, "the time of the drill was over"
            # Often enough to set a recovering alarm back before Verify's schedule.
            self.sleep(BETWEEN_LOOKS.total_seconds())

    def _steered(self, seen: Seen) -> Seen:
        """The alarm as the scenario wants it by now."""
        acted = any(event.what is EventKind.ACTED for event in history_events(seen.lines))
        if self.scenario is Scenario.RECOVERS and acted and seen.ok_at is None:
            return replace(seen, ok_at=self._turn(AlarmState.OK))
        if self.scenario is Scenario.STAYS_RED:
            self._keep_red()
        return seen

    def _keep_red(self) -> None:
        """Sets the alarm red again: CloudWatch sets it back once its metric says so."""
        found = self.alarm.described()
        if isinstance(found, DescribedAlarm) and found.state is not AlarmState.ALARM:
            self.alarm.turn(AlarmState.ALARM)
            self._again += 1

    def _turn(self, state: AlarmState) -> datetime:
        """Sets the state; returns since when it holds, by CloudWatch's clock where that reports it."""
        asked_at = self.now()
        self.alarm.turn(state)
        found = self.alarm.described()
        if (
            isinstance(found, DescribedAlarm)
            and found.state is state
            and found.since >= asked_at - CLOCKS_DIFFER
        ):
            return found.since
        return asked_at

    def _report(self, found: tuple[Step, ...]) -> None:
        for step in found:
            if step.at and (step.name, step.since) not in self._said:
                self._said.add((step.name, step.since))
                self.say(step)

    def _calm(self) -> None:
        try:
            self.alarm.turn(AlarmState.OK)
        except AwsError as error:
            text = f"alarm {self.name} could NOT be set back to OK: {ending_of(error).lines[0]}"
            self.left_red = f"{text}; set it back yourself"
