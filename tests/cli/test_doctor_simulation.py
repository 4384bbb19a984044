"""The reading of an answer of iam:SimulatePrincipalPolicy, over all answers that there are."""

from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from firebreak_cli.doctor.simulation import Refusal, refusals
from tests.cli.doctored import motos_client
from tests.support import builders as a

ROLE = "arn:aws:iam::123456789012:role/firebreak-PageRole-1A2B"
ACTION = "secretsmanager:GetSecretValue"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:firebreak/pd"
ALLOWED, SILENT, DENIED = "allowed", "implicitDeny", "explicitDeny"

answers = st.fixed_dictionaries(
    {
        "EvalActionName": st.just(ACTION),
        "EvalDecision": st.sampled_from([ALLOWED, SILENT, DENIED]),
    },
    optional={
        "MissingContextValues": st.lists(st.just("aws:PrincipalOrgID"), max_size=1),
        "OrganizationsDecisionDetail": st.fixed_dictionaries({"AllowedByOrganizations": st.booleans()}),
        "PermissionsBoundaryDecisionDetail": st.fixed_dictionaries(
            {"AllowedByPermissionsBoundary": st.booleans()}
        ),
    },
)


def taken(answer: dict[str, Any], resource: str) -> Refusal | None:
    client = motos_client("iam")
    with Stubber(client) as stub:
        stub.add_response("simulate_principal_policy", {"EvaluationResults": [answer], "IsTruncated": False})
        found = refusals(client, ROLE, [ACTION], a.REGION, resource=resource)
    return found[0] if found else None


@given(answers, st.sampled_from(["", SECRET]))
def test_only_a_refusal_that_depends_on_nothing_else_is_certain(
    answer: dict[str, Any], resource: str
) -> None:
    found = taken(answer, resource)
    if answer["EvalDecision"] == ALLOWED:
        assert found is None
    elif answer["EvalDecision"] == DENIED or resource:
        assert found is not None
    if found and answer.get("MissingContextValues"):
        assert not found.certain
        assert found.words.endswith("depending on aws:PrincipalOrgID)")


@given(answers)
def test_the_silence_of_the_roles_own_policies_refuses_nothing_where_no_resource_is_named(
    answer: dict[str, Any],
) -> None:
    organization = answer.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)
    boundary = answer.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True)
    found = taken(answer | {"EvalDecision": SILENT}, "")
    assert (found is None) == (organization and boundary)
    if organization and not boundary:
        assert found
        assert not found.certain


def test_every_page_of_the_answer_is_read() -> None:
    client = motos_client("iam")
    one = {"EvalActionName": ACTION, "EvalDecision": ALLOWED}
    other = {"EvalActionName": "ssm:GetParameter", "EvalDecision": DENIED}
    with Stubber(client) as stub:
        first = {"EvaluationResults": [one], "IsTruncated": True, "Marker": "m"}
        stub.add_response("simulate_principal_policy", first)
        stub.add_response("simulate_principal_policy", {"EvaluationResults": [other], "IsTruncated": False})
        found = refusals(client, ROLE, [ACTION, "ssm:GetParameter"], a.REGION)
    assert found == [Refusal("ssm:GetParameter (by a statement that denies)", certain=True)]


@pytest.mark.parametrize(("resource", "asked"), [("", None), (SECRET, [SECRET])])
def test_a_resource_is_asked_for_where_it_is_named(resource: str, asked: list[str] | None) -> None:
    client = motos_client("iam")
    region = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": [a.REGION]}
    opt_in = {"ContextKeyName": "aws:ResourceTag/firebreak:enabled", "ContextKeyValues": ["true"]}
    with Stubber(client) as stub:
        stub.add_response(
            "simulate_principal_policy",
            {"EvaluationResults": [], "IsTruncated": False},
            {
                "PolicySourceArn": ROLE,
                "ActionNames": [ACTION],
                "ContextEntries": [one | {"ContextKeyType": "string"} for one in (opt_in, region)],
                **({"ResourceArns": asked} if asked else {}),
            },
        )
        assert refusals(client, ROLE, [ACTION], a.REGION, resource=resource) == []
