"""An event whose ARN is of one partition leads to ARNs and links of that partition, and of no other."""

import json
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.arns import alarm_arn, partition_of
from firebreak.core.model import Alarm, Target
from firebreak.core.paging.console import DOMAINS, links
from firebreak.core.paging.rules import DEFAULT_PAGING
from firebreak.core.readings import ABSENT, Reading
from firebreak.intake.alarm_events import parse, placed
from firebreak.paging.enrichment import Enrichment
from firebreak.paging.enrichment import _links as page_links
from firebreak.wire.requests import alarm_to_wire
from firebreak_cli.adopt.target_tags import arn_of_target
from tests.support import builders as a
from tests.support.builders_announcements import announced
from tests.support.sample_events import load

REGIONS = {
    "aws": ["eu-west-1", "us-east-1", "mx-central-1"],
    "aws-cn": ["cn-north-1", "cn-northwest-1"],
    "aws-us-gov": ["us-gov-west-1", "us-gov-east-1"],
    "aws-eusc": ["eusc-de-east-1"],
}
# A region that AWS has not opened yet may be in any partition: only the ARN says in which.
UNKNOWN = "xx-north-9"
EVENTS = [
    "ecs_memory_alarm",
    "lambda_errors_alarm",
    "composite_tagged",
    "contributor_alarm",
    "direct_alarm_action",
]

places = some.sampled_from(sorted(REGIONS)).flatmap(
    lambda partition: some.tuples(some.just(partition), some.sampled_from([*REGIONS[partition], UNKNOWN]))
)


def moved(event: dict[str, Any], partition: str, region: str) -> dict[str, Any]:
    """A sample event as it would come from another partition and region."""
    text = json.dumps(event).replace("arn:aws:", f"arn:{partition}:").replace("eu-west-1", region)
    found: dict[str, Any] = json.loads(text)
    return found


def without_arns(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in {"resources", "alarmArn"}}


class Pictures:
    """CloudWatch's pictures: keeps the ARNs that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def of(self, arn: str) -> Reading[bytes]:
        self.asked.append(arn)
        return ABSENT


def arns_and_links(alarm: Alarm, partition: str) -> Iterator[str]:
    """Everything that names a partition and is made of an alarm in a stack of that partition."""
    yield json.dumps(alarm_to_wire(alarm))
    for service, group in (("ecs", "prod"), ("lambda", ""), ("beanstalk", ""), ("ses", "")):
        target = Target(alarm.account, alarm.region, service, group, "api")
        yield from links(alarm, target, partition).values()
        yield arn_of_target(target, partition_of(alarm.arn))


def partitions_in(texts: Iterator[str]) -> set[str]:
    """The partitions of all ARNs and links, and the host itself where no partition has it."""
    found: set[str] = set()
    for text in texts:
        found |= set(re.findall(r"arn:([a-z-]+):", text))
        if text.startswith("https://"):
            host = str(urlsplit(text).hostname)
            found |= {name for name, domain in DOMAINS.items() if host.endswith(f".{domain}")} or {host}
    return found


@given(place=places, name=some.sampled_from(EVENTS))
def test_an_event_of_a_partition_leads_to_nothing_of_another(place: tuple[str, str], name: str) -> None:
    partition, region = place
    alarm = parse(moved(load(name), partition, region))
    assert isinstance(alarm, Alarm)

    assert partitions_in(arns_and_links(alarm, partition)) == {partition}


@given(place=places, name=some.sampled_from(EVENTS))
def test_an_event_without_an_arn_is_of_the_partition_of_the_stack_that_got_it(
    place: tuple[str, str], name: str
) -> None:
    partition, region = place
    parsed = parse(without_arns(moved(load(name), partition, region)))
    assert isinstance(parsed, Alarm)
    assert parsed.arn == ""

    alarm = placed(parsed, a.ACCOUNT, region, partition)

    assert partitions_in(arns_and_links(alarm, partition)) == {partition}


@given(place=places)
def test_a_page_asks_for_the_picture_and_links_the_console_of_its_own_partition(
    place: tuple[str, str],
) -> None:
    partition, region = place
    pictures, not_asked = Pictures(), cast("Any", None)
    pages = Enrichment(switches=not_asked, errors=not_asked, pictures=pictures, partition=partition)
    message = announced(region=region, runbook="")

    pages.picture(message)
    addresses = [address for _, address in page_links(message, DEFAULT_PAGING, partition)]

    assert pictures.asked == [alarm_arn(partition, a.ACCOUNT, region, "api")]
    assert len(addresses) == 2
    assert partitions_in(iter(addresses)) == {partition}
