"""Addresses in the AWS console for an alarm and for a target, built from checked parts only."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from firebreak.core.arns import partition_of
from firebreak.core.model import Alarm, Target

# The console's domain in each partition that has a public one; a link elsewhere would be a guess.
DOMAINS: Mapping[str, str] = MappingProxyType(
    {
        "aws": "console.aws.amazon.com",
        "aws-cn": "console.amazonaws.cn",
        "aws-us-gov": "console.amazonaws-us-gov.com",
        "aws-eusc": "console.amazonaws-eusc.eu",
    }
)

REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", re.ASCII)


def links(alarm: Alarm, target: object, home: str) -> dict[str, str]:
    """The pages of an alarm and of its target, by what they open; one without a page is left out.

    `home` is the partition of the stack, for an alarm without an ARN, such as a request by hand.
    """
    partition = partition_of(alarm.arn) or home
    found = {
        "alarm": "" if alarm.manual else alarm_link(alarm.name, alarm.region, partition),
        "target": target_link(target, partition) if isinstance(target, Target) else "",
    }
    return {what: address for what, address in found.items() if address}


def alarm_link(name: str, region: str, partition: str) -> str:
    """The page of an alarm, whatever its name; empty where there is no public console."""
    host = _host(region, partition)
    if not (host and name):
        return ""
    return f"{host}/cloudwatch/home?region={region}#alarmsV2:alarm/{_encoded(name)}"


def target_link(target: Target, partition: str) -> str:
    """The page of a target, or of the list that shows it; empty where there is none."""
    host, region = _host(target.region, partition), target.region
    if not host:
        return ""
    group, name = _encoded(target.group), _encoded(target.name)
    match target.service:
        case "ecs":
            return f"{host}/ecs/v2/clusters/{group}/services/{name}/health?region={region}"
        case "lambda":
            return f"{host}/lambda/home?region={region}#/functions/{name}"
        case "beanstalk":  # a page of one environment needs its id, which a target does not carry
            return f"{host}/elasticbeanstalk/home?region={region}#/environments"
        case "ses":
            page = "account" if target.is_account else f"configuration-sets/{name}"
            return f"{host}/ses/home?region={region}#/{page}"
        case "runbook":  # the policy's name of a runbook is not the name of its document
            return f"{host}/systems-manager/automation/executions?region={region}"
        case _:
            return ""


def _host(region: str, partition: str) -> str:
    domain = DOMAINS.get(partition)
    return f"https://{region}.{domain}" if domain and REGION.fullmatch(region) else ""


def _encoded(name: str) -> str:
    """Every character but letters, digits and `_.-~` percent-encoded; a lone surrogate as a question mark."""
    return quote(name, safe="", errors="replace")
