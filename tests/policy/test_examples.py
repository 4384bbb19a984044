"""The examples in the policy's document load, name every key, and fit the schema that editors use."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from docs.generate import schema
from firebreak.errors import PolicyError
from firebreak.policy.compiler import parse_policy
from firebreak.policy.schema import PolicyFile, policy_schema
from tests.docs.documents import ROOT, document
from tests.docs.test_facts import model_keys
from tests.policy.test_mistakes import MISTAKES

SHIPPED = (ROOT / "shared/policy.toml").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", document("docs/policy.md").text, re.DOTALL | re.MULTILINE)
# Values that fit the schema but not each other, or mean nothing: only the loader finds them.
BEYOND_A_SCHEMA = {
    "suspect_within_of_a_restart",
    "paging_webhook_inside",
    "paging_webhook_on_this_machine",
    "answered_in_no_time",
    "breaker_ceiling_below_open_for",
    "breaker_of_no_time",
    "budget_longer_than_memory",
    "budget_of_no_acts",
    "budget_of_no_time",
    "budget_of_too_many_acts",
    "ceiling_huge",
    "runbook_of_another_action",
    "runbook_without_the_prefix",
    "setting_of_another_action",
    "dependency_of_no_target",
    "duration_too_long",
    "events_too_old_at_once",
    "group_that_is_a_target",
    "group_without_a_service",
    "incident_too_old_before_it_can_close",
    "function_with_too_much_memory",
    "ladder_longer_than_a_dependencys_budget",
    "ladder_of_another_service",
    "ladder_longer_than_its_budget",
    "ladder_repeats",
    "ladder_starts_elsewhere",
    "ladder_without_page",
    "not_toml",
    "override_of_a_group",
    "paging_business_hours_that_are_not_said",
    "paging_channel_that_takes_the_topics_name",
    "paging_channel_without_its_secret",
    "paging_digest_too_often",
    "paging_fallback_in_a_circle",
    "paging_fallback_to_nobody",
    "paging_route_that_pages_nobody_at_once",
    "paging_route_to_a_channel_that_is_not_there",
    "paging_route_whose_steps_go_back",
    "paging_severity_with_two_routes",
    "paging_slack_channel_by_its_name",
    "paging_topic_with_a_secret",
    "paging_webhook_anybody_can_read",
    "override_of_everything",
    "override_with_a_ladder_longer_than_a_dependencys_budget",
    "override_with_a_ladder_longer_than_its_budget",
    "override_with_a_ladder_of_another_service",
    "override_with_a_ladder_of_no_action",
    "override_with_a_ladder_that_repeats",
    "override_with_a_ladder_that_starts_elsewhere",
    "override_with_a_ladder_without_page",
    "override_of_three_parts",
    "several_parts_do_not_fit",
    "share_of_no_time",
    "stack_budget_of_moments",
    "storm_of_no_time",
    "task_memory_ceiling_huge",
    "calendar_and_window_of_one_name",
    "calendars_of_two_regions",
    "two_windows_of_one_name",
    "wait_shorter_than_a_schedule",
    "window_for_an_unknown_action",
    "window_for_no_target",
    "window_in_no_zone",
    "window_of_no_length",
    "window_that_never_comes",
}


# Tables whose keys are names that somebody gave.
BY_NAME = {"actions.", "actions.NAME.runbooks.", "paging.channels."}


def whole(example: str) -> str:
    """A fragment is read as an addition to the shipped policy."""
    return example if "version = 1" in example else f"{SHIPPED}\n{example}"


def keys_of(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and not path.endswith(".parameters."):
        for name, part in value.items():
            yield from keys_of(part, f"{path}{'NAME' if path in BY_NAME else name}.")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for part in value:
            yield from keys_of(part, f"{path.removesuffix('.')}[].")
    else:
        yield path.removesuffix(".")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.strip().splitlines()[0])
def test_every_example_of_the_document_loads(example: str) -> None:
    assert parse_policy(whole(example), "docs/policy.md").hash


def test_the_examples_name_every_key() -> None:
    named = {key for example in EXAMPLES for key in keys_of(tomllib.loads(example))}
    assert sorted(set(model_keys(PolicyFile)) - named) == []


def test_the_schema_that_lies_in_the_documents_is_that_of_the_code() -> None:
    assert (ROOT / "docs/policy.schema.json").read_text(encoding="utf-8") == schema()


@pytest.mark.parametrize("text", [SHIPPED, *map(whole, EXAMPLES)], ids=lambda text: str(len(text)))
def test_a_policy_that_loads_fits_the_schema(text: str) -> None:
    jsonschema.validate(tomllib.loads(text), policy_schema())


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_the_schema_finds_the_mistakes_that_a_schema_can_find(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    with pytest.raises(PolicyError):
        parse_policy(text, str(path))
    if path.stem in BEYOND_A_SCHEMA:
        return
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), policy_schema())


def test_the_schema_is_a_valid_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema()))
