"""The file of a saved history: JSON Lines of one account and region, its transitions oldest first.

It is read as a stream, so that its length costs no memory. docs/backtest.md describes the format.
"""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from firebreak_cli.exit_codes import BAD_INPUT, Ending

FORMAT_VERSION = 1


class HeaderLine(msgspec.Struct, frozen=True, tag_field="line", tag="history", kw_only=True):
    """The first line: where and when the history was read, and the span that was asked for."""

    version: int
    account: str
    region: str
    start: datetime
    end: datetime
    read_at: datetime


class AlarmLine(msgspec.Struct, frozen=True, tag_field="line", tag="alarm", kw_only=True):
    """An alarm as DescribeAlarms answers, and its tags; `tags` is null where they could not be read."""

    config: dict[str, Any]
    tags: dict[str, str] | None


class TargetLine(msgspec.Struct, frozen=True, tag_field="line", tag="target", kw_only=True):
    """A target as it was when the history was saved.

    `exists` is false for one that is gone. `tags` is null where they could not be read, `group_size` where
    the target has no group or nobody could count. `obstacles` has, by action, why the target could not
    take it: a reason of Firebreak and a sentence.
    """

    target: str
    exists: bool = True
    tags: dict[str, str] | None = None
    group_size: int | None = None
    obstacles: dict[str, tuple[str, str]] = {}


class GroupsLine(msgspec.Struct, frozen=True, tag_field="line", tag="target_groups", kw_only=True):
    """The one service behind target groups; `service` is empty where there is no single one."""

    groups: tuple[str, ...]
    service: str
    why: str = ""


class MuteRulesLine(msgspec.Struct, frozen=True, tag_field="line", tag="mute_rules", kw_only=True):
    """The mute rules as GetAlarmMuteRule answers; `rules` is null where they could not be read."""

    rules: list[dict[str, Any]] | None


class ItemLine(msgspec.Struct, frozen=True, tag_field="line", tag="item", kw_only=True, rename="pascal"):
    """One item of DescribeAlarmHistory, with the names that AWS gives its fields."""

    alarm_name: str
    timestamp: datetime
    history_item_type: str
    alarm_type: str = ""
    history_data: str = ""
    alarm_contributor_id: str = ""
    alarm_contributor_attributes: dict[str, str] = {}


type Line = HeaderLine | AlarmLine | MuteRulesLine | TargetLine | GroupsLine | ItemLine

_DECODER = msgspec.json.Decoder(HeaderLine | AlarmLine | MuteRulesLine | TargetLine | GroupsLine | ItemLine)
_ENCODE = msgspec.json.Encoder().encode

# So many bytes of lines are read at once: enough that reading a line costs no call of its own.
_AT_ONCE = 1 << 20


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a saved history. Raises Ending where the file is none, naming the line."""
    number = 0
    try:
        with _opened(path, "rb") as file:
            while texts := file.readlines(_AT_ONCE):
                yield from _checked(path, number, _decoded(path, number, texts))
                number += len(texts)
    except (OSError, EOFError, zlib.error) as error:
        place = f"after line {number} it cannot be read" if number else "it cannot be read"
        raise Ending(BAD_INPUT, f"{path}: {place}: {type(error).__name__}") from error
    if not number:
        raise Ending(BAD_INPUT, f"{path}: the file is empty")


def _decoded(path: Path, before: int, texts: list[bytes]) -> list[Line]:
    """The lines of a part of the file; `before` counts those ahead of it."""
    try:
        found = _DECODER.decode_lines(b"".join(texts))
    except (msgspec.MsgspecError, RecursionError):
        found = []
    if len(found) == len(texts):  # an empty line is passed over, and its place would be lost
        return found
    return [_decoded_alone(path, number, text) for number, text in enumerate(texts, start=before + 1)]


def _decoded_alone(path: Path, number: int, text: bytes) -> Line:
    try:
        found: Line = _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Ending(BAD_INPUT, f"{path}: line {number}: {_other_version(text) or error}") from error
    return found


def _other_version(text: bytes) -> str:
    """The mistake in the first line of another version, whatever else is in it; empty for all other lines."""
    try:
        found = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return ""
    version = found.get("version", FORMAT_VERSION)
    other = found.get("line") == "history" and version != FORMAT_VERSION
    return f"version {version}, and this release reads {FORMAT_VERSION}" if other else ""


def in_utc(at: datetime) -> datetime:
    """A time of the history; one without a zone is in UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _checked(path: Path, before: int, lines: list[Line]) -> list[Line]:
    """The same lines: the first of the file is its header, and no other is one."""
    headers = [number for number, line in enumerate(lines, start=before + 1) if type(line) is HeaderLine]
    if before == 0 and headers[:1] != [1]:
        raise Ending(BAD_INPUT, f"{path}: line 1: expected the history's first line")
    if again := headers[1 if before == 0 else 0 :]:
        raise Ending(BAD_INPUT, f"{path}: line {again[0]}: the history begins a second time")
    header = lines[0]
    if isinstance(header, HeaderLine) and header.version != FORMAT_VERSION:
        said = f"version {header.version}, and this release reads {FORMAT_VERSION}"
        raise Ending(BAD_INPUT, f"{path}: line 1: {said}")
    return lines


@contextmanager
def writer(path: Path) -> Iterator["HistoryWriter"]:
    """Writes a history; the file appears under its name once it is whole. Raises Ending."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with _opened(partial, "wb", packed=path.suffix == ".gz") as file:
            yield HistoryWriter(file)
        partial.replace(path)
    except OSError as error:
        raise Ending(BAD_INPUT, f"{path}: it cannot be written: {type(error).__name__}") from error
    finally:
        partial.unlink(missing_ok=True)


class HistoryWriter:
    """Writes lines to an open file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: Line) -> None:
        """Writes one line."""
        self._file.write(_ENCODE(line) + b"\n")


def item_line(item: Mapping[str, Any]) -> ItemLine:
    """An item of the API as a line of the file."""
    fields = ItemLine.__struct_encode_fields__
    return msgspec.convert({"line": "item"} | {key: item[key] for key in fields if key in item}, ItemLine)


def _opened(path: Path, mode: str, *, packed: bool | None = None) -> BinaryIO:
    """The file, through gzip where its name ends so."""
    if packed if packed is not None else path.suffix == ".gz":
        return cast("BinaryIO", io.BufferedReader(gzip.open(path)) if mode == "rb" else gzip.open(path, mode))
    return cast("BinaryIO", path.open(mode))
