"""Refusals by AWS of an adoption, or of its undo: one resource's refusal does not stop the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from firebreak.errors import AwsError, Conflict, Denied, OutcomeUnknown, Rejected, Throttled, Unavailable
from firebreak_cli.adopt.applying import Applied, Applier
from firebreak_cli.adopt.changes import Outcome
from firebreak_cli.adopt.owners import NOBODY
from firebreak_cli.adopt.results import end_applied, end_taken_back
from firebreak_cli.adopt.undo_file import Added, UndoFile, read_undo
from firebreak_cli.adopt.undoing import TakenBack, Undone, looked, take_back
from firebreak_cli.exit_codes import NO_AWS, PARTLY_DONE, Ending
from tests.cli.adopted import NOW, Resources
from tests.cli.test_adopt_changes import ONE, PAGE, TWO, change
from tests.support import builders as a


@dataclass
class Refusing(Resources):
    """Resources of which the first answers each change with the next of these errors, until there is none."""

    errors: list[AwsError] = field(default_factory=list)

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        self._refuse(arn)
        super().add(arn, tags)

    def remove(self, arn: str, keys: Sequence[str]) -> None:
        self._refuse(arn)
        super().remove(arn, keys)

    def _refuse(self, arn: str) -> None:
        if arn == ONE and self.errors:
            raise self.errors.pop(0)


def refusing(*errors: AwsError, tags: Mapping[str, str] | None = None) -> Refusing:
    return Refusing({ONE: dict(tags or {}), TWO: dict(tags or {})}, errors=[*errors])


def applied(tmp_path: Path, store: Refusing, wait: Callable[[float], None] = lambda _: None) -> Applied:
    applier = Applier(lambda _: store, lambda *_: NOBODY, wait=wait)
    undo = UndoFile(tmp_path / "u.json", a.ACCOUNT, a.REGION, NOW, "ana")
    return applier.apply([applier.looked(one) for one in (change(), change(TWO))], undo)


def taken(store: Refusing, wait: Callable[[float], None] = lambda _: None) -> TakenBack:
    added = [Added(what=f"alarm {arn}", arn=arn, tags=PAGE) for arn in (ONE, TWO)]
    return take_back([looked(one, store) for one in added], lambda _: store, wait)


OF_ONE_RESOURCE: list[AwsError] = [
    Rejected("TagResource", "TooManyTagsException"),
    Conflict("TagResource", "ConcurrentModificationException"),
    Denied("TagResource", "AccessDeniedException"),
    Denied("TagResource", "UnauthorizedOperation"),
]


@pytest.mark.parametrize("error", OF_ONE_RESOURCE, ids=str)
def test_what_is_refused_of_one_resource_does_not_end_the_rest(tmp_path: Path, error: AwsError) -> None:
    store = refusing(error)
    done = applied(tmp_path, store)
    assert [one.outcome for one in done.changes] == [Outcome.REFUSED, Outcome.TAGGED]
    assert error.code in done.changes[0].detail
    assert (store.tags, done.error) == ({ONE: {}, TWO: PAGE}, None)
    assert [one.arn for one in read_undo(str(tmp_path / "u.json")).added] == [TWO]
    with pytest.raises(Ending) as ended:
        end_applied(done)
    assert (ended.value.code, ended.value.lines[0].endswith("; 1 of 2 tagged")) == (NO_AWS, True)


@pytest.mark.parametrize("error", OF_ONE_RESOURCE, ids=str)
def test_what_is_refused_of_one_resource_does_not_end_an_undo(error: AwsError) -> None:
    store = refusing(error, tags=PAGE)
    done = taken(store)
    assert [one.outcome for one in done.removals] == [Undone.REFUSED, Undone.REMOVED]
    assert (store.tags, done.error) == ({ONE: PAGE, TWO: {}}, None)
    with pytest.raises(Ending) as ended:
        end_taken_back(done)
    assert ended.value.code == NO_AWS


OF_EVERY_RESOURCE: list[AwsError] = [
    Denied("TagResource", "ExpiredTokenException"),
    Denied("TagResource", "InvalidClientTokenId"),
    Denied("TagResource", "UnrecognizedClientException"),
    Denied("TagResource", "InvalidSignatureException"),
    Denied("TagResource", "SignatureDoesNotMatch"),
    Denied("TagResource", "OptInRequired"),
    Unavailable("TagResource", "NoCredentialsError"),
    Unavailable("TagResource", "EndpointConnectionError"),
]


@pytest.mark.parametrize("error", OF_EVERY_RESOURCE, ids=str)
def test_without_credentials_or_a_network_the_rest_is_not_tried(tmp_path: Path, error: AwsError) -> None:
    done = applied(tmp_path, refusing(error))
    assert [one.outcome for one in done.changes] == [Outcome.NOT_TRIED, Outcome.NOT_TRIED]
    assert (done.error, [*tmp_path.iterdir()]) == (error, [])
    back = taken(refusing(error, tags=PAGE))
    assert [one.outcome for one in back.removals] == [Undone.NOT_TRIED, Undone.NOT_TRIED]
    assert back.error == error


def test_an_answer_of_aws_that_leaves_it_open_does_not_end_the_rest(tmp_path: Path) -> None:
    error = OutcomeUnknown("TagResource", "InternalError")
    done = applied(tmp_path, refusing(error))
    assert [one.outcome for one in done.changes] == [Outcome.NOT_READ, Outcome.TAGGED]
    assert [one.arn for one in read_undo(str(tmp_path / "u.json")).added] == [ONE, TWO]
    back = taken(refusing(error, tags=PAGE))
    assert [one.outcome for one in back.removals] == [Undone.NOT_READ, Undone.REMOVED]


def test_a_reply_that_the_network_lost_ends_it(tmp_path: Path) -> None:
    error = OutcomeUnknown("TagResource", "ReadTimeoutError")
    done = applied(tmp_path, refusing(error))
    assert [one.outcome for one in done.changes] == [Outcome.NOT_READ, Outcome.NOT_TRIED]
    back = taken(refusing(error, tags=PAGE))
    assert [one.outcome for one in back.removals] == [Undone.NOT_READ, Undone.NOT_TRIED]


SLOW = Throttled("TagResource", "ThrottlingException")


def test_where_aws_throttles_it_waits_and_tries_again(tmp_path: Path) -> None:
    waits: list[float] = []
    store = refusing(SLOW, SLOW)
    done = applied(tmp_path, store, waits.append)
    assert [one.outcome for one in done.changes] == [Outcome.TAGGED, Outcome.TAGGED]
    assert (waits, store.tags[ONE]) == ([1.0, 2.0], PAGE)
    waits.clear()
    back = taken(refusing(SLOW, tags=PAGE), waits.append)
    assert ([one.outcome for one in back.removals], waits) == ([Undone.REMOVED, Undone.REMOVED], [1.0])


def test_what_is_throttled_for_half_a_minute_is_left_for_the_next_run(tmp_path: Path) -> None:
    waits: list[float] = []
    done = applied(tmp_path, refusing(*[SLOW] * 6), waits.append)
    assert [one.outcome for one in done.changes] == [Outcome.REFUSED, Outcome.TAGGED]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_tags_that_somebody_changes_while_aws_throttles_are_left_as_they_are(tmp_path: Path) -> None:
    theirs = {"firebreak:action": "none"}
    store = refusing(SLOW)
    done = applied(tmp_path, store, lambda _: store.tags.update({ONE: dict(theirs)}))
    assert [one.outcome for one in done.changes] == [Outcome.CHANGED, Outcome.TAGGED]
    assert store.tags[ONE] == theirs
    assert [one.arn for one in read_undo(str(tmp_path / "u.json")).added] == [TWO]
    with pytest.raises(Ending) as ended:
        end_applied(done)
    assert f"{done.changes[0].what}: its tags changed while this was asked" in ended.value.lines[0]
    assert ended.value.code == PARTLY_DONE


def test_tags_that_somebody_changes_while_aws_throttles_are_not_removed() -> None:
    theirs = dict.fromkeys(PAGE, "theirs")
    store = refusing(SLOW, tags=PAGE)
    back = taken(store, lambda _: store.tags.update({ONE: dict(theirs)}))
    assert [one.outcome for one in back.removals] == [Undone.CHANGED, Undone.REMOVED]
    assert store.tags == {ONE: theirs, TWO: {}}
    with pytest.raises(Ending) as ended:
        end_taken_back(back)
    assert f"{back.removals[0].what}: changed since, and kept: " in ended.value.lines[0]
    assert ended.value.code == PARTLY_DONE
