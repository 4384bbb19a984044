"""The ceiling of a channel, over any sequence of calls, ends and hours: a brake that loses nobody."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.limits.budgets import Budget
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.ceilings import (
    braked,
    call_name,
    counted_at,
    entry,
    held_back,
    new_on,
    room_at,
    run_out,
)
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.rules import Ceilings, Route, Step
from firebreak.core.paging.threads import Sending, Thread, Turn, come_due, receive
from tests.core.thread_fixtures import HOUR, MINUTE, NIGHT, announced

_K = AnnouncementKind
ROUTE = Route(severities=frozenset(Severity), steps=(Step(after=timedelta(), channels=("ops",), who="ops"),))
LADDER = replace(ROUTE, steps=(*ROUTE.steps, Step(after=10 * MINUTE, channels=("lead",), who="the lead")))
CEILINGS = Ceilings(Budget(3, HOUR), Budget(5, HOUR))


@dataclass
class ChannelScenario:
    """Threads of one channel under a ceiling, each call counted as the ledger counts it."""

    now: datetime = NIGHT
    threads: dict[str, Thread] = field(default_factory=dict)
    counted: dict[Severity, set[str]] = field(default_factory=dict)
    sent: list[tuple[datetime, Severity, str, Phase]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def take(self, severity: Severity, call: str) -> datetime | None:
        budget = CEILINGS.of(severity)
        kind = Severity.CRITICAL if severity is Severity.CRITICAL else Severity.ERROR
        entries = self.counted.setdefault(kind, set())
        entries -= set(run_out(entries, budget.window, self.now))
        if any(one.endswith(call) for one in entries):
            return None
        if len(entries) >= budget.acts:
            return room_at(entries, budget, self.now)
        entries.add(entry(self.now, call))
        return None

    def turn(self, found: Turn, before: Thread | None) -> None:
        full = {}
        for channel in new_on(found, before):
            if at := self.take(found.thread.severity, call_name(found.thread)):
                full[channel] = at
                waits = held_back(found.thread, channel, CEILINGS.of(found.thread.severity), self.now)
                self.named.add(waits.alarm_name)
        after = braked(found, before, full, self.now)
        refs = {}
        if after.sending:
            refs = dict.fromkeys(after.sending.channels, "ref")
            self.sent.append((self.now, after.thread.severity, after.thread.id, after.sending.phase))
        self.threads[after.thread.id] = replace(after.thread, notified={**after.thread.notified, **refs})

    def say(self, number: int, kind: AnnouncementKind, severity: Severity) -> None:
        name = f"{number:032x}"
        said = announced(kind, self.now, thread=name, incident_id="", alarm_name=name, target="")
        before = self.threads.get(name)
        self.turn(receive(before, said, severity, ROUTE, self.now), before)

    def wait(self, length: timedelta) -> None:
        end = self.now + length
        while self.now < end:
            self.now += MINUTE
            for thread in list(self.threads.values()):
                if thread.due_at and thread.due_at <= self.now:
                    self.turn(come_due(thread, ROUTE, self.now), thread)

    def calls(self, *, critical: bool) -> list[datetime]:
        chosen = [one for one in self.sent if one[3] is Phase.TRIGGER]
        return [at for at, severity, _, _ in chosen if (severity is Severity.CRITICAL) is critical]


said = st.tuples(
    st.integers(0, 9),
    st.sampled_from([_K.GIVEN_TO_HUMANS, _K.GIVEN_TO_HUMANS, _K.RECOVERED, _K.KEPT]),
    st.sampled_from([Severity.WARNING, Severity.ERROR]),
    st.integers(0, 40),
)


def most_within(times: list[datetime], window: timedelta) -> int:
    return max((sum(at <= other < at + window for other in times) for at in times), default=0)


@given(st.lists(said, max_size=30))
def test_no_window_ever_holds_more_new_calls_than_the_ceiling_and_every_held_thread_is_named(
    steps: list[tuple[int, AnnouncementKind, Severity, int]],
) -> None:
    scenario, new = ChannelScenario(), []
    for number, kind, severity, minutes in steps:
        before = scenario.threads.get(f"{number:032x}")
        calling = bool(before and before.steps and not before.over)
        count = len(scenario.sent)
        scenario.say(number, kind, severity)
        if len(scenario.sent) > count and scenario.sent[-1][3] is Phase.TRIGGER and not calling:
            new.append(scenario.now)
        count = len(scenario.sent)
        scenario.wait(minutes * MINUTE)
        new += [at for at, _, _, phase in scenario.sent[count:] if phase is Phase.TRIGGER]
    assert most_within(new, HOUR) <= 3
    held = {thread.latest.alarm_name for thread in scenario.threads.values() if thread.held_back}
    assert held <= scenario.named


@given(st.lists(said, max_size=20))
def test_a_waiting_call_is_sent_once_there_is_room_unless_it_is_over(
    steps: list[tuple[int, AnnouncementKind, Severity, int]],
) -> None:
    scenario = ChannelScenario()
    for number, kind, severity, minutes in steps:
        scenario.say(number, kind, severity)
        scenario.wait(minutes * MINUTE)
    scenario.wait(5 * HOUR)
    for thread in scenario.threads.values():
        called = [one for one in scenario.sent if one[2] == thread.id and one[3] is Phase.TRIGGER]
        assert called or not thread.calls
        assert not thread.waiting


@given(st.integers(0, 30), st.integers(1, 5))
def test_no_critical_call_waits_below_its_own_ceiling_after_any_other_calls(
    others: int, critical: int
) -> None:
    scenario = ChannelScenario()
    for number in range(others):
        scenario.say(number, _K.GIVEN_TO_HUMANS, Severity.ERROR)
    for number in range(100, 100 + critical):
        scenario.say(number, _K.GIVEN_TO_HUMANS, Severity.CRITICAL)
    assert len(scenario.calls(critical=True)) == critical
    assert len(scenario.calls(critical=False)) == min(others, 3)


def test_a_thread_that_was_called_gets_its_end_and_one_that_was_not_gets_none() -> None:
    scenario = ChannelScenario()
    for number in range(5):
        scenario.say(number, _K.GIVEN_TO_HUMANS, Severity.ERROR)
    for number in range(5):
        scenario.say(number, _K.RECOVERED, Severity.ERROR)
    assert len([one for one in scenario.sent if one[3] is Phase.RESOLVE]) == 3


def test_a_further_step_without_room_stays_due_and_the_first_is_not_forgotten() -> None:
    before = Thread(
        id="t", severity=Severity.ERROR, opened_at=NIGHT, latest=announced(_K.GIVEN_TO_HUMANS), calls=True,
        notified={"ops": "1"}, steps=1, since=NIGHT, next_at=NIGHT + 10 * MINUTE,
    )  # fmt: skip
    now, room = NIGHT + 10 * MINUTE, NIGHT + HOUR
    found = braked(come_due(before, LADDER, now), before, {"lead": room}, now)
    assert found.sending is None
    assert (found.thread.steps, found.thread.next_at, found.thread.due_at) == (1, room, room)
    again = come_due(found.thread, LADDER, room)
    assert again.sending
    assert again.sending.channels == ("lead",)


def test_one_channel_without_room_keeps_nobody_else_from_being_called() -> None:
    wide = replace(ROUTE, steps=(Step(after=timedelta(), channels=("ops", "chat"), who="all"),))
    found = receive(None, announced(_K.GIVEN_TO_HUMANS), Severity.ERROR, wide, NIGHT)
    assert set(new_on(found, None)) == {"ops", "chat"}
    after = braked(found, None, {"chat": NIGHT + HOUR}, NIGHT)
    assert after.sending
    assert (after.sending.channels, after.thread.held_back, after.thread.waiting) == (("ops",), ("chat",), 0)


def test_the_page_about_the_ceiling_is_never_held() -> None:
    waits = held_back(Thread(id="t", severity=Severity.ERROR, opened_at=NIGHT, latest=announced(_K.REFUSED)), "ops", Budget(3, HOUR), NIGHT)  # fmt: skip  # noqa: E501
    assert new_on(Turn(Thread(id="t", severity=Severity.ERROR, opened_at=NIGHT, latest=waits), Sending(waits, Phase.TRIGGER, ("ops",))), None) == ()  # fmt: skip  # noqa: E501


def test_an_entry_that_cannot_be_read_counts_no_more() -> None:
    assert run_out(["x", "99999999999999#a", entry(NIGHT, "b")], HOUR, NIGHT) == ["x", "99999999999999#a"]
    assert counted_at(entry(NIGHT, "b")) == NIGHT


def test_a_held_call_waits_for_the_oldest_to_run_out() -> None:
    entries = [entry(NIGHT + n * MINUTE, str(n)) for n in range(3)]
    assert room_at(entries, Budget(3, HOUR), NIGHT + 5 * MINUTE) == NIGHT + HOUR
    assert room_at([], Budget(3, HOUR), NIGHT) == NIGHT + HOUR
