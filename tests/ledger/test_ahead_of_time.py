"""A future time that an earlier release stored, in every ledger: it gives way."""

from datetime import timedelta

import pytest

from firebreak.core.ledger import ClaimResult
from firebreak.core.limits.history import Transition
from firebreak.core.model import AlarmState, RequestKind
from firebreak.ledger.ports import Ledger
from tests.ledger.claiming import claim_of
from tests.support import builders as a


@pytest.mark.parametrize("kind", [RequestKind.ALARM, RequestKind.WAKE])
def test_a_transition_that_has_not_happened_yet_gives_way(ledger: Ledger, kind: RequestKind) -> None:
    """An earlier release took it from a forged event; until then it would stop every claim."""
    year = timedelta(days=365)
    ledger.record_transition(a.alarm(state=AlarmState.OK, since=a.NOW + year), a.NOW + 2 * year)
    claim = claim_of(ledger, a.request(kind, at=a.NOW, attempt=0 if kind is RequestKind.ALARM else 1))
    assert ledger.claim(claim) is ClaimResult.WON
    found = ledger.look(a.request(), a.SCOPES).transition
    assert found == Transition(a.alarm().since, AlarmState.ALARM, claim.after.id)


def test_an_ok_takes_the_place_of_a_transition_that_has_not_happened_yet(ledger: Ledger) -> None:
    year = timedelta(days=365)
    ledger.record_transition(a.alarm(since=a.NOW + year), a.NOW + 2 * year)
    ledger.record_transition(a.alarm(state=AlarmState.OK, since=a.NOW), a.NOW)
    found = ledger.look(a.request(), a.SCOPES).transition
    assert isinstance(found, Transition)
    assert (found.since, found.state) == (a.NOW, AlarmState.OK)
