"""Every change of every action is sent once, and a lost reply is called unknown: on a real socket."""

from functools import partial

import pytest

from firebreak.actions import ACTIONS
from firebreak.aws.clients import mutator
from firebreak.connections import Connections
from firebreak.core.observed import EcsObservation
from firebreak.errors import AwsError, Denied, OutcomeUnknown, Throttled, Unavailable
from tests.builders_ecs import (
    FakeEcs,
    Loopback,
    definition,
    owner,
    planned,
    seen,
    service,
    session,
)
from tests.fakes import FakeServices

# Each way in which an action changes something: the action, the IAM action of the call, and what
# it sees when it takes that way.
WAYS = {
    ("restart-service", "ecs:UpdateService"): seen(service(), definition()),
    ("scale-service", "ecs:UpdateService"): seen(service(), definition()),
    ("scale-service", "application-autoscaling:RegisterScalableTarget"): seen(
        service(), definition(), owner()
    ),
}


def test_the_table_holds_every_changing_call_of_every_action() -> None:
    services = FakeServices(FakeEcs(), FakeEcs())
    declared = {
        (name, permission.action)
        for name, build in ACTIONS.items()
        for permission in build(services).permissions
        # Passing a role is a right that a call needs, not a call.
        if permission.mutates and permission.action != "iam:PassRole"
    }
    assert declared == set(WAYS)


def send(name: str, observation: EcsObservation, url: str, monkeypatch: pytest.MonkeyPatch) -> AwsError:
    """The error of an action that is carried out against that endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    hurried = partial(mutator, session(), read_seconds=0.5)
    action = ACTIONS[name](Connections(hurried, hurried))
    plan = planned(action, observation)
    with pytest.raises(AwsError) as caught:
        action.execute(plan)
    return caught.value


by_way = pytest.mark.parametrize(
    ("name", "observation"),
    [pytest.param(name, observation, id=f"{name} {call}") for (name, call), observation in WAYS.items()],
)


@by_way
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("hang", OutcomeUnknown, id="no answer"),
        pytest.param("drop", OutcomeUnknown, id="the connection closes"),
        pytest.param((500, b"{}"), OutcomeUnknown, id="AWS failed"),
        pytest.param((400, b'{"__type": "ThrottlingException"}'), Throttled, id="throttled"),
        pytest.param((400, b'{"__type": "AccessDeniedException"}'), Denied, id="denied"),
    ],
)
def test_a_change_reaches_the_server_exactly_once(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    observation: EcsObservation,
    answer: str | tuple[int, bytes],
    *,
    expected: type[AwsError],
) -> None:
    with Loopback(answer) as server:
        error = send(name, observation, server.url, monkeypatch)
    assert (expected, 1) == (type(error), server.requests)


@by_way
def test_a_change_that_found_nobody_listening_is_known_not_to_have_happened(
    monkeypatch: pytest.MonkeyPatch, name: str, observation: EcsObservation
) -> None:
    with Loopback("drop") as server:
        closed = server.url
    error = send(name, observation, closed, monkeypatch)
    assert (Unavailable, "EndpointConnectionError", 0) == (type(error), error.code, server.requests)
