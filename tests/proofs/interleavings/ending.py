"""The end of a run: once everything was delivered, fired and swept, nothing may be left open.

Properties 5 to 7: every act is verified or given to humans, every event ended in exactly one
decision, and no announcement is still unpublished.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from firebreak.core.incident.states import FREES_TARGET, Incident, IncidentState, Purpose
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState
from tests.proofs.interleavings.diary import Sent, Violation
from tests.proofs.interleavings.explorer import Scene
from tests.proofs.interleavings.functions import policy_of
from tests.proofs.interleavings.machine import Ended
from tests.proofs.interleavings.runner import Runner, unfinished
from tests.proofs.interleavings.simulated_world import Props, SimulatedWorld

K = AnnouncementKind
# Both rungs with all looks at them are over long before.
LONGEST = timedelta(hours=2)
SAID_SENT: Mapping[Purpose, frozenset[AnnouncementKind]] = MappingProxyType(
    {
        Purpose.ACT: frozenset({K.ACTED, K.UNCERTAIN}),
        Purpose.UNDO: frozenset({K.UNDONE, K.UNCERTAIN}),
        Purpose.RESTORE: frozenset({K.RESTORED, K.UNCERTAIN}),
    }
)
SAID_OVER = frozenset({K.RECOVERED, K.GIVEN_TO_HUMANS, K.EXPIRED, K.NOT_EXECUTED})


class Rest:
    """Runs the remaining steps after the concurrent functions of a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._props = Props(policy_of(scene.policy), scene.make_ledger)

    def judge(self, world: SimulatedWorld, ended: Sequence[Ended]) -> None:
        """Raises Violation when the end breaks a property."""
        runner = Runner(self._props, world)
        for process in self._scene.processes:
            for _ in range(sum(end.process == process.name and not end.handled for end in ended)):
                runner.run(process)
        runner.to_the_end(self._scene.world.at + LONGEST)
        _all_decided_once(runner.world, self._scene, ended)
        _all_announced(runner.world)
        _no_alarm_forgotten(runner.world)
        for act in runner.world.diary.sent:
            _over(runner.world, act)


def _all_decided_once(world: SimulatedWorld, scene: Scene, ended: Sequence[Ended]) -> None:
    """Each event ended in one decision, or in an announcement that none could be recorded."""
    times: Mapping[str, int] = dict(world.diary.decided)
    blindness_announced = any(text.kind == K.BLIND for text in world.bus.announced)
    for process in scene.processes:
        blind = blindness_announced and all(end.blind for end in ended if end.process == process.name)
        for key in process.keys:
            if not times.get(key) and not blind:
                raise Violation(f"property 6: {process} ended in no decision")
    if any(found != 1 for found in times.values()):
        raise Violation(f"property 6: decided more than once: {times}")


def _all_announced(world: SimulatedWorld) -> None:
    if world.ledger.unpublished:
        raise Violation(f"property 7: still unpublished: {unfinished(world)}")


def _no_alarm_forgotten(world: SimulatedWorld) -> None:
    """Every alarm that joined is a member, and no incident is closed over a member that is still red."""
    for incident_id, alarm in world.diary.joined:
        if alarm not in {member.name for member in world.ledger.incidents[incident_id].members}:
            raise Violation(f"{alarm} joined {incident_id} and is no member of it")
    for incident in world.ledger.incidents.values():
        states = {member.name: world.aws.alarms[member.name].state for member in incident.members}
        alone = incident.alarm.manual and not states  # an act by hand that no alarm belongs to
        if incident.state is IncidentState.CLOSED and not alone and set(states.values()) != {AlarmState.OK}:
            raise Violation(f"{incident.id} is closed over {states}")


def _over(world: SimulatedWorld, act: Sent) -> None:
    incident = world.ledger.incidents.get(act.incident_id)
    if not isinstance(incident, Incident) or incident.state not in FREES_TARGET:
        raise Violation(f"property 5: {act} is neither verified nor with humans")
    text = {one.kind for one in world.bus.announced if one.incident_id == act.incident_id}
    if not text & SAID_OVER:
        raise Violation(f"property 5: no announcement of how {act} ended")
    said = {(one.kind, one.rung) for one in world.bus.announced if one.incident_id == act.incident_id}
    if not said & {(kind, act.rung) for kind in SAID_SENT[act.purpose]}:
        raise Violation(f"property 7: no announcement of {act}")
