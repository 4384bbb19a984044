"""The page about an announcement that the ledger does not hold, and its names."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.keys import digest
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.threads import thread_id
from firebreak.core.paging.vouching import unrecorded
from firebreak.core.reasons import Lasting
from tests.support.builders_announcements import announced

K = AnnouncementKind
CLAIMED = announced(kind=K.ACTED, headline="All is well.", facts=("restarted",))

TEXTS = some.text(max_size=20)


def test_an_announcement_without_a_record_claims_what_it_says_and_asks_nothing() -> None:
    own = unrecorded(CLAIMED)
    assert own == replace(
        CLAIMED,
        key=own.key,
        thread=own.thread,
        kind=K.BLIND,
        headline="Nothing in the ledger confirms this announcement. "
        "Look at the target and at the incident yourself.",
        facts=("it says (acted): All is well.", "restarted"),
        next="",
        severity="",
        event="",
        cause="",
        by="",
        retry=(),
        question="",
        lasting=Lasting.NO,
        counted_as="",
        opted_in=False,
        at_any_hour=False,
    )


@pytest.mark.parametrize("kind", [K.BLIND, K.CRASHED])
def test_a_fault_of_firebreak_is_announced_in_its_own_words_and_asks_nothing(kind: AnnouncementKind) -> None:
    fault = replace(CLAIMED, kind=kind)
    own = unrecorded(fault)
    assert own == replace(
        fault,
        key=own.key,
        thread=own.thread,
        event="",
        cause="",
        by="",
        retry=(),
        question="",
        lasting=Lasting.NO,
        counted_as="",
        opted_in=False,
        at_any_hour=False,
    )


@given(kind=some.sampled_from(K), key=TEXTS, thread=TEXTS, incident=TEXTS, event=TEXTS)
def test_an_announcement_that_is_not_in_the_ledger_shares_no_name_with_one_that_is(
    kind: AnnouncementKind, key: str, thread: str, incident: str, event: str
) -> None:
    claimed = replace(CLAIMED, kind=kind, key=key, thread=thread, incident_id=incident, event=event)
    own = unrecorded(claimed)
    names = {key, thread, incident, event, CLAIMED.key, claimed.waits_as}
    assert names.isdisjoint({own.key, thread_id(own), own.waits_as})


STORED = "not in the ledger"


@pytest.mark.parametrize(
    ("changes", "key", "thread"),
    [
        pytest.param({}, digest(STORED, "k", "e"), digest(STORED, "t"), id="a thread of its own"),
        pytest.param({"thread": ""}, digest(STORED, "k", "e"), digest(STORED, "i-1"), id="of an incident"),
        pytest.param(
            {"thread": "", "incident_id": ""}, digest(STORED, "k", "e"), digest(STORED, "k"), id="of neither"
        ),
        pytest.param({"event": ""}, digest(STORED, "k", ""), digest(STORED, "t"), id="of no event"),
    ],
)
def test_its_names_are_stored_and_stay_what_they_were_in_earlier_releases(
    changes: dict[str, str], key: str, thread: str
) -> None:
    claimed = replace(CLAIMED, key="k", incident_id="i-1")
    own = unrecorded(replace(claimed, **changes))  # type: ignore[arg-type]  # texts
    assert (own.key, own.thread) == (key, thread)
