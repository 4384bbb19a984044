"""The names of the resources of each service, in a tag and in the dimensions of metrics."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from firebreak.core.model import ACCOUNT, Target, Unresolved
from firebreak.core.reasons import Reason
from firebreak.wire.lenient_json import as_excerpt

type Found = Target | Unresolved


@dataclass(frozen=True, slots=True)
class Home:
    """The account and region of this stack: a target elsewhere is not changed."""

    account: str
    region: str

    def holds(self, account: str, region: str = "") -> bool:
        """Whether that place is this stack's; an empty one is."""
        return account in {"", self.account} and region in {"", self.region}


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of a service's resources: in metrics by dimensions, in a tag by characters.

    `group_dimension` is empty for services whose resources have no group, `name_dimension` where no
    metric names them: those need a tag. `namespaces` are those in which AWS writes these dimensions.
    A metric with one of `foreign` is about something else. `reserved` is a name that means more than
    one resource: only a tag may use it, never a metric.
    """

    group_dimension: str
    name_dimension: str
    characters: re.Pattern[str]
    namespaces: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    reserved: str = ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that together name one resource."""
        return (self.group_dimension, self.name_dimension) if self.group_dimension else (self.name_dimension,)

    @property
    def form(self) -> str:
        """The form of the part after the colon in a tag."""
        return "/".join(self.dimensions) if self.name_dimension else "NAME"


# ECS takes up to 255 letters, digits, underscores and hyphens for clusters and for services.
# Function names have up to 64 characters [CreateFunction], environments up to 40 [CreateEnvironment],
# configuration sets up to 64 [CreateConfigurationSet]. A runbook has the name that the policy gives it.
# The embedded metric format writes LogGroup, ServiceName and ServiceType unless it is configured otherwise;
# ServiceName is a setting of the application (github.com/awslabs/aws-embedded-metrics-node, Configuration).
SERVICES: Mapping[str, Naming] = {
    "ecs": Naming(
        "ClusterName",
        "ServiceName",
        re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII),
        frozenset({"AWS/ECS", "ECS/ContainerInsights", "ECS/ContainerInsights/Prometheus"}),
        foreign=frozenset({"ServiceType"}),
    ),
    "lambda": Naming(
        "", "FunctionName", re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII), frozenset({"AWS/Lambda"})
    ),
    "beanstalk": Naming(
        "",
        "EnvironmentName",
        re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII),
        frozenset({"AWS/ElasticBeanstalk"}),
    ),
    "ses": Naming(
        "",
        "ses:configuration-set",
        re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII),
        frozenset({"AWS/SES"}),
        reserved=ACCOUNT,
    ),
    "runbook": Naming("", "", re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)),
}


def read_target(written: str, account: str, region: str) -> Found:
    """The target that a short form such as `ecs:prod/api` names in this account and region."""
    service, _, rest = written.partition(":")
    naming = SERVICES.get(service)
    if naming is None:
        known = ", ".join(f"{name}:" for name in SERVICES)
        return Unresolved(
            Reason.TARGET_MALFORMED, f"target {as_excerpt(written)} does not start with {known}"
        )
    parts = rest.split("/")
    if len(parts) != len(naming.dimensions) or not all(map(naming.characters.fullmatch, parts)):
        form = f"{service}:{naming.form}"
        return Unresolved(Reason.TARGET_MALFORMED, f"target {as_excerpt(written)} is not of the form {form}")
    return Target(account, region, service, "/".join(parts[:-1]), parts[-1])
