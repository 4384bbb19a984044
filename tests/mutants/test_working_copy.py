"""The copy that is changed says the same as the core."""

import ast

import pytest

from tests.mutants.working_copy import PACKAGE, modules_of_the_core, path_of, undecorated

TWO_METHODS = """\
class A:
    @property
    def x(self) -> int:
        return 1

    def y(self) -> int:
        return 2
"""


def test_a_property_loses_its_decorator_and_stays_a_property() -> None:
    names: dict[str, type] = {}
    exec(undecorated(TWO_METHODS), names)  # noqa: S102 - the code stands above
    assert (names["A"]().x, names["A"]().y()) == (1, 2)
    assert "@property" not in undecorated(TWO_METHODS)


@pytest.mark.parametrize("module", modules_of_the_core())
def test_only_the_properties_of_the_core_change(module: str) -> None:
    text = (PACKAGE / path_of(module)).read_text(encoding="utf-8")
    before, after = text.splitlines(), undecorated(text).splitlines()
    made = [line for line in after if " = property(" in line]
    assert len(made) == sum(line.strip() == "@property" for line in before)
    assert [line for line in after if line not in made] == [
        line for line in before if line.strip() != "@property"
    ]
    ast.parse("\n".join(after))
