"""The time that each step of a drill may take, by the policy alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.ledger import HistoryLine
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak_cli.drill.times import (
    LATE_WAKE,
    EventKind,
    Scenario,
    Seen,
    Step,
    Timing,
    complete,
    history_events,
    hopeless,
    in_time,
    settles_within,
    steps,
)
from tests.support import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
RULES = a.rules()  # answered within 2m; after 4m, healthy_for 5m, retry_every 2m, rung_gap 1m
K = AnnouncementKind
RESTARTED = "deployment ecs-svc/1 of api:7"


def history(*lines: tuple[float, str]) -> tuple[HistoryLine, ...]:
    """Lines so many seconds after the alarm turned red."""
    return tuple(HistoryLine(n, a.NOW + at * SECOND, what) for n, (at, what) in enumerate(lines))


def at(seconds: float) -> datetime:
    return a.NOW + seconds * SECOND


ACTED = ((1.0, "claimed rung 1: restart-service"), (2.0, RESTARTED))
ACT_ANNOUNCED = {(K.ACTED, 0): at(3)}


def seen(*lines: tuple[float, str], **changes: object) -> Seen:
    base = Seen(red_at=a.NOW, decided_at=at(1), outcome="act", lines=history(*lines), announced=ACT_ANNOUNCED)
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def took(found: tuple[Step, ...]) -> Mapping[str, tuple[float | None, float, str]]:
    """Each step: how long it took, how long it might, and how that is called."""
    return {
        step.name: (
            step.took.total_seconds() if step.took is not None else None,
            step.allowed.total_seconds(),
            step.timing.value,
        )
        for step in found
    }


def test_one_that_recovers_is_timed_from_red_to_the_page_that_says_so() -> None:
    found = steps(
        Scenario.RECOVERS,
        RULES,
        seen(
            *ACTED,
            (6, "holding: every alarm of the incident is OK"),
            (310, "closed: every alarm of the incident is OK"),
            ok_at=at(5),
            announced={**ACT_ANNOUNCED, (K.RECOVERED, 0): at(311)},
        ),
    )

    at_rest = 4 * 60 + 2 * 60 + 150  # the check, one more look, and that it comes late
    assert took(found) == {
        "decided": (1, 120, "ok"),
        "claimed": (1, 120, "ok"),
        "acted": (2, 120, "ok"),
        "announced": (1, 120, "ok"),
        "set OK": (3, 120, "ok"),
        "looked again": (1, 120, "ok"),
        "recovered": (309, at_rest + 5 * 60 + 150, "ok"),
        "recovery announced": (1, 120, "ok"),
    }
    assert complete(found)
    assert in_time(found)


def test_one_that_stays_red_is_timed_rung_by_rung_to_a_human() -> None:
    found = steps(
        Scenario.STAYS_RED,
        RULES,
        seen(
            *ACTED,
            (245, "the action's effect has not settled yet"),
            (370, "climbing to rung 2: api-memory-high is still red"),
            (372, "claimed rung 2: scale-service"),
            (373, "desired count is 3"),
            (620, "given to humans: nothing is left to try: api-memory-high is still red"),
            rung=1,
            patience={0: 10 * MINUTE},
            announced={**ACT_ANNOUNCED, (K.GIVEN_TO_HUMANS, 1): at(625)},
        ),
    )

    assert took(found) == {
        "decided": (1, 120, "ok"),
        "claimed": (1, 120, "ok"),
        "acted": (2, 120, "ok"),
        "announced": (1, 120, "ok"),
        "rung 1 judged": (369, 10 * 60 + 2 * 60 + 150, "ok"),
        "next after rung 1": (2, 120, "ok"),
        "rung 2 acted": (1, 20, "ok"),
        "rung 2 judged": (248, 4 * 60 + 150, "ok"),
        "humans notified": (5, 120, "ok"),
    }
    assert complete(found)


def test_one_that_is_watched_is_timed_to_its_decision() -> None:
    found = steps(Scenario.OBSERVE, RULES, Seen(red_at=a.NOW, decided_at=at(4), outcome="propose"))
    assert took(found) == {"decided": (4, 120, "ok"), "nothing done": (4, 120, "ok")}
    acted = steps(Scenario.OBSERVE, RULES, Seen(red_at=a.NOW, decided_at=at(4), outcome="act"))
    assert took(acted)["nothing done"] == (None, 120, "did not happen")


@pytest.mark.parametrize("scenario", Scenario)
def test_before_anything_is_seen_nothing_is_complete(scenario: Scenario) -> None:
    found = steps(scenario, RULES, Seen(red_at=a.NOW))
    assert (complete(found), in_time(found)) == (False, False)
    assert {step.timing for step in found} == {Timing.MISSING}


@pytest.mark.parametrize(
    ("seconds", "expected"), [(120, Timing.OK), (120.001, Timing.LATE)], ids=["at the limit", "above it"]
)
def test_the_policy_says_how_soon_an_alarm_is_answered(seconds: float, expected: Timing) -> None:
    step, *_ = steps(Scenario.OBSERVE, RULES, Seen(red_at=a.NOW, decided_at=at(seconds)))
    assert step.timing is expected
    slower = replace(RULES, respond_within=3 * MINUTE)
    assert steps(Scenario.OBSERVE, slower, Seen(red_at=a.NOW, decided_at=at(seconds)))[0].timing is Timing.OK


def test_a_step_earlier_than_its_cause_took_no_time_because_clocks_differ() -> None:
    step, *_ = steps(Scenario.OBSERVE, RULES, Seen(red_at=a.NOW, decided_at=at(-2)))
    assert (step.took, step.timing) == (timedelta(), Timing.OK)


@pytest.mark.parametrize(
    ("looked", "expected"), [(9.0, Timing.OK), (11.0, Timing.LATE)], ids=["woken", "by its schedule"]
)
def test_an_ok_must_wake_verify_before_its_schedule_does(looked: float, expected: Timing) -> None:
    quick = replace(RULES, verification=replace(RULES.verification, after=9 * SECOND))
    found = steps(Scenario.RECOVERS, quick, seen(*ACTED, (looked, "holding: all is well"), ok_at=at(4)))
    (look,) = (step for step in found if step.name == "looked again")
    assert (look.allowed, look.timing) == (6 * SECOND, expected)


def test_an_ok_after_the_check_was_due_is_to_be_seen_like_any_other() -> None:
    found = steps(Scenario.RECOVERS, RULES, seen(*ACTED, ok_at=at(600)))
    assert took(found)["looked again"] == (None, 120, "did not happen")


def test_a_look_from_before_the_ok_is_not_the_one_that_it_woke() -> None:
    lines = (*ACTED, (5.0, "the action's effect has not settled yet"))
    found = steps(Scenario.RECOVERS, RULES, seen(*lines, ok_at=at(6)))
    assert took(found)["looked again"][0] is None


@pytest.mark.parametrize(
    ("patience", "expected"),
    [(0, 4), (4, 4), (5, 7)],
    ids=["settles at once", "as the check", "later: one more look"],
)
def test_an_effect_is_judged_once_it_has_come_to_rest(patience: int, expected: int) -> None:
    assert settles_within(RULES, patience * MINUTE) == expected * MINUTE


def climb_after(gap: timedelta) -> Step:
    rules = replace(RULES, rung_gap=gap)
    found = steps(Scenario.STAYS_RED, rules, seen(*ACTED, (241, "climbing to rung 2: still red")))
    return next(step for step in found if step.name == "next after rung 1")


def test_the_next_rung_waits_for_what_is_left_of_the_rung_gap() -> None:
    assert climb_after(4 * MINUTE).allowed == RULES.respond_within
    assert climb_after(5 * MINUTE).allowed == MINUTE + LATE_WAKE + RULES.respond_within


def test_a_rung_that_is_passed_over_is_followed_by_another() -> None:
    found = steps(
        Scenario.STAYS_RED,
        RULES,
        seen(
            *ACTED,
            (241, "climbing to rung 2: still red"),
            (243, "climbing: readiness: at its ceiling"),
            (245, "given to humans: readiness: cannot"),
        ),
    )
    climbs = [step.took for step in found if step.name.startswith("next after")]
    assert climbs == [2 * SECOND, 2 * SECOND]


def test_a_rung_that_asks_waits_for_a_human_as_long_as_the_policy_says() -> None:
    found = steps(
        Scenario.STAYS_RED,
        RULES,
        seen(*ACTED, (241, "climbing to rung 2: red"), (243, "asks for approval: scale to 3")),
    )
    assert took(found)["nobody's yes"] == (None, 30 * 60 + 150, "did not happen")


def test_the_history_is_understood_line_by_line() -> None:
    lines = history(
        (0, "claimed rung 1: restart-service"),
        (1, "joined by alarm api-5xx"),
        (2, RESTARTED),
        (3, "superseded result: act"),
        (4, "deferred: rung gap: rest 1m"),
        (5, "claimed rung 2: scale-service"),
        (6, "not executed: UpdateService answered AccessDenied"),
        (7, "claimed rung 2 to undo: scale-service"),
        (8, "desired count is 2 again"),
        (9, "resting: every alarm of the incident is OK"),
    )
    assert [(event.what, event.rung) for event in history_events(lines)] == [
        (EventKind.CLAIMED, 0),
        (EventKind.ACTED, 0),
        (EventKind.OTHER, 0),
        (EventKind.CLAIMED, 1),
        (EventKind.FAILED, 1),
        (EventKind.OTHER, 1),
        (EventKind.OTHER, 1),
        (EventKind.WELL, 1),
    ]


@pytest.mark.parametrize("failure", ["uncertain: lost", "the function that claimed it never reported back"])
def test_an_act_that_is_not_known_to_have_been_made_is_none(failure: str) -> None:
    lost = seen((1, "claimed rung 1: restart-service"), (2, failure))
    assert hopeless(Scenario.RECOVERS, lost) == "an act was claimed, and is not known to have been made"
    assert took(steps(Scenario.RECOVERS, RULES, lost))["acted"][0] is None


@pytest.mark.parametrize(
    ("scenario", "found", "why"),
    [
        pytest.param(Scenario.RECOVERS, Seen(red_at=a.NOW), "", id="nothing yet"),
        pytest.param(Scenario.RECOVERS, seen(*ACTED), "", id="on its way"),
        pytest.param(
            Scenario.STAYS_RED,
            Seen(red_at=a.NOW, outcome="refuse", reason="cooldown"),
            "it was decided to refuse (cooldown), not to act",
            id="refused",
        ),
        pytest.param(
            Scenario.OBSERVE,
            seen(*ACTED, reason=""),
            "it was decided to act, not to propose",
            id="acted on although it was to be watched",
        ),
        pytest.param(
            Scenario.RECOVERS, seen(*ACTED, (9, "given to humans: x")), "it was given to humans", id="humans"
        ),
        pytest.param(
            Scenario.STAYS_RED,
            seen(*ACTED, (9, "closed: all is well")),
            "it was found to be well, although it was to stay red",
            id="well",
        ),
    ],
)
def test_a_step_that_cannot_come_any_more_is_not_waited_for(
    scenario: Scenario, found: Seen, why: str
) -> None:
    assert hopeless(scenario, found) == why


WORDS = [
    "claimed rung 1: restart-service",
    RESTARTED,
    "climbing to rung 2: red",
    "claimed rung 2: scale-service",
    "asks for approval: x",
    "given to humans: x",
    "holding: x",
    "closed: x",
    "uncertain: x",
]


@st.composite
def anything_seen(draw: st.DrawFn) -> Seen:
    lines = draw(st.lists(st.tuples(st.integers(0, 900), st.sampled_from(WORDS)), max_size=9))
    times = list(accumulate(gap for gap, _ in lines))
    ok, decided = draw(st.none() | st.integers(0, 500)), draw(st.none() | st.integers(-5, 500))
    return Seen(
        red_at=a.NOW,
        decided_at=None if decided is None else at(decided),
        outcome=draw(st.sampled_from(["", "act", "propose", "refuse"])),
        lines=history(*zip(times, (what for _, what in lines), strict=True)),
        ok_at=None if ok is None else at(ok),
    )


@given(scenario=st.sampled_from(Scenario), found=anything_seen())
def test_whatever_was_seen_a_laxer_policy_never_calls_it_later(scenario: Scenario, found: Seen) -> None:
    strict = steps(scenario, RULES, found)
    lax = steps(scenario, replace(RULES, respond_within=2 * RULES.respond_within), found)
    pairs = list(zip(strict, lax, strict=True))
    assert all(step.name == laxer.name for step, laxer in pairs)
    assert all(laxer.timing is Timing.OK or step.timing is not Timing.OK for step, laxer in pairs)
    assert all(step.took is None or step.took >= timedelta() for step in strict)
    assert complete(strict) or not in_time(strict)
