"""The fault injector disturbs exactly the calls that it is given."""

import pytest

from tests.support.faults import Death, Killed, Wrapped, fail


class Port:
    note = "plain"

    def __init__(self) -> None:
        self.done: list[str] = []

    def write(self, what: str) -> str:
        self.done.append(what)
        return f"wrote {what}"

    def read(self) -> list[str]:
        return self.done


def test_undisturbed_calls_and_values_pass() -> None:
    wrapped = Wrapped(Port())
    assert (wrapped.write("a"), wrapped.read(), wrapped.note) == ("wrote a", ["a"], "plain")
    assert wrapped.calls == ["write", "read"]


def test_before_keeps_the_call_from_happening() -> None:
    port = Port()
    with pytest.raises(TimeoutError):
        Wrapped(port, before=fail(TimeoutError())).write("a")
    assert port.done == []


def test_after_lets_it_happen_and_loses_the_reply() -> None:
    port = Port()
    with pytest.raises(TimeoutError):
        Wrapped(port, after=fail(TimeoutError())).write("a")
    assert port.done == ["a"]


def test_only_the_named_call_fails_and_only_so_often() -> None:
    port = Port()
    wrapped = Wrapped(port, before=fail(TimeoutError(), on={"write"}, times=1))
    assert wrapped.read() == []
    with pytest.raises(TimeoutError):
        wrapped.write("a")
    assert wrapped.write("b") == "wrote b"


def test_death_comes_at_the_nth_call_of_all_who_share_it_and_once() -> None:
    death = Death(at=2)
    first, second = Port(), Port()
    Wrapped(first, after=death).write("a")
    with pytest.raises(Killed):
        Wrapped(second, after=death).write("b")
    Wrapped(first, after=death).write("c")
    assert (first.done, second.done, death.called) == (["a", "c"], ["b"], ["write"] * 3)
