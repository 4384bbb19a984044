"""The functions of a stack that takes its policy from AppConfig, in one process."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from boto3.session import Session

from firebreak.aws.app_configuration import AppConfiguration
from firebreak.aws.clients import fail_fast
from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.commands import StackAddress
from firebreak.ledger.policies import DynamoPolicies
from firebreak.ledger.ports import KeptPolicy
from firebreak.paging.secret_detectors import looks_secret
from firebreak.policy.compiled import build_id
from firebreak.policy.compiler import parse_policy
from firebreak.policy.document import encode_document
from firebreak.policy.policy import Policy, hash_of
from firebreak.remediation.policy_in_force import PolicyInForce
from firebreak.remediation.policy_keeper import PolicyKeeper
from firebreak.remediation.remediator import Remediator
from tests.support import builders as a
from tests.support.app_config import PLACE, FakeAppConfig
from tests.support.world import TABLE, World

ACTS = a.AUTO_POLICY
OBSERVES = ACTS.replace('autonomy = "auto"', 'autonomy = "observe"')
SECOND = timedelta(seconds=1)


def document(text: str, number: int = 1) -> bytes:
    return encode_document(parse_policy(text, "x.toml"), text, number, build_id())


def broken(number: int = 2) -> bytes:
    """A version whose 5th line is a mistake, with something in it that is nobody's business."""
    text = ACTS.replace('cooldown = "15m"', 'cooldown = "hunter2"')
    whole = document(ACTS, number).replace(b'cooldown = \\"15m\\"', b'cooldown = \\"hunter2\\"')
    assert text != ACTS
    assert b"hunter2" in whole
    return whole


def policy_kept(text: str, number: int, at: datetime) -> KeptPolicy:
    """A policy as Verify keeps it."""
    return KeptPolicy(policy_hash=hash_of(text), text=text, number=number, at=at)


@dataclass
class Fleet:
    """The functions of a stack that takes its policy from AppConfig; `layer` is for pages alone."""

    world: World
    fake: FakeAppConfig = field(default_factory=FakeAppConfig)
    layer: Callable[[], Policy] = field(default=lambda: parse_policy(OBSERVES, "layer.toml"))
    announce: Callable[[Announcement], None] | None = None
    place: tuple[str, ...] = PLACE

    def function(self) -> PolicyInForce:
        """The policy of a cold function."""
        world, session = self.world, Session(region_name=a.REGION)

        def connect() -> Any:
            return self.fake.attach(fail_fast(session, "appconfigdata"))

        return PolicyInForce(
            fetch=AppConfiguration(connect, *PLACE).read,
            kept=self.texts().last_loaded,
            layer=self.layer,
            announce=self.announce or world.announcer().announce_without_ledger,
            stack=StackAddress("firebreak", a.REGION, a.ACCOUNT),
            now=world.clock.now,
            log=world.log,
        )

    def texts(self) -> DynamoPolicies:
        return DynamoPolicies(self.world.dynamodb, TABLE, configuration=self.place)

    def acting(self, policy: PolicyInForce) -> Remediator:
        return replace(self.world.remediator(), policy=policy.policy)

    def sweep(self, policy: PolicyInForce) -> None:
        """Keeps the policy as Verify's sweep does."""
        PolicyKeeper(
            policy=policy.policy,
            text=policy.text,
            looks_secret=looks_secret,
            texts=self.texts(),
            log=self.world.log,
            served=policy.served,
        ).keep(self.world.clock.now())

    def items(self) -> list[dict[str, Any]]:
        """Everything in the ledger."""
        found: list[dict[str, Any]] = self.world.dynamodb.scan(TableName=TABLE)["Items"]
        return found

    def later(self, length: timedelta) -> None:
        self.world.clock.pass_time(length)

    def pages(self) -> list[str]:
        """The texts of the pages that were sent so far."""
        self.world.deliver()
        return [f"{subject}\n{body}" for subject, body in self.world.pager.sent]
