"""The cost of the functions' time, at list prices: what Firebreak itself ran, and nothing that it changed."""

import re
from dataclasses import dataclass

# The functions' memory in template.yaml (a test compares).
MEMORY_GB = 1.0
# The architecture of stacks of the time when it was no parameter.
FORMER_ARCHITECTURE = "x86_64"

_WRITTEN = re.compile(r"(\d{1,9}(?:\.\d{1,15})?),(\d{1,9}(?:\.\d{1,15})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a GB-second and for a million requests, and where they are from."""

    gb_second: float
    million_requests: float
    source: str


# A GB-second of the first tier in US East (N. Virginia) by architecture, and a million requests, as published
# on aws.amazon.com/lambda/pricing; docs/start.md counts with them as well. Without the free tier, a savings
# plan or a price of another region.
_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
_MILLION_REQUESTS = 0.20


def list_prices(architecture: str) -> Prices:
    """The list prices of an architecture; of one that is not known those of the dearer one."""
    known = architecture if architecture in _GB_SECOND else "x86_64"
    source = f"list prices of us-east-1 for {known} in November 2026 (aws.amazon.com/lambda/pricing)"
    return Prices(_GB_SECOND[known], _MILLION_REQUESTS, source)


def read_prices(written: str) -> Prices | None:
    """The two amounts of `GB_SECOND,MILLION_REQUESTS`; None where they are no prices."""
    if not (found := _WRITTEN.fullmatch(written)):
        return None
    return Prices(float(found[1]), float(found[2]), "the prices of --prices")


@dataclass(frozen=True, slots=True)
class FunctionUse:
    """One function by CloudWatch: its invocations, and the seconds that they took."""

    name: str
    invocations: int
    seconds: float

    def cost(self, prices: Prices) -> float:
        """In US dollars. The time in which a function starts is not in CloudWatch's durations."""
        return (
            self.seconds * MEMORY_GB * prices.gb_second
            + self.invocations * prices.million_requests / 1_000_000
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """The functions that ran, the dearest first."""

    functions: tuple[FunctionUse, ...]
    prices: Prices

    @property
    def total(self) -> float:
        """The sum in US dollars."""
        return sum(one.cost(self.prices) for one in self.functions)
