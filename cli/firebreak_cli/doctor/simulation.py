"""The refusals of a role by IAM, from iam:SimulatePrincipalPolicy: it compares policies and makes no call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from firebreak.core.arns import partition_of
from firebreak.core.tags import OPT_IN_TAG
from firebreak_cli.doctor.deployment import pages


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that IAM refuses, with what refuses it; not certain where that depends on what was not asked."""

    words: str
    certain: bool


def refusals(
    client: Any, role: str, actions: Sequence[str], region: str, *, resource: str = "", through: str = ""
) -> Sequence[Refusal]:
    """The calls that IAM would refuse the role of this ARN in this region. Raises AwsError.

    Without a resource they are asked for every resource at once: the role's own policies name resources, so
    that their silence (implicitDeny) means nothing then. The opt-in tag is set, as on a target. `through` is
    the service that uses a key for the role.
    """
    suffix = _dns_suffix(partition_of(role)) if through else ""
    via = [_context("kms:ViaService", f"{through}.{region}.{suffix}")] if through else []
    asked = {"ResourceArns": [resource]} if resource else {}
    found = pages(
        client,
        "simulate_principal_policy",
        "EvaluationResults",
        PolicySourceArn=role,
        ActionNames=list(actions),
        ContextEntries=[
            _context(f"aws:ResourceTag/{OPT_IN_TAG}", "true"),
            _context("aws:RequestedRegion", region),
            *via,
        ],
        **asked,
    )
    return [one for result in found if (one := _refusal(result, named=bool(resource)))]


@cache
def _dns_suffix(partition: str) -> str:
    """The end of the names of a partition's services, as botocore has it."""
    from botocore.loaders import Loader  # only where a channel's key is looked at

    known = Loader().load_data("partitions")["partitions"]
    return next((str(one["outputs"]["dnsSuffix"]) for one in known if one["id"] == partition), "")


def _context(name: str, value: str) -> Mapping[str, object]:
    return {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}


def _refusal(result: Mapping[str, Any], *, named: bool) -> Refusal | None:
    """`named` says that the resource was: then an answer is about it alone, and silence refuses."""
    decision, depends = result["EvalDecision"], result.get("MissingContextValues") or ()
    in_organization = result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)
    boundary = result.get("PermissionsBoundaryDecisionDetail", {})
    if decision == "allowed":
        return None
    if not in_organization:
        by, certain = "a policy of the organization", True
    elif decision == "explicitDeny":
        by, certain = "a statement that denies", True
    elif not boundary.get("AllowedByPermissionsBoundary", True):
        by, certain = f"the permissions boundary{'' if named else ', at least for some resources'}", named
    elif named:
        by, certain = "no policy of the role that allows it", True
    else:
        return None
    on = f", depending on {', '.join(depends)}" if depends else ""
    return Refusal(f"{result['EvalActionName']} (by {by}{on})", certain and not depends)
