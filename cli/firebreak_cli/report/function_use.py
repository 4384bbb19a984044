"""The invocations of the stack's functions and their time, as CloudWatch counted them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from firebreak.core.readings import Unknown
from firebreak.services.registry import ACTIONS
from firebreak_cli.queries.metric_data import metric_data
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
    found = metric_data(client, {label: _statistic(*of) for label, of in asked.items()}, first, until)
    if isinstance(found, Unknown):
        return Unknown("CloudWatch gave only a part of the functions' metrics")
    sums = {of: sum(found[label].values) for label, of in asked.items()}
    ran = [name for name in names if sums[name, "Invocations"]]
    if not ran:
        return Unknown("CloudWatch has no invocation of the stack's functions")
    return tuple(
        FunctionUse(name, round(sums[name, "Invocations"]), sums[name, "Duration"] / 1000) for name in ran
    )


def _statistic(function: str, metric: str) -> dict[str, object]:
    named = {
        "Namespace": "AWS/Lambda",
        "MetricName": metric,
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
    }
    return {"Metric": named, "Period": PERIOD, "Stat": "Sum"}
