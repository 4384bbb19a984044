"""The hold-out: first acts that were made against those held out by chance, and nothing else in an arm."""

from typing import Any

from firebreak_cli.report.recovery_sections import in_time
from firebreak_cli.report.words import DID
from firebreak_cli.statistics.plain import as_json
from firebreak_cli.statistics.proportions import Compared, Share
from firebreak_cli.statistics.recovery import HoldOut, Recoveries, Treatment, recoveries_of
from firebreak_cli.statistics.summary import summarize
from tests.cli.statistics.records import DAY, FIRST, HOUR, MINUTE, act, call, decided, record, red

BEGINS = [FIRST + n * DAY for n in range(24)]
HELD = ("refuse", "held_out")


def found(**changes: Any) -> Recoveries:
    made = recoveries_of(record(**changes))
    assert isinstance(made, Recoveries)
    return made


def arms(**changes: Any) -> HoldOut:
    held_out = found(**changes).hold_out
    assert held_out is not None
    return held_out


def half_and_half() -> dict[str, Any]:
    """Every second alarm is held out; acting ends it in ten minutes, and nothing else ends it in time."""
    held, acted = BEGINS[::2], BEGINS[1::2]
    return {
        "acts": tuple(act(begin + MINUTE) for begin in acted),
        "decisions": (
            *(decided(begin + MINUTE, *HELD) for begin in held),
            *(decided(begin + MINUTE) for begin in acted),
        ),
        "reds": (*(red(one, 10) for one in acted), *(red(one, 45) for one in held)),
    }


def test_acted_on_is_compared_with_held_out() -> None:
    made = arms(**half_and_half())
    # The first that was held out is the first of all, so that every act is after it.
    assert (made.acted_on, made.held_out) == (Share(12, 12), Share(0, 12))
    assert made.compared is Compared.MORE


def test_below_ten_nothing_is_said() -> None:
    few = half_and_half()
    few["decisions"] = few["decisions"][:4] + few["decisions"][12:]
    made = arms(**few)
    assert (made.held_out, made.compared) == (Share(0, 4), Compared.TOO_FEW)


def test_without_a_hold_out_there_is_no_row() -> None:
    given = half_and_half()
    given["decisions"] = given["decisions"][12:]
    assert found(**given).hold_out is None
    assert as_json(summarize(record(**given)))["recovery"]["hold_out"] is None
    _, rows = in_time(summarize(record(**given)), DID)
    assert [row[0] for row in rows] == ["restart-service"]


def test_held_out_is_not_left_alone() -> None:
    given = half_and_half()
    made = found(**given)
    assert (made.times[Treatment.HELD_OUT].count, made.times[Treatment.LEFT_ALONE].count) == (12, 0)
    assert made.by_action["restart-service"].left_alone == Share(0, 0)


def test_acts_before_the_first_hold_out_are_no_part_of_it() -> None:
    before, held = FIRST + HOUR, FIRST + 5 * DAY
    made = arms(
        acts=(act(before + MINUTE),),
        decisions=(decided(before + MINUTE), decided(held + MINUTE, *HELD)),
        reds=(red(before, 10), red(held, 45)),
    )
    assert (made.acted_on, made.held_out) == (Share(0, 0), Share(0, 1))


def one_of_each(**of_the_act: Any) -> dict[str, Any]:
    """The first is held out, the second acted on, each by its own decision."""
    return {
        "acts": (act(BEGINS[1] + MINUTE, **of_the_act),),
        "decisions": (decided(BEGINS[0] + MINUTE, *HELD), decided(BEGINS[1] + MINUTE)),
        "reds": (red(BEGINS[0], 10), red(BEGINS[1], 10)),
    }


def test_each_arm_counts_its_own() -> None:
    made = arms(**one_of_each())
    assert (made.acted_on, made.held_out) == (Share(1, 1), Share(1, 1))


def test_an_incident_that_began_on_a_later_rung_could_not_be_held_out() -> None:
    assert arms(**one_of_each(rung=1)).acted_on == Share(0, 0)


def test_an_alarm_that_joined_an_incident_could_not_be_held_out() -> None:
    given = one_of_each()
    given["decisions"] = given["decisions"][:1]
    assert arms(**given).acted_on == Share(0, 0)


def test_what_somebody_acknowledged_is_in_neither_arm() -> None:
    helped = (
        call(BEGINS[0] + 2 * MINUTE, acknowledged=True),
        call(BEGINS[1] + 2 * MINUTE, acknowledged=True),
    )
    made = arms(**one_of_each(), calls=helped)
    assert (made.acted_on, made.held_out) == (Share(0, 0), Share(0, 0))


def test_a_target_that_was_acted_on_for_another_alarm_was_not_left_alone() -> None:
    given = one_of_each()
    other = act(BEGINS[0] + 3 * MINUTE, alarms=frozenset({"another"}))
    assert arms(**(given | {"acts": (*given["acts"], other)})).held_out == Share(0, 0)
    elsewhere = act(BEGINS[0] + 3 * MINUTE, alarms=frozenset({"another"}), target="ecs:prod/web")
    assert arms(**(given | {"acts": (*given["acts"], elsewhere)})).held_out == Share(1, 1)


def test_an_alarm_that_a_human_had_decided_again_is_in_neither_arm() -> None:
    given = one_of_each()
    given["acts"] = (*given["acts"], act(BEGINS[0] + 5 * MINUTE))
    assert arms(**given).held_out == Share(0, 0)


def test_the_report_and_its_json_have_the_row() -> None:
    summary = summarize(record(**half_and_half()))
    lines, rows = in_time(summary, DID)
    assert rows[-1][0] == "Hold-out"
    assert rows[-1][3] == "more often with the act"
    assert "The row Hold-out" in lines[-1]
    plain = as_json(summary)["recovery"]["hold_out"]
    assert (plain["held_out"]["total"], plain["compared"]) == (12, "more")


def test_where_everything_was_held_out_the_row_is_there_all_the_same() -> None:
    given = half_and_half() | {"acts": (), "decisions": half_and_half()["decisions"][:12]}
    _, rows = in_time(summarize(record(**given)), DID)
    assert [row[0] for row in rows] == ["Hold-out"]
