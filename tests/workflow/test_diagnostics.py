"""The traces that an act destroys are read before it, in bounded time, and kept; neither can stop the act."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest

from firebreak.core.action_spec import Effect
from firebreak.core.diagnostics import METRIC, Diagnostics, MetricPicture, Point, Section
from firebreak.core.incident.states import IncidentState
from firebreak.core.model import Plan, Target
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.errors import AwsError, Throttled
from firebreak.ledger.diagnostics import DynamoDiagnostics
from firebreak.remediation.diagnostics import DiagnosticsCollector, read_within
from firebreak.remediation.remediator import Remediator
from firebreak.services.registry import CATALOG
from firebreak.settings import Settings
from firebreak.wiring import Wiring
from tests.support import builders as a
from tests.support.fakes import FakeEcs, ListLog
from tests.support.world import TABLE, World, eventbridge
from tests.test_settings import ENV

type Lines = Reading[tuple[str, ...]]


@dataclass
class Sources:
    """Sources by name; `heard` notes each read, the act and the keeping."""

    reads: dict[str, Callable[[], Lines]]
    heard: list[str] = field(default_factory=list)
    of_plan: Plan | None = None

    def of(self, target: Target, plan: Plan) -> Mapping[str, Callable[[], Lines]]:
        assert target == a.TARGET
        self.of_plan = plan
        return {name: self._noted(name, read) for name, read in self.reads.items()}

    def _noted(self, name: str, read: Callable[[], Lines]) -> Callable[[], Lines]:
        def noted() -> Lines:
            self.heard.append(name)
            return read()

        return noted


@dataclass
class Noting:
    """A store that notes that it kept something, or refuses."""

    sources: Sources
    store: DynamoDiagnostics
    broken: AwsError | None = None

    def keep(self, found: Diagnostics) -> None:
        self.sources.heard.append("kept")
        if self.broken:
            raise self.broken
        self.store.keep(found)


def no_metric(alarm: str) -> NotRead:
    return NotRead(f"{alarm} has no metric")


def remediator(
    world: World,
    sources: Sources,
    broken: AwsError | None = None,
    picture: Callable[[str], Reading[MetricPicture]] = no_metric,
) -> Remediator:
    """The function that restarts, with these sources; ECS notes its change among what was heard."""

    def note(name: str) -> None:
        sources.heard.append(name)

    world.ecs.before_write = note
    return replace(
        world.remediator(),
        diagnostics=DiagnosticsCollector(
            sources=sources,
            picture=picture,
            store=Noting(sources, DynamoDiagnostics(world.dynamodb, TABLE), broken),
            mask=lambda text: text.replace("hunter2", "***"),
            clock=world.clock,
            log=world.log,
        ),
    )


def kept(world: World, incident_id: str) -> tuple[Section, ...]:
    found = DynamoDiagnostics(world.dynamodb, TABLE).of(incident_id)
    assert isinstance(found, tuple), found
    [one] = found
    assert (one.rung, one.incident_id) == (0, incident_id)
    assert one.sections[-1].source == METRIC
    return one.sections[:-1]


def test_it_is_read_before_the_act_and_kept_after_it(world: World) -> None:
    sources = Sources({"logs": lambda: ("out of memory, password hunter2",)})
    done = remediator(world, sources).handle(eventbridge(world.red()))
    assert done.outcome == "act"
    assert sources.heard == ["logs", "force_deployment", "kept"]
    assert sources.of_plan == world.incident(done.incident_id).plan
    assert kept(world, done.incident_id) == (Section("logs", ("out of memory, password ***",)),)


PICTURE = MetricPicture(
    name="MemoryUtilization",
    statistic="Average",
    period=timedelta(minutes=1),
    threshold=90.0,
    points=(Point(a.NOW - timedelta(minutes=1), 72.5), Point(a.NOW, 99.0)),
)


def test_the_points_of_the_alarms_own_metric_are_kept_with_the_incident(world: World) -> None:
    asked: list[str] = []

    def picture(alarm: str) -> MetricPicture:
        asked.append(alarm)
        return PICTURE

    done = remediator(world, Sources({}), picture=picture).handle(eventbridge(world.red()))
    found = DynamoDiagnostics(world.dynamodb, TABLE).of(done.incident_id)
    assert isinstance(found, tuple), found
    assert found[0].sections == (Section(METRIC, PICTURE),)
    assert asked == [world.red().name]


@pytest.fixture
def hanging() -> Iterator[Callable[[], Lines]]:
    """A source that never answers while the test runs."""
    released = Event()

    def hang() -> Lines:
        released.wait()
        return ()

    yield hang
    released.set()


def test_a_source_that_hangs_is_left_behind_in_time_and_the_others_are_kept(
    hanging: Callable[[], Lines],
) -> None:
    began = monotonic()
    found = read_within(0.2, {"logs": hanging, "deployments": lambda: ("one",)})
    assert monotonic() - began < 2
    assert found == (Section("logs", Unknown("no answer within 0.2 s")), Section("deployments", ("one",)))


def test_an_act_whose_every_source_hangs_is_made_all_the_same(
    world: World, hanging: Callable[[], Lines]
) -> None:
    began = monotonic()
    done = remediator(world, Sources({"logs": hanging})).handle(eventbridge(world.red()))
    assert done.outcome == "act"
    assert monotonic() - began < 10
    assert kept(world, done.incident_id) == (Section("logs", Unknown("no answer within 3 s")),)


def fails() -> Lines:
    raise LookupError("events")


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (fails, Unknown("unexpected answer (LookupError)")),
        (
            lambda: Unknown("GetLogEvents: AccessDeniedException"),
            Unknown("GetLogEvents: AccessDeniedException"),
        ),
        (lambda: ABSENT, ABSENT),
        (lambda: NotRead("no awslogs"), NotRead("no awslogs")),
    ],
    ids=["raises", "is denied", "is absent", "has none to read"],
)
def test_a_source_that_cannot_be_read_says_why_and_stops_nothing(
    world: World, read: Callable[[], Lines], expected: Lines
) -> None:
    done = remediator(world, Sources({"logs": read})).handle(eventbridge(world.red()))
    assert (done.outcome, kept(world, done.incident_id)) == ("act", (Section("logs", expected),))


def test_what_cannot_be_kept_is_logged_and_the_act_stays_recorded(world: World) -> None:
    sources = Sources({"logs": lambda: ("line",)})
    done = remediator(world, sources, Throttled("PutItem", "Throttled")).handle(eventbridge(world.red()))
    assert world.incident(done.incident_id).state is IncidentState.ACTED
    assert "diagnostics.not_kept" in [name for name, _ in world.log.events]


@dataclass
class SlowSchedules:
    """Schedules whose call takes seven seconds."""

    world: World

    def check(self, incident_id: str, rung: int, attempt: int, at: object) -> None:
        del incident_id, rung, attempt, at
        self.world.clock.elapsed += 7


def test_an_act_that_is_short_of_time_waits_for_no_diagnostics(world: World) -> None:
    sources = Sources({"logs": lambda: ("line",)})
    function = replace(remediator(world, sources), schedules=SlowSchedules(world))  # type: ignore[arg-type]  # one call of it
    done = function.handle(eventbridge(world.red()))
    assert done.outcome == "act"
    assert sources.heard == ["force_deployment", "kept"]
    assert kept(world, done.incident_id) == (Section("logs", NotRead("the act had no time left for it")),)


def test_the_second_look_comes_after_the_reading(world: World) -> None:
    """A target that somebody changes while it is read is left to them, and the lines are kept."""
    gone: list[str] = []

    def read() -> Lines:
        gone.append("changed")
        world.ecs.services[a.TARGET.display] = a.service(status="DRAINING")
        return ("line",)

    done = remediator(world, Sources({"logs": read})).handle(eventbridge(world.red()))
    assert (done.outcome, world.ecs.writes, gone) == ("not_executed", [], ["changed"])
    assert kept(world, done.incident_id) == (Section("logs", ("line",)),)


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_a_function_reads_them_where_its_action_says_so_and_nowhere_else(name: str) -> None:
    made = Wiring(Settings.from_env(ENV), ListLog()).remediator(name)
    assert (made.diagnostics is not None) == CATALOG.specs[name].keeps_diagnostics


def test_every_action_that_restarts_replaces_or_rolls_back_keeps_them() -> None:
    changing = {Effect.RESTART, Effect.MEMORY, Effect.ROLL_BACK}
    assert {spec.name for spec in CATALOG.specs.values() if spec.keeps_diagnostics} == {
        spec.name for spec in CATALOG.specs.values() if spec.effect in changing
    }


def test_nothing_is_read_for_an_event_that_is_refused(world: World) -> None:
    world.ecs = FakeEcs()
    sources = Sources({"logs": lambda: ("line",)})
    assert remediator(world, sources).handle(eventbridge(world.red())).outcome == "refuse"
    assert sources.heard == []
