"""`firebreak adopt --apply` and `--undo`: tags are added and ride where nobody manages them, and back."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from firebreak_cli.adopt.alarm_configuration import READ_ONLY
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, OWNED, PARTLY_DONE
from tests.cli.adopted import NOW
from tests.cli.adopted_aws import (
    ACCOUNT,
    CRITICAL,
    OPTED,
    SERVICE,
    adopt,
    cli_environment,
    no_stack,
    propagates,
    put,
    results,
    rewritten,
    tags,
)
from tests.cli.running import Calls, error_lines
from tests.cli.test_pause_scopes import moto_service
from tests.support import builders as a


@pytest.fixture
def aws() -> Iterator[Any]:
    with mock_aws():
        yield boto3.session.Session(region_name=a.REGION).client("cloudwatch")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Undo files are written here."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def managed(stack: str = "Shop", *, logical_id: str = "Memory", name: str = "api-sev1") -> Any:
    """CloudFormation says that a stack has the alarm of that name."""

    def program(stubber: Stubber) -> None:
        one = {
            "StackName": stack,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": name,
            "ResourceType": "AWS::CloudWatch::Alarm",
            "Timestamp": NOW,
            "ResourceStatus": "CREATE_COMPLETE",
        }
        stubber.add_response("describe_stack_resources", {"StackResources": [one]})
        no_stack(stubber)

    return program


def configured(aws: Any) -> list[dict[str, Any]]:
    """Every alarm, without what CloudWatch writes itself."""
    alarms = aws.describe_alarms()["MetricAlarms"]
    return [{key: one[key] for key in one.keys() - READ_ONLY} for one in alarms]


def test_tags_and_their_way_into_events_are_added_and_an_undo_takes_exactly_them_back(
    aws: Any, folder: Path
) -> None:
    moto_service("api", team="shop")
    alarm = put(aws, "api-sev1", team="shop")
    before = configured(aws)
    calls = Calls()

    done = adopt("--apply", "--yes", environment=cli_environment(calls=calls))

    assert (done.exit_code, done.stderr) == (0, "")
    assert calls.changes == ["TagResource", "TagResource", "PutMetricAlarm"]
    assert (tags(alarm), tags(SERVICE)) == ({"team": "shop", **CRITICAL}, {"team": "shop", **OPTED})
    assert (configured(aws), propagates("api-sev1")) == (before, True)
    (undo,) = folder.glob("*.undo.json")
    assert re.fullmatch(r"firebreak-adopt-20261130T030000Z-[0-9a-f]{8}\.undo\.json", undo.name)
    assert f"firebreak adopt --undo {undo.name} --stack firebreak --region {a.REGION}" in done.stdout

    back = adopt("--undo", str(undo), "--yes", "--json")

    assert (back.exit_code, set(results(back).values())) == (0, {"removed"})
    assert rewritten(back) == {"alarm api-sev1": "restored"}
    assert (tags(alarm), tags(SERVICE)) == ({"team": "shop"}, {"team": "shop"})
    assert (configured(aws), propagates("api-sev1")) == (before, None)
    again = adopt("--undo", str(undo), "--yes", "--json")
    assert (again.exit_code, set(results(again).values())) == (0, {"already"})
    assert rewritten(again) == {"alarm api-sev1": "already"}


def test_the_undo_file_names_who_added_what(aws: Any, folder: Path) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    done = adopt("--apply", "--yes", "--undo-file", "back.json", "--json")
    assert json.loads(done.stdout)["undo_file"] == "back.json"
    written = json.loads((folder / "back.json").read_text(encoding="utf-8"))
    (whole,) = written.pop("put")
    assert written == {
        "version": 2,
        "account": ACCOUNT,
        "region": a.REGION,
        "made_at": "2026-11-30T03:00:00.000+00:00",
        "by": f"arn:aws:sts::{ACCOUNT}:user/moto",
        "added": [
            {"what": "alarm api-sev1", "arn": alarm, "tags": CRITICAL},
            {"what": "ecs:prod/api", "arn": SERVICE, "tags": OPTED},
        ],
    }
    assert whole["before"]["Threshold"] == 85.0
    assert {key: value for key, value in whole.items() if key != "before"} == {
        "what": "alarm api-sev1",
        "arn": alarm,
        "kind": "metric",
        "action_configuration": {"AlarmTagsPropagation": {"Enabled": True}},
    }


def test_an_adoption_twice_changes_nothing_the_second_time(aws: Any, folder: Path) -> None:
    moto_service("api")
    put(aws, "api-sev1")
    adopt("--json")
    plan = folder / "plan.json"
    plan.write_text(adopt("--json").stdout, encoding="utf-8")
    assert adopt("--plan", str(plan), "--apply", "--yes").exit_code == 0
    calls = Calls()
    twice = ("--plan", str(plan), "--apply", "--yes", "--undo-file", "two.json", "--json")
    again = adopt(*twice, environment=cli_environment(calls=calls))
    assert (again.exit_code, set(results(again).values()), calls.changes) == (0, {"already"}, [])
    assert rewritten(again) == {"alarm api-sev1": "already"}
    assert not (folder / "two.json").exists()


@pytest.mark.parametrize("answer", ["n\n", "", "\n"], ids=["no", "end of input", "return"])
def test_without_a_yes_nothing_is_changed(aws: Any, folder: Path, answer: str) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    done = adopt("--apply", stdin=answer)
    assert done.exit_code == BAD_INPUT
    assert error_lines(done)[-1].endswith("firebreak: nobody said yes: nothing was changed")
    assert (tags(alarm), [*folder.iterdir()]) == ({}, [])


def test_a_yes_is_asked_for_after_what_would_be_tagged_is_shown(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    done = adopt("--apply", stdin="y\n")
    assert (done.exit_code, tags(alarm)) == (0, CRITICAL)
    asked = f"Tag 2 resources and rewrite 1 alarm as a whole in {ACCOUNT} {a.REGION}"
    assert f"{asked} (3 a second: at least 1s)?" in done.stderr
    assert done.stdout.index("alarm api-sev1") < done.stdout.index("ecs:prod/api")
    assert_asked(done.stderr, "alarm api-sev1", "ecs:prod/api", "PutMetricAlarm", "Tag 2 resources")


def test_with_json_what_would_be_tagged_is_shown_where_it_is_asked(aws: Any) -> None:
    moto_service("api")
    put(aws, "api-sev1")
    done = adopt("--apply", "--json", "--undo-file", "u.json", stdin="y\n")
    assert (done.exit_code, set(results(done).values())) == (0, {"tagged"})
    assert_asked(
        done.stderr, "alarm api-sev1", "firebreak:severity=critical", "PutMetricAlarm", "Tag 2 resources and"
    )
    back = adopt("--undo", "u.json", "--json", stdin="y\n")
    assert (back.exit_code, set(results(back).values())) == (0, {"removed"})
    asked = f"Remove the tags of 2 resources and put 1 alarm back as a whole in {ACCOUNT} {a.REGION}"
    assert_asked(back.stderr, "PutMetricAlarm", "ecs:prod/api", "firebreak:severity", asked)


def assert_asked(stderr: str, *parts: str) -> None:
    """All of it is there in this order."""
    places = [stderr.find(part) for part in parts]
    assert (places == sorted(places), -1 in places) == (True, False), stderr


def test_with_json_and_a_yes_nothing_is_shown_on_standard_error(aws: Any) -> None:
    moto_service("api")
    put(aws, "api-sev1")
    assert adopt("--apply", "--json", "--yes").stderr == ""


# --- owners


def test_what_a_tool_manages_is_left_to_it_with_the_change_and_an_exit_code_of_its_own(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1", ManagedBy="terraform")
    done = adopt("--apply", "--yes")
    assert (done.exit_code, error_lines(done)) == (
        OWNED,
        ["firebreak: NOT ALL TAGGED: 1 left to their owners; 1 of 2 tagged, 0 of 1 alarm rewritten"],
    )
    assert (tags(alarm), tags(SERVICE)) == ({"ManagedBy": "terraform"}, OPTED)
    assert 'tags = {\n  "firebreak:severity" = "critical"\n}\n' in done.stdout


def test_the_exit_code_is_the_same_with_json_and_the_patch_is_in_it(aws: Any) -> None:
    moto_service("api")
    put(aws, "api-sev1", ManagedBy="terraform")
    done = adopt("--apply", "--yes", "--json")
    assert done.exit_code == OWNED
    assert results(done) == {"alarm api-sev1": "owned", "ecs:prod/api": "tagged"}
    argument = 'tags = {\n  "firebreak:severity" = "critical"\n}'
    head = "# Terraform: add to the argument `tags` of each resource"
    assert json.loads(done.stdout)["patches"] == [f"{head}\n# alarm api-sev1\n{argument}"]


def test_an_owned_alarm_is_tagged_where_that_is_asked_for(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1", ManagedBy="terraform")
    done = adopt("--apply", "--yes", "--even-if-owned")
    assert (done.exit_code, tags(alarm)) == (0, {"ManagedBy": "terraform", **CRITICAL})


def test_a_stack_s_alarm_without_its_tag_is_found_by_cloudformation(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    done = adopt("--apply", "--yes", environment=cli_environment(managed()))
    assert (done.exit_code, tags(alarm)) == (OWNED, {})
    assert "# stack Shop: merge into its template" in done.stdout
    assert "  Memory: # alarm api-sev1" in done.stdout


def test_a_name_like_cloudformations_of_no_stack_is_nobodys(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "shop-sev1-1S2T3U4V5W6X7")
    done = adopt("--apply", "--yes")
    assert (done.exit_code, tags(alarm)) == (0, CRITICAL)


def refusing(code: str) -> Callable[[Stubber], None]:
    def program(stubber: Stubber) -> None:
        for _ in range(20):
            stubber.add_client_error("describe_stack_resources", code, http_status_code=403)

    return program


def test_what_cloudformation_did_not_say_is_not_nobody(aws: Any) -> None:
    moto_service("api")
    alarm = put(aws, "api-sev1")
    done = adopt("--apply", "--yes", "--json", environment=cli_environment(refusing("AccessDenied")))
    assert (done.exit_code, set(results(done).values()), tags(alarm)) == (NO_AWS, {"not_read"}, {})
    assert "whether a stack manages it could not be read" in done.stdout
    asked = adopt(
        "--apply", "--yes", "--even-if-owned", environment=cli_environment(refusing("AccessDenied"))
    )
    assert (asked.exit_code, tags(alarm)) == (0, CRITICAL)


# --- what changed since the plan


@pytest.fixture
def plan(aws: Any, folder: Path) -> str:
    """A plan of one alarm on one service, in a file."""
    moto_service("api")
    put(aws, "api-sev1")
    file = folder / "plan.json"
    file.write_text(adopt("--json").stdout, encoding="utf-8")
    return str(file)


def test_no_tag_is_overwritten(aws: Any, plan: str) -> None:
    alarm = put(aws, "api-sev1")
    aws.tag_resource(ResourceARN=alarm, Tags=[{"Key": "firebreak:severity", "Value": "info"}])
    done = adopt("--plan", plan, "--apply", "--yes", "--json")
    assert (done.exit_code, results(done)["alarm api-sev1"]) == (PARTLY_DONE, "changed")
    assert tags(alarm) == {"firebreak:severity": "info"}


def test_an_alarm_that_is_gone_is_said(aws: Any, plan: str) -> None:
    aws.delete_alarms(AlarmNames=["api-sev1"])
    done = adopt("--plan", plan, "--apply", "--yes", "--json")
    assert (done.exit_code, results(done)["alarm api-sev1"]) == (PARTLY_DONE, "gone")


def test_an_alarm_that_changed_since_the_plan_is_not_tagged_nor_its_target_opted_in(
    aws: Any, plan: str
) -> None:
    alarm = put(aws, "api-sev1")
    aws.put_metric_alarm(
        AlarmName="api-sev1",
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=[{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=5.0,
        ComparisonOperator="LessThanThreshold",
    )
    done = adopt("--plan", plan, "--apply", "--yes", "--json")
    assert (done.exit_code, results(done)) == (PARTLY_DONE, {"alarm api-sev1": "changed"})
    assert "since the plan it is low_side" in done.stdout
    assert (tags(alarm), tags(SERVICE)) == ({}, {})


def test_a_threshold_that_moved_since_the_plan_is_a_change(aws: Any, plan: str) -> None:
    alarm = put(aws, "api-sev1", threshold=1.0)
    done = adopt("--plan", plan, "--apply", "--yes", "--json")
    assert (done.exit_code, results(done)) == (PARTLY_DONE, {"alarm api-sev1": "changed"})
    assert "since the plan it was configured again" in done.stdout
    assert (tags(alarm), tags(SERVICE)) == ({}, {})


def test_a_reason_that_a_human_overruled_is_no_news(aws: Any, folder: Path) -> None:
    """The alarm names no target; the one who edits the plan does."""
    moto_service("api")
    aws.put_metric_alarm(
        AlarmName="cluster",
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=[{"Name": "ClusterName", "Value": "prod"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=85.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    written = json.loads(adopt("--json").stdout)
    assert written["alarms"][0]["reason"] == "no_single_target"
    written["alarms"][0] |= {"do": "adopt", "target": "ecs:prod/api"}
    (folder / "plan.json").write_text(json.dumps(written), encoding="utf-8")
    done = adopt("--plan", "plan.json", "--apply", "--yes", "--json")
    assert (done.exit_code, set(results(done).values())) == (0, {"tagged"})
    assert tags(written["alarms"][0]["arn"]) == {"firebreak:target": "ecs:prod/api"}
    again = adopt("--plan", "plan.json", "--apply", "--yes", "--json", "--undo-file", "two.json")
    assert (again.exit_code, set(results(again).values())) == (0, {"already"})


def test_a_plan_is_carried_out_in_its_own_region_and_account_only(plan: str) -> None:
    text = Path(plan).read_text(encoding="utf-8")
    Path("far.json").write_text(text.replace(a.REGION, "us-east-1"), encoding="utf-8")
    Path("other.json").write_text(text.replace(ACCOUNT, "444455556666"), encoding="utf-8")
    far = adopt("--plan", "far.json", "--apply", "--yes")
    line = f"firebreak: the file is for us-east-1, and this is {a.REGION}: name it with --region"
    assert (far.exit_code, error_lines(far)) == (BAD_INPUT, [line])
    other = adopt("--plan", "other.json", "--apply", "--yes")
    assert other.exit_code == NO_AWS
    assert error_lines(other) == [
        f"firebreak: these credentials are for account {ACCOUNT}, the file is for 444455556666: set --profile"
    ]


def test_an_edited_plan_is_what_is_tagged(aws: Any, plan: str) -> None:
    written = json.loads(Path(plan).read_text(encoding="utf-8"))
    written["alarms"][0] |= {"action": "scale-service", "severity": "info"}
    Path("edited.json").write_text(json.dumps(written), encoding="utf-8")
    done = adopt("--plan", "edited.json", "--apply", "--yes")
    assert done.exit_code == 0
    arn = written["alarms"][0]["arn"]
    assert tags(arn) == {"firebreak:action": "scale-service", "firebreak:severity": "info"}
