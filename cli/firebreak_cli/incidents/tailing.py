"""`firebreak tail`: decisions and incidents as they come."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import typer
from rich.console import Console

from firebreak.core.incident.states import Incident
from firebreak.core.limits.scopes import short_key
from firebreak.core.paging.threads import Thread
from firebreak.core.people import caller
from firebreak.core.readings import ABSENT, Reading
from firebreak.core.reasons import Reason
from firebreak.ledger.items import LISTED_DECISION, LISTED_HEARTBEAT, LISTED_INCIDENT, META
from firebreak.ledger.reads import Place
from firebreak.ledger.threads import DynamoThreads
from firebreak_cli import screen
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.incidents.filters import GOOD_NEWS, Wanted
from firebreak_cli.incidents.listing import incident_json
from firebreak_cli.incidents.looks import Looks
from firebreak_cli.incidents.watching import incident_line
from firebreak_cli.queries import by_time, ledger_queries
from firebreak_cli.queries.by_time import NoIndex
from firebreak_cli.queries.ledger_queries import Found, StoredDecision
from firebreak_cli.stack import Stack

VERSION = 1

# Seconds between two looks by default.
EVERY = 5

# Each look reads so much again: the index is a moment behind the table, and this machine's clock may be as
# far ahead as AWS accepts in the signature of a request, which is five minutes.
OVERLAP = timedelta(minutes=6)
# No clock of a function is as far ahead.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The decisions and the changed incidents of one look, oldest first; `damaged` could not be read.

    `unprocessed` were not read either, and the next look asks for them again. `pages` are those of the
    incidents.
    """

    decisions: tuple[StoredDecision, ...] = ()
    incidents: tuple[Incident, ...] = ()
    damaged: int = 0
    unprocessed: int = 0
    pages: Mapping[str, Reading[Thread]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Followed:
    """An incident as it was last printed or passed over, and at which look that was."""

    incident: Incident
    seen_at: datetime


@dataclass(slots=True, kw_only=True)
class Tail:
    """The news of a stack since `since`; good news and heartbeats only where `everything` is asked for.

    The first look lists what was before `since` as well, and passes over it: with a clock that is ahead,
    later decisions have such times, too. Keeps the names of decisions that the next look reads again, the
    open incidents, those that ended lately, and the names of what DynamoDB did not process. A look that
    fails changes nothing: the next one brings what it missed.
    """

    stack: Stack
    wanted: Wanted
    since: datetime
    everything: bool
    _first: datetime | None = None
    _decided: dict[Place, datetime | None] = field(default_factory=dict)
    _followed: dict[str, Followed] = field(default_factory=dict)
    _damaged: int = 0
    _unprocessed: frozenset[Place] = frozenset()

    def look(self, now: datetime) -> News:
        """The news since the look before. Raises AwsError."""
        client, table = self.stack.reader("dynamodb"), self.stack.ledger_table
        first, until = self._first or self.since - OVERLAP, now + _AHEAD
        lines = chain.from_iterable(
            by_time.between(client, table, kind, first, until) for kind in self._kinds()
        )
        listed = {line.place: line.at for line in lines}
        new = [place for place, at in listed.items() if place not in self._decided and self._is_new(at)]
        again = sorted(place for place in self._unprocessed if not _is_incident(place))
        decided = _oldest_first(ledger_queries.at_places(client, table, dict.fromkeys((*again, *new))))
        present = self._present(client, table, first, until)
        changed = self._changed(present.incidents)
        news = self._news(decided, present, changed, client)
        self._unprocessed = decided.unprocessed | present.unprocessed
        self._keep(now, max(first, now - OVERLAP), listed, changed)
        self._damaged = present.damaged
        return news

    def _is_new(self, at: datetime | None) -> bool:
        """Whether what is listed for the first time, with that time, is news and not of before the tail."""
        return self._first is not None or at is None or at >= self.since

    def _kinds(self) -> tuple[str, ...]:
        beats = self.everything or self.wanted.reason == Reason.HEARTBEAT
        return (LISTED_DECISION, LISTED_HEARTBEAT) if beats else (LISTED_DECISION,)

    def _present(self, client: Any, table: str, first: datetime, until: datetime) -> Found:
        """All open incidents, those that opened since then, and those that were open, as they are now."""
        found = ledger_queries.open_incidents(client, table)
        there = {one.id for one in found.incidents}
        opened = [line.place for line in by_time.between(client, table, LISTED_INCIDENT, first, until)]
        were_open = [
            one.incident.id for one in self._followed.values() if ledger_queries.is_open(one.incident)
        ]
        again = filter(_is_incident, self._unprocessed)
        places = {*opened, *again, *((f"INC#{name}", META) for name in were_open)}
        ended = sorted(place for place in places if place[0].removeprefix("INC#") not in there)
        others = ledger_queries.at_places(client, table, ended)
        damaged = max(found.damaged, _damaged(others))
        incidents = [*found.incidents, *others.incidents]
        return Found(incidents, damaged=damaged, unprocessed=others.unprocessed)

    def _changed(self, present: Iterable[Incident]) -> list[Incident]:
        """The incidents that are not as they were; an index that is behind brings no older version back."""
        known = {name: one.incident.version for name, one in self._followed.items()}
        newer = (one for one in present if one.id not in known or one.version > known[one.id])
        return sorted(newer, key=lambda one: one.opened_at)

    def _news(self, decided: Found, present: Found, changed: Iterable[Incident], client: Any) -> News:
        shown = [one for one in changed if self._is_news(one)]
        chosen = self.wanted.of(Found(shown, decided.decisions))
        incidents = () if self.wanted.reason else tuple(chosen.incidents)
        threads = DynamoThreads(client, self.stack.ledger_table)
        return News(
            decisions=tuple(one for one in chosen.decisions if self._is_wanted(one)),
            incidents=incidents,
            damaged=_damaged(decided) + max(0, present.damaged - self._damaged),
            unprocessed=len(decided.unprocessed | present.unprocessed),
            pages={one.id: threads.thread(one.id) for one in incidents},
        )

    def _is_news(self, one: Incident) -> bool:
        """Whether it reads otherwise than before; at the first look the incidents of before are none."""
        if before := self._followed.get(one.id):
            return _line(before.incident) != _line(one)
        return self._is_new(one.opened_at)

    def _is_wanted(self, one: StoredDecision) -> bool:
        return bool(self.everything or self.wanted.reason) or one.reason not in GOOD_NEWS

    def _keep(
        self,
        now: datetime,
        first: datetime,
        listed: Mapping[Place, datetime | None],
        changed: Iterable[Incident],
    ) -> None:
        """Remembers all that a look which reads from `first` may meet again, and no more."""
        self._first = first
        seen = {**self._decided, **listed}
        read = ((place, made) for place, made in seen.items() if place not in self._unprocessed)
        self._decided = {place: made for place, made in read if made is None or made >= first}
        followed = self._followed | {one.id: Followed(one, now) for one in changed}
        self._followed = {name: one for name, one in followed.items() if _comes_again(one, first)}


def _is_incident(place: Place) -> bool:
    return place[0].startswith("INC#")


def _damaged(found: Found) -> int:
    return found.damaged - len(found.unprocessed)


def _comes_again(one: Followed, first: datetime) -> bool:
    """Whether a look that reads from then on may find it: an index may be behind with its end."""
    return ledger_queries.is_open(one.incident) or max(one.seen_at, one.incident.opened_at) >= first


def follow(stack: Stack, wanted: Wanted, since: datetime, *, everything: bool) -> Tail:
    """Raises Ending where the ledger has no index by time: to follow it by scans would cost too much."""
    try:
        by_time.reaches_back(stack.reader("dynamodb"), stack.ledger_table, since)
    except NoIndex as error:
        raise Ending(
            NO_AWS,
            f"the ledger of {stack.place} has no index by_time, or it may not be queried (dynamodb:Query):"
            f" {stack.command('incidents', '--watch')} does without",
        ) from error
    return Tail(stack=stack, wanted=wanted, since=since, everything=everything)


def _oldest_first(found: Found) -> Found:
    found.decisions.sort(key=lambda decision: decision.at)
    return found


def run(looks: Looks[News], console: Console, *, as_json: bool) -> None:
    """Prints a line for each decision and each change of an incident. Ends only with an error."""
    for at, news in looks.each():
        for line in json_lines(news, at) if as_json else lines(news, at):
            if as_json:
                typer.echo(line)
            else:
                console.print(screen.line_of(line), soft_wrap=True)
        if news.damaged:
            typer.echo(f"firebreak: {news.damaged} items could not be read", err=True)
        if news.unprocessed:
            why = "since DynamoDB did not process them: the next look asks again"
            typer.echo(f"firebreak: {news.unprocessed} items were not read, {why}", err=True)


def lines(news: News, at: datetime) -> Iterator[str]:
    """The news for people: a decision at its own time, a change of an incident at that of the look."""
    for decision in news.decisions:
        by = f", by {caller(decision.by, verified=decision.verified)}" if decision.by else ""
        about = " ".join(filter(None, (short_key(decision.target), decision.alarm, decision.action)))
        answer = f"{decision.outcome} {decision.reason}"
        yield f"{_time(decision.at)} decision {decision.incident_id} {answer} {about}{by}"
    for one in news.incidents:
        yield f"{_time(at)} incident {_line(one)}"


def json_lines(news: News, at: datetime) -> Iterator[str]:
    """The same for programs, one object a line; docs/operations.md describes them."""
    for decision in news.decisions:
        yield json.dumps({"version": VERSION, "type": "decision", **ledger_queries.decision_json(decision)})
    for one in news.incidents:
        values = incident_json(one, news.pages.get(one.id, ABSENT))
        yield json.dumps({"version": VERSION, "type": "incident", "seen_at": at.isoformat(), **values})


def _line(one: Incident) -> str:
    return f"{incident_line(one)}: {one.note}" if one.note else incident_line(one)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
