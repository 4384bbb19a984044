import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.running import error_lines, run
from tests.support.sample_events import load, usable

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30)
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SAMPLES = [load(name) for name in usable()]


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Every place in a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in places(part, (*path, key)))]


def put(value: object, path: tuple[object, ...], new: object) -> object:
    """The document with another value at one place."""
    if not path:
        return new
    if isinstance(value, dict):
        return {key: put(part, path[1:], new) if key == path[0] else part for key, part in value.items()}
    assert isinstance(value, list)
    return [put(part, path[1:], new) if n == path[0] else part for n, part in enumerate(value)]


@st.composite
def nearly_events(draw: Callable[[st.SearchStrategy[object]], object]) -> object:
    """A sample event in which up to two places hold something else."""
    event: object = draw(st.sampled_from(SAMPLES))
    for _ in range(2):
        place = draw(st.sampled_from(places(event)))
        assert isinstance(place, tuple)
        event = put(event, place, draw(ANY_JSON))
    return event


@given(ANY_JSON | nearly_events(), st.sampled_from([[], ["--json"]]))
@settings(max_examples=200, deadline=None)
def test_explaining_any_json_is_an_answer_or_one_line(event: object, how: list[str]) -> None:
    result = run("explain", "-", "--offline", *how, stdin=json.dumps(event))

    if result.exit_code == 0:
        assert result.stderr == ""
        assert not how or json.loads(result.stdout)["decision"] != "act"
    else:
        assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
