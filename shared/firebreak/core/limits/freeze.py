"""Freeze windows: whether the policy lets anything be done now, and when it would find otherwise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

# Beyond this nobody looks: an end or an opening that is further away counts as not known.
HORIZON = timedelta(days=400)

# Windows that take turns faster than people think are not followed to the horizon.
_MOST_TURNS = 500


@runtime_checkable  # a compiled policy is checked for what it holds when it is read
class Window(Protocol):
    """Stretches of time that come once or again and again.

    A stretch holds its start but not its end. Both answers are in UTC; `now` may be in any zone.
    """

    @property
    def name(self) -> str:
        """The name of the window in the policy."""
        ...

    def covering(self, now: datetime) -> datetime | None:
        """The end of the stretch that holds this moment; None when none does.

        Occurrences that overlap or touch are one stretch. An end that was not found within the
        horizon is given as `now + HORIZON`.
        """
        ...

    def next_start(self, now: datetime) -> datetime | None:
        """The first start after this moment; None when there is none any more."""
        ...


@dataclass(frozen=True, slots=True)
class Free:
    """No window is against acting now."""

    detail: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """Nothing may be done now.

    `until` is the first moment at which this would be found free; None when there is none within
    the horizon. `frozen_by` stays the same as long as the same stretch is the cause, so it can
    be announced once. `no_window_open` says that no freeze holds, but none of the windows that acts are
    kept to is open.
    """

    detail: str
    until: datetime | None
    frozen_by: str
    no_window_open: bool = False


def find_freeze(never: Sequence[Window], only: Sequence[Window], now: datetime) -> Free | Frozen:
    """Whether the windows allow acts at this moment.

    Inside any of `never` nothing may be done; when there are any of `only`, nothing may be done
    outside them. The first wins over the second.
    """
    now = now.astimezone(UTC)
    frozen = _covering(never, now)
    if frozen:
        return _inside(frozen, _free_from(never, only, now), now)
    opened = _covering(only, now)
    if only and not opened:
        return _no_window_open(only, _free_from(never, only, now), now)
    return Free("; ".join([_calm(never, now), *_sentences_of("only", opened[:1], now)]))


def _covering(windows: Iterable[Window], now: datetime) -> list[tuple[datetime, str]]:
    """The ends of the stretches that hold this moment, the last first, with the windows' names."""
    found = [(end, window.name) for window in windows if (end := window.covering(now))]
    return sorted(found, key=lambda pair: pair[0], reverse=True)


def _starting(windows: Iterable[Window], now: datetime) -> tuple[datetime, str] | None:
    found = [(start, window.name) for window in windows if (start := window.next_start(now))]
    return min(found, key=lambda pair: pair[0], default=None)


def _free_from(never: Sequence[Window], only: Sequence[Window], now: datetime) -> datetime | None:
    at = now
    for _ in range(_MOST_TURNS):
        if at >= now + HORIZON:
            return None
        if frozen := _covering(never, at):
            at = frozen[0][0]
        elif not only or _covering(only, at):
            return at
        elif opens := _starting(only, at):
            at = opens[0]
        else:
            return None
    return None


def _inside(frozen: Sequence[tuple[datetime, str]], until: datetime | None, now: datetime) -> Frozen:
    end, name = frozen[0]
    sentences = _sentences_of("never", frozen, now)
    if until != end and end < now + HORIZON:
        sentences.append(_free_at(until, now))
    return Frozen("; ".join(sentences), until, f"{name}/until/{stamp(end, now)}")


def _no_window_open(only: Sequence[Window], until: datetime | None, now: datetime) -> Frozen:
    names = ", ".join(window.name for window in only)
    plural = "s" if len(only) > 1 else ""
    opens = _starting(only, now)
    start, name = opens or (now + HORIZON, only[0].name)
    detail = f"outside only-window{plural} {names}; {_free_at(until, now)}"
    return Frozen(detail, until, f"{name}/from/{stamp(start, now)}", no_window_open=True)


def _calm(never: Iterable[Window], now: datetime) -> str:
    following = _starting(never, now)
    if following is None:
        return "no freeze window"
    return f"no freeze window before {following[1]} at {_time_of(following[0], now)}"


def _sentences_of(kind: str, covering: Iterable[tuple[datetime, str]], now: datetime) -> list[str]:
    return [f"inside {kind}-window {name} {ending(end, now)}" for end, name in covering]


def ending(end: datetime, now: datetime) -> str:
    """The end of a stretch in words, with the date only when it is another day."""
    return f"until {_time_of(end, now)}" if end < now + HORIZON else "with no end in sight"


def _free_at(until: datetime | None, now: datetime) -> str:
    return f"free from {_time_of(until, now)}" if until else "no free moment in sight"


def _time_of(at: datetime, now: datetime) -> str:
    """UTC to the second, and the date only when it is another day."""
    return f"{at:%H:%M:%S}Z" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S}Z"


def stamp(at: datetime, now: datetime) -> str:
    """The end of a stretch as the part of a cause; one without an end is one cause a day."""
    return f"{at:%Y-%m-%dT%H:%M:%S}Z" if at < now + HORIZON else f"open on {now:%Y-%m-%d}"
