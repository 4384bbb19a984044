"""The reach of a policy that people push: rights on AppConfig, and no role of a function."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from firebreak.errors import SettingsError
from firebreak.policy.compiler import parse_policy
from firebreak.settings import Settings
from tests.contracts.iam_statements import ACCOUNT, REGION, roles
from tests.contracts.resolved import Stack
from tests.contracts.template import functions, template
from tests.support import builders as a
from tests.support.iam_evaluation import Check, allows
from tests.test_settings import ENV

APPLICATION = f"arn:aws:appconfig:{REGION}:{ACCOUNT}:application/policyapplication"
ENVIRONMENT = f"{APPLICATION}/environment/policyenvironment"
PROFILE = f"{APPLICATION}/configurationprofile/policyprofile"
STRATEGY = f"arn:aws:appconfig:{REGION}:{ACCOUNT}:deploymentstrategy/policystrategy"
CONFIGURATION = f"{ENVIRONMENT}/configuration/policyprofile"
OTHER = APPLICATION.replace("policyapplication", "payroll")
# Each call with the resources that IAM asks for, by the service authorization reference.
READS = {
    "appconfig:ListDeployments": (APPLICATION, ENVIRONMENT),
    "appconfig:GetHostedConfigurationVersion": (
        APPLICATION,
        PROFILE,
        f"{PROFILE}/hostedconfigurationversion/3",
    ),
}
WRITES = {
    "appconfig:CreateHostedConfigurationVersion": (APPLICATION, PROFILE),
    "appconfig:ListHostedConfigurationVersions": (APPLICATION, PROFILE),
    "appconfig:GetDeployment": (APPLICATION, ENVIRONMENT, f"{ENVIRONMENT}/deployment/3"),
    "appconfig:StartDeployment": (APPLICATION, ENVIRONMENT, PROFILE, STRATEGY),
}
DATA = ("appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration")
KIND = "AWS::AppConfig::"
NO_VALUE = {"Ref": "AWS::NoValue"}
ROLES = roles(template())
PEOPLE = ("ViewerPolicy", "OnCallPolicy", "AdministratorPolicy")


def may(role: str, action: str, *resources: str) -> bool:
    return allows(ROLES[role], *(Check(action, one, {}) for one in resources))


@pytest.mark.parametrize("policy", PEOPLE)
def test_people_read_the_policy_and_only_authors_push_it(policy: str) -> None:
    for action, resources in READS.items():
        assert may(policy, action, *resources)
        assert not may(policy, action, *(one.replace(APPLICATION, OTHER) for one in resources))
    assert [one for one, resources in WRITES.items() if may(policy, one, *resources)] == []


def test_an_author_pushes_to_this_stack_and_to_no_other_application() -> None:
    assert {*WRITES} == {
        one
        for statement in ROLES["PolicyAuthorPolicy"]
        for one in statement.actions
        if one.startswith("appconfig:")
    }
    for action, resources in WRITES.items():
        assert may("PolicyAuthorPolicy", action, *resources)
        assert not may("PolicyAuthorPolicy", action, *(one.replace(APPLICATION, OTHER) for one in resources))
    for action in ("appconfig:DeleteHostedConfigurationVersion", "appconfig:StopDeployment", *DATA):
        assert not may("PolicyAuthorPolicy", action, APPLICATION, ENVIRONMENT, PROFILE, CONFIGURATION)


@pytest.mark.parametrize("function", sorted(functions().keys() - {"Route", "Report"}))
def test_a_function_reads_its_configuration_and_nothing_else_of_appconfig(function: str) -> None:
    assert all(may(function, one, CONFIGURATION) for one in DATA)
    assert not any(may(function, one, CONFIGURATION.replace(APPLICATION, OTHER)) for one in DATA)
    assert not any(may(function, one, *resources) for one, resources in (READS | WRITES).items())


@pytest.mark.parametrize("function", ["Route", "Report"])
def test_a_function_that_decides_nothing_does_not_read_it_so(function: str) -> None:
    assert not any(may(function, one, CONFIGURATION) for one in DATA)


def bare(node: Any) -> Iterator[str]:
    """The statements about AppConfig that hold whatever the parameter PolicySource says."""
    match node:
        case {"Fn::If": ["PolicyInAppConfig", *_]}:
            return
        case {"Sid": str(sid), "Action": named} if "appconfig:" in str(named):
            yield sid
        case dict() | list():
            for one in node.values() if isinstance(node, dict) else node:
                yield from bare(one)
        case _:
            return


def switched(node: Any) -> Iterator[Any]:
    """The two sides of everything that the parameter PolicySource decides."""
    match node:
        case {"Fn::If": ["PolicyInAppConfig", yes, no]}:
            yield yes, no
        case dict() | list():
            for one in node.values() if isinstance(node, dict) else node:
                yield from switched(one)
        case _:
            return


def test_with_the_layers_policy_nothing_of_it_is_made_or_allowed() -> None:
    assert template()["Parameters"]["PolicySource"]["Default"] == "LAYER"
    made = {name: one for name, one in template()["Resources"].items() if one["Type"].startswith(KIND)}
    of_it = {**made, "PolicyAuthorPolicy": template()["Resources"]["PolicyAuthorPolicy"]}
    assert len(made) == 4
    assert {one["Condition"] for one in of_it.values()} == {"PolicyInAppConfig", "MakePolicyStrategy"}
    rest = {name: one for name, one in template()["Resources"].items() if name not in of_it}
    assert list(bare(rest)) == []
    assert list(bare({"Sid": "x", "Action": "appconfig:StartDeployment"})) == ["x"]
    variable = template()["Globals"]["Function"]["Environment"]["Variables"]["POLICY_CONFIGURATION"]
    said = variable["Fn::If"][2]
    for env in (ENV, {**ENV, "POLICY_CONFIGURATION": said}):
        assert Settings.from_env(env).policy_configuration == ()
    with pytest.raises(SettingsError, match="POLICY_CONFIGURATION"):
        Settings.from_env({**ENV, "POLICY_CONFIGURATION": ""})


def test_with_appconfig_a_role_has_one_statement_more_and_no_other_is_changed() -> None:
    """So no policy that is pushed can widen what a function may do."""
    granting = [one["Policies"] for one in functions().values()]
    granting.append(template()["Resources"]["RemediatorPolicy"])
    found = [(yes["Sid"], no) for part in granting for yes, no in switched(part)]
    allowed = {"ReadThePolicy", "ReadThePolicyInForce"}  # a function's own, and Report's look
    assert {sid for sid, _ in found} == allowed
    assert [no for _, no in found] == [NO_VALUE] * len(found)


RUNBOOK = """
[actions.run-runbook.runbooks.wipe]
document = "Firebreak-Wipe"
version = "1"
"""


@pytest.mark.parametrize(("prefix", "may_start"), [("Firebreak-", True), ("FirebreakPayments-", False)])
def test_a_policy_that_names_a_runbook_beyond_the_stacks_prefix_lets_nobody_start_it(
    prefix: str, may_start: bool
) -> None:
    runbook = parse_policy(a.AUTO_POLICY + RUNBOOK, "policy.toml").runbook("wipe")
    assert runbook
    stack = Stack(account=ACCOUNT, region=REGION, ledger="x", parameters={"RunbookPrefix": prefix})
    own = functions()["RunRunbook"]["Policies"][-1]["Statement"]
    (start,) = [stack.value(one) for one in own if one["Sid"] == "StartOptedInDocuments"]
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/{runbook.document}"
    assert fnmatchcase(arn, start["Resource"]) is may_start


def test_a_rule_that_is_switched_off_is_switched_off_by_its_parameter_alone() -> None:
    for function, one in functions().items():
        for name, rule in one["Events"].items():
            state = rule["Properties"].get("State", {"Ref": ""})
            assert state["Ref"] in {"", f"{function}{name}", "RouteUntagged"}


OF_IT = ("parameters", "app_configuration", "policy_in_force", "policy.document", "pydantic")
BUILDING = """
import os, sys
from firebreak.settings import Settings
from firebreak.telemetry import PowertoolsLog
from firebreak.wiring import Wiring

settings = Settings.from_env(os.environ)
wiring = Wiring(settings, PowertoolsLog())
wiring.remediator(settings.action), wiring.verifier(), wiring.page_desk(), wiring.tag_router()
print([name for name in sys.modules if name.endswith(tuple(sys.argv[1:]))])
"""


def imported(variables: Mapping[str, str]) -> list[str]:
    """The modules of it that a function with these variables has imported once its parts are built."""
    command = [sys.executable, "-c", BUILDING, *OF_IT]
    given = {"PATH": "", "PYTHONPATH": os.pathsep.join(sys.path), "AWS_REGION": REGION, **variables}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=given)
    found: list[str] = ast.literal_eval(ran.stdout)
    return found


def test_a_function_with_the_layers_policy_imports_nothing_of_it() -> None:
    own = {**ENV, "ACTION": "restart-service", "POWERTOOLS_TRACE_DISABLED": "true"}
    assert imported(own) == []
    assert "firebreak.remediation.policy_in_force" in imported({**own, "POLICY_CONFIGURATION": "a/b/c"})
