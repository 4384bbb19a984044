"""Every interleaving of concurrent functions on one ledger keeps the properties of docs/architecture.md.

`FIREBREAK_PROVE=deep` explores more of them at once, for minutes.
"""

import math
import os
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.proofs.interleavings.ending import Rest
from tests.proofs.interleavings.explorer import Explorer, Found, Scene
from tests.proofs.interleavings.scene_parts import API_RED, pause, remediator, scene
from tests.proofs.interleavings.scenes import deep, gate

DEEP = os.environ.get("FIREBREAK_PROVE") == "deep"
SCENES = [*gate(), *(deep() if DEEP else ())]

# The outcomes that some interleaving must reach, or the scene does not show what its name says.
ACTS, REFUSED = "restart(api-memory-high): act, clear_to_act", "restart(api-memory-high): refuse, {}"
REACHED = {
    "the same alarm twice": {ACTS, REFUSED.format("duplicate")},
    "two alarms of one target": {ACTS, REFUSED.format("in_flight")},
    "two targets, one slot": {ACTS, REFUSED.format("budget_full")},
    "two targets on one dependency": {ACTS, REFUSED.format("dependency_in_flight")},
    "a storm of two begins": {ACTS, REFUSED.format("storm")},
    "pause(global) at every point": {ACTS, REFUSED.format("switched_off")},
    "a slow claimant against the sweeper": {ACTS, "restart(api-memory-high): not_executed, clear_to_act"},
    "an alarm joins while Verify closes": {
        "check: recovered, clear_to_act",
        "check: superseded, incident_moved_on",
        "restart(api-latency-high): refuse, in_flight",
    },
    "an OK between observe and claim": {ACTS, REFUSED.format("superseded"), REFUSED.format("no_longer_red")},
    "a next rung delivered twice": {"climb: act, clear_to_act", "climb: refuse, duplicate"},
    "an OK while the next rung is asked for": {"climb: refuse, no_longer_red"},
    "a request by hand delivered twice": {"by hand: act, clear_to_act", "by hand: refuse, duplicate"},
    "a request by hand and an alarm of its target": {
        "by hand: act, clear_to_act",
        "by hand: refuse, in_flight",
        ACTS,
        REFUSED.format("in_flight"),
    },
    "pause(global) while somebody acts by hand": {
        "by hand: act, clear_to_act",
        "by hand: refuse, switched_off",
    },
    "two people say yes, one of them twice": {
        "yes of ana: refuse, needs_another_approver",
        "yes of ana: refuse, duplicate",
        "yes of ana: act, clear_to_act",
        "yes of bo: refuse, needs_another_approver",
        "yes of bo: act, clear_to_act",
    },
    "one person says yes twice where two must": {"yes of ana: refuse, needs_another_approver"},
    "the same alarm twice, a reply is lost": {"restart(api-memory-high): uncertain, clear_to_act"},
}


def test_every_scene_that_must_reach_something_is_explored() -> None:
    assert set(REACHED) <= {scene.name for scene in SCENES}


def explored(scene: Scene) -> Found:
    return Explorer(scene, Rest(scene).judge).explore()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_no_interleaving_breaks_a_property(scene: Scene, record_property: Any) -> None:
    started = time.perf_counter()
    found = explored(scene)
    record_property("proof", f"interleavings of {found} ({time.perf_counter() - started:.1f} s)")
    assert not found.broken, str(found)
    assert found.interleavings > 0
    assert REACHED.get(scene.name, set()) <= found.outcomes


def paths(first: int, second: int) -> int:
    """In how many orders two processes of so many steps can run."""
    return math.comb(first + second, first)


def test_the_interleavings_of_functions_that_never_meet_are_counted_exactly() -> None:
    """A pause of another action is one step, before, between or after those of one function."""
    alone = explored(scene("one", remediator(API_RED)))
    with_pause = explored(scene("two", remediator(API_RED), pause("action scale-service")))
    assert alone.interleavings == 1
    assert with_pause.interleavings == paths(alone.transitions, 1)


def test_functions_that_do_the_same_are_counted_as_if_they_were_different() -> None:
    twins = remediator(API_RED, 2)
    one, other = (replace(remediator(API_RED), name=name) for name in ("one", "other"))
    together, apart = explored(scene("twins", twins)), explored(scene("two", one, other))
    assert together.interleavings == apart.interleavings
    assert together.states < apart.states
