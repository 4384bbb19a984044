"""The cost of the functions' time, at list prices: what Firebreak itself ran, and nothing that it changed."""

import re
from dataclasses import dataclass

# The functions' memory and architecture in template.yaml (a test compares).
MEMORY_GB = 1.0
ARCHITECTURE = "x86_64"

_WRITTEN = re.compile(r"(\d{1,9}(?:\.\d{1,15})?),(\d{1,9}(?:\.\d{1,15})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a GB-second and for a million requests, and where they are from."""

    gb_second: float
    million_requests: float
    source: str


# The first tier of x86 functions in US East (N. Virginia), as published on aws.amazon.com/lambda/pricing;
# docs/start.md counts with them as well. Without the free tier, a savings plan or a price of another region.
LIST_PRICES = Prices(
    0.0000166667, 0.20, "list prices of us-east-1 in November 2026 (aws.amazon.com/lambda/pricing)"
)


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
