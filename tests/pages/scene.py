"""One situation in which humans are paged."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.pages.page_world import AUTO, PageWorld, page_world


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One situation; `labels` are the first words of its pages in their order."""

    name: str
    title: str
    story: str
    run: Callable[[PageWorld], None]
    labels: tuple[str, ...]
    policy: str = AUTO
    make_world: Callable[[str], AbstractContextManager[PageWorld]] = field(default=page_world)
