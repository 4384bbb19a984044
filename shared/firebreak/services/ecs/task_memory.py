"""The memory that an ECS task gets, and the next larger size of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import ceil, inf
from types import MappingProxyType

from firebreak.core.action_spec import MemorySettings
from firebreak.core.model import Obstacle
from firebreak.core.readings import Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.canonical import has_mark
from firebreak.services.ecs.model import ServiceLive

# The memory that Fargate takes for each number of CPU units, in MiB [RegisterTaskDefinition, memory].
FARGATE: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {
        256: (512, 1024, 2048),
        512: tuple(range(1024, 4096 + 1, 1024)),
        1024: tuple(range(2048, 8192 + 1, 1024)),
        2048: tuple(range(4096, 16384 + 1, 1024)),
        4096: tuple(range(8192, 30720 + 1, 1024)),
        8192: tuple(range(16384, 61440 + 1, 4096)),
        16384: tuple(range(32768, 122880 + 1, 8192)),
        32768: (61440, 122880, 249856),  # three sizes and nothing between them: 60, 120 and 244 GB
    }
)
MOST_MEMORY = max(chain.from_iterable(FARGATE.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSize:
    """The memory that a task definition lets its tasks use, in MiB.

    `memory` is the task's own limit, 0 where it has none (EC2). `limits` are the hard limits of the
    containers that have one: above it a container is killed. `rest` is a hash by which two definitions
    are compared in all but the memory; a container's values cannot be read from it.
    `rest_as_listed` is that of the release before, by which plans that it stored are compared. `images` are
    sorted. One that is not `active` was deregistered: no service can be moved to it.
    """

    arn: str
    cpu: int
    memory: int
    limits: Mapping[str, int]
    images: tuple[str, ...]
    fargate: bool
    rest: str
    active: bool = True
    rest_as_listed: str = ""

    @property
    def total(self) -> int:
        """The memory that may be used altogether, 0 where nothing limits it."""
        return self.memory or sum(self.limits.values())

    def has_rest(self, stored: object) -> bool | Unknown:
        """Whether a plan's hash of the rest is this definition's.

        By the hash of an earlier release another order looks like another definition, so only that it is
        the same is known.
        """
        if not isinstance(stored, str) or has_mark(stored):
            return stored == self.rest
        if stored == self.rest_as_listed:
            return True
        return Unknown(
            "the plan was stored by an earlier release, which compared lists in the order in which AWS gave "
            "them: whether the service runs what it deployed is not known"
        )


def no_less(new: TaskSize, old: TaskSize) -> bool:
    """Whether neither the task nor any of its containers may use less than before."""
    containers = new.limits.keys() | old.limits.keys()
    return _no_lower(new.memory, old.memory) and all(
        _no_lower(new.limits.get(name), old.limits.get(name)) for name in containers
    )


def _no_lower(new: int | None, old: int | None) -> bool:
    """Whether the new limit is no lower; without one (0 or None) all may be used."""
    return not new or (old or inf) <= new


@dataclass(frozen=True, slots=True)
class NewSize:
    """The memory of a task and of its containers as they will be."""

    memory: int
    limits: Mapping[str, int]

    @property
    def total(self) -> int:
        """The memory that may be used altogether."""
        return self.memory or sum(self.limits.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryObservation:
    """All that raising memory reads: the service, and the size of the tasks that it names."""

    service: Reading[ServiceLive]
    size: Reading[TaskSize]

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The service's tags, as far as the service could be read."""
        return self.service.tags if isinstance(self.service, ServiceLive) else self.service


def raised(size: TaskSize, settings: MemorySettings) -> NewSize | Obstacle | Unknown:
    """The next size at or above factor times the present one, or the largest that is allowed."""
    if not size.total:
        return Obstacle(Reason.CEILING_REACHED, "neither the task nor a container has a memory limit")
    wanted = ceil(size.total * Fraction(str(settings.factor)))  # a float would make 1.1 a little more
    if not size.fargate:
        new = _sized(size, min(wanted, settings.ceiling))
        # Small limits, rounded down, may stay as they are below a ceiling that is a little higher.
        larger_now = new.total > size.total
        return new if larger_now else _at_ceiling(size, f"the policy's ceiling {settings.ceiling}")
    sizes = FARGATE.get(size.cpu)
    if sizes is None:
        return Unknown(f"no Fargate sizes are known for {size.cpu} CPU units")
    larger = [one for one in sizes if size.memory < one <= settings.ceiling]
    if not larger:
        most = f"the most for {size.cpu} CPU units is {sizes[-1]}"
        return _at_ceiling(size, f"{most}, the policy's ceiling {settings.ceiling}")
    return _sized(size, next((one for one in larger if one >= wanted), larger[-1]))


def _at_ceiling(size: TaskSize, limit: str) -> Obstacle:
    return Obstacle(Reason.CEILING_REACHED, f"memory is {size.total} MiB, {limit}")


def _sized(size: TaskSize, total: int) -> NewSize:
    """Every hard limit grows in proportion; rounded down, they fit whatever holds them."""
    return NewSize(
        memory=total if size.memory else 0,
        limits={name: limit * total // size.total for name, limit in size.limits.items()},
    )
