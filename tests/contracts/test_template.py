"""Rules that the template keeps whatever is added to it."""

import json
import re
from typing import Any

import pytest

from firebreak.core.action_spec import RunbookSettings
from firebreak.core.tags import ACTION_TAG, MISSING_DATA_TAG
from firebreak.services.registry import CATALOG
from tests.contracts.template import (
    PATH,
    REPORT,
    TOPIC,
    WATCH,
    actions,
    functions,
    iam_actions,
    iam_resources,
    kebab,
    resource,
    rules,
    statements,
    template,
)

# Calls that change nothing outside Firebreak: reads, its ledger, its bus, its schedules, its topic, its key.
HARMLESS = re.compile(
    r"(\w[\w-]*:(Describe|List|BatchGet|Get)\w*"
    r"|dynamodb:(Query|PutItem|UpdateItem|DeleteItem|ConditionCheckItem)"
    r"|events:PutEvents|scheduler:CreateSchedule|iam:PassRole|sns:Publish|kms:(Decrypt|GenerateDataKey)"
    r"|appconfig:StartConfigurationSession|logs:FilterLogEvents|dynamodb:Scan|iam:SimulatePrincipalPolicy)"
)
# Changes for which IAM knows no tag of the resource; the limit that applies instead is given with each.
WITHOUT_TAGS = {
    "iam:PassRole",  # to which service
    "ecs:RegisterTaskDefinition",  # up to how much memory
    "ecs:TagResource",  # only while a task definition is registered
    "ssm:AddTagsToResource",  # which keys, and of runs only
    "application-autoscaling:RegisterScalableTarget",  # of which namespace and dimension
    *("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"),  # no alarm that has a name
    "ses:PutAccountSendingAttributes",  # a parameter that is off, the policy's naming it, a human each time
}

SYMPTOMS = {
    (spec.symptom.namespace, spec.symptom.metric): name
    for name, spec in CATALOG.specs.items()
    if spec.symptom
}

# Resources that show no tags for certain, and the limit that applies instead.
SHOWS_NO_TAGS = (
    "automation-execution/*",  # an action creates it; the statement about its document
    "service-deployment/*",  # the statement about its service, which AWS checks as well
    "service/*/",  # no service has such a name
)

every_function = pytest.mark.parametrize("name", sorted(functions()))
every_action = pytest.mark.parametrize("name", sorted(actions()))
every_rule = pytest.mark.parametrize(
    ("name", "rule"),
    [(name, rule) for name in sorted(functions()) for rule in sorted(rules(functions()[name]))],
)


def named_arn(name: str) -> dict[str, str]:
    """The ARN of a function's alias as the template writes it, from names."""
    place = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-"
    return {"Fn::Sub": f"{place}{kebab(name)}:live"}


def skeleton(name: str) -> dict[str, Any]:
    """A function without what is its own: rules and statements, and its name written as NAME."""
    function = {key: value for key, value in functions()[name].items() if key not in {"Events", "Policies"}}
    own_name = {name: "NAME", kebab(name): "name"}
    text = json.dumps(function | {"Description": "", "Policies": functions()[name]["Policies"][:1]})
    for mine, anybody in own_name.items():
        text = text.replace(mine, anybody)
    shaped: dict[str, Any] = json.loads(text)
    return shaped


@every_action
def test_every_action_has_the_same_shape(name: str) -> None:
    assert skeleton("RestartService") == skeleton(name)


@every_action
def test_an_action_has_a_rule_by_tag_one_by_request_and_one_by_symptom_if_it_has_symptoms(name: str) -> None:
    by_symptom = {"BySymptom"} if kebab(name) in SYMPTOMS.values() else set[str]()
    assert {"ByTag", "ByRequest"} | by_symptom == set(rules(functions()[name]))


@every_action
def test_each_alarm_rule_can_be_disabled_alone(name: str) -> None:
    of_alarms = {rule: one for rule, one in rules(functions()[name]).items() if rule != "ByRequest"}
    assert {rule: {"Ref": name + rule} for rule in of_alarms} == {
        rule: one["State"] for rule, one in of_alarms.items()
    }
    for rule in of_alarms:
        assert template()["Parameters"][name + rule]["AllowedValues"] == ["ENABLED", "DISABLED"]


@every_action
def test_an_action_answers_to_its_own_name(name: str) -> None:
    own = rules(functions()[name])
    assert [kebab(name)] == own["ByTag"]["Pattern"]["detail"]["alarmTags"]["firebreak:action"]
    assert {"action": [kebab(name)]} == own["ByRequest"]["Pattern"]["detail"]
    assert own["ByRequest"]["EventBusName"] == {"Ref": "Bus"}


@every_action
def test_an_action_hears_by_tag_of_what_has_no_data_and_by_symptom_only_of_what_is_red(name: str) -> None:
    """Whether silence is the symptom the action finds in the tag or the policy, which no rule can read."""
    asked = {
        rule: one["Pattern"]["detail"]["state"]["value"]
        for rule, one in rules(functions()[name]).items()
        if rule != "ByRequest"
    }
    assert asked.pop("ByTag") == ["ALARM", "INSUFFICIENT_DATA"]
    assert asked in ({}, {"BySymptom": ["ALARM"]})


def test_page_hears_of_what_has_no_data_only_where_both_tags_say_so() -> None:
    asked = rules(functions()["Page"])["ByTagWithoutData"]["Pattern"]["detail"]
    assert asked["state"] == {"value": ["INSUFFICIENT_DATA"]}
    assert asked["alarmTags"] == {ACTION_TAG: ["page"], MISSING_DATA_TAG: ["symptom"]}


def test_route_hears_of_what_has_no_data_for_its_live_tags_may_say_that_this_is_the_symptom() -> None:
    asked = rules(functions()["Route"])["Untagged"]["Pattern"]["detail"]
    assert asked["state"] == {"value": ["ALARM", "INSUFFICIENT_DATA"]}
    assert asked["alarmTags"] == {ACTION_TAG: [{"exists": False}]}


def test_only_tags_that_nobody_knows_are_paged_as_unknown() -> None:
    pattern = rules(functions()["Page"])["UnknownTag"]["Pattern"]
    known = pattern["detail"]["alarmTags"]["firebreak:action"][0]["anything-but"]
    assert {kebab(name) for name in actions()} | {"page", "none"} == set(known)


def metrics(rule: Any) -> set[tuple[str, str]]:
    """The metrics a rule by symptom asks for; one namespace a rule, or names would mix."""
    metric = rule["Pattern"]["detail"]["configuration"]["metrics"]["metricStat"]["metric"]
    (namespace,) = metric["namespace"]
    return {(namespace, name) for name in metric["name"]}


def test_the_rules_by_symptom_are_the_symptoms_of_routing() -> None:
    asked = {
        (metric, kebab(name))
        for name, one in actions().items()
        for rule, found in rules(one).items()
        if rule == "BySymptom"
        for metric in metrics(found)
    }
    assert set(SYMPTOMS.items()) == asked


def test_verify_hears_of_the_recovery_of_every_symptom() -> None:
    found = [
        metrics(rule)
        for name, rule in rules(functions()["Verify"]).items()
        if name.startswith("OkBySymptomOf")
    ]
    assert set(SYMPTOMS) == set().union(*found)
    assert len(SYMPTOMS) == sum(map(len, found)), "a metric that two rules match wakes Verify twice"


@every_rule
def test_a_pattern_fits_into_eventbridges_limit(name: str, rule: str) -> None:
    assert len(json.dumps(rules(functions()[name])[rule]["Pattern"])) <= 2048


@every_rule
def test_a_rule_names_its_source_and_detail_type(name: str, rule: str) -> None:
    own_bus = "EventBusName" in rules(functions()[name])[rule]
    pattern = rules(functions()[name])[rule]["Pattern"]
    assert pattern["source"] == (["firebreak"] if own_bus else ["aws.cloudwatch"])
    assert pattern["detail-type"]
    assert "$or" not in json.dumps(pattern), "a bare $or matches twice"


@every_rule
def test_a_rule_on_the_default_bus_names_the_account(name: str, rule: str) -> None:
    """The default bus of a hub account carries the alarms of others, which are nobody's to act on here."""
    properties = rules(functions()[name])[rule]
    if "EventBusName" not in properties:
        assert properties["Pattern"]["account"] == [{"Ref": "AWS::AccountId"}]


@every_rule
def test_a_rule_gives_up_in_time_and_keeps_what_it_could_not_deliver(name: str, rule: str) -> None:
    properties = rules(functions()[name])[rule]
    assert properties["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 8}
    assert properties["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}


@every_function
def test_a_change_of_the_layer_reaches_the_alias(name: str) -> None:
    assert template()["Globals"]["Function"]["AutoPublishAlias"] == "live"
    assert functions()[name]["AutoPublishAliasAllProperties"] is True
    assert resource("SharedLayer")["PublishLambdaVersion"] is True


@every_function
def test_a_failed_event_is_bounded_stored_and_reported(name: str) -> None:
    function = functions()[name]
    config = function["EventInvokeConfig"]
    assert (config["MaximumEventAgeInSeconds"], config["MaximumRetryAttempts"]) == (900, 2)
    # Page reports the failures of the others; when it fails, the topic is the last way to a human.
    assert config["DestinationConfig"]["OnFailure"]["Type"] == ("SNS" if name == "Page" else "Lambda")
    assert function["DeadLetterQueue"]["TargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}


@pytest.mark.parametrize("name", sorted(functions().keys() - {REPORT}))
def test_concurrency_is_reserved_by_parameter(name: str) -> None:
    condition = "ReserveActions" if name in actions() else "ReserveWatch"
    reserved = functions()[name]["ReservedConcurrentExecutions"]
    assert reserved == {"Fn::If": [condition, {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}


def test_no_copies_are_kept_for_the_function_that_no_alarm_needs() -> None:
    assert "ReservedConcurrentExecutions" not in functions()[REPORT]
    assert rules(functions()[REPORT]) == {}


@every_function
def test_a_function_knows_its_alias_and_logs_where_retention_holds(name: str) -> None:
    function = functions()[name]
    assert function["FunctionName"] == {"Fn::Sub": "${AWS::StackName}-" + kebab(name)}
    assert function["Environment"]["Variables"]["FUNCTION_ARN"] == named_arn(name)
    assert function["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "LogGroup": {"Ref": f"{name}Logs"},
    }
    assert resource(f"{name}Logs")["RetentionInDays"] == {"Ref": "LogRetentionInDays"}


def test_the_endpoint_can_be_declared_for_containers() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert "AWS_ENDPOINT_URL" in variables


def test_schedules_may_wake_exactly_verify_page_report_and_the_actions() -> None:
    policy = resource("SchedulerRole")["Policies"][0]["PolicyDocument"]["Statement"][0]
    wakeable = ["Verify", "Page", REPORT, *actions()]
    assert sorted(json.dumps(named_arn(name)) for name in wakeable) == sorted(
        map(json.dumps, policy["Resource"])
    )


@pytest.mark.parametrize("name", [*WATCH, REPORT])
def test_a_function_that_only_watches_may_change_nothing_but_firebreaks_own_resources(name: str) -> None:
    granted = [one for part in statements(functions()[name]["Policies"]) for one in iam_actions(part)]
    assert [one for one in granted if not HARMLESS.fullmatch(one)] == []


@every_action
def test_an_action_changes_only_what_opted_in(name: str) -> None:
    permissions = CATALOG.specs[kebab(name)].permissions
    changing = {one.action for one in permissions if one.mutates} - WITHOUT_TAGS
    tagged = {"aws:ResourceTag/firebreak:enabled": "true"}
    guarded = [
        statement.get("Condition", {}).get("StringEquals")
        for statement in statements(functions()[name]["Policies"])
        if changing & set(iam_actions(statement))
        and not all(json.dumps(one).rstrip('"}').endswith(SHOWS_NO_TAGS) for one in iam_resources(statement))
    ]
    assert guarded
    assert [tagged] * len(guarded) == guarded


@every_function
def test_no_permission_has_a_wildcard_in_its_action(name: str) -> None:
    granted = [one for part in statements(functions()[name]["Policies"]) for one in iam_actions(part)]
    assert [one for one in granted if "*" in one] == []


def test_every_wildcard_resource_has_a_written_reason() -> None:
    lines = PATH.read_text().splitlines()
    everything = [line.strip() for line in lines if re.search(r"""Resource:.*["']\*["']""", line)]
    assert everything, "the search finds nothing any more"
    assert [line for line in everything if "# because: " not in line] == []


@every_function
def test_every_other_resource_names_region_and_account(name: str) -> None:
    arns = [
        re.sub(r"\$\{AWS::\w+\}", "x", found)
        for statement in statements(functions()[name]["Policies"])
        for found in re.findall(r"arn:[^\"]+", json.dumps(statement["Resource"]))
    ]
    assert arns
    assert [arn for arn in arns if not re.match(r"arn:x:(iam:|[a-z-]+:x):x:\S+", arn)] == []


def test_only_the_beanstalk_actions_may_be_given_a_policy_of_the_users_own_and_none_by_default() -> None:
    given = {name for name, one in functions().items() if "HasBeanstalkPolicy" in json.dumps(one["Policies"])}
    own = {"Fn::If": ["HasBeanstalkPolicy", {"Ref": "BeanstalkPolicyArn"}, {"Ref": "AWS::NoValue"}]}
    assert given == {"RestartEnvironment", "RollBackEnvironment"}
    assert all(own in functions()[name]["Policies"] for name in given)
    assert template()["Parameters"]["BeanstalkPolicyArn"]["Default"] == ""


def test_only_a_parameter_that_is_off_lets_the_whole_accounts_mail_be_stopped() -> None:
    template_text = json.dumps(template()["Resources"])
    (guarded,) = [
        part["Fn::If"]
        for policy in functions()["PauseSending"]["Policies"]
        for part in policy.get("Statement", ())
        if "Fn::If" in part
    ]
    assert (guarded[0], guarded[2]) == ("MayPauseAccount", {"Ref": "AWS::NoValue"})
    assert guarded[1]["Action"] == "ses:PutAccountSendingAttributes"
    assert template_text.count("ses:PutAccountSendingAttributes") == 1
    assert template()["Conditions"]["MayPauseAccount"] == {"Fn::Equals": [{"Ref": "AccountPause"}, "ENABLED"]}
    assert template()["Parameters"]["AccountPause"]["Default"] == "DISABLED"


def test_the_ledger_outlives_the_stack() -> None:
    ledger = template()["Resources"]["Ledger"]
    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert ledger["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_dead_letters_are_reported_although_no_code_of_firebreak_counts_them() -> None:
    """Without the count the alarm is red, and it goes straight to the topic."""
    alarm = resource("DeadLettersAlarm")
    assert alarm["AlarmActions"] == [TOPIC]
    assert alarm["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("name", sorted(functions().keys() - {REPORT}))
def test_every_function_has_its_folder_with_one_small_handler(name: str) -> None:
    folder = PATH.parent / functions()[name]["CodeUri"]
    handler = (folder / "app.py").read_text().splitlines()
    assert [found.name for found in folder.iterdir() if found.name != "__pycache__"] == ["app.py"]
    assert len(handler) <= 30
    assert {"from firebreak.handlers"} == {
        line.split(" import ")[0] for line in handler if line.startswith(("import", "from"))
    }


def test_report_brings_the_code_of_the_command_and_has_a_small_handler_in_it() -> None:
    report = functions()[REPORT]
    module, _, handler = report["Handler"].rpartition(".")
    path = PATH.parent / report["CodeUri"] / f"{module.replace('.', '/')}.py"
    assert len(path.read_text().splitlines()) <= 30
    assert f"\n{handler} = " in path.read_text()


def test_a_runbook_is_one_that_the_prefix_covers_in_a_version_that_is_a_number() -> None:
    own = {one["Sid"]: one for one in statements(functions()["RunRunbook"]["Policies"])}
    start, roles = own["StartOptedInDocuments"], own["PassTheRunbooksRoles"]
    assert start["Resource"]["Fn::Sub"].endswith(":document/${RunbookPrefix}*")
    assert start["Condition"]["ForAnyValue:StringLike"] == {
        "ssm:DocumentVersion": [f"{digit}*" for digit in range(1, 10)]
    }
    assert roles["Resource"]["Fn::Sub"].endswith(":role/${RunbookPrefix}*")
    assert roles["Condition"] == {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
    assert template()["Parameters"]["RunbookPrefix"]["Default"] == RunbookSettings().prefix
