"""Links into the console: of the right partition, with only checked or encoded text in them."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.manual import stand_in
from firebreak.core.model import Target
from firebreak.core.paging.console import DOMAINS, alarm_link, links, target_link
from tests.support import builders as a

PARTITIONS = {
    "eu-west-1": ("aws", "eu-west-1.console.aws.amazon.com"),
    "cn-north-1": ("aws-cn", "cn-north-1.console.amazonaws.cn"),
    "us-gov-west-1": ("aws-us-gov", "us-gov-west-1.console.amazonaws-us-gov.com"),
    "eusc-de-east-1": ("aws-eusc", "eusc-de-east-1.console.amazonaws-eusc.eu"),
}


@pytest.mark.parametrize(("region", "expected"), PARTITIONS.items(), ids=PARTITIONS)
def test_an_alarm_is_linked_in_the_console_of_its_partition(region: str, expected: tuple[str, str]) -> None:
    partition, host = expected
    link = f"https://{host}/cloudwatch/home?region={region}#alarmsV2:alarm/api"
    assert alarm_link("api", region, partition) == link


def test_every_partition_with_a_public_console_is_tried() -> None:
    assert {partition for partition, _ in PARTITIONS.values()} == set(DOMAINS)


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        pytest.param("us-iso-east-1", "aws-iso", id="no public console"),
        pytest.param("eu-west-1", "", id="no partition is known"),
        pytest.param("", "aws", id="no region"),
        pytest.param("eu-west-1.evil.example", "aws", id="another host"),
        pytest.param("x\n", "aws", id="no region's name"),
    ],
)
def test_where_no_public_console_is_known_there_is_no_link(region: str, partition: str) -> None:
    assert alarm_link("api", region, partition) == ""
    assert target_link(Target("111122223333", region, "ecs", "prod", "api"), partition) == ""


@given(some.text(min_size=1, max_size=255))
def test_the_link_of_any_alarm_name_is_one_harmless_address(name: str) -> None:
    link = alarm_link(name, "eu-west-1", "aws")
    start, _, encoded = link.partition("#alarmsV2:alarm/")
    assert start == "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", encoded)
    if name.isprintable():
        assert unquote(encoded) == name


def test_a_character_that_no_address_can_hold_is_a_question_mark_in_it() -> None:
    assert alarm_link("api\ud800", "eu-west-1", "aws").endswith("#alarmsV2:alarm/api%3F")


def test_a_slash_in_a_name_does_not_end_a_part_of_the_address() -> None:
    assert alarm_link("prod/api", "eu-west-1", "aws").endswith("#alarmsV2:alarm/prod%2Fapi")


@pytest.mark.parametrize(
    ("service", "group", "name", "path"),
    [
        ("ecs", "prod", "api", "ecs/v2/clusters/prod/services/api/health?region=eu-west-1"),
        ("lambda", "", "orders", "lambda/home?region=eu-west-1#/functions/orders"),
        ("beanstalk", "", "shop", "elasticbeanstalk/home?region=eu-west-1#/environments"),
        ("ses", "", "newsletter", "ses/home?region=eu-west-1#/configuration-sets/newsletter"),
        ("ses", "", "account", "ses/home?region=eu-west-1#/account"),
        ("runbook", "", "drain", "systems-manager/automation/executions?region=eu-west-1"),
    ],
)
def test_each_kind_of_target_has_its_page(service: str, group: str, name: str, path: str) -> None:
    target = Target("111122223333", "eu-west-1", service, group, name)
    assert target_link(target, "aws") == f"https://eu-west-1.console.aws.amazon.com/{path}"


def test_a_service_that_is_not_known_has_none() -> None:
    assert target_link(Target("111122223333", "eu-west-1", "rds", "", "orders"), "aws") == ""


ALARM_PAGE = (
    "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/api-memory-high"
)
TARGET_PAGE = (
    "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/services/api/health?region=eu-west-1"
)


@pytest.mark.parametrize(
    ("arn", "target", "found"),
    [
        pytest.param(a.alarm().arn, a.TARGET, {"alarm": ALARM_PAGE, "target": TARGET_PAGE}, id="both"),
        pytest.param(a.alarm().arn, None, {"alarm": ALARM_PAGE}, id="no target was found"),
        pytest.param(a.alarm().arn.replace("arn:aws:", "arn:aws-iso:"), a.TARGET, {}, id="no public console"),
        pytest.param("", a.TARGET, {}, id="no ARN says in which partition it is"),
    ],
)
def test_links_are_named_by_what_they_open(arn: str, target: object, found: dict[str, str]) -> None:
    assert links(a.alarm(arn=arn), target, "") == found


def test_an_alarm_without_an_arn_is_in_the_partition_of_the_stack() -> None:
    assert links(a.alarm(arn=""), a.TARGET, "aws") == {"alarm": ALARM_PAGE, "target": TARGET_PAGE}


def test_a_request_by_hand_has_no_page_of_an_alarm() -> None:
    assert links(stand_in(a.TARGET, "it hangs", a.NOW), a.TARGET, "aws") == {"target": TARGET_PAGE}
