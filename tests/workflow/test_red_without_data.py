"""Red because no data came is no symptom, at any look: through all functions, in one process."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.model import Alarm, AlarmKind, AlarmState, Contributor, Metric, Verdict
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.core.tags import MISSING_DATA_TAG
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.builders_functions import FakeLambda
from tests.support.fakes import FakeServices
from tests.support.world import World, eventbridge, world_on_moto
from tests.workflow.test_siblings import labels, verdict, writes

SECOND, MINUTE, NIGHT = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=24)
SYMPTOM, IGNORE = {MISSING_DATA_TAG: "symptom"}, {MISSING_DATA_TAG: "ignore"}
SILENT = (
    "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated "
    "as [Breaching]."
)


def goes_silent(world: World, name: str = "api-memory-high", **changes: Any) -> Alarm:
    """The alarm turns red now because no data came; its event is not delivered yet."""
    alarm = world.red(name, evaluation=a.silent(world.clock.at), reason=SILENT, **changes)
    described(world, name, evaluation=alarm.evaluation, reason=SILENT, since=world.clock.at)
    return alarm


def described(world: World, name: str, **changes: Any) -> None:
    found = world.alarms.described[name]
    assert isinstance(found, DescribedAlarm)
    usual: dict[str, Any] = {"treat_missing_data": "breaching", "periods": 3}
    world.alarms.described[name] = replace(found, **usual | changes)


def tagged(world: World, alarm: Alarm, tags: dict[str, str]) -> None:
    """The owner's word stands on the alarm, and did not ride in the event."""
    world.alarms.tagged[alarm.arn] = {**alarm.tags, **tags}


def test_a_healthy_service_is_not_restarted_because_no_data_came(world: World) -> None:
    done = world.send(goes_silent(world))

    assert (done.outcome, done.reason) == ("refuse", Reason.NO_DATA)
    assert writes(world) == []
    assert labels(world) == ["NOT ACTING"]
    page = world.pager.sent[0][1]
    assert "no data since 2026-11-20 09:57:30Z" in page
    assert "firebreak:missing-data=symptom" in page
    assert "firebreak:missing-data=ignore" in page


def test_it_is_paged_once_however_often_the_alarm_turns_red_again(world: World) -> None:
    for _ in range(3):
        alarm = goes_silent(world)
        assert world.send(alarm).reason is Reason.NO_DATA
        world.pass_time(5 * MINUTE)
        world.green(alarm)
        world.pass_time(5 * MINUTE)

    assert labels(world) == ["NOT ACTING"]


@pytest.mark.parametrize("where", ["event", "alarm", "pattern", "default"])
def test_where_silence_is_the_symptom_the_service_is_restarted(world: World, where: str) -> None:
    said = {
        "pattern": '[[missing_data.named]]\nalarms = "api-*"\nmeans = "symptom"\n',
        "default": '[missing_data]\nmeans = "symptom"\n',
    }
    world.policy = parse_policy(a.AUTO_POLICY + said.get(where, ""), "missing.toml")
    alarm = goes_silent(
        world, tags={"firebreak:action": "restart-service"} | (SYMPTOM if where == "event" else {})
    )
    if where == "alarm":
        tagged(world, alarm, SYMPTOM)

    done = world.send(alarm)

    assert done.outcome == "act"
    assert writes(world) == ["force_deployment"]


def test_where_silence_means_nothing_it_is_recorded_and_nobody_is_paged(world: World) -> None:
    alarm = goes_silent(world)
    tagged(world, alarm, IGNORE)

    assert world.send(alarm).reason is Reason.NO_DATA_IGNORED
    assert (writes(world), labels(world)) == ([], [])


def test_an_owners_word_that_cannot_be_read_is_no_word(world: World) -> None:
    alarm = goes_silent(
        world, tags={"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/api"}
    )
    world.alarms.tagged[alarm.arn] = Unknown("ListTagsForResource: Throttling")

    assert world.send(alarm).reason is Reason.NO_DATA
    assert writes(world) == []


def test_an_alarm_that_was_set_by_hand_is_answered_as_ever(world: World) -> None:
    """A drill, the demo and the heartbeat set alarms; nothing was evaluated then."""
    alarm = world.red(reason="firebreak drill")
    described(world, alarm.name, evaluation=a.silent(world.clock.at - 10 * MINUTE), reason="firebreak drill")

    assert world.send(alarm).outcome == "act"


def test_of_a_deferred_look_and_a_climb_missing_data_is_no_symptom_either(world: World) -> None:
    done = world.send(world.red())
    incident = world.incident(done.incident_id)
    assert incident.state is IncidentState.ACTED
    described(world, "api-memory-high", evaluation=a.silent(world.clock.at), since=world.clock.at)

    world.pass_time(4 * MINUTE)

    # Neither still red, which would have climbed, nor recovered.
    assert writes(world) == ["force_deployment"]
    assert world.incident(done.incident_id).state is IncidentState.VERIFYING
    world.pass_time(20 * MINUTE)
    assert writes(world) == ["force_deployment"]
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    assert verdict(world) is Verdict.UNKNOWN
    assert labels(world) == ["ACTED", "NEEDS YOU"]


def test_where_silence_is_the_symptom_it_is_still_red_and_climbs(world: World) -> None:
    alarm = world.red()
    tagged(world, alarm, SYMPTOM)
    world.send(alarm)
    described(world, "api-memory-high", evaluation=a.silent(world.clock.at), since=world.clock.at)

    world.pass_time(5 * MINUTE)

    assert writes(world) == ["force_deployment", "set_desired_count"]


def test_a_sibling_that_turns_red_without_data_is_not_the_acts_fault(world: World) -> None:
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(MINUTE)
    sibling = goes_silent(world, "api-5xx")
    world.send(sibling)
    world.pass_time(MINUTE)
    world.green(alarm)
    world.pass_time(4 * MINUTE)

    world.pass_time(10 * MINUTE)
    incident = world.incident(done.incident_id)
    assert (incident.state, incident.note) == (IncidentState.PAGED, "api-5xx has no data")
    assert verdict(world) is Verdict.UNKNOWN
    assert writes(world) == ["force_deployment"]


def test_a_climb_that_was_asked_for_is_not_made_once_the_alarm_is_red_without_data(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(5 * MINUTE)
    world.verifier().handle(
        {"detail-type": "Firebreak Check", "detail": {"v": 1, "incident": done.incident_id, "attempt": 0}}
    )
    assert world.bus.asked
    described(world, "api-memory-high", evaluation=a.silent(world.clock.at), since=world.clock.at)

    world.deliver()

    assert writes(world) == ["force_deployment"]
    assert world.incident(done.incident_id).state is IncidentState.PAGED


def insufficient(world: World, previous: AlarmState = AlarmState.OK, **changes: Any) -> Alarm:
    """The alarm turns INSUFFICIENT_DATA now."""
    alarm = world.red(state=AlarmState.INSUFFICIENT_DATA, previous=previous, **changes)
    world.alarms.turn(alarm.name, AlarmState.INSUFFICIENT_DATA, world.clock.at)
    return alarm


@pytest.mark.parametrize("previous", [AlarmState.OK, AlarmState.ALARM])
@pytest.mark.parametrize("where", ["event", "pattern"])
def test_insufficient_data_is_a_first_alarm_where_its_owner_says_so(
    world: World, where: str, previous: AlarmState
) -> None:
    if where == "pattern":
        said = '[[missing_data.named]]\nalarms = "api-*"\nmeans = "symptom"\n'
        world.policy = parse_policy(a.AUTO_POLICY + said, "missing.toml")
    tags = {"firebreak:action": "restart-service"} | (SYMPTOM if where == "event" else {})

    done = world.send(insufficient(world, previous, tags=tags))

    assert done.outcome == "act"
    world.pass_time(5 * MINUTE)
    assert writes(world) == ["force_deployment", "set_desired_count"]


@pytest.mark.parametrize(
    ("tags", "previous"),
    [({}, AlarmState.OK), (IGNORE, AlarmState.ALARM), (SYMPTOM, AlarmState.INSUFFICIENT_DATA)],
    ids=["nobody said so", "ignored", "it was so before"],
)
def test_any_other_insufficient_data_is_only_recorded(
    world: World, tags: dict[str, str], previous: AlarmState
) -> None:
    alarm = insufficient(world, previous, tags={"firebreak:action": "restart-service"} | tags)

    done = world.send(alarm)

    assert done.reason is Reason.NOT_IN_ALARM
    assert (writes(world), labels(world)) == ([], [])


def test_an_alarm_that_turned_insufficient_after_its_event_is_ignored_where_its_owner_says_so(
    world: World,
) -> None:
    alarm = world.red()
    world.alarms.turn(alarm.name, AlarmState.INSUFFICIENT_DATA, world.clock.at)
    assert world.send(alarm).reason is Reason.NO_DATA_NOW
    other = world.red("api-memory-other")
    tagged(world, other, IGNORE)
    world.alarms.turn(other.name, AlarmState.INSUFFICIENT_DATA, world.clock.at)
    assert world.send(other).reason is Reason.NO_DATA_IGNORED


# --- other kinds of alarms ---


def test_a_series_that_is_red_without_data_restarts_nothing(world: World) -> None:
    series = Contributor("s1", {"ClusterName": "prod", "ServiceName": "api"})
    alarm = world.red("fleet", kind=AlarmKind.CONTRIBUTOR, contributor=series)
    described(world, "fleet")
    world.alarms.series["fleet"] = {"s1": Series(SILENT)}
    event = eventbridge(alarm)
    event["detail-type"] = "CloudWatch Alarm Contributor State Change"
    event["detail"]["alarmContributor"] = {"id": "s1", "attributes": dict(series.attributes)}

    assert world.remediator().handle(event).reason is Reason.NO_DATA
    assert writes(world) == []


@pytest.mark.parametrize(("silent", "reason"), [(1, Reason.CLEAR_TO_ACT), (2, Reason.NO_DATA)])
def test_a_composite_is_red_without_data_when_all_its_red_children_are(
    world: World, silent: int, reason: Reason
) -> None:
    children = tuple(f"child-{n}" for n in range(2))
    metric = Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "api"})
    for n, name in enumerate(children):
        world.red(name)
        evaluation = a.silent(world.clock.at) if n < silent else None
        described(world, name, metrics=(metric,), evaluation=evaluation)
    composite = world.red("prod-down", kind=AlarmKind.COMPOSITE, metrics=())
    world.alarms.described["prod-down"] = a.described("prod-down", since=world.clock.at, children=children)
    event = eventbridge(composite)
    event["detail"]["configuration"] = {"alarmRule": "ALARM(child-0) OR ALARM(child-1)"}

    assert world.remediator().handle(event).reason is reason


# --- over several nights ---

FUNCTION_POLICY = parse_policy(
    a.AUTO_POLICY
    + '[actions.adjust-function-memory]\nladder = ["adjust-function-memory", "page"]\n'
    + "ceiling = 3008\nraises = 3\n",
    "function.toml",
)


@dataclass
class FunctionWorld(World):
    """All functions of Firebreak, on one function of Lambda."""

    function: FakeLambda = field(default_factory=FakeLambda.with_alias)

    def services(self) -> FakeServices:
        return FakeServices(self.ecs, self.ecs, self.function, self.function)


@pytest.fixture
def nights() -> Iterator[FunctionWorld]:
    with world_on_moto() as fresh:
        yield FunctionWorld(fresh.dynamodb, policy=FUNCTION_POLICY)


def nights_of(world: FunctionWorld, *, silent: bool) -> None:
    """The function's alarm turns red on three nights, and OK in the mornings when somebody calls it."""
    about: dict[str, Any] = {
        "metrics": (Metric("AWS/Lambda", "Duration", {"FunctionName": "orders"}),),
        "tags": {"firebreak:action": "adjust-function-memory"},
    }
    for _ in range(3):
        alarm = goes_silent(world, "orders-slow", **about) if silent else world.red("orders-slow", **about)
        world.send(alarm, "adjust-function-memory")
        world.pass_time(NIGHT / 3)
        world.green(alarm)
        world.pass_time(NIGHT * 2 / 3)


@pytest.mark.parametrize(("silent", "memory"), [(True, 1024), (False, 3008)], ids=["nobody calls it", "slow"])
def test_a_function_that_nobody_calls_keeps_its_memory_over_three_nights(
    nights: FunctionWorld, silent: bool, memory: int
) -> None:
    """The slow one shows what the silent one got when missing data was a symptom."""
    nights_of(nights, silent=silent)

    assert nights.function.latest.memory == memory
    assert bool(nights.function.made) is not silent
