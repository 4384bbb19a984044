"""Verify keeps the text of the policy that decides; no secret is in it, and no act waits for it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from boto3.session import Session

from firebreak.core.readings import ABSENT, Reading
from firebreak.errors import PolicyError, Throttled
from firebreak.ledger.items import DamagedItem, Item, expires
from firebreak.ledger.policies import SPARE, DynamoPolicies, left_out, policy_pk, read_policy_text
from firebreak.ledger.ports import KeptPolicy, LeftOutPolicy
from firebreak.ledger.retention import DECISION_KEPT, Retention
from firebreak.paging.secret_detectors import looks_secret
from firebreak.policy.policy import Policy, hash_of
from firebreak.remediation.policy_keeper import EVERY, MOST_CHARACTERS, PolicyKeeper
from firebreak.settings import Settings
from firebreak.wiring import Wiring
from tests.support import builders as a
from tests.support.fakes import ListLog
from tests.support.world import TABLE, World
from tests.test_settings import ENV

HASH = hash_of(a.AUTO_POLICY)
MINUTE = timedelta(minutes=1)
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:firebreak/slack-AbCdEf"


def stored(world: World, policy_hash: str = HASH) -> Item | None:
    place = {"pk": {"S": policy_pk(policy_hash)}, "sk": {"S": "-"}}
    found: Item | None = world.dynamodb.get_item(TableName=TABLE, Key=place).get("Item")
    return found


def keeper(world: World, text: str = a.AUTO_POLICY) -> PolicyKeeper:
    return PolicyKeeper(
        policy=lambda: world.policy,
        text=lambda: text,
        looks_secret=looks_secret,
        texts=DynamoPolicies(world.dynamodb, TABLE),
        log=world.log,
    )


@dataclass
class Texts:
    """Policies that are only counted; the first `fail` of them cannot be kept."""

    fail: int = 0
    kept: list[tuple[str, datetime]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def keep(self, policy_hash: str, written: str, at: datetime) -> None:
        del written
        if self.fail:
            self.fail -= 1
            raise Throttled("PutItem", "ThrottlingException")
        self.kept.append((policy_hash, at))

    def leave_out(self, policy_hash: str, why: str, at: datetime) -> None:
        del policy_hash, at
        self.left_out.append(why)

    def last_loaded(self) -> Reading[KeptPolicy | LeftOutPolicy]:
        return ABSENT

    def keep_last_loaded(self, found: KeptPolicy) -> None:
        raise AssertionError(found)

    def leave_out_last_loaded(self, found: LeftOutPolicy) -> None:
        raise AssertionError(found)


def counting(texts: Texts, log: ListLog, text: str = a.AUTO_POLICY) -> PolicyKeeper:
    return PolicyKeeper(
        policy=a.auto_policy, text=lambda: text, looks_secret=looks_secret, texts=texts, log=log
    )


def test_the_text_is_read_back_as_it_was_written(world: World) -> None:
    keeper(world).keep(a.NOW)
    item = stored(world)
    assert item
    assert read_policy_text(item) == a.AUTO_POLICY
    assert left_out(item) == ""


def test_verify_as_it_is_wired_keeps_the_policy_of_its_layer_for_as_long_as_the_stack_says(
    world: World,
) -> None:
    settings = Settings.from_env({**ENV, "LEDGER_TABLE": TABLE, "DECISION_RETENTION_DAYS": "3650"})
    Wiring(settings, world.log, session=Session(region_name=a.REGION)).verifier().keep_policy(a.NOW)

    text = settings.policy_path.read_text(encoding="utf-8")
    item = stored(world, hash_of(text))
    assert item
    assert read_policy_text(item) == text
    assert item["expires_at"] == expires(a.NOW + timedelta(days=3650) + SPARE)


def test_it_outlives_the_decisions_until_it_is_written_again(world: World) -> None:
    assert SPARE > EVERY
    keeper(world).keep(a.NOW)
    item = stored(world)
    assert item
    assert item["expires_at"] == expires(a.NOW + DECISION_KEPT + SPARE)

    DynamoPolicies(world.dynamodb, TABLE, Retention(decisions=10 * DECISION_KEPT)).keep(HASH, "x", a.NOW)
    item = stored(world)
    assert item
    assert item["expires_at"] == expires(a.NOW + 10 * DECISION_KEPT + SPARE)


def test_it_is_written_once_a_day_by_each_process() -> None:
    texts, log = Texts(), ListLog()
    one = counting(texts, log)
    for minutes in range(0, 24 * 60 + 10, 5):
        one.keep(a.NOW + minutes * MINUTE)
    assert texts.kept == [(HASH, a.NOW), (HASH, a.NOW + EVERY)]


def test_a_text_that_could_not_be_kept_is_tried_by_the_next_sweep_and_stops_nothing() -> None:
    texts, log = Texts(fail=1), ListLog()
    one = counting(texts, log)
    one.keep(a.NOW)
    one.keep(a.NOW + 5 * MINUTE)
    assert texts.kept == [(HASH, a.NOW + 5 * MINUTE)]
    assert [name for name, _ in log.events] == ["policy.not_kept"]


@pytest.mark.parametrize(
    "line", ['# password = "hunter' + '2"', "# https://hooks.slack.com/services/T0/B0/" + "x" * 24]
)
def test_a_text_with_a_line_that_looks_like_a_secret_is_left_out_and_says_which(line: str) -> None:
    texts = Texts()
    counting(texts, ListLog(), f"version = 1\n{line}\n").keep(a.NOW)
    assert (texts.kept, texts.left_out) == ([], ["line 2 of its text looks like a secret"])


@pytest.mark.parametrize("name", ["policy.toml", "policies/demo.toml"])
def test_the_shipped_policies_and_the_name_of_a_secret_are_kept(name: str) -> None:
    texts, text = Texts(), (Path(__file__).parents[2] / "shared" / name).read_text(encoding="utf-8")
    counting(texts, ListLog(), f'{text}\nsecret = "{ARN}"\n').keep(a.NOW)
    assert texts.left_out == []


def test_a_text_that_is_too_large_is_left_out_and_says_so(world: World) -> None:
    text = "".join(f"# {n * 7919**4:x}\n" for n in range(60_000))  # hardly compressible
    DynamoPolicies(world.dynamodb, TABLE).keep(HASH, text, a.NOW)
    item = stored(world)
    assert item
    assert "too large" in left_out(item)


@pytest.mark.parametrize("text", ["", "snow", "eJw="])
def test_a_damaged_text_is_damage(text: str) -> None:
    with pytest.raises(DamagedItem):
        read_policy_text({"text": {"S": text}})


def test_a_sweep_keeps_the_policy_and_an_act_does_not(world: World) -> None:
    world.send(world.red())
    assert stored(world) is None

    kept: list[datetime] = []
    swept = replace(world.verifier(), keep_policy=kept.append)
    swept.handle({"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}})

    assert kept == [world.clock.now()]


def test_a_policy_that_cannot_be_read_stops_no_sweep_and_is_only_logged() -> None:
    def unreadable() -> Policy:
        raise PolicyError("policy.toml", ["cannot be read"])

    texts, log = Texts(), ListLog()
    one = PolicyKeeper(policy=unreadable, text=lambda: "", looks_secret=looks_secret, texts=texts, log=log)

    one.keep(a.NOW)

    assert texts == Texts()
    assert [name for name, _ in log.events] == ["policy.not_kept"]


def test_a_text_that_takes_long_to_search_is_left_out_unsearched() -> None:
    texts = Texts()

    def searched(line: str) -> bool:
        raise AssertionError(line)

    one = PolicyKeeper(
        policy=a.auto_policy,
        text=lambda: "# x\n" * MOST_CHARACTERS,
        looks_secret=searched,
        texts=texts,
        log=ListLog(),
    )
    one.keep(a.NOW)
    assert (len(texts.left_out), texts.kept) == (1, [])
    assert "too large" in texts.left_out[0]
