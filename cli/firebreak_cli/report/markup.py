"""HTML and SVG in which a text is always text: only `element` makes markup, and it escapes the rest."""

import html
from collections.abc import Mapping
from dataclasses import dataclass

from firebreak.core.paging.harmless_text import one_line


@dataclass(frozen=True, slots=True)
class Markup:
    """Finished markup."""

    text: str


type Content = str | Markup
type Attributes = Mapping[str, str | float]

# Elements that have no end.
_VOID = frozenset({"meta"})


def element(name: str, attributes: Attributes | None = None, *content: Content) -> Markup:
    """An element; `name` and the names of the attributes are literals of this program."""
    given = "".join(f' {key}="{_escaped(_value(value))}"' for key, value in (attributes or {}).items())
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*content).text}</{name}>")


def joined(*content: Content) -> Markup:
    """The parts one after the other."""
    return Markup("".join(one.text if isinstance(one, Markup) else _escaped(one) for one in content))


def _escaped(text: str) -> str:
    """The text as one harmless line, without a character that means something in markup."""
    return html.escape(one_line(text), quote=True)


def _value(value: str | float) -> str:
    """A number in the shortest form that a drawing needs."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
