"""Replaces an alarm as a whole so that one setting of it is another, and nothing else.

The alarm is read right before each try, and after it. Where it came back with anything else changed, it is
put as it was; where somebody else configured it meanwhile, it is left as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.errors import AwsError, Denied, OutcomeUnknown
from firebreak_cli.adopt.alarm_configuration import Configuration, all_differences, differences
from firebreak_cli.adopt.alarm_store import AlarmStore, read_one
from firebreak_cli.adopt.refusals import ends_the_run, patiently
from firebreak_cli.exit_codes import ending_of

# DescribeAlarms may be a moment behind PutMetricAlarm.
_LOOKS_AFTER = (1.0, 2.0)
_BY_HAND = "the undo file has its earlier configuration; put it by hand"


class End(StrEnum):
    """The end of one replacement."""

    DONE = "done"
    CHANGED = "changed"
    GONE = "gone"
    NOT_READ = "not_read"
    REFUSED = "refused"
    LOST = "lost"
    NOT_READ_BACK = "not_read_back"
    NOT_KEPT = "not_kept"
    PUT_BACK = "put_back"
    NOT_PUT_BACK = "not_put_back"


_AS_IT_WAS = frozenset({End.CHANGED, End.GONE, End.NOT_READ, End.REFUSED, End.PUT_BACK})
# After these nobody knows what the next one would do to its alarm.
_STOPS = frozenset({End.NOT_READ_BACK, End.NOT_KEPT, End.PUT_BACK, End.NOT_PUT_BACK})


@dataclass(frozen=True, slots=True)
class Replaced:
    """The end of one replacement, and why; `error` is AWS's."""

    end: End
    detail: str = ""
    error: AwsError | None = None

    @property
    def as_it_was(self) -> bool:
        """Whether this left the alarm as it was."""
        return self.end in _AS_IT_WAS

    @property
    def stops(self) -> bool:
        """Whether no other alarm is to be replaced after this one."""
        return self.end in _STOPS or (self.error is not None and ends_the_run(self.error))


@dataclass(frozen=True, slots=True)
class CarefulPut:
    """Replaces alarms of one store; `wait` waits some seconds where AWS throttles or is behind."""

    store: AlarmStore
    wait: Callable[[float], None]

    def replace(self, before: Configuration, wanted: Configuration) -> Replaced:
        """Put `wanted` in place of `before`, if that is what the alarm still is."""
        try:
            moved = patiently(lambda: self._put_if(before, wanted), self.wait)
        except OutcomeUnknown as error:
            return self._after_a_lost_reply(before, wanted, error)
        except AwsError as error:
            return Replaced(End.REFUSED, f"{ending_of(error).lines[0]}{_rights(error, wanted)}", error)
        return moved or self._checked(before, wanted)

    def _put_if(self, expected: Configuration, wanted: Configuration) -> Replaced | None:
        """One try; no put where the alarm is not as expected any more, and why. Raises AwsError."""
        self.store.wait_for_turn()
        moved = self._moved(expected)
        if not moved:
            self.store.put(wanted)
        return moved

    def _moved(self, before: Configuration) -> Replaced | None:
        match read_one(self.store, before.name):
            case Absent():
                return Replaced(End.GONE, "it does not exist any more")
            case Unknown(why) | NotRead(why):
                return Replaced(End.NOT_READ, f"it could not be read again: {why}")
            case Configuration() as now:
                changed = ", ".join(all_differences(before, now))
                return (
                    Replaced(End.CHANGED, f"it was configured again meanwhile: {changed}")
                    if changed
                    else None
                )
            case never:
                assert_never(never)

    def _after_a_lost_reply(
        self, before: Configuration, wanted: Configuration, error: OutcomeUnknown
    ) -> Replaced:
        found = self._checked(before, wanted)
        if found.end in {End.NOT_KEPT, End.NOT_READ_BACK}:
            return Replaced(End.LOST, f"{error}: it may be rewritten; the undo file has it", error)
        return found

    def _checked(self, before: Configuration, wanted: Configuration) -> Replaced:
        """Whether the alarm is now what was wanted. Where anything else differs, it is put as it was."""
        match self._settled(wanted):
            case Absent():
                return Replaced(End.GONE, "it was deleted meanwhile")
            case Unknown(why) | NotRead(why):
                return Replaced(End.NOT_READ_BACK, f"it was rewritten and could not be read back: {why}")
            case Configuration() as now:
                if changed := differences(wanted, now):
                    return self._put_back(before, now, ", ".join(changed))
                if all_differences(wanted, now):
                    return Replaced(End.NOT_KEPT, "AWS took the other tag propagation and does not show it")
                return Replaced(End.DONE)
            case never:
                assert_never(never)

    def _settled(self, wanted: Configuration) -> Reading[Configuration]:
        """The alarm, read again while it is not as it was put."""
        now = read_one(self.store, wanted.name)
        for seconds in _LOOKS_AFTER:
            if isinstance(now, Configuration) and not all_differences(wanted, now):
                break
            self.wait(seconds)
            now = read_one(self.store, wanted.name)
        return now

    def _put_back(self, before: Configuration, found: Configuration, changed: str) -> Replaced:
        came = f"it came back with another {changed}"
        try:
            moved = patiently(lambda: self._put_if(found, before), self.wait)
        except AwsError as error:
            text = f"{came}, and could not be put back: {ending_of(error).lines[0]}"
            return Replaced(End.NOT_PUT_BACK, f"{text}: {_BY_HAND}", error)
        if moved:
            return Replaced(End.NOT_PUT_BACK, f"{came}, and was not put back: {moved.detail}: {_BY_HAND}")
        now = self._settled(before)
        if isinstance(now, Configuration) and not all_differences(before, now):
            return Replaced(End.PUT_BACK, f"{came}: its earlier configuration was put back")
        return Replaced(End.NOT_PUT_BACK, f"{came}, and does so after it was put back: {_BY_HAND}")


def _rights(error: AwsError, wanted: Configuration) -> str:
    """The rights that a refused call may have lacked."""
    if not isinstance(error, Denied) or ends_the_run(error):
        return ""
    rights = f"cloudwatch:{wanted.operation}, and with tag propagation cloudwatch:ListTagsForResource"
    return f" (it takes {rights})"
