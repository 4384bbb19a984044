"""The commands on a page: fixed words, checked ids and the address of the stack, and no name of an alarm."""

from collections.abc import Iterator

from firebreak.core.incident.questions import read_question
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.commands import PLACEHOLDER, StackAddress
from firebreak.core.paging.page import Phase
from firebreak.core.paging.threads import CALL_ID, THREAD_ID
from firebreak.core.rules import PAGE_RUNG

_K = AnnouncementKind

_OVER = frozenset({Phase.RESOLVE, Phase.ACKNOWLEDGE})


# The result of a look has an incident or a decision of its own, in the thread of the page that announced it.
_BY_INCIDENT = frozenset({_K.ACTED, _K.UNCERTAIN, _K.NOT_EXECUTED, _K.LOOKED_AGAIN})


def page_id(message: Announcement, thread: str) -> str:
    """The one id of a page, for `show`: its thread's, or its incident's; empty when there is none."""
    names = (message.incident_id, thread) if message.kind in _BY_INCIDENT else (thread, message.incident_id)
    return next((name for name in names if THREAD_ID.fullmatch(name)), "")


def command_lines(
    message: Announcement, stack: StackAddress, phase: Phase, ids: tuple[str, str], *, climbs: bool
) -> Iterator[str]:
    """One line for each command, the likeliest first. `ids` are those of the thread and of its call.

    `climbs` means that somebody further up the route is called unless somebody acknowledges.
    """
    thread, call = ids
    name = page_id(message, thread)
    if name:
        yield f"Show:     {stack.command('show', name)}"
    if message.kind is _K.APPROVAL and read_question(message.question):
        yield f"Approve:  {stack.command('approve', message.question)}"
        yield f"Deny:     {stack.command('deny', message.question, '--reason', PLACEHOLDER)}"
    if (climbs or phase is Phase.TRIGGER) and (CALL_ID.fullmatch(call) or THREAD_ID.fullmatch(call)):
        yield f"Acknowledge: {stack.command('ack', call)}"
    if message.kind in (_K.DIGEST, _K.HOLD_OVER, _K.HELD_BACK):
        yield f"List:     {stack.command('incidents')}"
    if message.kind is _K.STORM:
        which = ("--pages",) if message.action == PAGE_RUNG else ()
        yield f"See all:  {stack.command('storm', *which)}"
        yield f"End it:   {stack.command('storm', *which, '--end', '--reason', PLACEHOLDER)}"
    if name and message.retry:
        yield f"Retry all: {stack.command('retry', '--all', name)}"
    if phase not in _OVER and message.kind not in (_K.RECOVERED, _K.ACKNOWLEDGED):
        yield f"Stop all: {stack.command('pause', '--reason', PLACEHOLDER, '--for', '1h')}"
