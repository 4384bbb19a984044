"""The looks at the ways to humans: FB301 and FB302. No secret's value is read, and nothing is sent."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from firebreak.aws.translate import look
from firebreak.core.paging.rules import ChannelKind, ChannelRules, PagingRules
from firebreak.core.readings import ABSENT, Absent, Unknown
from firebreak.errors import Denied, NotFound
from firebreak_cli.doctor.deployment import pages
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, bad, unseen, warning
from firebreak_cli.stack import Stack

# The text of SNS in the place of a subscription's ARN until somebody confirms it, or once it was deleted.
PENDING, DELETED = "PendingConfirmation", "Deleted"


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The number of a topic's subscriptions that are confirmed, and of those that wait for it."""

    confirmed: int
    pending: int


def topics_are_heard(seen: Examination) -> Looked:
    """FB301."""
    own = seen.deployment().output("PageTopicArn")
    others = [
        one.to for one in channels_in_use(seen.policy.paging) if one.kind is ChannelKind.TOPIC and one.to
    ]
    topics = list(dict.fromkeys((own, *others)))
    found = [finding for topic in topics for finding in _heard(seen.stack, topic)]
    return Looked(f"{len(topics)} {'topic' if len(topics) == 1 else 'topics'}", tuple(found))


def _heard(stack: Stack, topic: str) -> Iterator[Finding]:
    region, account = topic.split(":")[3:5]
    if region != stack.region:
        yield unseen(f"the topic is in {region}, this command asks {stack.region}", topic)
        return
    try:
        found = subscriptions_of(stack, topic)
    except NotFound:
        yield bad("the topic does not exist", topic)
        return
    except Denied:
        if account == stack.account:
            raise
        yield unseen(f"it is of account {account}, which lets nobody else list its subscriptions", topic)
        return
    if not found.confirmed:
        yield bad(f"no confirmed subscription, {found.pending} not confirmed yet", topic)
    elif found.pending:
        yield warning(f"{found.pending} not confirmed yet, {found.confirmed} confirmed", topic)


def subscriptions_of(stack: Stack, topic: str) -> Subscriptions:
    """The subscriptions of a topic. Raises AwsError."""
    listed = pages(stack.reader("sns"), "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
    states = Counter(_state(one["SubscriptionArn"]) for one in listed)
    return Subscriptions(states["confirmed"], states[PENDING])


def _state(arn: str) -> str:
    return arn if arn in {PENDING, DELETED} else "confirmed"


def secrets_are_there(seen: Examination) -> Looked:
    """FB302. Only the description of a secret is asked for, never its value."""
    channels = [one for one in channels_in_use(seen.policy.paging) if one.secret]
    if not channels:
        return Looked("no channel of the policy needs a secret")
    found = [finding for one in channels if (finding := _secret(seen.stack, one))]
    return Looked(f"the secrets of {', '.join(one.name for one in channels)}", tuple(found))


def channels_in_use(paging: PagingRules) -> list[ChannelRules]:
    """The channels that a route names, and those that are used when one of them fails."""
    named = [name for route in paging.routes for step in route.steps for name in step.channels]
    found: dict[str, ChannelRules] = {}
    while named:
        name = named.pop()
        if name not in found and name in paging.channels:
            found[name] = paging.channels[name]
            named.append(found[name].otherwise)
    return [found[name] for name in sorted(found)]


def _secret(stack: Stack, channel: ChannelRules) -> Finding | None:
    _, _, service, region, account, rest = channel.secret.split(":", 5)
    if (region, account) != (stack.region, stack.account):
        detail = f"its secret is in {account} {region}: the role of Page may only read the stack's own place"
        return bad(detail, channel.name, secret=channel.secret)
    if service == "secretsmanager":
        found = look("DescribeSecret", lambda: _stored_secret(stack, channel.secret))
    else:
        found = look("DescribeParameters", lambda: _parameter(stack, rest.removeprefix("parameter")))
    match found:
        case Unknown(why):
            return unseen(why, channel.name)
        case Absent():
            return bad("its secret does not exist", channel.name, secret=channel.secret)
        case "":
            return None
        case str() as problem:
            return bad(problem, channel.name, secret=channel.secret)
        case never:
            assert_never(never)


def _stored_secret(stack: Stack, arn: str) -> str | Absent:
    """The mistake in the secret; empty for nothing."""
    found: Mapping[str, Any] = stack.reader("secretsmanager").describe_secret(SecretId=arn)
    if found.get("DeletedDate"):
        return f"its secret is scheduled for deletion since {found['DeletedDate']:%Y-%m-%d}"
    stages = found.get("VersionIdsToStages", {}).values()
    return "" if any("AWSCURRENT" in one for one in stages) else "its secret has no current value"


def _parameter(stack: Stack, name: str) -> str | Absent:
    asked = {"Key": "Name", "Option": "Equals", "Values": [name]}
    # A page may be empty although another one follows.
    listed = pages(stack.reader("ssm"), "describe_parameters", "Parameters", ParameterFilters=[asked])
    found = next(listed, None)
    if found is None:
        return ABSENT
    return "" if found["Type"] == "SecureString" else "its parameter is not a SecureString"
