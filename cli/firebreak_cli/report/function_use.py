"""The invocations of the stack's functions and their time, as CloudWatch counted them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from firebreak.aws.translate import translated
from firebreak.core.readings import Unknown
from firebreak.services.registry import ACTIONS
from firebreak_cli.stack import Deployment, Stack
from firebreak_cli.statistics.cost import FORMER_ARCHITECTURE, FunctionUse, Prices, list_prices

# CloudWatch keeps hours for 455 days, and answers 30 days of two metrics of fifteen functions in one call.
PERIOD = 3600
_METRICS = ("Invocations", "Duration")
_OTHERS = ("page", "report", "route", "verify")


def functions_of(stack: str) -> tuple[str, ...]:
    """The names of the functions of a stack of this release."""
    return tuple(f"{stack}-{name}" for name in sorted((*ACTIONS, *_OTHERS)))


def list_prices_of(stack: Stack) -> Prices:
    """The list prices of the stack's architecture; the dearer ones where its parameters were not read."""
    deployed = stack.deployment.parameters if isinstance(stack.deployment, Deployment) else {}
    return list_prices(deployed.get("Architecture", FORMER_ARCHITECTURE))


def function_use(
    client: Any, functions: Iterable[str], first: datetime, until: datetime
) -> tuple[FunctionUse, ...] | Unknown:
    """The functions that ran in that time, by whole hours. Raises AwsError.

    Unknown where CloudWatch gave only a part, or nothing at all: two functions run by a schedule.
    """
    names = list(functions)
    asked = {f"m{n}_{metric.lower()}": (name, metric) for n, name in enumerate(names) for metric in _METRICS}
    sums: dict[tuple[str, str], float] = defaultdict(float)
    states: dict[str, str] = {}
    queries = [_query(label, *of) for label, of in asked.items()]
    with translated("GetMetricData", mutates=False):
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=first, EndTime=until
        )
        for found in (one for page in pages for one in page["MetricDataResults"]):
            sums[asked[found["Id"]]] += sum(found["Values"])
            states[found["Id"]] = found["StatusCode"]
    if set(states.values()) - {"Complete"} or states.keys() != asked.keys():
        return Unknown("CloudWatch gave only a part of the functions' metrics")
    ran = [name for name in names if sums[name, "Invocations"]]
    if not ran:
        return Unknown("CloudWatch has no invocation of the stack's functions")
    return tuple(
        FunctionUse(name, round(sums[name, "Invocations"]), sums[name, "Duration"] / 1000) for name in ran
    )


def _query(label: str, function: str, metric: str) -> dict[str, object]:
    return {
        "Id": label,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{"Name": "FunctionName", "Value": function}],
            },
            "Period": PERIOD,
            "Stat": "Sum",
        },
    }
