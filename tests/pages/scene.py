"""One situation in which humans are paged."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.pages.page_world import AUTO, Stage, staged


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One situation; `marks` are the first words of its pages in their order."""

    name: str
    title: str
    story: str
    play: Callable[[Stage], None]
    marks: tuple[str, ...]
    policy: str = AUTO
    stage: Callable[[str], AbstractContextManager[Stage]] = field(default=staged)
