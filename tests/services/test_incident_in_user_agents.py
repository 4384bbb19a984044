"""Every call of an act names its incident in its user agent, where CloudTrail shows it: on a real socket."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module

import pytest
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.aws.clients import reader
from firebreak.aws.user_agent import IncidentUserAgent
from firebreak.core.ledger import incident_name
from firebreak.core.model import Target
from firebreak.core.readings import Reading
from firebreak.services.ecs.client import EcsReader
from firebreak.services.ecs.model import ServiceLive
from firebreak.settings import Settings
from firebreak.wiring import Wiring
from tests.services.test_sent_once import Way, by_way, send
from tests.support import builders as a
from tests.support.builders_ecs import TARGET, Loopback, session
from tests.support.fakes import FakeEcs, ListLog
from tests.support.world import World, eventbridge
from tests.test_settings import ENV

ID = "i-eb33ec2735"
MARK = f" md/firebreak#{ID}"
# As in Lambda: Powertools writes into the same header, for each session that is made after it was imported.
import_module("aws_lambda_powertools")
DENIED = (400, b'{"__type": "AccessDeniedException"}')


@by_way
def test_every_change_of_every_action_names_its_incident(
    monkeypatch: pytest.MonkeyPatch, name: str, way: Way
) -> None:
    own = session()
    agent = IncidentUserAgent(own)
    refused = (400, way.refusal.format("AccessDeniedException").encode())
    with Loopback(refused, way.first) as server, agent.naming(ID):
        send(name, way, server.url, monkeypatch, own)
    assert len(server.agents) == 1 + len(way.first)
    assert [one for one in server.agents if not one.endswith(MARK)] == []
    assert [one for one in server.agents if " PT/" not in one] == []


def test_a_function_names_it_in_what_it_reads_of_the_target_and_in_each_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = session()
    with Loopback("drop") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        remediator = Wiring(Settings.from_env(ENV), ListLog(), session=own).remediator("restart-service")
        with remediator.naming(ID):
            remediator.observer.target(TARGET)
        remediator.observer.target(TARGET)
    named = [agent.count(MARK) for agent in server.agents]
    assert named == [1, 1, 1, 0, 0, 0]


def test_a_client_made_before_is_the_same_client_for_the_next_incident(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = session()
    agent = IncidentUserAgent(own)
    with Loopback(DENIED) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        clients = EcsReader(reader(own, "ecs"), reader(own, "application-autoscaling"))
        for incident in (ID, "i-0000000000"):
            with agent.naming(incident):
                clients.service(TARGET)
    assert [one.rpartition(" ")[2] for one in server.agents] == [
        f"md/firebreak#{ID}",
        "md/firebreak#i-0000000000",
    ]


@given(st.text(max_size=200))
def test_an_id_of_any_text_makes_one_harmless_word_of_the_header(incident: str) -> None:
    own = session()
    agent = IncidentUserAgent(own)
    request = AWSRequest("POST", "https://ecs", {"User-Agent": "Boto3/1"})
    with agent.naming(incident):
        own.events.emit("request-created.ecs.UpdateService", request=request)
    assert re.fullmatch(
        r"Boto3/1 PT/\S+ PTEnv/\S+ md/firebreak#[A-Za-z0-9._-]{0,64}", request.headers["User-Agent"]
    )


@dataclass
class _Named(FakeEcs):
    """An ECS that notes which incident each of its calls names."""

    now: str = ""
    heard: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def naming(self, incident: str) -> Iterator[None]:
        self.now = incident
        yield
        self.now = ""

    def service(self, target: Target) -> Reading[ServiceLive]:
        self.heard.append(("look", self.now))
        return super().service(target)

    def _write(self, name: str, target: str, value: object) -> None:
        self.heard.append((name, self.now))
        super()._write(name, target, value)


def test_the_looks_and_the_act_of_one_event_name_the_incident_and_nothing_after_it_does(world: World) -> None:
    world.ecs = ecs = _Named(services=world.ecs.services)
    remediator = replace(world.remediator(), naming=ecs.naming)
    alarm = world.red()
    done = remediator.handle(eventbridge(alarm))
    assert done.outcome == "act"
    assert {incident for _, incident in ecs.heard} == {done.incident_id}
    assert ("force_deployment", incident_name(a.request(alarm=alarm))) in ecs.heard
    assert ecs.now == ""
