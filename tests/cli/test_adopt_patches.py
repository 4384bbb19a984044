"""The changes that `firebreak adopt --patch` prints for the owners of alarms and targets."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from firebreak_cli.adopt.owners import Owner, OwnerKind
from firebreak_cli.adopt.patches import Wish, patches
from tests.cli.adopted import (
    existing,
    planned,
    raw,
)
from tests.cli.test_adopt_offline import FILES, adopt, alarms_file, printed
from tests.support import builders as a


def resources(patch: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(patch)["Resources"]
    return found


def test_the_patch_for_a_stack_is_a_part_of_its_template() -> None:
    tags = {"aws:cloudformation:stack-name": "Shop", "aws:cloudformation:logical-id": "Slow"}
    balanced = {"LoadBalancer": "app/x/1", "TargetGroup": "targetgroup/api/0123456789abcdef"}
    shape = raw("slow", "AWS/ApplicationELB TargetResponseTime", dimensions=balanced)
    plan = planned(existing(shape, tags), services={balanced["TargetGroup"]: ("prod/api",)})
    (patch,) = patches(
        [Wish("alarm slow", one.owner, one.missing, one.needs_propagation) for one in plan.adopted]
    )
    assert resources(patch) == {
        "Slow": {
            "Properties": {
                "ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": True}},
                "Tags": [{"Key": "firebreak:action", "Value": "scale-service"}],
            }
        }
    }


def test_what_a_stack_calls_it_stays_open_where_only_the_stack_is_known() -> None:
    owner = Owner(OwnerKind.CLOUDFORMATION, "Shop")
    (patch,) = patches([Wish(f"alarm {n}", owner, {"firebreak:action": "page"}) for n in ("a", "b")])
    assert list(resources(patch)) == ["Resource1", "Resource2"]
    assert "# alarm a; put its logical id here" in patch


def test_the_patch_for_terraform_is_the_argument_tags() -> None:
    result = adopt(*FILES, "--patch")
    assert result.exit_code == 0
    block = 'tags = {\n  "firebreak:severity" = "error"\n}\n'
    assert f"# alarm prod-billing-memory-sev2\n{block}" in result.stdout
    assert "# stack ShopStack: merge into its template" in result.stdout


def test_a_function_of_a_stack_is_patched_in_both_forms_of_its_tags() -> None:
    """AWS::Lambda::Function takes a list, AWS::Serverless::Function a map."""
    owner = Owner(OwnerKind.CLOUDFORMATION, "Shop", "", "Checkout")
    tags = {"firebreak:enabled": "true"}
    (patch,) = patches([Wish("lambda:checkout", owner, tags)])
    assert resources(patch)["Checkout"]["Properties"]["Tags"] == [
        {"Key": "firebreak:enabled", "Value": "true"}
    ]
    (mapped,) = re.findall(r"(?<=# of an AWS::Serverless::Function: ).*", patch)
    assert yaml.safe_load(mapped) == {"Tags": tags}


def test_both_forms_are_in_the_output_of_the_command(tmp_path: Path) -> None:
    shape = raw("errors", "AWS/Lambda Errors", dimensions={"FunctionName": "checkout"})
    stack = [{"Key": "aws:cloudformation:stack-name", "Value": "Shop"}]
    arn = f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:checkout"
    tags = tmp_path / "tags.json"
    tags.write_text(json.dumps({"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": stack}]}))
    result = adopt("--alarms", str(alarms_file(tmp_path, shape)), "--tags", str(tags), "--patch")
    mapped = '      # of an AWS::Serverless::Function: Tags: { "firebreak:enabled": "true" }\n'
    assert (result.exit_code, mapped in result.stdout) == (0, True)


@pytest.mark.parametrize("what", ["alarm lambda:checkout", "ecs:prod/api", "beanstalk:shop", "ses:mail"])
def test_nothing_else_is_patched_in_two_forms(what: str) -> None:
    owner = Owner(OwnerKind.CLOUDFORMATION, "Shop", "", "It")
    (patch,) = patches([Wish(what, owner, {"firebreak:enabled": "true"})])
    assert "Serverless" not in patch


HOSTILE = "x\n  Evil:\n    Type: AWS::IAM::Role\n${var.x} %{if} \x1b[31m"


@pytest.mark.parametrize("kind", OwnerKind)
def test_a_name_in_a_patch_is_a_comment_or_quoted(kind: OwnerKind) -> None:
    owner = Owner(kind, HOSTILE, "", HOSTILE)
    (patch,) = patches([Wish(f"alarm {HOSTILE}", owner, {"firebreak:target": HOSTILE})])
    assert "\x1b" not in patch
    assert not any(line.startswith("  Evil:") for line in patch.splitlines())
    if kind is OwnerKind.CLOUDFORMATION:
        assert list(resources(patch)) == ["Resource1"]
        assert resources(patch)["Resource1"]["Properties"]["Tags"][0]["Value"] == HOSTILE
    if kind is OwnerKind.TERRAFORM:
        assert '"firebreak:target" = "' in patch
        assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", patch.partition("tags = ")[2])


def test_a_plan_with_nothing_to_change_says_so(tmp_path: Path) -> None:
    result = adopt("--alarms", str(alarms_file(tmp_path, raw(metric="AWS/RDS CPUUtilization"))), "--patch")
    assert (result.exit_code, result.stdout) == (0, "there is nothing to change\n")


def test_patches_as_json_have_a_version() -> None:
    found = printed(*FILES, "--patch")
    assert found["version"] == 1
    assert any("ShopStack" in one for one in found["patches"])
