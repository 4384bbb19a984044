"""The policies of the example platforms load and say what their pages say."""

import json
import re
import tomllib
from typing import Any

import jsonschema
import pytest
import yaml
from template.cloudformation import CloudFormationLoader

from firebreak.core.model import Alarm, AlarmKind, Target
from firebreak.core.paging.page import Severity
from firebreak.core.routing import By, Route, route
from firebreak.core.tags import SEVERITY_TAG
from firebreak.intake import alarm_events, target_resolution
from firebreak.intake.lookups import Lookups
from firebreak.intake.names import Home
from firebreak.policy.compiler import read_policy
from firebreak.policy.loader import load_policy
from firebreak.policy.schema import policy_schema
from firebreak.services.registry import CATALOG
from firebreak_cli.queries.state_change import Transition, state_change_event
from tests.docs.documents import document
from tests.support import builders as a
from tests.support.fakes import FakeAlarms
from tests.support.platforms import EXAMPLES, PLATFORMS, Platform

# A platform has a row of the overview's table; the other examples are named below it.
OF_A_PLATFORM = re.compile(r"^\| \[[a-z-]+\]\(([a-z-]+)/README\.md\)", re.MULTILINE)

every_platform = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda one: one.name)


def test_every_folder_is_a_platform_that_the_overview_names() -> None:
    folders = {path.parent.name for path in EXAMPLES.glob("*/policy.toml")}
    overview = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert folders == set(PLATFORMS) == set(OF_A_PLATFORM.findall(overview))


def test_every_folder_of_an_example_is_linked_from_the_overview() -> None:
    overview = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(((?!\.\./|https?:)[^)#]+)", overview)
    assert [one for one in linked if not (EXAMPLES / one).is_file()] == []
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert {one.partition("/")[0] for one in linked if "/" in one} == folders


@every_platform
def test_the_policy_loads_and_fits_the_schema(platform: Platform) -> None:
    assert load_policy(platform.policy).hash
    jsonschema.validate(tomllib.loads(platform.policy.read_text(encoding="utf-8")), policy_schema())


@every_platform
def test_the_policy_watches_what_it_does_not_name(platform: Platform) -> None:
    assert load_policy(platform.policy).defaults.autonomy.value == "observe"
    text = platform.policy.read_text(encoding="utf-8")
    assert not read_policy(text, str(platform.policy)).file.demo


@every_platform
def test_the_page_shows_one_screen_and_its_ladders_are_the_policys(platform: Platform) -> None:
    assert len(platform.page.text.splitlines()) <= 60
    ladders = {name: rules.ladder for name, rules in load_policy(platform.policy).actions.items()}
    text = {row.ladder[0]: row.ladder for row in platform.rows if row.ladder != ("page",)}
    assert text == {name: ladder for name, ladder in ladders.items() if name in text}


@every_platform
def test_every_alarm_carries_its_tags_into_its_events_and_begins_with_its_urgency(platform: Platform) -> None:
    text = (platform.folder / "template.yaml").read_text(encoding="utf-8")
    alarms = found(_read(text))
    assert alarms
    for alarm in alarms:
        tags = {tag["Key"]: tag["Value"] for tag in alarm["Tags"]}
        assert alarm["ActionConfiguration"] == {"AlarmTagsPropagation": {"Enabled": True}}
        assert alarm["AlarmDescription"].startswith(
            f"{Severity(tags[SEVERITY_TAG]).capitalize()}, within {tags['respond-within']}. "
        )
        assert {"firebreak:action", SEVERITY_TAG, "respond-within"} <= set(tags)


@every_platform
def test_the_page_opts_in_every_target_that_its_alarms_watch(platform: Platform) -> None:
    text = platform.page.text
    looped = re.search(r"^for name in (.+); do$", text, re.MULTILINE)
    listed = re.search(r"\b(?:Environments|Functions)=(\S+)", text)
    watched = listed[1].split(",") if listed else re.findall(r"\b(\w+)TargetGroup=", text)
    assert looped
    assert looped[1].split() == watched
    assert "`not_opted_in`" in text


def test_an_alarm_on_mail_never_turns_green_because_the_mail_is_off() -> None:
    alarms_of = found(_read((EXAMPLES / "beanstalk-fleet/template.yaml").read_text(encoding="utf-8")))
    treated = {
        one["MetricName"]: one["TreatMissingData"] for one in alarms_of if one["Namespace"] == "AWS/SES"
    }
    assert treated == {"Reputation.BounceRate": "ignore", "Reputation.ComplaintRate": "ignore"}
    assert "`TreatMissingData=ignore`" in document("docs/mail.md").text


def test_the_agent_of_the_fleet_measures_what_its_alarms_watch() -> None:
    platform = PLATFORMS["beanstalk-fleet"]
    config = yaml.safe_load((platform.folder / ".ebextensions/firebreak.config").read_text(encoding="utf-8"))
    (file,) = config["files"].values()
    agent = json.loads(re.sub(r'`\{"Ref": "(\w+)"\}`', r"\1", file["content"]))["metrics"]
    measured = {
        f"{kind}_{name}" for kind, one in agent["metrics_collected"].items() for name in one["measurement"]
    }
    alarms_of = found(_read((platform.folder / "template.yaml").read_text(encoding="utf-8")))
    watched = [one for one in alarms_of if one["Namespace"] == agent["namespace"]]
    assert {one["MetricName"] for one in watched} == measured
    assert agent["aggregation_dimensions"] == [["EnvironmentName"]]
    assert {one["Dimensions"][0]["Name"] for one in watched} == {"EnvironmentName"}
    health = config["option_settings"]["aws:elasticbeanstalk:healthreporting:system"]["ConfigDocument"]
    beanstalks = {one["MetricName"] for one in alarms_of if one["Namespace"] == "AWS/ElasticBeanstalk"}
    assert beanstalks - set(health["CloudWatchMetrics"]["Environment"]) == {"EnvironmentHealth"}


def test_the_error_rate_which_local_aws_does_not_make_is_answered_as_the_page_says() -> None:
    """Metric math over two metrics of one function is about that function."""
    text = (EXAMPLES / "lambda-api/template.yaml").read_text(encoding="utf-8")
    rate = next(one for one in found(_read(text)) if "Metrics" in one)
    described = json.loads(json.dumps(rate).replace('{"Ref": "Function"}', '"orders-read"'))
    described["AlarmArn"] = a.arn_of("orders-read-errors")
    change = Transition("orders-read-errors", a.NOW, "OK", "ALARM", "over 5%")
    tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    alarm = alarm_events.parse(state_change_event(change, described, tags))
    assert isinstance(alarm, Alarm)
    assert alarm.kind is AlarmKind.MATH
    home = Home(a.ACCOUNT, a.REGION)
    named = target_resolution.resolve(
        alarm, alarm.tags, Lookups(home, FakeAlarms()), "roll-back-function"
    ).found
    assert isinstance(named, Target)
    assert named.display == "lambda:orders-read"
    answered = PLATFORMS["lambda-api"].row("orders-read-errors").ladder[0]
    assert route(alarm, CATALOG) == (Route(answered, By.TAG),)


def _read(text: str) -> Any:
    return yaml.load(text, Loader=CloudFormationLoader)["Resources"]  # noqa: S506  # a SafeLoader


def found(node: Any) -> list[dict[str, Any]]:
    """Every alarm's properties, loops included."""
    if isinstance(node, list):
        return [alarm for one in node for alarm in found(one)]
    if not isinstance(node, dict):
        return []
    if node.get("Type") == "AWS::CloudWatch::Alarm":
        return [node["Properties"]]
    return [alarm for one in node.values() for alarm in found(one)]
