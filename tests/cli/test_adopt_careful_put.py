"""An alarm is put as a whole only where it is as it was read, and put back where it comes back otherwise."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from firebreak.errors import AwsError, Denied, OutcomeUnknown, Rejected, Throttled, Unavailable
from firebreak_cli.adopt.alarm_configuration import Configuration, all_differences
from firebreak_cli.adopt.careful_put import CarefulPut, End, Replaced
from tests.cli.adopted import raw
from tests.cli.alarm_stores import ON, Alarms, alarms, shown

BEFORE = shown()
WANTED = BEFORE.with_propagation()
NAME = BEFORE.name


def put(store: Alarms, wait: Callable[[float], None] = lambda _: None) -> Replaced:
    return CarefulPut(store, wait).replace(BEFORE, WANTED)


def other(**changes: Any) -> Configuration:
    return replace(BEFORE, fields={**BEFORE.fields, **changes})


def test_an_alarm_gets_its_tags_into_its_events_and_nothing_else() -> None:
    store = alarms(BEFORE)
    assert put(store) == Replaced(End.DONE)
    assert store.puts == [WANTED]
    assert WANTED.fields == {**BEFORE.fields, "ActionConfiguration": ON}
    assert BEFORE.fields.keys() <= raw().keys()


@pytest.mark.parametrize(
    ("store", "end", "says"),
    [
        (alarms(other(Threshold=1.0)), End.CHANGED, "configured again meanwhile: Threshold"),
        (alarms(WANTED), End.CHANGED, "meanwhile: ActionConfiguration.AlarmTagsPropagation"),
        (alarms(replace(BEFORE, not_taken=("New",))), End.CHANGED, "meanwhile: New"),
        (alarms(), End.GONE, "does not exist any more"),
        (alarms(BEFORE, blind=lambda _: True), End.NOT_READ, "could not be read again: DescribeAlarms: "),
    ],
    ids=["another threshold", "propagates already", "a new field", "gone", "not read"],
)
def test_nothing_is_put_where_the_alarm_is_not_as_it_was_read(store: Alarms, end: End, says: str) -> None:
    found = put(store)
    assert (found.end, store.puts, found.as_it_was, found.stops) == (end, [], True, False)
    assert says in found.detail


def losing(*names: str) -> Callable[[Configuration], Configuration]:
    """CloudWatch loses these fields of what is put with the propagation, and of that alone."""

    def keep(wanted: Configuration) -> Configuration:
        if wanted.action_configuration is None:
            return wanted
        return replace(wanted, fields={key: one for key, one in wanted.fields.items() if key not in names})

    return keep


def test_an_alarm_that_comes_back_otherwise_is_put_as_it_was_and_ends_the_run() -> None:
    store = alarms(BEFORE, on_put=losing("TreatMissingData", "Period"))
    found = put(store)
    assert (found.end, found.as_it_was, found.stops) == (End.PUT_BACK, True, True)
    assert found.detail == (
        "it came back with another Period, TreatMissingData: its earlier configuration was put back"
    )
    assert store.puts == [WANTED, BEFORE]
    assert all_differences(store.alarms[NAME], BEFORE) == []


def test_one_that_comes_back_with_a_field_that_no_put_takes_is_put_back_and_that_is_said() -> None:
    store = alarms(BEFORE, on_put=lambda wanted: replace(wanted, not_taken=("New",)))
    found = put(store)
    assert (found.end, found.as_it_was, found.stops) == (End.NOT_PUT_BACK, False, True)
    assert "another New, and does so after it was put back: the undo file has its earlier" in found.detail


@pytest.mark.parametrize(
    "error",
    [Denied("PutMetricAlarm", "AccessDenied"), Unavailable("PutMetricAlarm", "EndpointConnectionError")],
)
def test_one_that_cannot_be_put_back_stays_in_the_undo_file(error: AwsError) -> None:
    store = alarms(BEFORE, on_put=losing("Period"), errors=[None, error])
    found = put(store)
    assert (found.end, found.as_it_was, found.stops) == (End.NOT_PUT_BACK, False, True)
    assert "could not be put back: " in found.detail


def test_what_is_not_kept_ends_the_run_and_is_not_put_again() -> None:
    waits: list[float] = []
    store = alarms(BEFORE, on_put=lambda _: BEFORE)
    found = put(store, waits.append)
    assert (found.end, found.stops, store.puts, waits) == (End.NOT_KEPT, True, [WANTED], [1.0, 2.0])
    assert found.detail == "AWS took the other tag propagation and does not show it"


def test_an_answer_that_is_a_moment_behind_is_waited_for() -> None:
    def late(store: Alarms, reads: int) -> None:
        if reads == 3:
            store.alarms[NAME] = WANTED

    waits: list[float] = []
    store = alarms(BEFORE, on_put=lambda _: BEFORE, before_read=late)
    assert (put(store, waits.append), waits) == (Replaced(End.DONE), [1.0])


def test_one_that_cannot_be_read_back_ends_the_run_and_stays_in_the_undo_file() -> None:
    found = put(alarms(BEFORE, blind=lambda reads: reads > 1))
    assert (found.end, found.as_it_was, found.stops) == (End.NOT_READ_BACK, False, True)


def test_one_that_is_deleted_meanwhile_is_gone() -> None:
    store = alarms(BEFORE, before_read=lambda store, reads: store.alarms.clear() if reads == 2 else None)
    assert put(store).end is End.GONE


REFUSED = Rejected("PutMetricAlarm", "ValidationError")
DENIED = Denied("PutMetricAlarm", "AccessDenied")
EXPIRED = Denied("PutMetricAlarm", "ExpiredToken")


@pytest.mark.parametrize(
    ("error", "stops", "says"),
    [
        (REFUSED, False, "AWS did not accept PutMetricAlarm (ValidationError)"),
        (DENIED, False, "(it takes cloudwatch:PutMetricAlarm, and with tag propagation"),
        (EXPIRED, True, "AWS refused PutMetricAlarm (ExpiredToken): these credentials have expired or"),
        (Unavailable("PutMetricAlarm", "NoCredentialsError"), True, "no usable AWS credentials"),
    ],
    ids=lambda one: one.code if isinstance(one, AwsError) else "",
)
def test_a_refusal_leaves_the_alarm_as_it_was(error: AwsError, stops: bool, says: str) -> None:
    store = alarms(BEFORE, errors=[error])
    found = put(store)
    assert (found.end, found.error, found.as_it_was, found.stops) == (End.REFUSED, error, True, stops)
    assert (says in found.detail, store.alarms[NAME]) == (True, BEFORE)
    assert "\n" not in found.detail


SLOW = Throttled("PutMetricAlarm", "Throttling")


def test_where_aws_throttles_it_waits_and_puts_it_then() -> None:
    waits: list[float] = []
    assert put(alarms(BEFORE, errors=[SLOW, SLOW]), waits.append).end is End.DONE
    assert waits == [1.0, 2.0]


def test_what_is_throttled_for_half_a_minute_is_refused_and_does_not_end_the_run() -> None:
    found = put(alarms(BEFORE, errors=[SLOW] * 6))
    assert (found.end, found.stops) == (End.REFUSED, False)


def test_each_try_waits_for_its_turn_and_reads_the_alarm_right_before_it() -> None:
    store = alarms(BEFORE, errors=[SLOW])
    put(store)
    assert store.steps == ["turn", "read", "put", "turn", "read", "put", "read"]


@pytest.mark.parametrize(
    ("meanwhile", "end", "says"),
    [
        (other(Threshold=1.0), End.CHANGED, "it was configured again meanwhile: Threshold"),
        (None, End.GONE, "it does not exist any more"),
    ],
    ids=["configured", "deleted"],
)
def test_an_alarm_that_somebody_changes_while_aws_throttles_is_left_as_it_is(
    meanwhile: Configuration | None, end: End, says: str
) -> None:
    store = alarms(BEFORE, errors=[SLOW])
    after = {} if meanwhile is None else {NAME: meanwhile}

    def change(_: float) -> None:
        store.alarms = dict(after)

    found = put(store, change)
    assert (found, store.puts, store.alarms) == (Replaced(end, says), [], after)


def test_one_that_cannot_be_read_again_while_aws_throttles_is_not_put() -> None:
    store = alarms(BEFORE, errors=[SLOW], blind=lambda reads: reads > 1)
    assert (put(store).end, store.puts) == (End.NOT_READ, [])


def test_an_alarm_that_somebody_changes_before_it_is_put_back_is_left_as_it_is() -> None:
    theirs = other(Threshold=1.0)
    store = alarms(BEFORE, on_put=losing("Period"), errors=[None, SLOW])

    def change(_: float) -> None:
        if SLOW not in store.errors and len(store.puts) == 1:
            store.alarms[NAME] = theirs

    found = put(store, change)
    assert (found.end, found.as_it_was, found.stops) == (End.NOT_PUT_BACK, False, True)
    assert "and was not put back: it was configured again meanwhile: " in found.detail
    assert (store.puts, store.alarms[NAME]) == ([WANTED], theirs)


LOST = OutcomeUnknown("PutMetricAlarm", "InternalFailure")
CUT = OutcomeUnknown("PutMetricAlarm", "ReadTimeoutError")


@pytest.mark.parametrize(("error", "stops"), [(LOST, False), (CUT, True)], ids=["answered", "cut"])
def test_a_lost_reply_to_what_was_not_carried_out_is_not_known(error: AwsError, stops: bool) -> None:
    found = put(alarms(BEFORE, errors=[error]))
    assert (found.end, found.as_it_was, found.stops) == (End.LOST, False, stops)
    assert "it may be rewritten; the undo file has it" in found.detail


def carried_out(kept: Configuration) -> Alarms:
    """The reply is lost, and the alarm is this one then."""

    class Carrying(Alarms):
        def put(self, wanted: Configuration) -> None:
            super().put(wanted)
            if len(self.puts) == 1:
                self.alarms[NAME] = kept
                raise LOST

    return Carrying({NAME: BEFORE})


def test_a_lost_reply_to_what_was_carried_out_is_found_out() -> None:
    assert put(carried_out(WANTED)) == Replaced(End.DONE)
    otherwise = carried_out(replace(WANTED, fields={**WANTED.fields, "Threshold": 1.0}))
    assert (put(otherwise).end, otherwise.alarms[NAME].fields) == (End.PUT_BACK, BEFORE.fields)
