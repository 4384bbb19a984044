"""The explorer finds broken properties: each condition that is taken away breaks a property it names."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.ledger.memory.ledger import MemoryLedger
from tests.proofs.interleavings import breaking as b
from tests.proofs.interleavings.ending import Rest
from tests.proofs.interleavings.explorer import Explorer, Found, Scene
from tests.proofs.interleavings.functions import remediates
from tests.proofs.interleavings.scene_parts import API_RED
from tests.proofs.interleavings.scenes import gate

SCENES = {scene.name: scene for scene in gate()}


def explored(scene: Scene) -> Found:
    return Explorer(scene, Rest(scene).judge).explore()


@pytest.mark.parametrize(
    ("broken", "scene", "found"),
    [
        pytest.param(b.IgnoresScopes, "two targets, one slot", "property 1", id="scopes, budget"),
        pytest.param(b.IgnoresScopes, "two alarms of one target", "property 2", id="scopes, target"),
        pytest.param(b.IgnoresScopes, "two targets on one dependency", "property 2", id="scopes, dependency"),
        pytest.param(
            b.IgnoresScopes,
            "a request by hand and an alarm of its target",
            "property 2",
            id="scopes, by hand",
        ),
        pytest.param(b.RepeatsRungs, "the same alarm twice", "property 3", id="rung, duplicate"),
        pytest.param(b.RepeatsRungs, "a next rung delivered twice", "property 3", id="rung, climb"),
        pytest.param(b.IgnoresSwitches, "pause(global) at every point", "property 4", id="switch, global"),
        pytest.param(
            b.IgnoresSwitches, "pause(global) while somebody acts by hand", "property 4", id="switch, by hand"
        ),
        pytest.param(b.IgnoresSwitches, "pause(action) at every point", "property 4", id="switch, action"),
        pytest.param(b.IgnoresSwitches, "pause(group) at every point", "property 4", id="switch, group"),
        pytest.param(b.IgnoresSwitches, "pause(target) at every point", "property 4", id="switch, target"),
        pytest.param(b.RecordsAgain, "pause(global) at every point", "property 6", id="decision"),
        pytest.param(b.IgnoresTransitions, "an OK between observe and claim", "known to be OK", id="OK"),
        pytest.param(b.IgnoresStorms, "a storm of two begins", "during a storm", id="storm"),
        pytest.param(b.MovesFromAnywhere, "an alarm joins while Verify closes", "no member", id="move"),
        pytest.param(b.JoinsAnything, "an alarm joins while Verify closes", "closed over", id="join"),
        pytest.param(
            b.KeepsNoAnnouncement, "the same alarm twice, one is killed", "property 7", id="announcement"
        ),
    ],
)
def test_a_ledger_without_one_of_its_conditions_is_found_out(
    broken: type[MemoryLedger], scene: str, found: str
) -> None:
    result = explored(replace(SCENES[scene], make_ledger=broken))
    assert found in result.broken
    assert result.schedule


def test_a_function_that_does_not_look_at_its_deadline_is_found_out() -> None:
    sound = SCENES["a slow claimant against the sweeper"]
    claimant, *others = sound.processes
    unhurried = replace(claimant, run=b.unhurried(remediates(API_RED)))
    result = explored(replace(sound, processes=(unhurried, *others)))
    assert "property 4" in result.broken


def test_a_budget_without_its_pad_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firebreak.core.limits.budgets.PAD", timedelta())
    (late,) = [found for name, found in SCENES.items() if name.startswith("one slot in two minutes, 0:01:51")]
    assert "property 1" in explored(late).broken


def test_the_reported_schedule_leads_to_the_violation() -> None:
    result = explored(replace(SCENES["two targets, one slot"], make_ledger=b.IgnoresScopes))
    claims = [step for step in result.schedule if "ledger.claim -> won" in step]
    assert len(claims) == 2
    assert "action.execute" in result.schedule[-1]
    assert str(result).splitlines()[-1].strip() == result.schedule[-1]
