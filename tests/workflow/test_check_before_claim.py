"""No act without its check: the wake-up of Verify is made before the claim."""

from firebreak.core.reasons import Reason
from firebreak.errors import Unavailable
from tests.support.world import World


def test_without_a_scheduled_check_nothing_is_claimed_and_nothing_is_changed(world: World) -> None:
    alarm = world.red()
    world.schedules.broken = Unavailable("CreateSchedule", "ServiceUnavailable")
    done = world.send(alarm)
    assert (done.outcome, done.reason) == ("refuse", Reason.LEDGER_UNAVAILABLE)
    assert world.ecs.writes == []
    world.schedules.broken = None
    assert world.send(alarm).outcome == "act", "the failed try took no slot and left no decision behind"
    assert len(world.ecs.writes) == 1
