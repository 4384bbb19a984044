"""The partition of AWS that an ARN names, and the ARN of an alarm.

A partition is read from an ARN that AWS gave, never from the name of a region: AWS opens regions and
partitions that no list here knows, and an ARN of the wrong partition is about nothing.
"""

import re

_PARTITION = re.compile(r"arn:(aws[a-z-]*):", re.ASCII)


def partition_of(arn: str) -> str:
    """The partition that an ARN names; empty for a text that is no ARN."""
    found = _PARTITION.match(arn)
    return found[1] if found else ""


def alarm_arn(partition: str, account: str, region: str, name: str) -> str:
    """The ARN of an alarm; empty where one of its parts is not known."""
    if not (partition and account and region and name):
        return ""
    return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"
