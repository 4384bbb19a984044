"""Which function an alarm's live tags ask for, where its event carried none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.model import AlarmState, Contributor
from firebreak.core.routing import by_live_tags, primary, route
from firebreak.core.tags import ACTION_TAG, MISSING_DATA_TAG
from firebreak.services.registry import CATALOG
from tests.core.test_routing import CPU, MEMORY, OTHER, PLAIN, TO_ROUTER, watching, with_tag


@pytest.mark.parametrize(
    "alarm",
    [
        pytest.param(watching(OTHER), id="no symptom"),
        pytest.param(watching(MEMORY), id="a symptom, whose tag may say something else"),
        pytest.param(PLAIN, id="no metric, as of a composite"),
        pytest.param(replace(PLAIN, contributor=Contributor("1", {})), id="one series"),
    ],
)
def test_a_red_alarm_without_the_tag_in_its_event_reaches_the_router(alarm: object) -> None:
    assert TO_ROUTER in route(alarm, CATALOG)  # type: ignore[arg-type]  # an alarm by the table


@pytest.mark.parametrize(
    "alarm",
    [
        pytest.param(with_tag("restart-service"), id="tagged"),
        pytest.param(with_tag("none"), id="tagged none"),
        pytest.param(replace(watching(OTHER), tags_lost=True), id="tags lost: left to Page"),
        pytest.param(replace(watching(OTHER), state=AlarmState.OK), id="green"),
        pytest.param(replace(watching(CPU), name="TargetTracking-service/prod/api"), id="target tracking"),
    ],
)
def test_no_other_alarm_reaches_it(alarm: object) -> None:
    assert TO_ROUTER not in route(alarm, CATALOG)  # type: ignore[arg-type]  # an alarm by the table


def test_the_router_alone_is_no_answer() -> None:
    assert primary(route(watching(OTHER), CATALOG)) is None


@pytest.mark.parametrize("action", list(CATALOG))
def test_a_live_tag_names_its_action(action: str) -> None:
    assert by_live_tags(watching(OTHER), {ACTION_TAG: action}, CATALOG) == action


@pytest.mark.parametrize("tag", ["page", "restart", ""])
def test_a_live_tag_that_is_for_humans_or_that_nothing_goes_by_is_for_page(tag: str) -> None:
    assert by_live_tags(watching(OTHER), {ACTION_TAG: tag}, CATALOG) == "page"


def test_the_action_that_the_symptom_leads_to_is_not_asked_twice() -> None:
    assert by_live_tags(watching(MEMORY), {ACTION_TAG: "restart-service"}, CATALOG) is None
    assert by_live_tags(watching(MEMORY), {ACTION_TAG: "scale-service"}, CATALOG) == "scale-service"


def test_a_silent_alarm_is_passed_on_only_where_it_may_matter() -> None:
    silent = replace(watching(MEMORY), state=AlarmState.INSUFFICIENT_DATA)
    symptom = {MISSING_DATA_TAG: "symptom"}
    # By symptom nothing was asked, so the symptom's own action is.
    assert by_live_tags(silent, {ACTION_TAG: "restart-service"}, CATALOG) == "restart-service"
    assert by_live_tags(silent, {ACTION_TAG: "page", **symptom}, CATALOG) == "page"
    assert by_live_tags(silent, {ACTION_TAG: "page"}, CATALOG) is None
    assert by_live_tags(silent, symptom, CATALOG) is None


def test_none_is_none() -> None:
    assert by_live_tags(watching(OTHER), {ACTION_TAG: "none"}, CATALOG) is None


@given(some.dictionaries(some.text(max_size=20), some.text(max_size=20)))
def test_an_alarm_without_the_tag_is_for_nobody(tags: dict[str, str]) -> None:
    tags.pop(ACTION_TAG, None)
    assert by_live_tags(watching(OTHER), tags, CATALOG) is None


@given(
    some.sampled_from([*CATALOG, "page", "none", "oops"]),
    some.sampled_from([{}, {MISSING_DATA_TAG: "symptom"}, {MISSING_DATA_TAG: "ignore"}]),
    some.sampled_from([AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA]),
    some.booleans(),
)
def test_a_tag_in_the_event_and_a_live_tag_lead_to_the_same_function(
    tag: str, missing: dict[str, str], state: AlarmState, symptom: bool
) -> None:
    alarm = replace(watching(MEMORY if symptom else OTHER), state=state)
    tags = {ACTION_TAG: tag, **missing}
    rode = {found.function for found in route(replace(alarm, tags=tags), CATALOG)}
    assert "route" in {found.function for found in route(alarm, CATALOG)}
    live = {found.function for found in route(alarm, CATALOG)} - {"route"}
    named = by_live_tags(alarm, tags, CATALOG)
    assert rode <= live | ({named} if named else set())
