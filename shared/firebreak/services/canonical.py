"""One form of what AWS returns, so that two answers that mean the same compare equal.

AWS gives a list back in the order in which it was sent, whether or not the order means anything. The
tables below say which lists mean the same in any order, and which do not. A list that no table names counts
as a sequence. None can come: botocore leaves out what its model does not know, and
tests/services/test_canonical_tables.py holds the tables against the whole model.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

# The beginning of a fingerprint of these tables. Those of the release before have no such mark.
MARK = "1:"


class Kind(StrEnum):
    """The meaning of the order of a list, or of the keys of a mapping."""

    SET = "set"
    SEQUENCE = "sequence"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Shape:
    """The way in which one field compares.

    The members of a set with a `key` are distinguished by that member, and two with the same key keep
    their order, since the later may override the earlier; without one the whole member counts. A map has
    keys of its owner's choice: an empty value in it is a value.
    """

    kind: Kind
    key: str = ""


type Table = Mapping[str, Shape]


ANY_ORDER = Shape(Kind.SET)
BY_NAME = Shape(Kind.SET, "name")
IN_ORDER = Shape(Kind.SEQUENCE)
MAP = Shape(Kind.MAP)

_C = "containerDefinitions[]."

# Where no source is named, the API reference of the shape gives the order no meaning. Sources:
# docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html and API_TaskDefinition.html
TASK_DEFINITION: Table = MappingProxyType(
    {
        "containerDefinitions": BY_NAME,  # dependsOn and links say what starts first
        f"{_C}links": ANY_ORDER,
        f"{_C}portMappings": ANY_ORDER,
        f"{_C}restartPolicy.ignoredExitCodes": ANY_ORDER,
        f"{_C}entryPoint": IN_ORDER,
        f"{_C}command": IN_ORDER,
        f"{_C}environment": BY_NAME,
        # They are "processed from the top down", as the reference of ContainerDefinition says.
        f"{_C}environmentFiles": IN_ORDER,
        f"{_C}mountPoints": Shape(Kind.SET, "containerPath"),
        # Where two of them mount the same path, one hides the other [github.com/moby/moby/issues/21845].
        f"{_C}volumesFrom": IN_ORDER,
        f"{_C}linuxParameters.capabilities.add": ANY_ORDER,
        f"{_C}linuxParameters.capabilities.drop": ANY_ORDER,
        f"{_C}linuxParameters.devices": ANY_ORDER,
        f"{_C}linuxParameters.devices[].permissions": ANY_ORDER,
        f"{_C}linuxParameters.tmpfs": Shape(Kind.SET, "containerPath"),
        # Of options that contradict each other the last one counts [man 8 mount].
        f"{_C}linuxParameters.tmpfs[].mountOptions": IN_ORDER,
        f"{_C}secrets": BY_NAME,
        f"{_C}dependsOn": ANY_ORDER,
        # The resolver asks in the order listed [man 5 resolv.conf].
        f"{_C}dnsServers": IN_ORDER,
        f"{_C}dnsSearchDomains": IN_ORDER,
        f"{_C}extraHosts": Shape(Kind.SET, "hostname"),
        f"{_C}dockerSecurityOptions": ANY_ORDER,
        f"{_C}dockerLabels": MAP,
        f"{_C}ulimits": BY_NAME,
        f"{_C}logConfiguration.options": MAP,
        f"{_C}logConfiguration.secretOptions": BY_NAME,
        f"{_C}healthCheck.command": IN_ORDER,
        f"{_C}systemControls": Shape(Kind.SET, "namespace"),
        f"{_C}resourceRequirements": ANY_ORDER,
        f"{_C}firelensConfiguration.options": MAP,
        f"{_C}credentialSpecs": ANY_ORDER,
        "volumes": BY_NAME,
        "volumes[].dockerVolumeConfiguration.driverOpts": MAP,
        "volumes[].dockerVolumeConfiguration.labels": MAP,
        "placementConstraints": ANY_ORDER,
        "requiresCompatibilities": ANY_ORDER,
        "compatibilities": ANY_ORDER,
        "requiresAttributes": ANY_ORDER,
        "tags": Shape(Kind.SET, "key"),
        "proxyConfiguration.properties": BY_NAME,
        "inferenceAccelerators": Shape(Kind.SET, "deviceName"),
    }
)

# [docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html and the shapes that it names]
SERVICE_REVISION: Table = MappingProxyType(
    {
        # Base and weight rank them.
        "capacityProviderStrategy": Shape(Kind.SET, "capacityProvider"),
        "loadBalancers": ANY_ORDER,
        "serviceRegistries": ANY_ORDER,
        "networkConfiguration.awsvpcConfiguration.subnets": ANY_ORDER,
        "networkConfiguration.awsvpcConfiguration.securityGroups": ANY_ORDER,
        "serviceConnectConfiguration.services": Shape(Kind.SET, "portName"),
        "serviceConnectConfiguration.services[].clientAliases": ANY_ORDER,
        "serviceConnectConfiguration.logConfiguration.options": MAP,
        "serviceConnectConfiguration.logConfiguration.secretOptions": BY_NAME,
        "serviceConnectConfiguration.containerConfigurations": ANY_ORDER,
        "volumeConfigurations": BY_NAME,
        "volumeConfigurations[].managedEBSVolume.tagSpecifications": ANY_ORDER,
        "volumeConfigurations[].managedEBSVolume.tagSpecifications[].tags": Shape(Kind.SET, "key"),
        "vpcLatticeConfigurations": ANY_ORDER,
        "gatewayConnectors": ANY_ORDER,
        "gatewayConnectors[].filters.accessTypes": ANY_ORDER,
        "monitoring.metricConfigurations": ANY_ORDER,
        "monitoring.metricConfigurations[].metricNames": ANY_ORDER,
    }
)

# [docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html]
FUNCTION_CONFIGURATION: Table = MappingProxyType(
    {
        "VpcConfig.SubnetIds": ANY_ORDER,
        "VpcConfig.SecurityGroupIds": ANY_ORDER,
        # "The order in which you add the layers is the order in which Lambda later merges the content".
        # [docs.aws.amazon.com/lambda/latest/dg/adding-layers.html]
        "Layers": IN_ORDER,
        "FileSystemConfigs": Shape(Kind.SET, "LocalMountPath"),
        "ImageConfigResponse.ImageConfig.EntryPoint": IN_ORDER,
        "ImageConfigResponse.ImageConfig.Command": IN_ORDER,
        "Architectures": ANY_ORDER,
        "Environment.Variables": MAP,
    }
)


def canonical(value: object, table: Table, path: str = "") -> object:
    """The value with its sets sorted, and without the members that say nothing.

    A member that is null or empty is as good as left out, as AWS itself answers with one or the other.
    """
    shape = table.get(path, IN_ORDER)
    match value:
        case Mapping() if shape.kind is Kind.MAP:
            return {str(name): inner for name, inner in value.items()}
        case Mapping():
            members = (
                (str(name), canonical(inner, table, f"{path}.{name}" if path else str(name)))
                for name, inner in value.items()
            )
            return {name: inner for name, inner in members if says(inner)}
        case list() | tuple():
            listed = [canonical(inner, table, f"{path}[]") for inner in value]
            return listed if shape.kind is not Kind.SET else sorted(listed, key=_sorted_by(shape.key))
        case _:
            return value


def says(value: object) -> bool:
    """Whether a member is more than null or empty."""
    return value is not None and value not in ("", [], {})


def _sorted_by(key: str) -> Callable[[object], str]:
    """The sort key of a set's members: one field of theirs, or the whole member."""
    return lambda one: _written(one.get(key) if key and isinstance(one, Mapping) else one)


def fingerprint(value: object, table: Table, path: str = "") -> str:
    """A hash by which two values can be compared while nobody can read them."""
    return f"{MARK}{sha256(_written(canonical(value, table, path)).encode()).hexdigest()}"


def has_mark(stored: str) -> bool:
    """Whether a stored fingerprint was made by these tables."""
    return stored.startswith(MARK)


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
