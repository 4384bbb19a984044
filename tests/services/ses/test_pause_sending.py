"""pause-sending: what it refuses, what it stops, and that nothing of it lets mail through again."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Obstacle, Plan, Receipt, Request, RequestKind, Settled
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Rejected
from firebreak.policy.compiler import parse_policy
from firebreak.services.ses.actions.pause_sending import LOST, SPARSE, PauseSending
from firebreak.services.ses.sending import SendingLive, SesObservation
from tests.support import builders as a
from tests.support.builders_ses import (
    ACCOUNT_REQUEST,
    ENABLED,
    REQUEST,
    TARGET,
    WHOLE_ACCOUNT,
    FakeSes,
    seen,
    sending,
)

RECEIPT = Receipt(summary="paused", after={"sendingEnabled": False})
PAUSED = seen(sending(enabled=False))
HOW_TO_RESUME = (
    "aws sesv2 put-configuration-set-sending-options --configuration-set-name newsletter --sending-enabled"
)
NAMED = '[[overrides]]\ntarget = "ses:account"\nautonomy = "approve"'


def action(ses: FakeSes | None = None) -> PauseSending:
    ses = ses or FakeSes()
    return PauseSending(ses, ses)


def found(observation: SesObservation, request: Request = REQUEST, *overrides: str) -> object:
    policy = parse_policy("\n".join([a.AUTO_POLICY, *overrides]), "ses.toml")
    return action().plan(request, observation, policy.rules("pause-sending", request.target))


def plan(request: Request = REQUEST) -> Plan:
    made = found(seen(), request, NAMED)
    assert isinstance(made, Plan), made
    return made


def test_it_looks_at_the_one_configuration_set() -> None:
    ses = FakeSes()
    observation = action(ses).observe(TARGET)
    assert (observation, observation.tags) == (seen(), ENABLED)
    assert ses.calls == [("configuration_set", "newsletter")]


def test_of_the_account_it_looks_at_the_account() -> None:
    ses = FakeSes()
    observation = action(ses).observe(WHOLE_ACCOUNT)
    assert isinstance(observation.sending, SendingLive)
    assert ses.calls == [("account",)]


@pytest.mark.parametrize("reading", [ABSENT, Unknown("denied")], ids=["none", "unread"])
def test_the_tags_of_a_target_that_could_not_be_read_are_unknown(reading: Any) -> None:
    assert action(FakeSes(set_now=reading)).observe(TARGET).tags == reading
    assert action(FakeSes(account_now=reading)).observe(WHOLE_ACCOUNT).tags == reading


def test_an_untagged_set_stays_untagged() -> None:
    assert action(FakeSes(set_now=SendingLive(enabled=True))).observe(TARGET).tags == {}


def test_it_belongs_to_no_group() -> None:
    assert isinstance(action().group(TARGET, a.NOW, health=False), NotRead)


@pytest.mark.parametrize("request_", [REQUEST, ACCOUNT_REQUEST], ids=["a set", "the account"])
@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        pytest.param(ABSENT, Reason.TARGET_MISSING, id="gone"),
        pytest.param(sending(enabled=False), Reason.ALREADY_DONE, id="paused already"),
        pytest.param(
            sending(enabled=False, enforcement="SHUTDOWN"), Reason.ALREADY_DONE, id="stopped by AWS"
        ),
        pytest.param(sending(enforcement="SHUTDOWN"), Reason.ALREADY_DONE, id="stopped by AWS, switch on"),
    ],
)
def test_it_refuses_what_it_cannot_pause(request_: Request, reading: Any, reason: Reason) -> None:
    obstacle = found(seen(reading), request_, NAMED)
    assert isinstance(obstacle, Obstacle)
    assert reason == obstacle.reason


@pytest.mark.parametrize("reading", [Unknown("denied"), NotRead("denied")], ids=["unread", "not asked"])
def test_it_plans_nothing_on_what_it_could_not_see(reading: Any) -> None:
    assert isinstance(found(seen(reading)), Unknown)


def test_the_plan_says_what_is_lost_who_ends_it_and_that_the_alarm_may_stay_red() -> None:
    assert plan() == Plan(
        summary="pause all mail of ses:newsletter",
        change={
            "scope": "configuration-set",
            "sendingEnabled": False,
            "configurationSetName": "newsletter",
        },
        before={"sendingEnabled": True},
        warnings=(
            LOST,
            f"only a human ends the pause: {HOW_TO_RESUME}",
            SPARSE,
        ),
        stays="all mail of ses:newsletter is paused; to take it back, enable sending",
    )
    assert "password resets" in LOST


def test_the_accounts_plan_names_the_region_and_what_aws_thinks_of_it() -> None:
    made = found(seen(sending(enforcement="PROBATION")), ACCOUNT_REQUEST, NAMED)
    assert isinstance(made, Plan)
    assert made.summary == "pause all mail of the account in eu-west-1 (AWS: PROBATION)"
    assert made.change == {"scope": "account", "sendingEnabled": False}
    assert made.warnings[1].endswith("aws sesv2 put-account-sending-attributes --sending-enabled")


def test_a_stack_that_owns_the_set_is_named_as_who_will_end_the_pause() -> None:
    owned = SendingLive(enabled=True, tags={**ENABLED, "aws:cloudformation:stack-name": "mail"})
    made = found(seen(owned))
    assert isinstance(made, Plan)
    assert made.reset_by.startswith("the next deploy of stack mail will reset the pause")


@pytest.mark.parametrize(
    "override",
    [
        pytest.param("", id="nothing names it"),
        pytest.param('[[overrides]]\ntarget = "ses:*"\nautonomy = "auto"', id="a pattern over all of SES"),
        pytest.param('[[overrides]]\ntarget = "ses:acc*"\nautonomy = "auto"', id="a pattern over its name"),
        pytest.param(
            '[[overrides]]\ntarget = "ses:account"\naction = "run-runbook"\nautonomy = "auto"',
            id="named for another action",
        ),
        pytest.param('[[overrides]]\ntarget = "ses:accounts"\nautonomy = "auto"', id="another name"),
    ],
)
def test_the_account_is_opted_in_only_by_an_override_that_names_it(override: str) -> None:
    assert found(seen(), ACCOUNT_REQUEST, override) == Obstacle(
        Reason.NOT_OPTED_IN,
        "an account has no tags: only an override with target = 'ses:account' opts it in",
    )


def test_a_set_needs_no_such_naming() -> None:
    assert isinstance(found(seen()), Plan)


def test_it_pauses_the_set_once() -> None:
    ses = FakeSes()
    receipt = action(ses).execute(plan())
    assert ses.calls == [("pause_configuration_set", "newsletter")]
    assert receipt == Receipt(
        summary="configuration set newsletter sends no mail", after={"sendingEnabled": False}
    )


def test_it_pauses_the_account_once() -> None:
    ses = FakeSes()
    action(ses).execute(plan(ACCOUNT_REQUEST))
    assert ses.calls == [("pause_account",)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="empty"),
        pytest.param({"sendingEnabled": False}, id="no scope"),
        pytest.param({"scope": "configuration-set", "sendingEnabled": False}, id="a set without a name"),
        pytest.param({"scope": "account", "sendingEnabled": True}, id="the account, switched on"),
        pytest.param(
            {"scope": "configuration-set", "configurationSetName": "newsletter", "sendingEnabled": True},
            id="a set, switched on",
        ),
        pytest.param({"scope": "account"}, id="the account, nothing said"),
    ],
)
def test_a_plan_that_cannot_be_read_sends_nothing(change: dict[str, object]) -> None:
    ses = FakeSes()
    with pytest.raises(Rejected, match="UnusablePlan"):
        action(ses).execute(replace(plan(), change=change))
    assert ses.calls == []


@given(
    st.dictionaries(
        st.sampled_from(["scope", "sendingEnabled", "configurationSetName", "more"]),
        st.sampled_from(["account", "configuration-set", "newsletter", "", True, False, None, 0]),
    )
)
def test_whatever_a_plan_became_only_the_one_that_says_so_stops_the_account(
    change: dict[str, object],
) -> None:
    ses = FakeSes()
    try:
        action(ses).execute(replace(plan(), change=change))
    except Rejected:
        assert ses.calls == []
    else:
        assert change["sendingEnabled"] in {False}
        assert (ses.calls == [("pause_account",)]) == (change["scope"] == "account")


@pytest.mark.parametrize(
    ("observation", "happened", "settled"),
    [
        pytest.param(PAUSED, True, Settled.YES, id="off"),
        pytest.param(seen(), False, Unknown("mail is sent: somebody ended the pause"), id="on"),
    ],
)
def test_whether_the_pause_happened_and_still_holds(
    observation: SesObservation, *, happened: bool, settled: object
) -> None:
    assert action().outcome(plan(), observation) is happened
    assert settled == action().settled(plan(), RECEIPT, observation)
    assert action().worse(plan(), observation) is False


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        pytest.param(ABSENT, "does not exist", id="gone"),
        pytest.param(Unknown("denied"), "could not be read: denied", id="unread"),
    ],
)
def test_judging_what_cannot_be_seen_is_unknown(reading: Any, why: str) -> None:
    for judged in (
        action().outcome(plan(), seen(reading)),
        action().settled(plan(), RECEIPT, seen(reading)),
        action().worse(plan(), seen(reading)),
    ):
        assert isinstance(judged, Unknown)
        assert judged.why.endswith(why)


@pytest.mark.parametrize("kind", [RequestKind.UNDO, RequestKind.RESTORE])
@pytest.mark.parametrize("request_", [REQUEST, ACCOUNT_REQUEST], ids=["a set", "the account"])
def test_the_machine_never_ends_a_pause_and_says_how_a_human_does(
    kind: RequestKind, request_: Request
) -> None:
    obstacle = action().undo(plan(request_), PAUSED, kind)
    assert isinstance(obstacle, Obstacle)
    assert obstacle.reason is Reason.NOT_REVERSIBLE
    assert obstacle.detail.startswith("only a human ends the pause: aws sesv2 put-")
    assert action().spec.temporary is False
