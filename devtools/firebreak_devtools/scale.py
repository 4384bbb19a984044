"""Costs and limits by the number of alarms, for docs/scale.md: the inputs, the formulae, the results.

A formula is text, so that the document shows what was computed. It knows numbers, names of inputs, + - * /
and `up(x)`, the next whole number.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

SIZES: Final = (10, 1_000, 100_000)
CENT: Final = 0.01


@dataclass(frozen=True, slots=True)
class Input:
    """A number that the formulae take, and where it is from."""

    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: what it is, and the formula."""

    what: str
    formula: str


# Counted in the world of the tests, with the pages that follow; tests/docs/test_scale.py compares.
MEASURED: Final[Mapping[str, Input]] = {
    "refused_calls": Input(2, "of a refusal and its page: invocations, of the action and of Page"),
    "refused_writes": Input(34, "write units of the ledger"),
    "refused_reads": Input(19, "read units"),
    "refused_kb": Input(9, "KB that stay in the ledger"),
    "refused_requests": Input(1, "requests to CloudWatch"),
    "refused_events": Input(1, "events on the bus"),
    "refused_schedules": Input(0, "schedules"),
    "refused_pages": Input(1, "pages"),
    "acted_calls": Input(
        6, "of a restart that recovers: invocations, of the action, of Verify three times, of Page twice"
    ),
    "acted_writes": Input(111, "write units of the ledger"),
    "acted_reads": Input(28, "read units"),
    "acted_kb": Input(12, "KB that stay in the ledger"),
    "acted_requests": Input(5, "requests to CloudWatch"),
    "acted_events": Input(2, "events on the bus"),
    "acted_schedules": Input(2, "schedules"),
    "acted_pages": Input(2, "pages"),
    "red_units": Input(18, "write units of one more red alarm where the storm guard remembers 100"),
}
ASSUMED: Final[Mapping[str, Input]] = {
    "times": Input(2, "how often an alarm turns red in a month"),
    "share": Input(0.1, "the part of them that is acted on"),
    "seconds": Input(1, "billed seconds of an invocation, of 1 GB, cold starts included"),
    "log_kb": Input(3, "KB of logs of an invocation"),
    "mornings": Input(30, "looks of Report in a month, for what would keep Firebreak from acting"),
    "months": Input(6, "how long the ledger keeps it; by default incidents 180 days, decisions 90"),
}
# US dollars in us-east-1, as published in 2026, without the free tier.
PRICES: Final[Mapping[str, Input]] = {
    "usd_alarm": Input(
        0.10, "[CloudWatch](https://aws.amazon.com/cloudwatch/pricing/), a standard alarm a month"
    ),
    "usd_call": Input(0.00001, "the same, a request"),
    "usd_log_gb": Input(0.50, "the same, a GB of logs taken in"),
    "usd_second": Input(0.0000133334, "[Lambda](https://aws.amazon.com/lambda/pricing/), a GB-second, arm64"),
    "usd_invocation": Input(0.0000002, "the same, an invocation"),
    "usd_write": Input(
        0.000000625, "[DynamoDB](https://aws.amazon.com/dynamodb/pricing/on-demand/), a write unit"
    ),
    "usd_read": Input(0.000000125, "the same, a read unit"),
    "usd_gb_month": Input(0.25, "the same, a GB for a month"),
    "usd_event": Input(
        0.000001, "[EventBridge](https://aws.amazon.com/eventbridge/pricing/), an event or a schedule's call"
    ),
    "usd_trace": Input(0.000005, "[X-Ray](https://aws.amazon.com/xray/pricing/), a trace"),
    "usd_mail": Input(0.00002, "[SNS](https://aws.amazon.com/sns/pricing/), a mail"),
}
RED: Final = (
    Line("red", "alarms * times"),
    Line("acted", "red * share"),
    Line("refused", "red - acted"),
    Line("calls", "refused * refused_calls + acted * acted_calls"),
)
COSTS: Final = (
    Line("the functions' time", "calls * seconds * usd_second"),
    Line("their invocations", "calls * usd_invocation"),
    Line("the ledger's writes", "(refused * refused_writes + acted * acted_writes) * usd_write"),
    Line("the ledger's reads", "(refused * refused_reads + acted * acted_reads) * usd_read"),
    Line(
        "what the ledger keeps, its indexes counted as a second copy",
        "2 * months * (refused * refused_kb + acted * acted_kb) / 1048576 * usd_gb_month",
    ),
    Line("events on the bus", "(refused * refused_events + acted * acted_events) * usd_event"),
    Line("schedules", "(refused * refused_schedules + acted * acted_schedules) * usd_event"),
    Line("requests to CloudWatch", "(refused * refused_requests + acted * acted_requests) * usd_call"),
    Line(
        "tags and states of all alarms, which Report reads each morning",
        "mornings * (alarms + up(alarms / 100)) * usd_call",
    ),
    Line("logs", "calls * log_kb / 1048576 * usd_log_gb"),
    Line("traces, if each is sampled", "calls * usd_trace"),
    Line("pages, as mails", "(refused * refused_pages + acted * acted_pages) * usd_mail"),
)
ROUTE: Final = Line(
    "Route, where no alarm's tags ride",
    "red * (seconds * usd_second + usd_invocation + usd_event + usd_call)",
)
ALARMS: Final = Line("the alarms themselves, for comparison", "alarms * usd_alarm")

_QUOTAS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_PARTITION = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
_WARM = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html"
QUOTAS: Final[Mapping[str, Input]] = {
    "tag_reads": Input(10, f"[CloudWatch]({_QUOTAS}): ListTagsForResource a second; cannot be raised"),
    "alarm_reads": Input(
        9, f"[CloudWatch]({_QUOTAS}): DescribeAlarms a second, up to 100 alarms each; can be raised"
    ),
    "alarm_writes": Input(3, f"[CloudWatch]({_QUOTAS}): PutMetricAlarm a second; can be raised"),
    "item_units": Input(
        1000, f"[DynamoDB]({_PARTITION}): write units a second of one partition, so of one item"
    ),
    "table_units": Input(
        4000, f"[DynamoDB]({_WARM}): write units a second of a new on-demand table; grows by use"
    ),
    "copies": Input(1000, f"[Lambda]({_LAMBDA}): concurrent executions; a new account has 10; can be raised"),
    "invocations": Input(
        750, f"[EventBridge]({_EVENTS}): a second, in the smallest regions; delayed beyond that"
    ),
    "puts": Input(
        400, f"[EventBridge]({_EVENTS}): PutEvents a second, in the smallest regions; can be raised"
    ),
}
# The seconds until everything is through, when all alarms turn red in the same moment.
LIMITS: Final = (
    Line("tags are read, where they do not ride", "alarms / tag_reads"),
    Line(
        "the item of the storm guard is written, if none of it were a storm",
        "alarms * red_units / item_units",
    ),
    Line("a new ledger takes the refusals", "alarms * refused_writes / table_units"),
    Line("a new account's functions run, 10 at once", "alarms * seconds * refused_calls / 10"),
    Line("functions run, with the usual quota", "alarms * seconds * refused_calls / copies"),
    Line("the rules deliver", "alarms / invocations"),
    Line("an announcement of each is on the bus, if none were gathered", "alarms / puts"),
    Line("one look at the state of all", "up(alarms / 100) / alarm_reads"),
    Line("tag propagation is switched on for all, by API", "alarms / alarm_writes"),
)

_OPERATORS: Final[Mapping[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value(formula: str, names: Mapping[str, float]) -> float:
    """The value of a formula; raises KeyError for a name that is no input, ValueError for anything else."""
    return _value(ast.parse(formula, mode="eval").body, names)


def _value(node: ast.expr, names: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return names[name]
        case ast.BinOp(left=left, op=found, right=right):
            return _OPERATORS[type(found)](_value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id="up"), args=[one]):
            return float(math.ceil(_value(one, names)))
        case _:
            raise ValueError(ast.dump(node))


def names_for(alarms: int) -> dict[str, float]:
    """Every input by its name, for so many alarms."""
    inputs = {**MEASURED, **ASSUMED, **PRICES, **QUOTAS}
    names = {"alarms": float(alarms), **{name: one.value for name, one in inputs.items()}}
    for line in RED:
        names[line.what] = value(line.formula, names)
    return names


def cost_of(alarms: int) -> float:
    """US dollars a month that so many alarms add to a stack at rest."""
    names = names_for(alarms)
    return sum(value(line.formula, names) for line in COSTS)
