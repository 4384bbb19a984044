"""The owner whose next deploy will reset Firebreak's change, by the target's tags."""

import pytest

from firebreak.services.other_writers import reset_by

WHAT = "the number of tasks"


def test_a_target_of_a_stack_is_reset_by_its_next_deploy() -> None:
    assert reset_by({"aws:cloudformation:stack-name": "shop"}, WHAT) == (
        "the next deploy of stack shop will reset the number of tasks: the lasting fix is in its template"
    )


@pytest.mark.parametrize(
    "tags",
    [
        {"ManagedBy": "Terraform"},
        {"managed-by": "terraform-cloud"},
        {"terraform": "true"},
        {"Terraform": "yes"},
        {"Provisioner": "terraform"},
    ],
    ids=str,
)
def test_a_target_of_terraform_is_reset_by_it(tags: dict[str, str]) -> None:
    assert reset_by(tags, WHAT) == (
        "the next deploy of Terraform will reset the number of tasks: the lasting fix is in its configuration"
    )


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"managed-by": "hand"},
        {"terraform": "false"},
        {"team": "terraform"},
        {"aws:cloudformation:stack-name": ""},
    ],
    ids=str,
)
def test_a_target_that_nobody_is_known_to_own_is_not_reset(tags: dict[str, str]) -> None:
    assert reset_by(tags, WHAT) == ""


def test_a_stack_outweighs_a_tag_that_people_wrote() -> None:
    tags = {"managed-by": "terraform", "aws:cloudformation:stack-name": "shop"}
    assert "stack shop" in reset_by(tags, WHAT)
