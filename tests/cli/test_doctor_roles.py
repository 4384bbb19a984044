"""The checks FB112 and FB211: whether the roles of the stack allow what their functions do."""

from pathlib import Path
from typing import Any

import pytest

from firebreak.services.registry import CATALOG
from firebreak_cli.doctor.role_looks import SIMULATION
from firebreak_cli.doctor.roles import NEEDED, Grant
from firebreak_cli.doctor.stack_looks import BRING_BACK
from tests.cli.doctored import ALARM, MOTOS_ACCOUNT, Account, physical
from tests.cli.doctored_roles import MANAGED, Roles, names_of_roles
from tests.contracts.template import iam_actions
from tests.support.world import World

ROLE = physical("RestartServiceRole")
DENIED: dict[str, Any] = {"EvalDecision": "explicitDeny"}
BY_ORGANIZATION = DENIED | {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
BY_BOUNDARY = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}
BY_BOTH_ALLOWED = {
    "OrganizationsDecisionDetail": {"AllowedByOrganizations": True},
    "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": True},
}


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    return Account(world, tmp_path / "policy.toml")


def without(roles: Roles, role: str, action: str) -> None:
    """Takes one action out of every inline statement of a role."""
    for statement in roles.of(role):
        statement["Action"] = [one for one in iam_actions(statement) if one != action]


@pytest.mark.parametrize("role", names_of_roles())
def test_what_a_role_has_to_allow_is_what_the_template_gives_it_whatever_the_parameters_are(
    account: Account, role: str
) -> None:
    roles = account.roles
    given = [*roles.of(role), *(roles.managed[MANAGED] if MANAGED in roles.attached[role] else ())]
    allowed = {one for statement in given if statement["Effect"] == "Allow" for one in iam_actions(statement)}
    assert set(NEEDED[role]) == allowed


def test_there_is_no_need_of_a_role_that_the_template_does_not_have() -> None:
    assert NEEDED.keys() == set(names_of_roles())


def test_roles_as_deployed_are_good_and_each_managed_policy_is_read_once(account: Account) -> None:
    found = account.check("FB112")
    assert (found["result"], found["looked_at"]) == ("good", f"{len(names_of_roles())} roles")
    assert account.calls.made.count("GetPolicyVersion") == 2


def test_an_action_that_a_role_lost_stops_the_alarms_of_that_action(account: Account) -> None:
    without(account.roles, "RestartServiceRole", "ecs:UpdateService")
    (found,) = account.check("FB112")["findings"]
    assert (found["result"], found["subject"]) == ("warning", ROLE)
    assert found["detail"] == "RestartServiceRole does not allow ecs:UpdateService"
    assert found["mend"] == BRING_BACK
    report = account.report("--only", "FB211")
    (alarm,) = report["checks"][0]["findings"]
    assert (alarm["result"], alarm["subject"]) == ("bad", ALARM)
    assert alarm["detail"] == "restart-service would fail: its role may not ecs:UpdateService"
    assert report["verdict"]["alarms"] == [ALARM]


def test_a_policy_that_is_not_attached_any_more_is_found_on_every_role_that_needs_it(
    account: Account,
) -> None:
    for attached in account.roles.attached.values():
        attached[:] = [one for one in attached if one != MANAGED]
    details = account.details("FB112")
    assert {subject for _, subject, _ in details} == {
        physical(f"{name}Role") for name in ("Verify", *(one.logical_id for one in CATALOG.specs.values()))
    }
    assert {result for result, _, _ in details} == {"bad"}
    assert all("dynamodb:PutItem" in detail for _, _, detail in details)


@pytest.mark.parametrize("role", ["VerifyRole", "PageRole", "RouteRole", "SchedulerRole", "HeartbeatRole"])
def test_a_role_that_all_alarms_need_is_bad_where_it_is_gone(account: Account, role: str) -> None:
    account.roles.gone = {role}
    assert account.details("FB112") == [("bad", physical(role), f"{role} is gone")]
    assert account.report("--only", "FB112")["verdict"]["would_act"] == "no"


def test_the_role_of_one_action_that_is_gone_is_a_warning_and_its_alarms_are_named(account: Account) -> None:
    account.roles.gone = {"RestartServiceRole"}
    assert account.details("FB112") == [("warning", ROLE, "RestartServiceRole is gone")]
    assert account.details("FB211") == [
        ("bad", ALARM, "restart-service would fail: its role is gone"),
    ]


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (BY_ORGANIZATION, "is refused ecs:UpdateService (by a policy of the organization)"),
        (DENIED, "is refused ecs:UpdateService (by a statement that denies)"),
        (
            BY_BOUNDARY,
            "may be refused ecs:UpdateService (by the permissions boundary, at least for some resources)",
        ),
        (
            DENIED | {"MissingContextValues": ["aws:PrincipalTag/a"]},
            "may be refused ecs:UpdateService (by a statement that denies, depending on aws:PrincipalTag/a)",
        ),
    ],
)
def test_a_call_that_something_else_denies_is_named_with_what_denies_it(
    account: Account, answer: dict[str, Any], detail: str
) -> None:
    account.roles.refused = {"ecs:UpdateService": answer}
    (first,) = [one for one in account.details("FB112") if one[1] == ROLE]
    assert first == ("warning", ROLE, f"RestartServiceRole {detail}")
    assert bool(account.details("FB211")) is detail.startswith("is refused")


def test_what_is_allowed_by_all_and_what_only_the_roles_own_policies_limit_is_good(account: Account) -> None:
    account.roles.refused = dict.fromkeys(NEEDED["RestartServiceRole"], BY_BOTH_ALLOWED)
    assert account.details("FB112") == []


def test_a_refusal_of_what_every_action_does_is_bad(account: Account) -> None:
    account.roles.refused = {"scheduler:CreateSchedule": BY_ORGANIZATION}
    assert {result for result, _, _ in account.details("FB112")} == {"bad"}


def test_roles_are_simulated_by_their_arns_in_this_region_and_with_the_opt_in_tag(account: Account) -> None:
    account.check("FB112")
    asked = {one["PolicySourceArn"]: one for one in account.roles.simulated}
    one = asked[f"arn:aws:iam::{MOTOS_ACCOUNT}:role/firebreak/{ROLE}"]
    assert sorted(one["ActionNames"]) == sorted(set(NEEDED["RestartServiceRole"]))
    assert {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in one["ContextEntries"]} == {
        "aws:ResourceTag/firebreak:enabled": ["true"],
        "aws:RequestedRegion": ["eu-west-1"],
    }


def test_who_may_not_simulate_hears_it_once_and_it_is_not_good(account: Account) -> None:
    account.denied = {"SimulatePrincipalPolicy"}
    ((result, subject, detail),) = account.details("FB112")
    assert (result, subject) == ("could_not_look", SIMULATION)
    assert f"not asked for {len(names_of_roles())} roles" in detail
    assert "AccessDenied" in detail
    assert account.details("FB211") == []


@pytest.mark.parametrize("call", ["GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "GetPolicyVersion"])
def test_a_role_that_may_not_be_read_is_not_good(account: Account, call: str) -> None:
    account.denied = {call}
    details = account.details("FB112")
    assert ("could_not_look", ROLE) in [one[:2] for one in details]
    assert {result for result, _, _ in details} == {"could_not_look"}


def test_a_stack_without_a_role_is_bad(account: Account) -> None:
    account.resources["AWS::IAM::Role"] = {}
    assert account.details("FB112") == [("bad", None, "CloudFormation lists no role of a function")]


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (Grant(("ecs:*",)), True),
        (Grant(("ECS:updateservice",)), True),
        (Grant(("ecs:Update?ervice",)), True),
        (Grant(("ecs:Describe*",)), False),
        (Grant(("iam:*",), others=True), True),
        (Grant(("ecs:*",), others=True), False),
    ],
)
def test_actions_are_compared_as_iam_compares_them(grant: Grant, allowed: bool) -> None:
    assert grant.allows("ecs:UpdateService") is allowed
