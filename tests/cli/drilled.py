"""A test alarm in the world of all functions, and a drill of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firebreak.core.model import Alarm, AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Reading
from firebreak.errors import AwsError
from firebreak_cli.drill.drills import Drill
from firebreak_cli.drill.times import Scenario, Step
from firebreak_cli.drill.watch import LedgerWatch
from tests.support import builders as a
from tests.support.world import TABLE, World

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NAME = "drill-memory"


@dataclass
class WorldAlarm:
    """A test alarm in the world: its transitions reach the functions after `delay`.

    `refusing` raises at each of these turns, by their number; `done_all_the_same` ones did turn it.
    """

    world: World
    delay: timedelta = 2 * SECOND
    turned: list[AlarmState] = field(default_factory=list)
    refusing: dict[int, AwsError] = field(default_factory=dict)
    scheduled: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    red: Alarm | None = None

    def __post_init__(self) -> None:
        self.world.alarms.described[NAME] = a.described(NAME, AlarmState.OK)

    def turn(self, state: AlarmState) -> None:
        if error := self.refusing.get(len(self.turned)):
            self.turned.append(state)
            raise error
        self.turned.append(state)
        before = self.world.alarms.described[NAME]
        if isinstance(before, DescribedAlarm) and before.state is not state:
            self._transition(state)

    def _transition(self, state: AlarmState) -> None:
        if state is AlarmState.ALARM:
            self.red = red = self.world.red(NAME)
            self._later(lambda: self.world.send(red))
        elif self.red:
            was = self.red
            self.world.alarms.turn(NAME, state, self.world.clock.at)
            self._later(lambda: self.world.green(was))

    def _later(self, what: Callable[[], object]) -> None:
        self.scheduled.append((self.world.clock.at + self.delay, what))

    def described(self) -> Reading[DescribedAlarm]:
        return self.world.alarms.describe(NAME)

    def sleep(self, seconds: float) -> None:
        """Time passes: schedules fire, transitions arrive, and every five minutes the sweep looks."""
        self.world.pass_time(timedelta(seconds=seconds))
        due = [one for one in self.scheduled if one[0] <= self.world.clock.at]
        self.scheduled = [one for one in self.scheduled if one not in due]
        for _, deliver in due:
            deliver()
            self.world.deliver()


def drill(
    scenario: Scenario, alarm: WorldAlarm, text: list[Step] | None = None, timeout: timedelta = 40 * MINUTE
) -> Drill:
    world = alarm.world
    return Drill(
        scenario=scenario,
        rules=world.policy.rules("restart-service", a.TARGET),
        alarm=alarm,
        name=NAME,
        watch=LedgerWatch(world.dynamodb, TABLE, a.alarm(NAME)),
        timeout=timeout,
        now=world.clock.now,
        sleep=alarm.sleep,
        say=(text if text is not None else []).append,
    )
