"""The types of alarms to ask CloudWatch for, where a region may not know all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firebreak.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from types_boto3_cloudwatch.literals import AlarmTypeType

# Without this DescribeAlarms returns metric alarms only, and a composite or log alarm that is
# red would look as if it did not exist.
ALARM_TYPES: Sequence[AlarmTypeType] = ("MetricAlarm", "CompositeAlarm", "LogAlarm")

# Log alarms are not in every region; where they are not, none can be red.
IN_EVERY_REGION: Sequence[AlarmTypeType] = ("MetricAlarm", "CompositeAlarm")

# The codes with which an AWS service says that a value is none of those that it knows.
_NOT_A_VALUE = frozenset(
    {
        "InvalidParameterCombination",
        "InvalidParameterException",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "ValidationError",
        "ValidationException",
    }
)


class AlarmTypes:
    """Asks for every type of alarm; where the region does not know one, for those that every region has.

    Which of both was answered is remembered: a region that does not know log alarms costs one more call. Any
    other refusal says nothing of the types: log alarms that were left out would look as if none was red.
    """

    def __init__(self) -> None:
        self._types = ALARM_TYPES

    def ask[T](self, call: Callable[[list[AlarmTypeType]], T]) -> T:
        """The answer of a call with these types. Raises the AwsError of the last call that was made."""
        if self._types is not ALARM_TYPES:
            return call([*self._types])
        try:
            return call([*ALARM_TYPES])
        except Rejected as error:
            if error.code not in _NOT_A_VALUE:
                raise
            answer = call([*IN_EVERY_REGION])
        # Not remembered where that was refused too: then the types were not the reason.
        self._types = IN_EVERY_REGION
        return answer
