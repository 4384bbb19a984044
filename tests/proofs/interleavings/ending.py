"""The end of a run: once everything was delivered, fired and swept, nothing may be left open.

Properties 5 to 7: every act is verified or given to humans, every event ended in exactly one
decision, and nothing that should be told is still waiting.
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
from tests.proofs.interleavings.player import Player, unfinished
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
    """Plays what follows when the concurrent functions of a scene are done."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._props = Props(policy_of(scene.policy), scene.make_ledger)

    def judge(self, stage: SimulatedWorld, ended: Sequence[Ended]) -> None:
        """Raises Violation when the end is not as it must be."""
        player = Player(self._props, stage)
        for process in self._scene.processes:
            for _ in range(sum(end.process == process.name and not end.handled for end in ended)):
                player.run(process)
        player.to_the_end(self._scene.stage.at + LONGEST)
        _all_decided_once(player.stage, self._scene, ended)
        _all_told(player.stage)
        _no_alarm_forgotten(player.stage)
        for act in player.stage.diary.sent:
            _over(player.stage, act)


def _all_decided_once(stage: SimulatedWorld, scene: Scene, ended: Sequence[Ended]) -> None:
    """An event that nobody could keep a decision about was told to a human instead."""
    times: Mapping[str, int] = dict(stage.diary.decided)
    told_blind = any(text.kind == K.BLIND for text in stage.bus.announced)
    for process in scene.processes:
        blind = told_blind and all(end.blind for end in ended if end.process == process.name)
        for key in process.keys:
            if not times.get(key) and not blind:
                raise Violation(f"property 6: {process} ended in no decision")
    if any(found != 1 for found in times.values()):
        raise Violation(f"property 6: decided more than once: {times}")


def _all_told(stage: SimulatedWorld) -> None:
    if stage.ledger.untold:
        raise Violation(f"property 7: still untold: {unfinished(stage)}")


def _no_alarm_forgotten(stage: SimulatedWorld) -> None:
    """What joined is a member, and no incident is closed over a member that is still red."""
    for incident_id, alarm in stage.diary.joined:
        if alarm not in {member.name for member in stage.ledger.incidents[incident_id].members}:
            raise Violation(f"{alarm} joined {incident_id} and is no member of it")
    for incident in stage.ledger.incidents.values():
        states = {member.name: stage.outside.alarms[member.name].state for member in incident.members}
        if incident.state is IncidentState.CLOSED and set(states.values()) != {AlarmState.OK}:
            raise Violation(f"{incident.id} is closed over {states}")


def _over(stage: SimulatedWorld, act: Sent) -> None:
    incident = stage.ledger.incidents.get(act.incident_id)
    if not isinstance(incident, Incident) or incident.state not in FREES_TARGET:
        raise Violation(f"property 5: {act} is neither verified nor with humans")
    text = {one.kind for one in stage.bus.announced if one.incident_id == act.incident_id}
    if not text & SAID_OVER:
        raise Violation(f"property 5: nobody was told how {act} ended")
    said = {(one.kind, one.rung) for one in stage.bus.announced if one.incident_id == act.incident_id}
    if not said & {(kind, act.rung) for kind in SAID_SENT[act.purpose]}:
        raise Violation(f"property 7: nobody was told of {act}")
