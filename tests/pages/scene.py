"""One situation in which humans are paged."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.pages.page_world import AUTO, PageWorld, staged


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One situation; `marks` are the first words of its pages in their order."""

    name: str
    title: str
    story: str
    play: Callable[[PageWorld], None]
    marks: tuple[str, ...]
    policy: str = AUTO
    stage: Callable[[str], AbstractContextManager[PageWorld]] = field(default=staged)
