"""`--holder` is a label: the caller that AWS named is shown with it, wherever the hold is shown."""

import json

from firebreak.core.guards.shared_conditions import switch_words
from firebreak.core.limits.history import Hold
from firebreak.ledger.items import Item, number, read_holds, text
from tests.cli.running import run_in
from tests.support import builders as a
from tests.support.world import World

PAUSE = ("pause", "--reason", "x")


def test_a_label_is_shown_with_who_gave_it_and_cannot_stand_alone(world: World) -> None:
    detail = " ".join(run_in(world, *PAUSE, "--holder", "ceo").stdout.split())
    assert "ceo (claimed by moto)" in detail
    assert "ceo (claimed by moto)" in " ".join(run_in(world, "switches").stdout.split())
    (hold,) = json.loads(run_in(world, "switches", "--json").stdout)["switches"]
    assert (hold["holder"], hold["claimed_by"]) == ("ceo", "moto")


def test_a_holder_named_by_aws_is_not_marked_as_claimed(world: World) -> None:
    said = run_in(world, *PAUSE).stdout
    assert "moto" in said
    assert "(claimed by" not in said
    (hold,) = world.switches.held()
    assert (hold.holder, hold.claimed_by) == ("moto", "")


def test_a_page_and_a_decision_say_who_claimed_it() -> None:
    hold = Hold("global", "ceo", "sale", a.NOW, a.NOW, "ana")
    assert "by ceo (claimed by ana) until" in switch_words(hold)


def test_a_resume_goes_by_the_label_and_says_who_released_whose_hold(world: World) -> None:
    run_in(world, *PAUSE, "--holder", "ci")
    said = " ".join(run_in(world, "resume", "--holder", "ci").stdout.split())
    assert "held by ci, released by moto" in said
    assert world.switches.held() == []


def test_a_hold_of_an_earlier_release_reads_without_a_claim() -> None:
    entry = {"why": text("x"), "since": number(1), "until": number(2)}
    item: Item = {"held_until": number(2), "holders": {"M": {"ana": {"M": entry}}}}
    (hold,) = read_holds("global", item)
    assert (hold.shown_holder, hold.claimed_by) == ("ana", "")
