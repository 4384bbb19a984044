"""A runbook whose content the policy pins is run with that content and with no other."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from tests.support.builders_runbooks import (
    REQUEST,
    action,
    document,
    planned,
    raw_document,
    rules,
    runbook,
    seen,
)
from tests.support.simulated_ssm import SimulatedSsm

NOW, BEFORE = "a" * 64, "b" * 64


def observation(pinned: str, now: str = NOW) -> Any:
    return seen(runbook=runbook(sha256=pinned), document=document(sha256=now))


@pytest.mark.parametrize("pinned", ["", NOW])
def test_it_is_run_where_the_content_is_the_pinned_one_or_none_is_pinned(pinned: str) -> None:
    found = action().plan(REQUEST, observation(pinned), rules(runbook(sha256=pinned)))
    assert isinstance(found, Plan)
    assert found.before["sha256"] == NOW


@pytest.mark.parametrize("now", [NOW, ""])
def test_other_content_is_refused_by_a_reason_of_its_own(now: str) -> None:
    found = action().plan(REQUEST, observation(BEFORE, now), rules(runbook(sha256=BEFORE)))
    assert isinstance(found, Obstacle)
    assert found.reason is Reason.RUNBOOK_CHANGED
    assert f"has sha256 {now}; the policy pins {BEFORE}" in found.detail


def test_a_pinned_document_that_cannot_be_read_is_not_run() -> None:
    dark = replace(observation(BEFORE), document=Unknown("AccessDenied"))
    assert isinstance(action().plan(REQUEST, dark, rules(runbook(sha256=BEFORE))), Unknown)


def test_the_content_is_hashed_as_it_is_returned() -> None:
    content = raw_document()["Content"]
    with SimulatedSsm().clients() as (reads, _):
        found = reads.document("Firebreak-DrainQueue", "3")
    assert getattr(found, "sha256", "") == hashlib.sha256(content.encode()).hexdigest()
    assert json.loads(content)["mainSteps"], "the steps are what is pinned"


def test_the_hash_is_sent_to_nobody() -> None:
    assert "sha256" not in json.dumps(planned(observation("")).change)
