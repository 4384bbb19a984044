"""The claim of an act that a human requested, in every ledger: no alarm is compared or written."""

from firebreak.core.ledger import ClaimResult
from firebreak.core.manual import stand_in
from firebreak.core.model import RequestKind
from firebreak.core.readings import ABSENT
from tests.ledger.claiming import claim_of, won
from tests.ledger.conftest import LedgerPorts
from tests.ledger.test_claims import storm_declared
from tests.support import builders as a


def test_a_manual_request_claims_without_an_alarm_and_leaves_none_behind(ports: LedgerPorts) -> None:
    ledger = ports.ledger
    manual = a.request(RequestKind.MANUAL, alarm=stand_in(a.TARGET, "it hangs", a.NOW), at=a.NOW, by="ana")
    claim = won(ledger, manual)
    view = ledger.look(manual, a.SCOPES)
    assert (view.transition, view.incident, claim.after.members) == (ABSENT, claim.after, ())
    assert [line.what for line in ledger.history(claim.after.id)] == [
        "claimed rung 1: restart-service, requested by ana"
    ]


def test_a_storm_stops_a_manual_request(ports: LedgerPorts) -> None:
    claim = claim_of(ports.ledger, a.request(RequestKind.MANUAL, at=a.NOW))
    storm_declared(ports, claim)
    assert ports.ledger.claim(claim) is ClaimResult.LOST
