"""A storm of alarms: nothing is done, one page when it begins, one when it ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.storm import MOST_REMEMBERED, Storm, red_alarm
from firebreak.core.model import Alarm, AlarmState, Contributor, Mute
from firebreak.core.paging.page import Phase
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Throttled
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from tests.support import builders as a
from tests.support.faults import Killed, Wrapped, fail
from tests.support.world import World, eventbridge, world_on_moto

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
POLICY = a.AUTO_POLICY.replace("alarms = 50", 'alarms = 4\nwithin = "5m"\nquiet = "10m"')
WIDE = POLICY.replace('["5/15m"]', '["40/15m"]').replace('["5/15m", "40/24h"]', '["40/15m", "60/1h"]')


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(WIDE, "storm.toml")) as made:
        for name in "abcdefgh":
            made.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)
        yield made


def red(world: World, name: str, **changes: Any) -> Alarm:
    """The red alarm of the service of that name."""
    tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{name}"}
    return world.red(f"{name}-memory-high", tags=tags, **changes)


def strike(world: World, *names: str) -> list[Summary]:
    return [world.send(red(world, name)) for name in names]


def storm_of(world: World) -> Storm:
    found = world.storm_watch().storms.look()
    assert isinstance(found, Storm)
    return found


def pages(world: World, mark: str) -> list[str]:
    return [body for _, body in world.pager.sent if body.startswith(f"{mark}: ")]


def test_the_alarm_that_makes_it_a_storm_and_all_after_it_are_not_acted_on(world: World) -> None:
    found = strike(world, *"abcdef")
    assert [one.reason for one in found] == [Reason.CLEAR_TO_ACT] * 3 + [Reason.STORM] * 3
    assert len(world.ecs.writes) == 3


def test_it_is_paged_once_with_the_list_and_refusals_in_it_are_not(world: World) -> None:
    strike(world, *"abcdef")
    [page] = pages(world, "STORM")
    assert "4 routed alarms turned red within 5m: Firebreak stops acting." in page
    assert all(f"{name}-memory-high" in page for name in "abcd")
    assert f"See all:  firebreak storm {a.ON_STACK}" in page
    assert f'End it:   firebreak storm --end --reason "..." {a.ON_STACK}' in page
    assert pages(world, "NOT ACTING") == []


def test_one_alarm_that_turns_red_again_and_again_is_no_storm(world: World) -> None:
    for _ in range(8):
        world.send(red(world, "a"))
        world.clock.pass_time(SECOND)
    assert storm_of(world).tripped_at is None


def test_an_alarm_that_cloudwatch_mutes_or_suppresses_does_not_count(world: World) -> None:
    mute = Mute("rule", world.clock.at + 60 * MINUTE)
    for name in "abcdef":
        world.send(red(world, name, mute=mute))
    assert world.storm_watch().storms.look() == ABSENT


def test_each_series_of_an_alarm_counts(world: World) -> None:
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/api"}
    watch = world.storm_watch()
    rules = world.policy.storm
    for n in range(4):
        alarm = a.alarm("fleet", tags=tags, contributor=Contributor(f"s{n}", {}))
        watch.count(red_alarm(alarm, world.clock.at), rules, watch.storms.look())
    assert storm_of(world).tripped_at is not None


def test_alarms_that_name_no_target_are_no_storm_for_the_others(world: World) -> None:
    """Alarm rights alone make as many of them as one likes."""
    strike(world, "a", "b", "c")
    for name in ("lost", "found", "nowhere", "nothing"):
        lost = world.red(name, tags={"firebreak:action": "restart-service", "firebreak:target": "nonsense"})
        assert world.send(lost).reason is Reason.TARGET_MALFORMED
    assert storm_of(world).tripped_at is None


def test_an_alarm_whose_target_cannot_be_looked_up_counts_too(world: World) -> None:
    strike(world, "a", "b", "c")
    lost = world.red("lost", tags={"firebreak:action": "restart-service"})
    world.alarms.tagged[lost.arn] = Unknown("throttled")
    assert world.send(lost).reason is Reason.TARGET_UNREADABLE
    assert storm_of(world).tripped_at is not None


def test_a_climb_waits_for_no_storm_it_goes_to_humans(world: World) -> None:
    [first] = strike(world, "a")
    strike(world, "b", "c", "d")
    world.pass_time(6 * MINUTE)
    assert world.incident(first.incident_id).state.value == "paged"
    assert not [name for name, target, _ in world.ecs.writes if target == "ecs:prod/a"][1:]


def test_alarms_further_apart_than_the_window_are_none_and_are_forgotten(world: World) -> None:
    for name in "abcdefgh":
        strike(world, name)
        world.clock.pass_time(2 * MINUTE)
        world.clock.pass_time(3 * MINUTE)
    assert storm_of(world).tripped_at is None
    assert [one.name[0] for one in storm_of(world).red] == ["f", "g", "h"]


def calm_down(world: World, *names: str) -> None:
    for name in names:
        world.alarms.turn(f"{name}-memory-high", AlarmState.OK, world.clock.at)


def test_it_ends_with_a_page_of_what_is_still_red_and_nothing_is_restarted(world: World) -> None:
    strike(world, *"abcdef")
    calm_down(world, "a", "b", "c", "d")
    before = len(world.ecs.writes)
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    [page] = pages(world, "STORM OVER")
    assert "still red: 2 of the 6 that were counted" in page
    assert "e-memory-high" in page
    assert "a-memory-high" not in page.split("still red")[1]
    assert len(world.ecs.writes) == before
    assert storm_of(world).tripped_at is None
    assert strike(world, "g")[0].outcome == "act"


def test_it_goes_on_while_as_many_are_red_as_it_takes(world: World) -> None:
    strike(world, *"abcdef")
    calm_down(world, "a", "b")
    world.clock.pass_time(60 * MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is not None


def test_it_goes_on_until_it_was_quiet_for_long_enough(world: World) -> None:
    strike(world, *"abcd")
    calm_down(world, *"abcd")
    world.clock.pass_time(9 * MINUTE)
    strike(world, "e")
    calm_down(world, "e")
    world.clock.pass_time(9 * MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is not None
    world.clock.pass_time(MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is None


def test_it_goes_on_while_the_alarms_cannot_be_read(world: World) -> None:
    strike(world, *"abcd")
    dark: Any = Wrapped(world.alarms)
    dark.describe_all = lambda names: Unknown("AccessDeniedException")
    world.alarms = dark
    world.clock.pass_time(60 * MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is not None


def test_an_alarm_that_was_deleted_is_not_red_any_more(world: World) -> None:
    strike(world, *"abcd")
    for name in "abc":
        del world.alarms.described[f"{name}-memory-high"]
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is None


def test_an_alarm_neither_red_nor_ok_at_the_end_of_a_storm_keeps_its_page_open_until_it_is_ok(
    world: World,
) -> None:
    strike(world, *"abcd")
    calm_down(world, *"cd")
    del world.alarms.described["a-memory-high"]
    world.alarms.turn("b-memory-high", AlarmState.INSUFFICIENT_DATA, world.clock.at)
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    [page] = pages(world, "STORM OVER")
    assert "still red: 0 of the 4 that were counted" in page
    assert "a-memory-high does not exist any more" in page
    assert "b-memory-high has no data" in page
    assert [sent.phase for _, sent in world.pager.pages][-1] is not Phase.RESOLVE
    world.clock.pass_time(6 * MINUTE)
    world.page_sweep()
    assert not pages(world, "RESOLVED")
    world.red("a-memory-high")
    calm_down(world, *"ab")
    world.clock.pass_time(6 * MINUTE)
    world.page_sweep()
    assert len(pages(world, "RESOLVED")) == 1


def test_a_series_is_red_only_while_it_is_listed_and_its_alarm_is(world: World) -> None:
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/api"}
    world.red("fleet", tags=tags)
    watch = world.storm_watch()
    for n in range(4):
        alarm = a.alarm("fleet", tags=tags, contributor=Contributor(f"s{n}", {}))
        watch.count(red_alarm(alarm, world.clock.at), world.policy.storm, watch.storms.look())
    world.alarms.series["fleet"] = a.series("s0", "s1", "s2", "s3")
    world.clock.pass_time(10 * MINUTE)
    watch.sweep(world.policy.storm)
    assert storm_of(world).tripped_at is not None
    world.alarms.series["fleet"] = Unknown("ThrottlingException")
    watch.sweep(world.policy.storm)
    assert storm_of(world).tripped_at is not None
    world.alarms.series["fleet"] = a.series("s0")
    watch.sweep(world.policy.storm)
    assert storm_of(world).tripped_at is None


def test_a_new_storm_after_the_old_one_is_paged_again(world: World) -> None:
    strike(world, *"abcd")
    calm_down(world, *"abcd")
    world.clock.pass_time(20 * MINUTE)
    world.sweep()
    strike(world, *"efgh")
    assert len(pages(world, "STORM")) == 2


def test_a_storm_whose_declarer_died_is_declared_by_the_sweeper(world: World) -> None:
    strike(world, "a", "b", "c")
    watch = world.storm_watch()
    mortal: Any = Wrapped(watch.storms, before=fail(Killed("here"), on=["trip"]))
    dying = replace(watch, storms=mortal)
    counted = red_alarm(red(world, "d"), world.clock.at)
    with pytest.raises(Killed):
        dying.count(counted, world.policy.storm, watch.storms.look())
    assert storm_of(world).tripped_at is None
    world.sweep()
    assert storm_of(world).tripped_at is not None
    assert len(pages(world, "STORM")) == 1


def test_the_page_is_not_lost_when_the_bus_is_down_as_it_begins(world: World) -> None:
    strike(world, "a", "b", "c")
    world.bus.broken = Throttled("PutEvents", "ThrottlingException")
    assert world.remediator().handle(eventbridge(red(world, "d"))).reason is Reason.STORM
    world.bus.broken = None
    world.clock.pass_time(5 * MINUTE)
    world.sweep()
    assert len(pages(world, "STORM")) == 1


@pytest.mark.parametrize("place", ["-", "RED"], ids=["whether", "who"])
def test_a_storm_that_cannot_be_read_refuses_and_is_paged_once_in_15_minutes(
    world: World, place: str
) -> None:
    world.dynamodb.put_item(
        TableName="ledger", Item={"pk": {"S": "STORM"}, "sk": {"S": place}, "odd": {"S": "nothing"}}
    )
    assert {one.reason for one in strike(world, *"abc")} == {Reason.STORM_UNREADABLE}
    assert world.ecs.writes == []
    assert len(pages(world, "NOT ACTING")) == 1
    world.clock.pass_time(15 * MINUTE)
    strike(world, "d")
    assert len(pages(world, "NOT ACTING")) == 2


def test_an_alarm_that_could_not_be_counted_is_refused_and_recorded(world: World) -> None:
    remediator = world.remediator()
    dark: Any = Wrapped(remediator.storms.storms, before=fail(Throttled("UpdateItem", "x"), on=["remember"]))
    dim = replace(remediator, storms=replace(remediator.storms, storms=dark))
    done = dim.handle(eventbridge(red(world, "a")))
    assert done.reason is Reason.STORM_UNREADABLE
    assert world.ecs.writes == []
    assert dim.handle(eventbridge(world.red("a-memory-high"))).reason is not Reason.CLEAR_TO_ACT


def test_a_sweep_whose_storm_cannot_be_looked_at_still_does_the_rest(world: World) -> None:
    [first] = strike(world, "a")
    world.clock.pass_time(10 * MINUTE)
    verifier = world.verifier()
    dark: Any = Wrapped(verifier.storms.storms, before=fail(Throttled("GetItem", "x"), on=["look"]))
    dim = replace(verifier, storms=replace(verifier.storms, storms=dark))
    with pytest.raises(Throttled):
        dim.handle({"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}})
    assert world.incident(first.incident_id).state.value == "climbing"


def test_alarms_whose_mute_windows_end_together_are_a_storm(world: World) -> None:
    end = world.clock.at + 60 * MINUTE
    for name in "abcdefgh":
        alarm = red(world, name, mute=Mute("maintenance", end))
        assert world.send(alarm).reason is Reason.MUTED
    world.pass_time(61 * MINUTE)
    assert len(world.ecs.writes) == 3
    assert len(pages(world, "STORM")) == 1


def test_a_storm_that_cannot_be_declared_stops_everything_all_the_same(world: World) -> None:
    remediator = world.remediator()
    busy: Any = Wrapped(remediator.storms.storms)
    busy.trip = lambda at, text: False
    crowded = replace(remediator, storms=replace(remediator.storms, storms=busy))
    reasons = [crowded.handle(eventbridge(red(world, name))).reason for name in "abcdef"]
    assert reasons == [Reason.CLEAR_TO_ACT] * 3 + [Reason.STORM] * 3
    world.sweep()
    assert storm_of(world).tripped_at is not None


def test_more_alarms_than_are_remembered_leave_a_storm_that_can_end(world: World) -> None:
    watch, rules = world.storm_watch(), world.policy.storm
    for n in range(MOST_REMEMBERED + 60):
        name = f"crowd-{n}"
        world.alarms.described[name] = a.described(name, since=world.clock.at)
        alarm = a.alarm(name, since=world.clock.at)
        watch.count(red_alarm(alarm, world.clock.at), rules, watch.storms.look())
        world.clock.pass_time(10 * SECOND)
    storm = storm_of(world)
    assert len(storm.red) == MOST_REMEMBERED
    assert storm.heard_at is not None
    assert world.clock.at - storm.heard_at <= MINUTE
    for one in storm.red:
        world.alarms.turn(one.name, AlarmState.OK, world.clock.at)
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is None


def test_an_alarm_that_turns_red_again_prolongs_the_storm_until_it_is_quiet(world: World) -> None:
    strike(world, *"abcd")
    calm_down(world, *"abcd")
    for _ in range(3):
        world.clock.pass_time(9 * MINUTE)
        world.send(red(world, "a"))
        calm_down(world, "a")
        world.sweep()
    assert storm_of(world).tripped_at is not None
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert (storm_of(world).tripped_at, len(pages(world, "STORM"))) == (None, 1)


def test_alarms_without_data_do_not_prolong_it(world: World) -> None:
    strike(world, *"abcd")
    for name in "abcd":
        world.alarms.turn(f"{name}-memory-high", AlarmState.INSUFFICIENT_DATA, world.clock.at)
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is None


def test_a_storm_that_lasts_is_paged_every_hour(world: World) -> None:
    strike(world, *"abcdef")
    for _ in range(30):
        world.clock.pass_time(5 * MINUTE)
        world.sweep()
    later = [page for page in pages(world, "STORM") if "goes on" in page]
    assert [hours for page in later for hours in ("1 h.", "2 h.") if hours in page] == ["1 h.", "2 h."]
    assert "red now: 6 of the 6 that were counted" in later[0]


def test_a_policy_with_a_smaller_limit_makes_no_storm_of_what_is_long_past(world: World) -> None:
    strike(world, *"abc")
    world.policy = parse_policy(WIDE.replace("alarms = 4", "alarms = 2"), "smaller.toml")
    world.clock.pass_time(60 * MINUTE)
    world.sweep()
    assert storm_of(world).tripped_at is None
    assert strike(world, "d")[0].outcome == "act"
