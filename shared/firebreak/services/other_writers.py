"""The other writers of a target: Firebreak's settings there last until their next deploy."""

from collections.abc import Mapping

STACK_NAME = "aws:cloudformation:stack-name"

# Terraform tags nothing by itself; these are what people put into its default_tags.
TERRAFORM_KEYS = frozenset({"terraform", "managed-by", "managedby", "managed_by", "provisioner"})
TERRAFORM = "terraform"


def reset_by(tags: Mapping[str, str], what: str) -> str:
    """One sentence about the deploy that will reset `what`; empty when no tag names an owner."""
    if stack := tags.get(STACK_NAME):
        owner, place = f"stack {stack}", "its template"
    elif any(_names_terraform(key, value) for key, value in tags.items()):
        owner, place = "Terraform", "its configuration"
    else:
        return ""
    return f"the next deploy of {owner} will reset {what}: the lasting fix is in {place}"


def _names_terraform(key: str, value: str) -> bool:
    key, value = key.casefold(), value.casefold()
    return (key in TERRAFORM_KEYS and TERRAFORM in value) or (key == TERRAFORM and value != "false")
