"""The policy of a function where AppConfig holds it: the newest if that loads, else the last that did.

A function looks again when its policy is a minute old. Where the newest cannot be read or does not load, the
last one that loaded stays in force: the function's own, or the one that Verify kept in the ledger if that is
newer or the function has none. Without any nothing is done, nor where none was pushed, or where a newer one
loaded elsewhere whose text is not kept. The layer's policy is never taken for an act,
because it may permit more than the one that was pushed; pages alone fall back to it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from firebreak.core.formats import format_date_time
from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_messages import DAILY, of_blindness
from firebreak.core.paging.commands import StackAddress
from firebreak.core.ports import Log
from firebreak.core.readings import Absent, Reading
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError, NobodyNotified, NotFound, PolicyError
from firebreak.ledger.ports import KeptPolicy, LeftOutPolicy
from firebreak.policy.document import PushedPolicy, read_document
from firebreak.policy.policy import Policy

SOURCE = "the policy in AppConfig"
# So long a function decides by a policy before it asks for a newer one.
MAX_AGE = timedelta(minutes=1)
# Reads that fail cost up to four seconds each; the steps of one event do not all wait for them.
RETRY_AFTER = timedelta(seconds=30)
# A throttled call passes by itself: it is announced only when this function could not read for so long.
UNREAD_FOR = timedelta(minutes=10)
# One line of a page.
LONGEST_CAUSE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A policy that loaded. `at` is when AppConfig last served it; `kept` says that the ledger held it."""

    policy: Policy
    text: str
    number: int
    at: datetime
    kept: bool = False

    @property
    def name(self) -> str:
        """The policy in words."""
        return f"policy {self.policy.hash} (version {self.number})"


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why the newest policy is not in force. `content` names what does not load; empty: it was not read."""

    why: str
    since: datetime
    content: str = ""


class PolicyInForce:
    """One for each process, whose threads may share it: one of them looks, and the others wait for it.

    `fetch` reads the content that AppConfig serves, by a token that counts once; raises AwsError.

    `kept` reads the last policy that loaded from the same profile; `layer` loads the layer's, for pages
    alone. `announce` may raise NobodyNotified, and is then called again. Each is called only when needed.
    """

    def __init__(
        self,
        *,
        fetch: Callable[[], bytes],
        kept: Callable[[], Reading[KeptPolicy | LeftOutPolicy]],
        layer: Callable[[], Policy],
        announce: Callable[[Announcement], None],
        stack: StackAddress,
        now: Callable[[], datetime],
        log: Log,
    ) -> None:
        self._fetch, self._kept, self._layer = fetch, kept, layer
        self._announce, self._now, self._log = announce, now, log
        self._next = f"{_AGAIN} Push one that loads: {stack.command('policy', 'push', 'FILE')}"
        self._lock = Lock()
        self._held: InForce | None = None
        self._trouble: _Trouble | None = None
        self._without = ""
        self._looked: tuple[datetime, datetime] | None = None
        self._read: tuple[bytes, PushedPolicy | PolicyError] | None = None
        self._is_pinned = False
        self._announced: set[str] = set()

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """One event: one policy decides it from its beginning to its end, also when a newer one comes."""
        self._look_if_due()
        self._is_pinned = True
        try:
            yield
        finally:
            self._is_pinned = False

    def policy(self) -> Policy:
        """The policy in force. Raises PolicyError where none is."""
        return self._current().policy

    def text(self) -> str:
        """Its text. Raises PolicyError where none is in force."""
        return self._current().text

    def for_pages(self) -> Policy:
        """The policy in force, else the layer's: a page needs no permission. Raises PolicyError."""
        try:
            return self.policy()
        except PolicyError:
            return self._layer()

    def served(self) -> InForce | None:
        """The policy that AppConfig serves now and that loads; None while there is any trouble."""
        self._look_if_due()
        return None if self._trouble else self._held

    def trouble(self) -> Announcement | None:
        """The announcement of what keeps the newest policy from being in force, None where nothing does."""
        self._look_if_due()
        return self._message() if self._is_worth_a_page() else None

    def _current(self) -> InForce:
        self._look_if_due()
        if self._held is None:
            why = self._trouble.why if self._trouble else ""
            raise PolicyError(SOURCE, [*filter(None, (why, self._without))], cause=self._cause())
        return self._held

    def _look_if_due(self) -> None:
        if self._is_pinned:
            return
        with self._lock:
            now = self._now()
            if self._looked is None or not self._looked[0] <= now < self._looked[1]:
                found = self._look(now)
                self._looked = (now, now + (MAX_AGE if found else RETRY_AFTER))

    def _look(self, now: datetime) -> bool:
        """Whether the newest policy is in force now."""
        try:
            content = self._fetch()
        except AwsError as error:
            self._failed(_unread(error), "", now)
            return False
        pushed = self._read_once(content)
        if isinstance(pushed, PolicyError):
            self._failed(_first(pushed), digest("policy", content.hex()), now, is_none=not content)
            return False
        if self._held is None or self._held.policy.hash != pushed.policy.hash or self._trouble:
            self._log.event("policy.loaded", policy=pushed.policy.hash, version=pushed.number)
        self._held = InForce(policy=pushed.policy, text=pushed.text, number=pushed.number, at=now)
        self._trouble = None
        return True

    def _read_once(self, content: bytes) -> PushedPolicy | PolicyError:
        """Checks a content once: for functions of another build than the command's it takes a second."""
        if self._read is None or self._read[0] != content:
            try:
                self._read = content, read_document(content)
            except PolicyError as error:
                self._read = content, error
        return self._read[1]

    def _failed(self, why: str, content: str, now: datetime, *, is_none: bool = False) -> None:
        before = self._trouble
        since = before.since if before and before.content == content else now
        self._trouble = _Trouble(why, since, content)
        if is_none:  # a profile to which nothing was pushed has no last policy either
            self._held, self._without = None, ""
        else:
            self._take_the_kept_one()
        self._log.event("policy.not_renewed", why=why, in_force=self._held.name if self._held else "none")
        if self._held and self._is_worth_a_page():
            self._announce_once()

    def _is_worth_a_page(self) -> bool:
        """Whether there is more than a call that failed lately while this function has its own policy."""
        trouble, held = self._trouble, self._held
        if trouble is None:
            return False
        own = held is not None and not held.kept
        return bool(trouble.content) or not own or self._now() - trouble.since >= UNREAD_FOR

    def _take_the_kept_one(self) -> None:
        """Takes the last policy that loaded anywhere, where this function has none or an older one."""
        found = self._kept()
        if not isinstance(found, KeptPolicy | LeftOutPolicy):
            why = "none was ever loaded" if isinstance(found, Absent) else found.why
            self._without = f"No earlier policy is kept: {why}"
            return
        held = self._held
        if held and held.at >= found.at:
            return
        if held and held.policy.hash == found.policy_hash:
            self._held = replace(held, at=found.at)
            return
        if isinstance(found, LeftOutPolicy):
            self._held, self._without = None, f"The last policy that loaded is not kept: {found.why}"
            return
        try:
            policy = _checked(found)
        except PolicyError as error:
            self._without = f"The last policy that loaded does not load here: {_first(error)}"
            return
        self._held = InForce(policy=policy, text=found.text, number=found.number, at=found.at, kept=True)

    def _cause(self) -> str:
        why = self._trouble.why if self._trouble else ""
        return ". ".join(filter(None, (why, self._without)))[:LONGEST_CAUSE]

    def _message(self) -> Announcement:
        """One thread for all functions and causes; one announcement a day for each content."""
        now, held, trouble = self._now(), self._held, self._trouble
        if held is None or trouble is None:
            found = of_blindness(Reason.POLICY_UNUSABLE, self._cause(), "", None, now, every=DAILY)
            return replace(found, next=f"No action runs until a policy loads. {self._next}")
        found = of_blindness(Reason.POLICY_NOT_RENEWED, trouble.content, "", None, now, every=DAILY)
        kept = f"In force: {held.name}, served last at {format_date_time(held.at, now)}"
        return replace(found, thread=_THREAD, facts=(trouble.why, kept), next=self._next)

    def _announce_once(self) -> None:
        """May fail without harm: the next look announces it, and so do Verify and Page."""
        message = self._message()
        if message.key in self._announced:
            return
        try:
            self._announce(message)
        except NobodyNotified as error:
            self._log.event("policy.not_announced", error=str(error))
        else:
            self._announced.add(message.key)


class PinnedDesk[S]:
    """A function's desk whose events are decided by one policy each; `handle` is its own."""

    def __init__(self, handle: Callable[[object], S], policies: PolicyInForce) -> None:
        self._handle, self._policies = handle, policies

    def handle(self, event: object) -> S:
        """Answers one event. Raises as the desk does."""
        with self._policies.pinned():
            return self._handle(event)


_THREAD = digest("policy in force")
_AGAIN = "Firebreak looks for a newer policy each minute."


def _unread(error: AwsError) -> str:
    if isinstance(error, NotFound):
        return f"AppConfig has no policy, or was asked for one that is gone ({error})"
    return f"AppConfig could not be read ({error})"


def _first(error: PolicyError) -> str:
    """The first mistake with its line and path, without what was found there; and how many more."""
    return f"{error.source}: {error.first}"[:LONGEST_CAUSE]


def _checked(found: KeptPolicy) -> Policy:
    from firebreak.policy.compiler import parse_policy  # with pydantic, which only a fallback needs

    return parse_policy(found.text, f"version {found.number}")
