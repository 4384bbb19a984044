"""The freeze guard: windows and Change Calendars, and the override by a named human."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.decide import decide
from firebreak.core.decision import Act, Check, Result, Snapshot
from firebreak.core.guards.freeze import freeze, overrides
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.own_requests import wake_of
from firebreak.core.limits.calendars import (
    CalendarAnswer,
    CalendarReading,
    CalendarState,
    ChangeCalendar,
    UnusableCalendar,
)
from firebreak.core.manual import manual_request
from firebreak.core.model import Request, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from tests.core.guard_findings import NOT_LOOKED_AT, OBJECTED, PASSED, found
from tests.core.test_decide_properties import all_rules, snapshots
from tests.core.test_manual_requests import by_hand, findings
from tests.support import builders as a

HOUR = timedelta(hours=1)
ARN = f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:document/prod-changes"
OTHER_ARN = f"arn:aws:ssm:{a.REGION}:999999999999:document/company"
PROD, COMPANY = ChangeCalendar("prod-changes", ARN), ChangeCalendar("company", OTHER_ARN)
OPEN, CLOSED = CalendarAnswer(CalendarState.OPEN), CalendarAnswer(CalendarState.CLOSED, a.NOW + HOUR)
QUARTER = "2026-11-20T10:00"
WHY = "VP on the phone"


@dataclass(frozen=True)
class Always:
    """A window that is open now, until then."""

    name: str
    until: datetime = a.NOW + 2 * HOUR

    def covering(self, now: datetime) -> datetime | None:
        return self.until if now < self.until else None

    def next_start(self, now: datetime) -> datetime | None:
        return None


@dataclass(frozen=True)
class Later:
    """A window that is not open, and opens then."""

    name: str
    at: datetime = a.NOW + HOUR

    def covering(self, now: datetime) -> datetime | None:
        return self.at + HOUR if self.at <= now < self.at + HOUR else None

    def next_start(self, now: datetime) -> datetime | None:
        return self.at if self.at > now else None


def rules(*calendars: ChangeCalendar, **changes: object) -> Rules:
    return replace(a.rules(calendars=calendars or (PROD,)), **changes)  # type: ignore[arg-type]  # names are checked by replace


def seen(**readings: CalendarReading) -> Snapshot:
    by_arn = {"prod": ARN, "company": OTHER_ARN}
    return a.snapshot(calendars={by_arn[name]: reading for name, reading in readings.items()})


def retry(**changes: object) -> Request:
    """An alarm that ana asks for again, despite a freeze."""
    return replace(a.request(RequestKind.WAKE, by="ana", despite_freeze=WHY), **changes)  # type: ignore[arg-type]  # names are checked by replace


# --- calendars


def test_an_open_calendar_passes_and_says_until_when() -> None:
    until = replace(OPEN, until=a.NOW + HOUR)
    words = "no freeze window; calendar prod-changes is OPEN until 11:00:30Z"
    assert freeze(a.request(), rules(), seen(prod=until)) == Check("freeze", PASSED, words)
    words = "no freeze window; calendar prod-changes is OPEN"
    assert freeze(a.request(), rules(), seen(prod=OPEN)) == Check("freeze", PASSED, words)


def test_a_closed_calendar_is_a_freeze_until_its_next_transition_and_one_cause() -> None:
    words = "calendar prod-changes is CLOSED until 11:00:30Z"
    cause = f"{ARN}/until/2026-11-20T11:00:30Z"
    expected = Check("freeze", OBJECTED, words, Reason.CALENDAR_CLOSED, a.NOW + HOUR, cause)
    assert freeze(a.request(), rules(), seen(prod=CLOSED)) == expected


def test_a_calendar_that_never_opens_has_no_end_and_is_one_cause_a_day() -> None:
    check = freeze(a.request(), rules(), seen(prod=CalendarAnswer(CalendarState.CLOSED)))
    words, cause = "calendar prod-changes is CLOSED with no end in sight", f"{ARN}/until/open on 2026-11-20"
    assert check == Check("freeze", OBJECTED, words, Reason.CALENDAR_CLOSED, None, cause)


@pytest.mark.parametrize(
    ("reading", "reason", "words", "cause"),
    [
        (
            ABSENT,
            Reason.CALENDAR_UNUSABLE,
            f"calendar prod-changes does not exist, or is not shared with this account: {ARN}",
            f"{ARN} {QUARTER}",
        ),
        (
            UnusableCalendar("InvalidDocumentType"),
            Reason.CALENDAR_UNUSABLE,
            f"calendar prod-changes cannot be used: InvalidDocumentType: {ARN}",
            f"{ARN} InvalidDocumentType {QUARTER}",
        ),
        (
            Unknown("GetCalendarState: AccessDeniedException"),
            Reason.CALENDAR_UNREADABLE,
            "calendar prod-changes could not be read: GetCalendarState: AccessDeniedException",
            f"{ARN} GetCalendarState: AccessDeniedException {QUARTER}",
        ),
    ],
    ids=["absent", "unusable", "unknown"],
)
def test_a_calendar_without_a_state_refuses_by_its_name_and_once_a_quarter_of_an_hour(
    reading: CalendarReading, reason: Reason, words: str, cause: str
) -> None:
    check = freeze(a.request(), rules(), seen(prod=reading))
    assert check == Check("freeze", OBJECTED, words, reason, None, cause)


def test_a_calendar_that_was_not_read_is_no_objection_and_yet_never_leads_to_an_act() -> None:
    offline = freeze(a.request(), rules(), seen(prod=NotRead("offline")))
    assert offline == Check("freeze", NOT_LOOKED_AT, "not looked at: offline")
    missing = freeze(a.request(), rules(PROD, COMPANY), seen(prod=OPEN))
    assert missing == Check("freeze", NOT_LOOKED_AT, "not looked at: the calendar was not read")
    assert decide(a.request(), rules(), a.snapshot()).reason is Reason.NOT_LOOKED_AT


def test_each_calendar_must_be_open_and_every_one_that_holds_is_named() -> None:
    two = rules(PROD, COMPANY)
    assert found(freeze(a.request(), two, seen(prod=OPEN, company=OPEN))) == (PASSED, None)
    check = freeze(a.request(), two, seen(prod=Unknown("503"), company=CLOSED))
    assert (check.reason, check.until) == (Reason.CALENDAR_CLOSED, None)
    assert check.detail == (
        "calendar prod-changes could not be read: 503; calendar company is CLOSED until 11:00:30Z"
    )
    assert check.cause.startswith(OTHER_ARN)
    unusable = freeze(a.request(), two, seen(prod=Unknown("503"), company=ABSENT))
    assert unusable.reason is Reason.CALENDAR_UNUSABLE


def test_of_two_ends_the_later_one_is_the_end() -> None:
    later = CalendarAnswer(CalendarState.CLOSED, a.NOW + 3 * HOUR)
    both = freeze(a.request(), rules(PROD, COMPANY), seen(prod=later, company=CLOSED))
    assert both.until == a.NOW + 3 * HOUR
    window = freeze(a.request(), rules(never=(Always("sale"),)), seen(prod=CLOSED))
    assert (window.reason, window.until) == (Reason.FROZEN, a.NOW + 2 * HOUR)
    assert window.detail == (
        "inside never-window sale until 12:00:30Z; calendar prod-changes is CLOSED until 11:00:30Z"
    )
    outside = freeze(a.request(), rules(only=(Later("office"),)), seen(prod=CLOSED))
    assert outside.reason is Reason.OUTSIDE_WINDOW


# --- the override


def test_a_named_human_overrides_a_freeze_and_the_check_says_who_and_why() -> None:
    check = freeze(by_hand(despite_freeze=WHY), a.rules(never=(Always("sale"),)), a.snapshot())
    words = "inside never-window sale until 12:00:30Z; overridden by ana: VP on the phone"
    assert check == Check("freeze", PASSED, words, overridden=True)
    decision = decide(by_hand(despite_freeze=WHY), a.rules(never=(Always("sale"),)), a.snapshot())
    assert (decision.outcome, decision.override) == (Act(a.PLAN), words)


@pytest.mark.parametrize(
    "reading",
    [CLOSED, Unknown("503"), ABSENT, UnusableCalendar("x")],
    ids=["closed", "unknown", "absent", "odd"],
)
def test_it_lifts_a_calendar_whatever_its_reading_is(reading: CalendarReading) -> None:
    check = freeze(by_hand(despite_freeze=WHY), rules(), seen(prod=reading))
    assert (check.result, check.overridden) == (PASSED, True)
    assert check.detail.endswith("; overridden by ana: VP on the phone")


def test_with_an_override_a_calendar_is_read_all_the_same() -> None:
    for windows in ((), (Always("sale"),)):
        check = freeze(by_hand(despite_freeze=WHY), rules(never=windows), a.snapshot())
        assert found(check) == (NOT_LOOKED_AT, None)


def test_without_a_freeze_it_is_no_override() -> None:
    for request in (by_hand(despite_freeze=WHY), retry()):
        assert freeze(request, a.rules(), a.snapshot()) == Check("freeze", PASSED, "no freeze window")
        opened = freeze(request, rules(), seen(prod=OPEN))
        assert (opened.result, opened.overridden) == (PASSED, False)
    assert decide(by_hand(despite_freeze=WHY), a.rules(), a.snapshot()).override == ""


@pytest.mark.parametrize(
    ("changes", "reading"),
    [
        ({"never": (Always("sale"),), "no_override": frozenset({"sale"})}, OPEN),
        ({"only": (Later("office"), Later("batch")), "no_override": frozenset({"batch"})}, OPEN),
        ({"no_override": frozenset({"prod-changes"})}, CLOSED),
        ({"no_override": frozenset({"prod-changes"})}, Unknown("503")),
        ({"no_override": frozenset({"prod-changes"})}, ABSENT),
        ({"no_override": frozenset({"prod-changes"})}, UnusableCalendar("InvalidDocumentType")),
    ],
    ids=["window", "only-window", "closed", "unreadable", "absent", "unusable"],
)
def test_a_freeze_that_nobody_may_override_refuses_and_says_so(
    changes: Mapping[str, object], reading: CalendarReading
) -> None:
    check = freeze(by_hand(despite_freeze=WHY), rules(**changes), seen(prod=reading))
    assert check.result is OBJECTED
    assert check.detail.endswith(", which nobody may override")


def test_a_firm_freeze_that_does_not_hold_now_makes_no_other_one_firm() -> None:
    firm = a.rules(never=(Always("sale"), Later("fair")), no_override=frozenset({"fair"}))
    assert freeze(by_hand(despite_freeze=WHY), firm, a.snapshot()).overridden
    inside = a.rules(
        never=(Always("sale"),), only=(Always("office"), Later("batch")), no_override=frozenset({"batch"})
    )
    assert freeze(by_hand(despite_freeze=WHY), inside, a.snapshot()).overridden
    firm_sale = a.rules(
        never=(Later("sale"), Always("fair")), only=(Later("office"),), no_override=frozenset({"sale"})
    )
    assert freeze(by_hand(despite_freeze=WHY), firm_sale, a.snapshot()).overridden


def test_every_freeze_that_is_overridden_is_named() -> None:
    check = freeze(by_hand(despite_freeze=WHY), rules(never=(Always("sale"),)), seen(prod=CLOSED))
    assert check.detail == (
        "inside never-window sale until 12:00:30Z; calendar prod-changes is CLOSED until 11:00:30Z;"
        " overridden by ana: VP on the phone"
    )


def test_what_is_lifted_is_left_out_of_the_objection_to_what_is_not() -> None:
    firm = rules(never=(Always("sale"),), no_override=frozenset({"prod-changes"}))
    check = freeze(by_hand(despite_freeze=WHY), firm, seen(prod=CLOSED))
    assert check.detail == "calendar prod-changes is CLOSED until 11:00:30Z, which nobody may override"
    assert (check.reason, check.until) == (Reason.CALENDAR_CLOSED, a.NOW + HOUR)


KINDS = {
    RequestKind.MANUAL: True,
    RequestKind.WAKE: True,
    RequestKind.RESTORE: True,
    RequestKind.ALARM: False,
    RequestKind.CLIMB: False,
    RequestKind.APPROVAL: False,
    RequestKind.UNDO: False,
}


@pytest.mark.parametrize("kind", list(RequestKind))
def test_only_what_a_human_asks_for_by_name_overrides_a_freeze(kind: RequestKind) -> None:
    asked = a.request(kind, by="ana", despite_freeze=WHY)
    assert overrides(asked) is KINDS[kind]
    assert not overrides(replace(asked, by=""))
    assert not overrides(replace(asked, despite_freeze=""))


def test_no_later_rung_or_look_of_an_incident_overrides_a_freeze() -> None:
    assert overrides(retry())
    assert not overrides(retry(incident_id="i-0123456789"))
    assert not overrides(retry(refused="i-0123456789"))
    assert overrides(a.request(RequestKind.RESTORE, by="ana", despite_freeze=WHY, incident_id="i-0"))


def test_a_request_that_is_put_off_has_lost_its_override_when_it_comes_again() -> None:
    later = wake_of(retry(), a.NOW + HOUR)
    assert (later.by, later.despite_freeze) == ("ana", "")


def test_a_manual_request_carries_the_reason() -> None:
    asked = manual_request(
        "restart-service", a.TARGET, by="ana", why="it hangs", at=a.NOW, despite_freeze=WHY
    )
    assert asked.despite_freeze == WHY
    usual = manual_request("restart-service", a.TARGET, by="ana", why="it hangs", at=a.NOW)
    assert usual.despite_freeze == ""


calendar_readings = st.sampled_from(
    [OPEN, CLOSED, ABSENT, Unknown("503"), NotRead("offline"), UnusableCalendar("InvalidDocumentType")]
)
frozen_rules = st.builds(
    lambda base, windows, firm: replace(base, calendars=(PROD, COMPANY), never=windows, no_override=firm),
    all_rules,
    st.sampled_from([(), (Always("sale"),), (Later("fair"),)]),
    st.frozensets(st.sampled_from(["sale", "prod-changes", "company"])),
)
calendars_seen = st.fixed_dictionaries({}, optional={ARN: calendar_readings, OTHER_ARN: calendar_readings})
frozen_snapshots = st.builds(lambda base, read: replace(base, calendars=read), snapshots, calendars_seen)
human_requests = st.builds(
    lambda manual, by, why: replace(by_hand() if manual else retry(), by=by, despite_freeze=why),
    st.booleans(),
    st.sampled_from(["", "ana"]),
    st.sampled_from(["", WHY]),
)


@given(human_requests, frozen_rules, frozen_snapshots)
def test_an_override_changes_the_finding_of_no_other_guard(
    request: Request, policy: Rules, snapshot: Snapshot
) -> None:
    plain = findings(replace(request, despite_freeze=""), policy, snapshot)
    lifted = findings(request, policy, snapshot)
    before, after = plain.pop("freeze"), lifted.pop("freeze")
    assert plain == lifted
    assert {guard.name for guard in GUARDS} == {"freeze", *plain}
    if after.result is Result.PASSED and before.result is not Result.PASSED:
        assert after.overridden


@given(
    st.one_of(human_requests, st.just(a.request())),
    frozen_rules.map(lambda policy: replace(policy, never=())),
    calendars_seen,
)
def test_an_act_needs_every_calendar_read_and_open_or_a_named_human(
    request: Request, policy: Rules, readings: Mapping[str, CalendarReading]
) -> None:
    snapshot = a.snapshot(calendars=readings)
    if not isinstance(decide(request, policy, snapshot).outcome, Act):
        return
    all_open = all(readings.get(one.arn) == OPEN for one in policy.calendars)
    by_human = request.by == "ana" and request.despite_freeze == WHY
    assert all_open or by_human
    held = [one for one in policy.calendars if readings.get(one.arn) != OPEN]
    assert all(one.name not in policy.no_override for one in held)
    assert all(not isinstance(readings.get(one.arn, NotRead("")), NotRead) for one in policy.calendars)
