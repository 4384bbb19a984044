"""The AWS services as actions want them, on whatever clients the caller has.

A service's adapter is imported when an action asks for it: a function needs one of them.
"""

from collections.abc import Callable
from typing import Any

from firebreak.errors import Denied
from firebreak.service_ports.ecs import EcsReads, EcsWrites

type Connect = Callable[[str], Any]


class Connections:
    """service_ports.AwsServices; `read` and `write` make a client of the service they are given.

    What `write` makes must send once (aws/clients.py), or refuse where nothing may be changed.
    """

    def __init__(self, read: Connect, write: Connect) -> None:
        self._read = read
        self._write = write

    def ecs(self) -> tuple[EcsReads, EcsWrites]:
        """ECS services and their scaling."""
        from firebreak.aws.ecs import EcsReader, EcsWriter  # see above

        scaling = "application-autoscaling"
        return (
            EcsReader(self._read("ecs"), self._read(scaling)),
            EcsWriter(self._write("ecs"), self._write(scaling)),
        )


class NoWrites:
    """Stands where a changing client stands, for those who only look: every call is refused."""

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """A call that raises Denied and names itself."""

        def refuse(*_: object, **__: object) -> Any:
            raise Denied(operation, "LookingChangesNothing")

        return refuse
