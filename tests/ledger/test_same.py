"""Both ledgers give the same answers to the same calls, in any order and on any old look."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.incident.states import MOVES, Incident
from firebreak.core.incident.transitions import climbing, opened
from firebreak.core.ledger import Claim, ClaimResult, IncidentChange, LedgerView
from firebreak.core.limits.history import GroupSize, Hold, Judged
from firebreak.core.limits.scopes import Level, Scope, scopes_of
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages import incident_messages
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import AlarmState, Request, RequestKind, Target, Verdict
from firebreak.core.reasons import Reason
from firebreak.errors import AwsError
from firebreak.ledger.memory.state import kept_hold
from tests.ledger.claiming import claim_of, record_of
from tests.ledger.conftest import LedgerPorts, in_dynamodb, in_memory
from tests.ledger.tables import Table
from tests.support import builders as a
from tests.support.world import create_table

# From this number on a pause is one that ended long before it is written down.
LONG_AGO = 10
STEP = timedelta(seconds=37, microseconds=300)
SCOPES_HELD = ("global", "action restart-service", f"group {a.TARGET.group_key}", f"target {a.TARGET.key}")
TARGETS = (a.TARGET, Target(a.ACCOUNT, a.REGION, "ecs", "prod", "web"))
ALARMS = ("api-memory-high", "api-5xx", "web-memory-high")
ACTIONS = ("restart-service", "scale-service")
APPLICATION = Scope(Level.GROUP, f"{a.ACCOUNT}/{a.REGION}/application/shop")

type Deed = tuple[str, int, int, int]


@dataclass
class Actor:
    """Does the same to one ledger, with what that ledger showed before."""

    ports: LedgerPorts
    views: list[tuple[Request, LedgerView]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    storms: list[Storm] = field(default_factory=list)
    now: datetime = a.NOW

    def do(self, deed: Deed) -> object:
        name, *numbers = deed
        self.now += STEP
        try:
            return getattr(self, name)(*numbers)
        except AwsError as error:
            return error.args

    def _request(self, n: int, m: int) -> Request:
        alarm = a.alarm(ALARMS[n % 3], since=a.NOW + (m % 4) * STEP)
        target, action = TARGETS[n // 2 % 2], ACTIONS[m % 5 == 0]
        fresh = a.request(alarm=alarm, target=target, action=action)
        if m % 7 == 6:
            return replace(fresh, kind=RequestKind.MANUAL)
        if not self.incidents or m % 3:
            return fresh
        known = self.incidents[n % len(self.incidents)]
        kind = (RequestKind.CLIMB, RequestKind.WAKE, RequestKind.APPROVAL)[m // 3 % 3]
        return replace(
            fresh,
            kind=kind,
            incident_id=known.id,
            rung=known.rung,
            attempt=m % 2,
            action=known.action,
            target=known.target,
            alarm=known.alarm,
        )

    def look(self, n: int, m: int, k: int) -> object:
        request = self._request(n, m)
        scopes = scopes_of(request.target, request.action, ["orders-db"] if k % 2 else [])
        view = self.ports.ledger.look(request, scopes)
        if k % 3 == 0:
            view = self.ports.ledger.read_more_scopes(view, [APPLICATION])
        self.views.append((request, view))
        if isinstance(view.incident, Incident):
            self.incidents.append(view.incident)
        return view

    def claim(self, n: int, m: int, k: int) -> object:
        if not self.views:
            return None
        request, view = self.views[-1 - n % min(3, len(self.views))]
        size = GroupSize(m, self.now) if k % 2 else None
        claim = replace(claim_of(self.ports.ledger, request, view=view, at=self.now), group_size=size)
        claim = replace(claim, after=replace(claim.after, claim_id=f"claim-{self.now:%H%M%S%f}"))
        result = self.ports.ledger.claim(claim)
        self.claims.append(claim)
        if result is ClaimResult.WON:
            self.incidents.append(claim.after)
        return result

    def _incident(self, n: int) -> Incident:
        return self.incidents[-1 - n % len(self.incidents)]

    def move(self, n: int, m: int, k: int) -> object:
        if not self.incidents:
            return None
        before = self._incident(n)
        state = sorted([before.state, *MOVES[before.state]])[m % (1 + len(MOVES[before.state]))]
        after = replace(before, state=state, version=before.version + 1, healthy_since=self.now)
        record = record_of(self._request(n, m), self.now, Reason.BUDGET_FULL)
        moved = IncidentChange(
            before=before,
            after=replace(after, due_at=None if k % 2 else self.now),
            at=self.now,
            what=f"to {state}",
            message=incident_messages.acted(after, self.now) if k % 3 else None,
            record=record if k % 4 == 0 else None,
            judged=Judged(list(Verdict)[m % 5], self.now) if k % 2 else None,
        )
        if result := self.ports.ledger.move(moved):
            self.incidents.append(moved.after)
        return result

    def join(self, n: int, m: int, k: int) -> object:
        if not self.incidents:
            return None
        request = self._request(k, m)
        record = record_of(request, self.now, Reason.IN_FLIGHT)
        return self.ports.ledger.join(self._incident(n), request.alarm, record)

    def open(self, n: int, m: int, k: int) -> object:
        request = replace(self._request(n, m), incident_id="", kind=RequestKind.ALARM)
        incident = climbing(opened(request, a.rules(), self.now), 1, self.now + STEP, f"no room {k}")
        result = self.ports.ledger.open(incident, record_of(request, self.now, Reason.CEILING_REACHED), None)
        if result:
            self.incidents.append(incident)
        return result

    def record(self, n: int, m: int, k: int) -> object:
        record = record_of(self._request(n, m), self.now, Reason.BUDGET_FULL)
        return self.ports.ledger.record(record, of_decision(record, a.TARGET) if k % 2 else None)

    def record_transition(self, n: int, m: int, k: int) -> object:
        return self.ports.ledger.record_transition(
            a.alarm(ALARMS[n % 3], state=AlarmState.OK, since=a.NOW + (m % 5) * STEP), a.LATER
        )

    def give_back(self, n: int, m: int, k: int) -> object:
        if self.claims:
            self.ports.ledger.give_back(self.claims[-1 - n % len(self.claims)])
        return None

    def note(self, n: int, m: int, k: int) -> object:
        if self.incidents:
            self.ports.ledger.note(self._incident(n).id, self.now, f"{m}")
        return None

    def pause(self, n: int, m: int, k: int) -> object:
        until = self.now + ((k - 3) * STEP if k < LONG_AGO else timedelta(days=-2))
        hold = Hold(SCOPES_HELD[n % 4], f"holder {m % 3}", f"why {k}", self.now, until)
        stored = self.ports.switches.pause(hold)
        return kept_hold(stored)

    def resume(self, n: int, m: int, k: int) -> object:
        return self.ports.switches.resume(SCOPES_HELD[n % 4], f"holder {m % 3}", self.now)

    def remember(self, n: int, m: int, k: int) -> object:
        red = RedAlarm(self.now - (m % 3) * STEP, f"series {n % 4}", f"name {n % 4}")
        known = self.storms[-1].red if self.storms else ()
        found = self.ports.storms.remember(red, known[: k % 3], self.now)
        if isinstance(found, Storm):
            self.storms.append(found)
        return found

    def trip(self, n: int, m: int, k: int) -> object:
        return self.ports.storms.trip(
            self.now, replace(incident_messages.acted(a.incident(), self.now), key=f"s{n}")
        )

    def renew(self, n: int, m: int, k: int) -> object:
        return self.ports.storms.renew(self.now)

    def calm(self, n: int, m: int, k: int) -> object:
        if not self.storms:
            return None
        storm = self.ports.storms.look() if k % 2 else self.storms[-1]
        text = replace(incident_messages.acted(a.incident(), self.now), key=f"c{n}")
        return self.ports.storms.calm(storm, text) if isinstance(storm, Storm) else None

    def settle(self, n: int, m: int, k: int) -> object:
        unsettled = sorted(self.ports.ledger.unsettled_announcements(self.now, 50), key=lambda text: text.key)
        if unsettled:
            self.ports.ledger.settle_announcement(unsettled[n % len(unsettled)].key, self.now)
        return [text.key for text in unsettled]

    def listed(self, n: int, m: int, k: int) -> object:
        ledger = self.ports.ledger
        ids = sorted({incident.id for incident in self.incidents})
        return (
            sorted(ledger.overdue(self.now, 50), key=str),
            sorted(ledger.incidents_with_humans(self.now, 50)),
            [ledger.incident(incident_id) for incident_id in ids],
            [ledger.history(incident_id) for incident_id in ids],
            self.ports.storms.look(),
            sorted(self.ports.switches.held(), key=str),
        )


DEEDS = [name for name, made in vars(Actor).items() if callable(made) and name[0] != "_" and name != "do"]
# Operations that depend most on earlier ones are more frequent.
OFTEN = ["look", "look", "claim", "claim", "move", "move"]
ANY = st.integers(0, 11)
LIVES = st.lists(st.tuples(st.sampled_from([*OFTEN, *DEEDS]), ANY, ANY, ANY), min_size=8, max_size=40)


def answers(ports: LedgerPorts, life: Sequence[Deed]) -> list[object]:
    actor = Actor(ports)
    lines: list[object] = [actor.do(deed) for deed in life]
    return [*lines, actor.listed(0, 0, 0)]


@contextmanager
def fresh_table(client: Any) -> Iterator[Table]:
    """One table a life; the fixture's would be shared by all of them."""
    name = f"ledger-{uuid.uuid4().hex[:8]}"
    create_table(client, name)
    yield Table(client, name)
    client.delete_table(TableName=name)


@settings(max_examples=max(40, settings().max_examples // 20))
@given(life=LIVES)
def test_both_ledgers_answer_alike_whatever_is_done_to_them(dynamodb: Any, life: list[Deed]) -> None:
    with fresh_table(dynamodb) as table:
        in_table = answers(in_dynamodb(table), life)
    in_mind = answers(in_memory(), life)
    for deed, one, other in zip([*life, "in the end"], in_table, in_mind, strict=True):
        assert one == other, deed
