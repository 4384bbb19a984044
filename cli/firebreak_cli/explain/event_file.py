"""Reading one event from a file or from standard input."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from firebreak.core.model import Alarm, OwnEvent
from firebreak.errors import UnusableEvent
from firebreak.intake import alarm_events
from firebreak.wire.lenient_json import strict_json
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.explain.sns_messages import NO_SERIES, NO_TAGS, event_in

STDIN = "-"

# EventBridge events are at most 1 MB (docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
MAX_BYTES = 1024 * 1024

_EXPECTED = "one CloudWatch alarm event as JSON"


@dataclass(frozen=True, slots=True)
class Given:
    """The event to be explained, and what the reader should know about where it comes from.

    `as_if_red` says that the alarm is not red now.
    """

    trigger: Alarm | OwnEvent
    lacks: tuple[str, ...] = ()
    as_if_red: bool = False

    @property
    def lacks_tags(self) -> bool:
        """Whether it cannot be known from the event how the alarm is tagged."""
        return NO_TAGS in self.lacks


def read_event(name: str) -> Given:
    """The alarm or request in the file. Raises Ending naming the file, what it is and what it should be."""
    source_name = "standard input" if name == STDIN else name
    try:
        found = _json(_content(name))
        message = event_in(found)
        if message is not None:
            return Given(alarm_events.parse(message), (NO_TAGS, NO_SERIES))
        return Given(alarm_events.parse(found))
    except UnusableEvent as error:
        raise Ending(BAD_INPUT, f"{source_name}: found {error.found}; expected {error.expected}") from error


def _content(name: str) -> bytes:
    try:
        if name == STDIN:
            return _bounded(sys.stdin.buffer)
        path = Path(name)
        if path.exists() and not path.is_dir() and not path.is_file() and path != Path("/dev/stdin"):
            raise UnusableEvent("what is no regular file", _EXPECTED)
        with path.open("rb") as file:
            return _bounded(file)
    except FileNotFoundError as error:
        raise UnusableEvent("no such file", _EXPECTED) from error
    except IsADirectoryError as error:
        raise UnusableEvent("a directory", _EXPECTED) from error
    except (OSError, ValueError) as error:
        raise UnusableEvent(f"what cannot be read ({type(error).__name__})", _EXPECTED) from error


def _bounded(file: BinaryIO) -> bytes:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UnusableEvent(f"more than {MAX_BYTES} bytes", _EXPECTED)
    return content


def _json(content: bytes) -> object:
    if not content.strip():
        raise UnusableEvent("nothing in it", _EXPECTED)
    try:
        return strict_json(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnusableEvent(f"text that is not JSON ({place})", _EXPECTED) from error
    except UnicodeDecodeError as error:
        raise UnusableEvent("bytes that are not UTF-8 text", _EXPECTED) from error
    except (ValueError, RecursionError) as error:
        raise UnusableEvent(f"JSON that no event is ({type(error).__name__})", _EXPECTED) from error
