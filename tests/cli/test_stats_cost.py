"""`stats --cost`: what the functions cost, by CloudWatch; a part that is missing is not known."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from boto3.session import Session
from botocore.stub import ANY, Stubber

from firebreak.core.readings import NotRead, Unknown
from firebreak_cli.exit_codes import BAD_INPUT
from firebreak_cli.report.function_use import functions_of, list_prices_of
from firebreak_cli.report.sections import Part, sections
from firebreak_cli.stack import NOT_ASKED, Deployment, Stack
from firebreak_cli.statistics.cost import MEMORY_GB, Cost, FunctionUse, list_prices
from firebreak_cli.statistics.summary import summarize
from tests.cli.report_pages import full, written
from tests.cli.reports import Answers, reported
from tests.cli.running import error_lines
from tests.contracts.template import functions, template
from tests.support import builders as a
from tests.support.world import TABLE, World

NAMES = functions_of("firebreak")


def answered(
    values: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, state: str = "Complete"
) -> Answers:
    """Invocations and milliseconds of each function by hour; those that are not named did not run."""
    found = [
        {"Id": f"m{n}_{metric}", "StatusCode": state, "Values": list(values.get(name, ([], []))[which])}
        for n, name in enumerate(NAMES)
        for which, metric in enumerate(("invocations", "duration"))
    ]

    def answer(stubber: Stubber) -> None:
        asked = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY}
        stubber.add_response("get_metric_data", {"MetricDataResults": found}, asked)

    return answer


def cost(world: World, cloudwatch: Answers, *words: str) -> Any:
    result = reported(world, "stats", "--json", "--cost", *words, cloudwatch=cloudwatch)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["cost"]


RAN = {"firebreak-page": ([40.0, 60.0], [500_000.0, 500_000.0]), "firebreak-verify": ([1.0], [1000.0])}


def test_the_time_and_the_requests_are_summed_and_priced_the_dearest_first(world: World) -> None:
    found = cost(world, answered(RAN))
    page = {"function": "firebreak-page", "invocations": 100, "seconds": 1000.0}
    assert found["functions"][0] == page | {"cost": pytest.approx(1000 * 0.0000166667 + 100 * 0.2 / 1e6)}
    assert [one["function"] for one in found["functions"]] == ["firebreak-page", "firebreak-verify"]
    assert found["total"] == pytest.approx(1001 * 0.0000166667 + 101 * 0.2 / 1e6)
    assert (found["currency"], found["prices"]["source"]) == ("USD", list_prices("x86_64").source)


def test_own_prices_take_the_place_of_the_list(world: World) -> None:
    found = cost(world, answered(RAN), "--prices", "2,1000000")
    assert found["total"] == pytest.approx(1001 * 2 + 101)
    assert found["prices"] == {
        "gb_second": 2.0,
        "million_requests": 1_000_000.0,
        "source": "the prices of --prices",
    }


@pytest.mark.parametrize("prices", ["", "1", "1;2", "-1,2", "1,2,3", "1e3,2", "nan,1", "٣,1"])
def test_prices_that_are_none_are_refused(world: World, prices: str) -> None:
    result = reported(world, "stats", "--cost", "--prices", prices)
    assert result.exit_code == BAD_INPUT
    assert error_lines(result)[0].startswith(f"firebreak: --prices {prices}: expected two amounts in USD")


def test_prices_without_the_cost_are_refused(world: World) -> None:
    assert reported(world, "stats", "--prices", "1,2").exit_code == BAD_INPUT


def test_it_is_not_read_unless_it_is_asked_for(world: World) -> None:
    result = reported(world, "stats", "--json")
    assert json.loads(result.stdout)["cost"] == {"not_read": "--cost was not given"}


def test_a_part_of_the_metrics_is_not_known_and_never_a_smaller_sum(world: World) -> None:
    assert cost(world, answered(RAN, state="PartialData")) == {
        "unknown": "CloudWatch gave only a part of the functions' metrics"
    }


def test_metrics_that_left_a_function_out_are_not_known(world: World) -> None:
    def answer(stubber: Stubber) -> None:
        one = {"Id": "m0_duration", "StatusCode": "Complete", "Values": [1.0]}
        stubber.add_response("get_metric_data", {"MetricDataResults": [one]})

    assert "unknown" in cost(world, answer)


def test_a_series_that_failed_on_one_page_is_not_made_good_by_the_next(world: World) -> None:
    def answer(stubber: Stubber) -> None:
        ids = [f"m{n}_{metric}" for n, _ in enumerate(NAMES) for metric in ("invocations", "duration")]
        whole = [{"Id": one, "StatusCode": "Complete", "Values": [1.0]} for one in ids]
        failed = {"Id": "m0_duration", "StatusCode": "InternalError", "Values": []}
        stubber.add_response("get_metric_data", {"MetricDataResults": [failed], "NextToken": "more"})
        stubber.add_response("get_metric_data", {"MetricDataResults": whole})

    assert "unknown" in cost(world, answer)


def test_no_invocation_at_all_is_not_nothing(world: World) -> None:
    assert cost(world, answered({})) == {"unknown": "CloudWatch has no invocation of the stack's functions"}


def test_a_refusal_of_cloudwatch_is_not_known(world: World) -> None:
    def answer(stubber: Stubber) -> None:
        stubber.add_client_error("get_metric_data", "AccessDenied", http_status_code=403)

    found = cost(world, answer)
    assert found == {"unknown": "the functions' metrics in CloudWatch could not be read (AccessDenied)"}


def test_the_text_says_what_is_not_in_it(world: World) -> None:
    result = reported(world, "stats", "--cost", cloudwatch=answered(RAN))
    words = " ".join(result.stdout.split())
    assert "About 0.02 USD for the time and the requests of the functions, by list prices" in words
    assert "of us-east-1 for x86_64" in words
    assert "Not in it: the time in which a function starts" in words


def test_the_page_of_a_report_has_it_where_it_was_asked_for() -> None:
    known = Cost((FunctionUse("firebreak-page", 100, 1000.0),), list_prices("arm64"))
    assert "Cost of the functions" in written(full(cost=known))
    assert "Not known: AccessDenied." in written(full(cost=Unknown("AccessDenied")))
    assert Part.COST not in {one.part for one in sections(summarize(full(cost=NotRead("x"))))}


@pytest.mark.parametrize("architecture", template()["Parameters"]["Architecture"]["AllowedValues"])
def test_the_list_has_a_price_for_each_architecture_that_a_stack_can_have(architecture: str) -> None:
    assert f" for {architecture} in " in list_prices(architecture).source


def test_the_prices_are_those_of_the_architecture_that_the_stack_has() -> None:
    stack = Stack(
        name="firebreak",
        account=a.ACCOUNT,
        region=a.REGION,
        partition="aws",
        ledger_table=TABLE,
        policy_file="policy.toml",
        bus_name="firebreak",
        session=Session(),
        deployment=Deployment({}, {"Architecture": "arm64"}, a.NOW, a.NOW),
    )
    former = replace(stack, deployment=Deployment({}, {}, a.NOW, a.NOW))
    not_asked = replace(stack, deployment=NOT_ASKED)

    assert list_prices_of(stack) == list_prices("arm64")
    assert list_prices_of(former) == list_prices_of(not_asked) == list_prices("x86_64")


def test_memory_and_names_are_those_of_the_template() -> None:
    assert template()["Globals"]["Function"]["MemorySize"] == MEMORY_GB * 1024
    assert all("MemorySize" not in one for one in functions().values())
    named = {one["FunctionName"]["Fn::Sub"] for one in functions().values()}
    assert named == {name.replace("firebreak", "${AWS::StackName}", 1) for name in NAMES}
