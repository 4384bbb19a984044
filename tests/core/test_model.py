"""The small properties of values: names, keys, and the one word of a decision."""

from datetime import timedelta

import pytest

from firebreak.core.decide import decide, refuse
from firebreak.core.decision import Act, AskApproval, Check, Decision, Defer, Outcome, Propose, Refuse, Result
from firebreak.core.model import Target
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.ecs.model import EcsObservation
from tests.support import builders as a
from tests.support.builders_ecs import seen, service

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("target", "display", "key"),
    [
        pytest.param(a.TARGET, "ecs:prod/api", "111122223333/eu-west-1/ecs/prod/api", id="in a group"),
        pytest.param(
            Target(a.ACCOUNT, a.REGION, "lambda", "", "checkout"),
            "lambda:checkout",
            "111122223333/eu-west-1/lambda/checkout",
            id="in no group",
        ),
        pytest.param(
            Target(a.ACCOUNT, a.REGION, "lambda", "", "checkout:live"),
            "lambda:checkout:live",
            "111122223333/eu-west-1/lambda/checkout:live",
            id="a colon in its name",
        ),
    ],
)
def test_a_target_has_a_short_form_for_people_and_a_key_for_the_ledger(
    target: Target, display: str, key: str
) -> None:
    assert (target.display, target.key) == (display, key)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Act(a.PLAN), "act"),
        (Propose(a.PLAN), "propose"),
        (AskApproval(None), "ask_approval"),
        (Defer(a.NOW + MINUTE), "defer"),
        (Refuse(), "refuse"),
    ],
)
def test_an_outcome_has_one_word_for_records(outcome: Outcome, word: str) -> None:
    assert Decision(outcome, Reason.MUTED, (), "").word == word


def test_a_refusal_names_the_check_that_decided_it_and_an_act_has_none() -> None:
    refused = refuse(Reason.BUDGET_FULL, "full")
    assert refused.deciding == Check("intake", Result.OBJECTED, "full", Reason.BUDGET_FULL)
    acted = decide(a.request(), a.rules(), a.snapshot())
    assert (acted.word, acted.deciding, acted.objected) == ("act", None, False)


@pytest.mark.parametrize(
    ("observation", "tags"),
    [
        pytest.param(seen(service()), {"firebreak:enabled": "true"}, id="read"),
        pytest.param(seen(ABSENT), ABSENT, id="absent"),
        pytest.param(seen(Unknown("Throttled")), Unknown("Throttled"), id="unknown"),
        pytest.param(seen(NotRead("offline")), NotRead("offline"), id="not read"),
    ],
)
def test_the_tags_of_a_service_are_as_readable_as_the_service(
    observation: EcsObservation, tags: Reading[dict[str, str]]
) -> None:
    assert observation.tags == tags
