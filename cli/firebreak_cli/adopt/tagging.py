"""Reading, adding and removing tags of alarms, ECS services and Lambda functions.

Only tags are changed here.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from firebreak.aws.clients import mutator
from firebreak.aws.translate import look, send, translated
from firebreak.core.readings import Reading, Unknown
from firebreak.errors import Rejected
from firebreak_cli.adopt.owners import NOBODY, Owner, OwnerKind
from firebreak_cli.stack import patient

if TYPE_CHECKING:
    from boto3.session import Session

type Tags = Mapping[str, str]


class TagStore(Protocol):
    """The tags of resources of one service, by their ARNs. Writes are sent once and raise AwsError."""

    def read(self, arn: str) -> Reading[Tags]:
        """All tags; Absent where there is no such resource."""

    def add(self, arn: str, tags: Tags) -> None:
        """Adds these."""

    def remove(self, arn: str, keys: Sequence[str]) -> None:
        """Removes those of these keys."""


class AlarmTags:
    """Tags of CloudWatch alarms."""

    def __init__(self, reads: Any, writes: Any) -> None:
        self._reads, self._writes = reads, writes

    def read(self, arn: str) -> Reading[Tags]:
        """All tags of the alarm."""
        return look("ListTagsForResource", lambda: self._read(arn))

    def _read(self, arn: str) -> Tags:
        page = self._reads.list_tags_for_resource(ResourceARN=arn)
        return {tag["Key"]: tag["Value"] for tag in page["Tags"]}

    def add(self, arn: str, tags: Tags) -> None:
        """One TagResource."""
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        send("TagResource", lambda: self._writes.tag_resource(ResourceARN=arn, Tags=pairs))

    def remove(self, arn: str, keys: Sequence[str]) -> None:
        """One UntagResource."""
        send("UntagResource", lambda: self._writes.untag_resource(ResourceARN=arn, TagKeys=[*keys]))


class ServiceTags:
    """Tags of ECS services."""

    def __init__(self, reads: Any, writes: Any) -> None:
        self._reads, self._writes = reads, writes

    def read(self, arn: str) -> Reading[Tags]:
        """All tags of the service."""
        return look("ListTagsForResource", lambda: self._read(arn))

    def _read(self, arn: str) -> Tags:
        page = self._reads.list_tags_for_resource(resourceArn=arn)
        return {tag["key"]: tag["value"] for tag in page["tags"]}

    def add(self, arn: str, tags: Tags) -> None:
        """One TagResource."""
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        send("TagResource", lambda: self._writes.tag_resource(resourceArn=arn, tags=pairs))

    def remove(self, arn: str, keys: Sequence[str]) -> None:
        """One UntagResource."""
        send("UntagResource", lambda: self._writes.untag_resource(resourceArn=arn, tagKeys=[*keys]))


class FunctionTags:
    """Tags of Lambda functions."""

    def __init__(self, reads: Any, writes: Any) -> None:
        self._reads, self._writes = reads, writes

    def read(self, arn: str) -> Reading[Tags]:
        """All tags of the function."""
        return look("ListTags", lambda: dict(self._reads.list_tags(Resource=arn).get("Tags", {})))

    def add(self, arn: str, tags: Tags) -> None:
        """One TagResource."""
        send("TagResource", lambda: self._writes.tag_resource(Resource=arn, Tags=dict(tags)))

    def remove(self, arn: str, keys: Sequence[str]) -> None:
        """One UntagResource."""
        send("UntagResource", lambda: self._writes.untag_resource(Resource=arn, TagKeys=[*keys]))


# By the service in an ARN: what keeps its tags. Others are tagged by their owners.
STORES: Mapping[str, type[AlarmTags | ServiceTags | FunctionTags]] = {
    "cloudwatch": AlarmTags,
    "ecs": ServiceTags,
    "lambda": FunctionTags,
}
# By the same service: what CloudFormation calls its resources.
STACK_TYPES: Mapping[str, frozenset[str]] = {
    "cloudwatch": frozenset({"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}),
    "ecs": frozenset({"AWS::ECS::Service"}),
    "lambda": frozenset({"AWS::Lambda::Function"}),
}


class Tagging:
    """The tags of all services here, on clients of one session."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._stores: dict[str, TagStore] = {}

    def of(self, arn: str) -> TagStore:
        """The store for the resource of that ARN. Raises KeyError where there is none."""
        service = arn.split(":")[2]
        if service not in self._stores:
            reads, writes = patient(self._session, service), mutator(self._session, service)
            self._stores[service] = STORES[service](reads, writes)
        return self._stores[service]


class StackOwners:
    """Asks CloudFormation which stack a resource belongs to."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def owner(self, physical_id: str, arn: str) -> Owner | Unknown:
        """The stack that manages the resource of that physical id and ARN; NOBODY where none does.

        Resources of several kinds may have one physical id: a stack that has another kind is named as well.
        """
        found = look("DescribeStackResources", lambda: self._resources(physical_id))
        match found:
            case Unknown():
                return found
            case list() if found:
                return _stack_of(found, physical_id, STACK_TYPES[arn.split(":")[2]])
            case _:
                return NOBODY

    def _resources(self, physical_id: str) -> list[Mapping[str, Any]]:
        try:
            with translated("DescribeStackResources", mutates=False):
                page = self._client.describe_stack_resources(PhysicalResourceId=physical_id)
            return list(page["StackResources"])
        except Rejected as error:
            # The id is well-formed, so all that CloudFormation can have against it is that no stack has it.
            if error.code == "ValidationError":
                return []
            raise


def _stack_of(resources: list[Mapping[str, Any]], physical_id: str, kinds: frozenset[str]) -> Owner:
    same = [one for one in resources if one.get("PhysicalResourceId") == physical_id]
    logical = [one["LogicalResourceId"] for one in same if one.get("ResourceType") in kinds]
    by = "CloudFormation, by DescribeStackResources"
    if not logical:
        by += ", which knows another kind of resource by that name"
    return Owner(OwnerKind.CLOUDFORMATION, resources[0]["StackName"], by, next(iter(logical), ""))
