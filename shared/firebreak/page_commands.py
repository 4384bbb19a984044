"""The commands on a page: fixed words, checked ids and the name of the stack, and no name of an alarm."""

from collections.abc import Iterator

from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.commands import PLACEHOLDER, command
from firebreak.core.page import Phase
from firebreak.core.questions import read_question
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.threads import CALL_ID, THREAD_ID

_K = AnnouncementKind

_OVER = frozenset({Phase.RESOLVE, Phase.ACKNOWLEDGE})


def page_id(told: Announcement, thread: str) -> str:
    """The one id of a page: its thread's, which `show`, `ack` and `retry` take; empty when there is none."""
    return next((name for name in (thread, told.incident_id) if THREAD_ID.fullmatch(name)), "")


def command_lines(told: Announcement, stack_name: str, phase: Phase, ids: tuple[str, str]) -> Iterator[str]:
    """A line a command, the likeliest first. `ids` are those of the thread and of its call."""
    thread, call = ids
    name, stack = page_id(told, thread), ("--stack", stack_name)
    if name:
        yield f"Show:     {command('show', name, *stack)}"
    if told.kind is _K.APPROVAL and read_question(told.question):
        yield f"Say yes:  {command('approve', told.question, *stack)}"
        yield f"Say no:   {command('deny', told.question, '--reason', PLACEHOLDER, *stack)}"
    if phase is Phase.TRIGGER and (CALL_ID.fullmatch(call) or THREAD_ID.fullmatch(call)):
        yield f"I have it: {command('ack', call, *stack)}"
    if told.kind in (_K.DIGEST, _K.HOLD_OVER, _K.HELD_BACK):
        yield f"List:     {command('incidents', *stack)}"
    if told.kind is _K.STORM:
        which = ("--pages",) if told.action == PAGE_RUNG else ()
        yield f"End it:   {command('storm', *which, '--end', '--reason', PLACEHOLDER, *stack)}"
    if name and told.retry:
        yield f"Retry all: {command('retry', '--all', name, *stack)}"
    if phase not in _OVER and told.kind not in (_K.RECOVERED, _K.ACKNOWLEDGED):
        yield f"Stop all: {command('pause', '--reason', PLACEHOLDER, '--for', '1h', *stack)}"
