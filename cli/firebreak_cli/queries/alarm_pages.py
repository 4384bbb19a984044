"""Answers of CloudWatch about alarms of every type, page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from firebreak.aws.alarm_types import AlarmTypes
from firebreak.aws.translate import translated


def alarm_pages(
    call: Callable[..., Mapping[str, Any]], operation: str, types: AlarmTypes | None = None, **asked: Any
) -> Iterator[Mapping[str, Any]]:
    """Every page of an answer; `types` remembers for several calls what the region knows. Raises AwsError."""
    types = types or AlarmTypes()

    def page(kinds: list[Any]) -> Mapping[str, Any]:
        with translated(operation, mutates=False):
            return call(AlarmTypes=kinds, **asked)

    while True:
        found = types.ask(page)
        yield found
        if not found.get("NextToken"):
            return
        asked["NextToken"] = found["NextToken"]
