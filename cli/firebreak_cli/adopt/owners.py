"""The owners that manage an alarm or a target, by its tags and by how it is called.

A change made past its owner is taken back by the owner's next deployment, or is drift. So where one sign
speaks for an owner there is one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.tags import STACK_TAG

LOGICAL_ID_TAG = "aws:cloudformation:logical-id"


class OwnerKind(StrEnum):
    """The kind of owner that manages a resource. Written to plans: members are never renamed."""

    NOBODY = "nobody"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    OTHER = "other"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of a resource: the stack's or the tool's name, and the sign that says so.

    `resource` is the logical id in a stack, empty where it is not known.
    """

    kind: OwnerKind
    name: str = ""
    by: str = ""
    resource: str = ""

    @property
    def owns(self) -> bool:
        """Whether somebody manages it, as far as is known."""
        return self.kind not in {OwnerKind.NOBODY, OwnerKind.NOT_KNOWN}

    @property
    def shown(self) -> str:
        """The owner in a few words."""
        match self.kind:
            case OwnerKind.CLOUDFORMATION:
                return f"stack {self.name}".strip()
            case OwnerKind.OTHER:
                return self.name
            case kind:
                return kind.value


NOBODY = Owner(OwnerKind.NOBODY)
OWNER_NOT_KNOWN = Owner(OwnerKind.NOT_KNOWN)
# The weakest sign: CloudFormation itself knows better.
BY_NAME = "its name, which is as CloudFormation makes them"

# CloudFormation calls a resource without a name of its own STACK-LOGICALID-SUFFIX; the suffix has 12 or 13
# characters, capital letters and digits, and small ones since 2023.
_GENERATED = re.compile(
    r"(?P<stack>[A-Za-z][A-Za-z0-9-]*)-(?P<resource>[A-Za-z0-9]+)-(?P<suffix>[A-Za-z0-9]{12,13})", re.ASCII
)
_MANAGED_BY = re.compile(r"managed[-_ :]?by|provisioned[-_ :]?by|created[-_ :]?with|iac", re.IGNORECASE)
_TERRAFORM_KEY = re.compile(r"(?:hashicorp:)?(?:terraform|opentofu|terragrunt|tf[-_:.])", re.IGNORECASE)
_TERRAFORM = re.compile(r"terraform|opentofu|terragrunt|tofu", re.IGNORECASE)
_CLOUDFORMATION = re.compile(r"cloudformation|\bcdk\b|\bsam\b|serverless", re.IGNORECASE)
# Tools that mark what they manage by keys of their own.
_MARKED: Mapping[str, str] = {
    "pulumi:": "Pulumi",
    "crossplane-": "Crossplane",
    "services.k8s.aws/": "AWS Controllers for Kubernetes",
    "aws:servicecatalog:": "Service Catalog",
}
_NO = frozenset(
    {"", "no", "none", "nobody", "false", "0", "hand", "by hand", "manual", "manually", "human", "console"}
)


def owner_of(name: str, tags: Reading[Mapping[str, str]]) -> Owner:
    """The owner of the resource of that name. Without its tags only the name can show one."""
    match tags:
        case Unknown() | NotRead():
            by_name = _by_name(name)
            return by_name if by_name.owns else OWNER_NOT_KNOWN
        case Absent():
            return _by_name(name)
        case _:
            found = (_by_stack_tag(tags), _by_managed_by(tags), _by_key(tags), _by_name(name))
            return next((owner for owner in found if owner.owns), NOBODY)


def _by_stack_tag(tags: Mapping[str, str]) -> Owner:
    if STACK_TAG not in tags:
        return NOBODY
    return Owner(
        OwnerKind.CLOUDFORMATION, tags[STACK_TAG], f"its tag {STACK_TAG}", tags.get(LOGICAL_ID_TAG, "")
    )


def _by_managed_by(tags: Mapping[str, str]) -> Owner:
    for key, value in sorted(tags.items()):
        if _MANAGED_BY.fullmatch(key) and value.strip().casefold() not in _NO:
            return _named(value, f"its tag {key}={value}")
    return NOBODY


def _named(value: str, by: str) -> Owner:
    if _TERRAFORM.search(value):
        return Owner(OwnerKind.TERRAFORM, "", by)
    if _CLOUDFORMATION.search(value):
        return Owner(OwnerKind.CLOUDFORMATION, "", by)
    return Owner(OwnerKind.OTHER, value.strip(), by)


def _by_key(tags: Mapping[str, str]) -> Owner:
    for key, value in sorted(tags.items()):
        if _TERRAFORM_KEY.match(key) and value.strip().casefold() not in _NO:
            return Owner(OwnerKind.TERRAFORM, "", f"its tag {key}")
        tool = next((tool for mark, tool in _MARKED.items() if key.startswith(mark)), "")
        if tool:
            return Owner(OwnerKind.OTHER, tool, f"its tag {key}")
    return NOBODY


def _by_name(name: str) -> Owner:
    found = _GENERATED.fullmatch(name)
    if not found or not _is_random(found["suffix"]):
        return NOBODY
    return Owner(OwnerKind.CLOUDFORMATION, found["stack"], BY_NAME, found["resource"])


def _is_random(suffix: str) -> bool:
    """Whether no human wrote it: capitals and digits, mixed."""
    return any(one.isdigit() for one in suffix) and any(one.isupper() for one in suffix)
