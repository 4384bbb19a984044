"""A target is opted in only for alarms that the adoption reached: its tag opens it for every alarm."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firebreak_cli.adopt.applying import Applied, Applier, with_alarms
from firebreak_cli.adopt.changes import Outcome, changes_of
from firebreak_cli.adopt.owners import NOBODY
from firebreak_cli.adopt.undo_file import UndoFile
from tests.cli.adopted import NOW, Resources, existing, planned, raw
from tests.support import builders as a

SERVICE = f"arn:aws:ecs:{a.REGION}:{a.ACCOUNT}:service/prod/api"
ONE, TWO = a.arn_of("one sev1"), a.arn_of("two sev2")


def account(*arns: str) -> Resources:
    return Resources({arn: {} for arn in (*arns, SERVICE)})


def carried_out(
    tmp_path: Path, store: Resources, *names: str, meanwhile: Callable[[], object] = lambda: None
) -> list[Outcome]:
    """Two alarms or one on one service: what becomes of them and of the service."""
    plan = planned(*(existing(raw(name)) for name in names))
    applier = Applier(lambda _: store, lambda *_: NOBODY)
    found = [*with_alarms([applier.looked(one) for one in changes_of(plan)])]
    meanwhile()
    undo = UndoFile(tmp_path / "u.json", a.ACCOUNT, a.REGION, NOW, "ana")
    done: Applied = applier.apply(found, undo)
    assert [one.arn for one in done.changes][-1] == SERVICE
    assert store.tags[SERVICE] == (
        {"firebreak:enabled": "true"} if done.changes[-1].outcome is Outcome.TAGGED else {}
    )
    return [one.outcome for one in done.changes]


def test_a_target_is_not_opted_in_for_an_alarm_that_fell_away_while_it_was_asked(tmp_path: Path) -> None:
    changed, blind, gone = account(ONE), account(ONE), account(ONE)
    assert carried_out(
        tmp_path,
        changed,
        "one sev1",
        meanwhile=lambda: changed.tags.update({ONE: {"firebreak:action": "none"}}),
    ) == [Outcome.CHANGED, Outcome.NOT_TRIED]
    assert carried_out(tmp_path, blind, "one sev1", meanwhile=lambda: blind.blind.add(ONE)) == [
        Outcome.NOT_READ,
        Outcome.NOT_TRIED,
    ]
    found = carried_out(tmp_path, gone, "one sev1", meanwhile=lambda: gone.tags.pop(ONE))
    assert found[-1] is Outcome.NOT_TRIED


@pytest.mark.parametrize(
    ("tags", "outcome"),
    [
        ({"firebreak:severity": "critical"}, Outcome.ALREADY),
        ({"ManagedBy": "terraform"}, Outcome.OWNED),
        ({}, Outcome.TAGGED),
    ],
)
def test_a_target_is_opted_in_for_an_alarm_that_is_tagged_or_left_to_its_owner(
    tmp_path: Path, tags: dict[str, str], outcome: Outcome
) -> None:
    store = account(ONE)
    store.tags[ONE] = tags
    assert carried_out(tmp_path, store, "one sev1") == [outcome, Outcome.TAGGED]


def test_a_target_that_no_alarm_leads_to_any_more_is_not_asked_about(tmp_path: Path) -> None:
    store = account(ONE)
    store.tags[ONE] = {"firebreak:severity": "info"}
    assert carried_out(tmp_path, store, "one sev1") == [Outcome.CHANGED, Outcome.NOT_TRIED]
    unread = account(ONE)
    unread.blind.add(ONE)
    plan = planned(existing(raw("one sev1")))
    applier = Applier(lambda _: unread, lambda *_: NOBODY)
    found = [*with_alarms([applier.looked(one) for one in changes_of(plan)])]
    assert [(one.outcome, one.detail) for one in found][-1] == (
        Outcome.NOT_TRIED,
        "no alarm that leads to it was tagged",
    )


def test_one_alarm_of_several_is_enough(tmp_path: Path) -> None:
    store = account(ONE, TWO)
    store.tags[ONE] = {"firebreak:severity": "info"}
    assert carried_out(tmp_path, store, "one sev1", "two sev2") == [
        Outcome.CHANGED,
        Outcome.TAGGED,
        Outcome.TAGGED,
    ]


def test_an_alarm_that_needs_no_tag_is_enough(tmp_path: Path) -> None:
    store = account(ONE)
    store.tags[ONE] = {"firebreak:severity": "info"}
    assert carried_out(tmp_path, store, "one sev1", "memory") == [Outcome.CHANGED, Outcome.TAGGED]
