"""`firebreak storm` shows its alarms as they are now, and says of which that is not known."""

import json
from dataclasses import replace
from typing import Any

import boto3

from tests.cli.running import StackSession, cli_environment, deployed, run, run_in
from tests.cli.test_pausing import no_reply
from tests.cli.test_storm_command import END, declare, in_state, storm_as_json, words
from tests.support import builders as a
from tests.support.world import World


def test_each_alarm_is_shown_as_it_is_now_and_not_as_it_was(world: World) -> None:
    declare(world, "a", "b", "c", "d")
    in_state("b", "OK")
    in_state("c", "INSUFFICIENT_DATA")
    boto3.session.Session(region_name=a.REGION).client("cloudwatch").delete_alarms(AlarmNames=["d"])
    text = words(run_in(world, "storm").stdout)

    for part in (
        "1 ALARM, 1 INSUFFICIENT_DATA, 1 OK, 1 deleted",
        "b is OK",
        "c has no data",
        "d does not exist",
    ):
        assert part in text
    assert [one["state"] for one in storm_as_json(world)["red"]] == [
        "ALARM",
        "OK",
        "INSUFFICIENT_DATA",
        "DELETED",
    ]


def test_an_alarm_that_is_ok_at_the_end_of_a_storm_is_not_listed_as_red_nor_for_retry(world: World) -> None:
    declare(world, "a", "b")
    in_state("b", "OK")
    run_in(world, *END)

    [text] = world.ledger.unsettled_announcements(world.clock.at, 10)
    assert text.facts[1:] == ("still red: 1 of the 2 that were counted", "a")
    assert text.retry == ("a",)


def test_an_alarm_whose_silence_is_the_symptom_is_red_as_it_is_for_the_functions(world: World) -> None:
    declare(world, "a")
    in_state("a", "INSUFFICIENT_DATA")
    cloudwatch = boto3.session.Session(region_name=a.REGION).client("cloudwatch")
    [made] = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"]
    cloudwatch.tag_resource(
        ResourceARN=made["AlarmArn"], Tags=[{"Key": "firebreak:missing-data", "Value": "symptom"}]
    )
    run_in(world, *END)

    [text] = world.ledger.unsettled_announcements(world.clock.at, 10)
    assert text.facts[1:] == ("still red: 1 of the 1 that were counted", "a")
    assert text.retry == ("a",)


UNREAD = "DescribeAlarms: ReadTimeoutError"


class Blind(StackSession):
    """CloudWatch does not answer."""

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        made = super().client(service_name, *args, **kwargs)
        if service_name == "cloudwatch":
            made.meta.events.register("before-send", no_reply)
        return made


def test_alarms_that_could_not_be_read_are_said_to_be_neither_red_nor_green(world: World) -> None:
    declare(world, "a", "b")
    blind = replace(cli_environment(world.clock.now), session=lambda: Blind(deployed))
    text = words(run("storm", environment=blind).stdout)
    red = json.loads(run("storm", "--json", environment=blind).stdout)["red"]

    assert "Now 2 NOT READ (may be red)" in text
    assert "a could not be read" in text
    assert not any(word in text for word in ("is still red", "is OK"))
    assert [(one["state"], one["unread"]) for one in red] == [(None, UNREAD)] * 2


def test_a_storm_is_ended_though_its_alarms_could_not_be_read_and_the_page_says_so(
    world: World,
) -> None:
    declare(world, "a")
    blind = replace(cli_environment(world.clock.now), session=lambda: Blind(deployed))
    done = run(*END, environment=blind)

    assert (done.exit_code, "1 NOT READ (may be red)" in done.stdout) == (0, True)
    [text] = world.ledger.unsettled_announcements(world.clock.at, 10)
    assert text.facts[1] == "still red: 0 of the 1 that were counted"
    assert text.facts[2] == f"a could not be read: {UNREAD}"
    assert (text.retry, [one.name for one in text.watches]) == (("a",), ["a"])
