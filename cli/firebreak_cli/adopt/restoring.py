"""Puts alarms back as they were before an adoption, where nobody has configured them since."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from firebreak.core.readings import NotRead, Unknown
from firebreak.errors import AwsError
from firebreak_cli.adopt.alarm_configuration import (
    ACTION_CONFIGURATION,
    PROPAGATION,
    Configuration,
    all_differences,
    differences,
    same,
)
from firebreak_cli.adopt.alarm_store import AlarmStore
from firebreak_cli.adopt.careful_put import CarefulPut, End
from firebreak_cli.adopt.refusals import ends_the_run
from firebreak_cli.adopt.undo_file import PutAlarm
from firebreak_cli.adopt.undoing import Undone

_OUTCOMES: Mapping[End, Undone] = {
    End.DONE: Undone.RESTORED,
    End.CHANGED: Undone.CHANGED,
    End.GONE: Undone.ALREADY,
    End.NOT_READ: Undone.NOT_READ,
    End.REFUSED: Undone.REFUSED,
    End.LOST: Undone.NOT_READ,
    End.NOT_READ_BACK: Undone.NOT_READ,
    End.NOT_KEPT: Undone.REFUSED,
    End.PUT_BACK: Undone.PUT_BACK,
    End.NOT_PUT_BACK: Undone.NOT_PUT_BACK,
}


@dataclass(frozen=True, slots=True)
class Restoration:
    """One alarm that is to get its earlier settings back; `now` is the alarm as it was looked at."""

    put: PutAlarm
    outcome: Undone = Undone.READY
    detail: str = ""
    now: Configuration | None = None

    @property
    def ready(self) -> bool:
        """Whether it may be put."""
        return self.outcome is Undone.READY

    def ended(self, outcome: Undone, detail: str = "") -> "Restoration":
        """The same with its outcome."""
        return replace(self, outcome=outcome, detail=detail)


def restorations(put: Sequence[PutAlarm], store: AlarmStore) -> Iterator[Restoration]:
    """Every alarm as it would be put back now, the last one that was put first."""
    found = store.read([one.name for one in put]) if put else {}
    for one in map(Restoration, reversed(put)):
        if isinstance(found, Unknown | NotRead):
            yield one.ended(Undone.NOT_READ, f"it could not be read: {found.why}")
        elif one.put.name not in found:
            yield one.ended(Undone.ALREADY, "it does not exist any more")
        else:
            yield _looked(one, found[one.put.name])


def _looked(one: Restoration, now: Configuration) -> Restoration:
    """Only what is exactly as it was put is put back: anything else is somebody else's work."""
    earlier = one.put.earlier
    changed = ["its kind"] if now.kind is not earlier.kind else differences(earlier, now)
    if changed:
        return one.ended(Undone.CHANGED, f"configured again since, and left as it is: {', '.join(changed)}")
    if not all_differences(earlier, now):
        return one.ended(Undone.ALREADY, "it is as it was")
    if not same(now.action_configuration, one.put.action_configuration):
        text = f"configured again since, and left as it is: {ACTION_CONFIGURATION}.{PROPAGATION}"
        return one.ended(Undone.CHANGED, text)
    return replace(one, now=now)


def restore(
    asked: Iterable[Restoration], store: AlarmStore, wait: Callable[[float], None]
) -> tuple[list[Restoration], AwsError | None, bool]:
    """Put back what is ready, in order; with the error that ended it, and whether it ended early."""
    put = CarefulPut(store, wait)
    done: list[Restoration] = []
    error: AwsError | None = None
    stopped = ""
    for one in asked:
        if not one.ready or one.now is None:
            done.append(one)
        elif stopped:
            done.append(one.ended(Undone.NOT_TRIED, stopped))
        else:
            earlier = one.put.earlier.action_configuration
            found = put.replace(one.now, one.now.with_action_configuration(earlier))
            done.append(one.ended(_OUTCOMES[found.end], found.detail))
            if found.stops:
                stopped = f"it ended at {one.put.what}"
                error = found.error if found.error and ends_the_run(found.error) else None
    return done, error, bool(stopped)
