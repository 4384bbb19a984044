"""Physical names at the longest name of a stack, and what relies on names that CloudFormation makes.

CloudFormation makes the name of a resource that the template does not name out of the stack's name, the
logical id and a suffix, and shortens it to the service's limit. How, AWS documents nowhere: `generated` is
the way that names of real stacks show. Nothing may rely on it.
"""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from firebreak_cli.doctor.before_looks import LONGEST_STACK_NAME
from tests.contracts.template import functions, resource, rules, template

# The longest names that the services take, in characters, from the references of their APIs.
LIMITS = {
    "AWS::AppConfig::Application": 64,
    "AWS::AppConfig::ConfigurationProfile": 128,
    "AWS::AppConfig::DeploymentStrategy": 64,
    "AWS::AppConfig::Environment": 64,
    "AWS::CloudWatch::Alarm": 255,
    "AWS::CloudWatch::Dashboard": 255,
    "AWS::DynamoDB::Table": 255,
    "AWS::Events::EventBus": 256,
    "AWS::Events::Rule": 64,
    "AWS::IAM::ManagedPolicy": 128,
    "AWS::IAM::Role": 64,
    "AWS::Logs::LogGroup": 512,
    "AWS::Logs::QueryDefinition": 255,
    "AWS::SNS::Topic": 256,
    "AWS::SQS::Queue": 80,
    "AWS::Scheduler::Schedule": 64,
    "AWS::Scheduler::ScheduleGroup": 64,
    "AWS::Serverless::Function": 64,
    "AWS::Serverless::LayerVersion": 140,
}
NAMED_BY = (
    "DashboardName",
    "FunctionName",
    "LayerName",
    "LogGroupName",
    "AlarmName",
    "TableName",
    "QueueName",
    "Name",
)
# They have no name of their own: they belong to what they name.
NAMELESS = {"AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::SQS::QueuePolicy"}
# The last part of a generated name, with its hyphen.
SUFFIX = "-1A2B3C4D5E6F"
# So much of a stack's name is left that a person knows it by.
SAYS_WHOSE = 12
LONGEST = "s" * LONGEST_STACK_NAME
LONGEST_REGION = "ap-southeast-1"
PLACE = "arn:aws:events:eu-west-1:111122223333"


def given_names() -> dict[str, tuple[str, str]]:
    """The type and the name of each resource that the template names, with STACK for the stack's."""
    found = {}
    for name, one in template()["Resources"].items():
        for key in NAMED_BY:
            if written := one["Properties"].get(key):
                text = written.get("Fn::Sub") or "${" + written["Ref"] + "}"
                text = text.replace("${AWS::StackName}", "STACK").replace("${AWS::Region}", LONGEST_REGION)
                found[name] = (one["Type"], text)
    return found


def unnamed() -> Iterator[tuple[str, str]]:
    """The type and the logical id of each resource that the template does not name, SAM's too."""
    given = given_names()
    for name, one in template()["Resources"].items():
        if name not in given and one["Type"] not in NAMELESS:
            yield one["Type"], name
    for name, function in functions().items():
        yield "AWS::IAM::Role", f"{name}Role"
        for event, one in function["Events"].items():
            kinds = {"EventBridgeRule": "AWS::Events::Rule", "ScheduleV2": "AWS::Scheduler::Schedule"}
            yield kinds[one["Type"]], name + event


def generated(stack: str, logical_id: str, limit: int) -> str:
    """A name as CloudFormation was seen to make it: stack and logical id get half of the room each."""
    room = limit - len(SUFFIX)
    if len(f"{stack}-{logical_id}") <= room:
        return f"{stack}-{logical_id}{SUFFIX}"
    of_id = (room - 1) // 2
    return f"{stack[: room - 1 - of_id]}-{logical_id[:of_id]}{SUFFIX}"


def test_every_name_that_the_template_gives_begins_with_the_stacks_and_fits() -> None:
    for kind, name in given_names().values():
        assert "${" not in name
        assert re.match(r"(/aws/lambda/)?STACK(-|/|$)", name), name
        assert len(name.replace("STACK", LONGEST)) <= LIMITS[kind], name


def test_the_longest_name_of_a_stack_that_the_doctor_takes_is_the_longest_that_fits() -> None:
    room = [LIMITS[kind] - len(name.replace("STACK", "")) for kind, name in given_names().values()]
    assert min(room) == LONGEST_STACK_NAME == 41


def test_every_name_that_cloudformation_makes_still_says_whose_and_which_it_is() -> None:
    made = [(kind, name, generated(LONGEST, name, LIMITS[kind])) for kind, name in unnamed()]
    assert {"AWS::IAM::Role", "AWS::Events::Rule", "AWS::SQS::Queue"} <= {kind for kind, _, _ in made}
    for kind, name, found in made:
        assert len(found.partition("-")[0]) >= SAYS_WHOSE, (kind, name)
        alike = [other for same, other, short in made if (same, short) == (kind, found)]
        assert alike == [name], "shortened they are one"


def test_a_name_is_shortened_as_those_that_a_real_account_made() -> None:
    """A stack of 26 characters, a role and a bucket: reported in KensioSoftware/yulin#1113."""
    role, bucket = (generated("s" * 26, "i" * 30, limit).removesuffix(SUFFIX) for limit in (64, 63))
    assert [len(part) for name in (role, bucket) for part in name.split("-")] == [25, 25, 25, 24]


# CloudFormation takes 128 characters, of which the names of the functions leave fewer.
@pytest.mark.parametrize("length", [1, 20, 25, 26, LONGEST_STACK_NAME, 128])
def test_the_dead_letter_queue_takes_the_events_of_every_rule_whatever_its_name(length: int) -> None:
    stack = "s" * length
    (statement,) = resource("DeadLettersPolicy")["PolicyDocument"]["Statement"]
    pattern = statement["Condition"]["ArnLike"]["aws:SourceArn"][0]["Fn::Sub"]
    for variable, value in (("Partition", "aws"), ("Region", "eu-west-1"), ("AccountId", "111122223333")):
        pattern = pattern.replace("${AWS::" + variable + "}", value)
    assert "$" not in pattern, "the pattern relies on a name"
    for function, properties in functions().items():
        for event, rule in rules(properties).items():
            bus = f"{stack}/" if "EventBusName" in rule else ""
            arn = f"{PLACE}:rule/{bus}{generated(stack, function + event, 64)}"
            assert fnmatchcase(arn, pattern)
            assert not fnmatchcase(arn.replace("111122223333", "999900001111"), pattern)


def patterns_on_names(node: Any) -> Iterator[str]:
    """Every ARN in a template that goes by the beginning of a name, which is the stack's."""
    yield from re.findall(r'arn:[^"]*\$\{(?:AWS::StackName|Stack)\}-[^"]*\*', json.dumps(node))


def test_no_statement_relies_on_a_name_that_cloudformation_shortens() -> None:
    """The template itself gives functions and log groups their names."""
    found = patterns_on_names(template()["Resources"])
    by_kind = {re.sub(r"\$\{[\w:]+\}", "", arn).split(":", 5)[2] for arn in found}
    assert by_kind == {"lambda", "logs"}


def test_roles_are_found_by_their_path_which_nothing_shortens() -> None:
    path = {"Fn::Sub": "/${AWS::StackName}/"}
    assert template()["Globals"]["Function"]["RolePath"] == path
    roles = [one for one in template()["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    assert [one["Properties"]["Path"] for one in roles] == [path] * len(roles)
    assert len(roles) > 1


def test_the_id_of_a_rules_target_fits_which_sam_makes_and_does_not_shorten() -> None:
    ids = [f"{name}{event}LambdaTarget" for name, one in functions().items() for event in rules(one)]
    assert max(map(len, ids)) <= 64
