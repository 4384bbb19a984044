"""Real servers on loopback, with and without TLS, and the channels that talk to them."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from firebreak.aws.topic import TopicChannel
from firebreak.core.paging.page import Page, Phase, Severity
from firebreak.core.paging.rules import ChannelKind, ChannelRules
from firebreak.paging.channels.factory import build
from firebreak.paging.channels.sending import CallTimeout
from firebreak.paging.ports import Channel
from tests.paging.channels.local_server import Arrived, Exchange, LocalServer, answer, serving
from tests.support.fakes_channels import FakeSecrets

SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:pages-AbCdEf"
# No part of it may ever be seen; it looks like none of the words that services answer with.
SECRET = "xoxb-S3CRET-0123456789abcdef"
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PAGE = Page(
    thread="i-0123456789",
    phase=Phase.TRIGGER,
    severity=Severity.CRITICAL,
    subject="[Firebreak] NEEDS YOU: ecs:prod/api: restarted twice, still red",
    ascii_subject="[Firebreak] NEEDS YOU: ecs:prod/api: in ASCII",
    body="NEEDS YOU: restarted twice\n\nAlarm:    api-memory\n",
    source="ecs:prod/api",
    at=NOW,
    links=(("runbook", "https://wiki.example.com/api"),),
)


@dataclass(frozen=True)
class Tls:
    """The TLS contexts of a server and of a client that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for 127.0.0.1 that is made for this run."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = _make_certificate(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return Tls(server, ssl.create_default_context(cafile=certificate))


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


def as_usual(exchange: Exchange, arrived: Arrived) -> None:
    """The usual answers of Slack, PagerDuty and a webhook."""
    known: dict[str, object] = {
        "/api/chat.postMessage": {"ok": True, "channel": "C0PAGES", "ts": "1700000000.000100"},
        "/api/chat.update": {"ok": True, "channel": "C0PAGES", "ts": "1700000000.000100"},
        "/api/files.getUploadURLExternal": {
            "ok": True,
            "upload_url": f"{exchange.local.address}/upload",
            "file_id": "F01",
        },
        "/api/files.completeUploadExternal": {"ok": True, "files": [{"id": "F01"}]},
        "/upload": "OK - 3",
    }
    if arrived.path.startswith("/v2/"):
        key = json.loads(arrived.body).get("dedup_key", "")
        accepted = {"status": "success", "message": "Event processed", "dedup_key": key}
        return answer(202, accepted)(exchange, arrived)
    return answer(200, known.get(arrived.path, ""))(exchange, arrived)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving(as_usual) as local:
        yield local


@pytest.fixture
def tls_server(tls: Tls) -> Iterator[LocalServer]:
    with serving(as_usual, tls.server) as local:
        yield local


@dataclass
class Waits:
    """The wait between two tries; it only counts."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Publishing:
    """A client of SNS that keeps what is published; tests/ledger/test_deliveries.py has real shapes."""

    def __init__(self, published: list[dict[str, Any]]) -> None:
        self._published = published

    def __getattr__(self, name: str) -> Any:
        assert name == "publish"
        return lambda **message: self._published.append(message)


@dataclass
class Bench:
    """Channels that talk to one server."""

    server: LocalServer
    trusted: ssl.SSLContext | None = None
    waits: Waits = field(default_factory=Waits)
    secrets: FakeSecrets = field(default_factory=lambda: FakeSecrets({SECRET_ARN: SECRET}))

    published: list[dict[str, Any]] = field(default_factory=list)

    def rules(self, kind: ChannelKind) -> ChannelRules:
        to = {
            ChannelKind.SLACK: "C0PAGES",
            ChannelKind.WEBHOOK: f"{self.server.address}/hook",
            ChannelKind.PAGERDUTY: self.server.address,
            ChannelKind.TOPIC: "arn:aws:sns:eu-west-1:111122223333:pages",
        }
        return ChannelRules(name=f"our-{kind}", kind=kind, secret=SECRET_ARN, to=to[kind], this_machine=True)

    def _publishing(self) -> Any:
        return Publishing(self.published)

    def channel(
        self, kind: ChannelKind, *, seconds: float = 5.0, rules: ChannelRules | None = None
    ) -> Channel:
        return build(
            rules or self.rules(kind),
            self.secrets,
            topic=lambda rules: TopicChannel(rules.name, self._publishing(), rules.to),
            now=lambda: NOW,
            call_timeout=CallTimeout(seconds, self.waits),
            slack_address=f"{self.server.address}/api/",
            tls=self.trusted,
        )


@pytest.fixture
def bench(server: LocalServer) -> Bench:
    """Plain HTTP, which loopback alone may use."""
    return Bench(server)


@pytest.fixture
def tls_bench(tls_server: LocalServer, tls: Tls) -> Bench:
    """HTTPS, the only way for PagerDuty's client."""
    return Bench(tls_server, tls.client)
