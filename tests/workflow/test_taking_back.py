"""A change is taken back because it made things worse, or because it was temporary."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.incident.states import IncidentState, Purpose
from firebreak.core.limits.history import Hold, Judged, ScopeHistory
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import OutcomeUnknown
from firebreak.services.ecs.model import ServiceLive
from tests.support import builders as a
from tests.support.world import World

MINUTE = timedelta(minutes=1)
S = IncidentState
SCALE = {"firebreak:action": "scale-service"}
COUNTS = "set_desired_count"


def scaled(world: World) -> tuple[Alarm, str]:
    """The service got a third task."""
    alarm = world.red(tags=SCALE)
    done = world.send(alarm, "scale-service")
    assert done.outcome == "act"
    return alarm, done.incident_id


def counts(world: World) -> list[object]:
    return [count for name, _, count in world.ecs.writes if name == COUNTS]


def labels(world: World) -> list[str]:
    return [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in world.subjects]


def last_page(world: World) -> str:
    return world.pager.sent[-1][1]


def judged(world: World) -> Judged | None:
    history = world.ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.TARGET)]
    assert isinstance(history, ScopeHistory)
    return history.acts[0].judged


def change(world: World, **changes: object) -> None:
    live = world.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    world.ecs.services[a.TARGET.display] = replace(live, **changes)  # type: ignore[arg-type]  # names are checked by replace


def healed(world: World) -> tuple[Alarm, str]:
    """Scaled, and well two minutes later."""
    alarm, incident_id = scaled(world)
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    return alarm, incident_id


class TestRestore:
    def test_extra_tasks_stay_for_the_healthy_hold_and_are_then_taken_back(self, world: World) -> None:
        _, incident_id = healed(world)

        world.pass_time(29 * MINUTE)
        assert (counts(world), world.incident(incident_id).state) == ([3], S.RESTING)

        world.pass_time(2 * MINUTE)
        assert counts(world) == [3, 2]

        world.pass_time(12 * MINUTE)
        assert (world.incident(incident_id).state, counts(world)) == (S.CLOSED, [3, 2])
        assert labels(world) == ["ACTED", "RESOLVED", "RESTORED"]

    def test_the_page_says_that_it_is_over_and_when_the_added_tasks_go(self, world: World) -> None:
        healed(world)

        world.pass_time(6 * MINUTE)

        assert labels(world) == ["ACTED", "RESOLVED"]
        assert "The change is temporary: it is taken back at 10:32:30Z if all stays well." in last_page(world)

    def test_a_restore_is_claimed_and_takes_no_slot(self, world: World) -> None:
        _, incident_id = healed(world)
        world.pass_time(31 * MINUTE)

        view = world.ledger.look(a.request(), a.SCOPES)
        history = view.scopes[a.scope(Level.TARGET)]

        assert world.incident(incident_id).purpose is Purpose.RESTORE
        assert [act.rung for act in history.acts] == [0]  # type: ignore[union-attr]  # it was just read
        assert "claimed rung 1 to restore: scale-service" in [
            line.what for line in world.ledger.history(incident_id)
        ]

    def test_an_alarm_that_comes_back_gets_the_tasks_back_and_a_human(self, world: World) -> None:
        alarm, incident_id = healed(world)
        world.pass_time(31 * MINUTE)
        world.alarms.turn(alarm.name, AlarmState.ALARM, world.clock.at)

        world.pass_time(12 * MINUTE)

        assert counts(world) == [3, 2, 3]
        assert world.incident(incident_id).state is S.PAGED
        assert labels(world) == ["ACTED", "RESOLVED", "RESTORED", "MADE WORSE", "UNDONE", "NEEDS YOU"]
        undone = next(body for subject, body in world.pager.sent if "UNDONE" in subject)
        assert "put back ecs:prod/api: desired count 2 to 3" in undone
        assert "before: desired count 2" in undone
        assert "after: desired count 3" in undone

    def test_a_count_that_somebody_changed_since_stays(self, world: World) -> None:
        _, incident_id = healed(world)
        world.pass_time(10 * MINUTE)
        change(world, desired=5, running=5)

        world.pass_time(60 * MINUTE)

        assert (counts(world), world.incident(incident_id).state) == ([3], S.CLOSED)
        assert labels(world) == ["ACTED", "RESOLVED", "KEPT"]
        assert "desired count is 5; Firebreak had set 3" in last_page(world)

    def test_a_pause_keeps_the_tasks_for_now_and_they_go_after_it(self, world: World) -> None:
        _, incident_id = healed(world)
        world.pass_time(29 * MINUTE)
        now = world.clock.at
        world.switches.pause(Hold("global", "ana", "migration", now, now + 20 * MINUTE))

        world.pass_time(15 * MINUTE)
        assert (counts(world), world.incident(incident_id).state) == ([3], S.RESTING)
        assert labels(world) == ["ACTED", "RESOLVED", "KEPT"]
        assert "migration" in last_page(world)

        world.pass_time(30 * MINUTE)
        assert (counts(world), world.incident(incident_id).state) == ([3, 2], S.CLOSED)
        assert labels(world) == ["ACTED", "RESOLVED", "KEPT", "RESTORED"]

    @pytest.mark.parametrize("lost", [False, True], ids=["its event comes", "its event is lost"])
    def test_an_alarm_that_comes_back_during_the_rest_goes_on_within_minutes(
        self, world: World, *, lost: bool
    ) -> None:
        _, incident_id = healed(world)
        world.pass_time(10 * MINUTE)
        again = world.red(tags=SCALE)
        if not lost:
            assert world.send(again, "scale-service").reason is Reason.IN_FLIGHT

        world.pass_time((2 if not lost else 6) * MINUTE)

        assert (counts(world), world.incident(incident_id).state) == ([3], S.PAGED)
        assert labels(world) == ["ACTED", "RESOLVED", "NEEDS YOU"]

    def test_a_relapse_that_nobody_observed_restarts_the_rest(self, world: World) -> None:
        alarm, incident_id = healed(world)
        world.pass_time(11 * MINUTE)
        world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)

        world.pass_time(20 * MINUTE)
        assert (counts(world), world.incident(incident_id).state) == ([3], S.RESTING)
        world.pass_time(12 * MINUTE)
        assert counts(world) == [3, 2]

    def test_humans_who_were_paged_hear_that_it_is_over_although_it_was_over_before(
        self, world: World
    ) -> None:
        alarm, incident_id = healed(world)
        world.pass_time(10 * MINUTE)
        world.red(tags=SCALE)
        world.pass_time(6 * MINUTE)
        assert labels(world)[-1] == "NEEDS YOU"

        world.green(alarm)
        world.deliver()

        assert world.incident(incident_id).state is S.CLOSED
        assert labels(world) == ["ACTED", "RESOLVED", "NEEDS YOU", "RESOLVED"]

    def test_a_look_that_fails_at_the_end_of_the_rest_does_not_keep_the_tasks_for_good(
        self, world: World
    ) -> None:
        healed(world)
        world.pass_time(29 * MINUTE)
        world.ecs.targets[a.TARGET.display] = Unknown("ThrottlingException")
        world.pass_time(5 * MINUTE)
        assert counts(world) == [3]

        del world.ecs.targets[a.TARGET.display]
        world.pass_time(5 * MINUTE)

        assert counts(world) == [3, 2]

    def test_a_recovery_is_judged_once(self, world: World) -> None:
        healed(world)
        world.pass_time(6 * MINUTE)
        first = judged(world)

        world.pass_time(40 * MINUTE)

        assert counts(world) == [3, 2]
        assert judged(world) == first
        assert first is not None
        assert first.helped

    def test_an_alarm_without_data_waits_and_is_no_failure_of_the_act(self, world: World) -> None:
        alarm, incident_id = healed(world)
        world.pass_time(10 * MINUTE)
        world.alarms.turn(alarm.name, AlarmState.INSUFFICIENT_DATA, world.clock.at)

        world.pass_time(30 * MINUTE)
        assert (counts(world), world.incident(incident_id).state) == ([3], S.RESTING)
        world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
        world.pass_time(35 * MINUTE)

        assert counts(world) == [3, 2]

    def test_a_request_that_was_lost_is_made_again_by_the_sweeper(self, world: World) -> None:
        _, incident_id = healed(world)
        world.pass_time(29 * MINUTE)
        world.clock.pass_time(3 * MINUTE)
        for name in list(world.schedules.checks):
            world.verifier().handle(
                {
                    "source": "firebreak",
                    "detail-type": "Firebreak Check",
                    "detail": {"v": 1, "incident": name[0], "rung": name[1], "attempt": name[2]},
                }
            )
        world.bus.asked.clear()
        world.schedules.checks.clear()
        assert world.incident(incident_id).state is S.UNDOING

        world.clock.pass_time(5 * MINUTE)
        world.sweep()

        assert counts(world) == [3, 2]

    def test_a_restore_delivered_twice_is_done_once(self, world: World) -> None:
        _, incident_id = healed(world)
        world.pass_time(29 * MINUTE)
        sent = list(world.schedules.checks)
        world.clock.pass_time(2 * MINUTE)
        world.verifier().handle(
            {
                "source": "firebreak",
                "detail-type": "Firebreak Check",
                "detail": {"v": 1, "incident": incident_id, "rung": 0, "attempt": sent[-1][2]},
            }
        )
        (asked,) = world.bus.asked
        world.bus.asked.append(asked)

        world.deliver()

        assert counts(world) == [3, 2]
        assert world.summaries[-1].reason in {Reason.DUPLICATE, Reason.INCIDENT_MOVED_ON}

    def test_a_restore_whose_reply_was_lost_is_found_out_and_not_repeated(self, world: World) -> None:
        _, incident_id = healed(world)
        world.pass_time(29 * MINUTE)
        world.ecs.reply_lost = OutcomeUnknown("UpdateService", "ReadTimeoutError")

        world.pass_time(3 * MINUTE)
        assert world.incident(incident_id).state is S.UNCERTAIN
        world.ecs.reply_lost = None
        world.pass_time(20 * MINUTE)

        assert counts(world) == [3, 2]
        assert world.incident(incident_id).state is S.CLOSED


class TestUndo:
    def test_scaling_is_never_undone_while_the_alarm_is_red(self, world: World) -> None:
        """Fewer tasks run than before: more of them did not help, and fewer will not either."""
        _, incident_id = scaled(world)
        change(world, running=1)

        world.pass_time(6 * MINUTE)

        assert (counts(world), world.incident(incident_id).state) == ([3], S.PAGED)
        assert "It was not undone: desired count stays 3: tasks are not taken away" in last_page(world)

    def test_a_restart_that_made_things_worse_says_that_it_cannot_be_undone(self, world: World) -> None:
        done = world.send(world.red())
        change(world, running=0)

        world.pass_time(6 * MINUTE)

        assert world.incident(done.incident_id).state is S.PAGED
        assert "a restart cannot be taken back" in last_page(world)

    def test_an_undo_that_a_pause_stops_is_paged_and_the_values_stay(self, world: World) -> None:
        _, incident_id = healed(world)
        world.pass_time(31 * MINUTE)
        world.alarms.turn("api-memory-high", AlarmState.ALARM, world.clock.at)
        now = world.clock.at
        world.switches.pause(Hold("global", "ana", "migration", now, now + 60 * MINUTE))

        world.pass_time(12 * MINUTE)

        assert (counts(world), world.incident(incident_id).state) == ([3, 2], S.PAGED)
        assert labels(world)[-2:] == ["MADE WORSE", "NEEDS YOU"]
        assert "migration" in last_page(world)

    @pytest.mark.parametrize("service", [Unknown("ThrottlingException")], ids=["unseen"])
    def test_a_change_on_a_target_that_cannot_be_read_is_not_undone(
        self, world: World, service: Unknown
    ) -> None:
        _, incident_id = healed(world)
        world.pass_time(31 * MINUTE)
        world.alarms.turn("api-memory-high", AlarmState.ALARM, world.clock.at)
        world.ecs.services[a.TARGET.display] = service

        world.pass_time(20 * MINUTE)

        assert counts(world) == [3, 2]
        assert world.incident(incident_id).state is S.PAGED
