"""An undo file puts alarms back as they were before an adoption, where nobody has configured them since."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firebreak_cli.adopt.alarm_configuration import Configuration
from firebreak_cli.adopt.restoring import Restoration, restorations, restore
from firebreak_cli.adopt.results import end_taken_back
from firebreak_cli.adopt.undo_file import read_undo
from firebreak_cli.adopt.undoing import TakenBack, Undone
from firebreak_cli.exit_codes import BAD_INPUT, PARTLY_DONE, Ending
from tests.cli.alarm_stores import OFF, ON, Alarms, alarms, shown
from tests.cli.test_adopt_rewriting import SEVERITY, applied, put_in
from tests.support import builders as a

ONE_KEY = {"Enabled": True, "IncludedTagKeys": ["x"]}


def adopted(folder: Path, *names: str, **changes: Any) -> Alarms:
    store = alarms(*(shown(name=name, **changes) for name in names))
    applied(store, folder, *names)
    store.puts.clear()
    return store


def taken(store: Alarms, folder: Path, meanwhile: Callable[[], object] = lambda: None) -> list[Restoration]:
    asked = list(restorations(read_undo(str(folder / "u.json")).put, store))
    meanwhile()
    return restore(asked, store, lambda _: None)[0]


def undone(found: Iterable[Restoration]) -> list[Undone]:
    return [one.outcome for one in found]


@pytest.mark.parametrize(
    "earlier",
    [{}, {"ActionConfiguration": OFF}, {"ActionConfiguration": {**OFF, "Later": {"x": 1}}}],
    ids=["none", "off", "another setting"],
)
def test_an_undo_puts_the_earlier_settings_back_and_nothing_else(
    tmp_path: Path, earlier: dict[str, Any]
) -> None:
    before = replace(shown(name="a-sev1", **earlier), not_taken=())
    store = alarms(before)
    applied(store, tmp_path, "a-sev1")
    assert undone(taken(store, tmp_path)) == [Undone.RESTORED]
    assert store.alarms["a-sev1"].fields == before.fields
    assert undone(taken(store, tmp_path)) == [Undone.ALREADY]


def configured(store: Alarms, name: str, **changes: Any) -> None:
    one = store.alarms[name]
    store.alarms[name] = replace(one, fields={**one.fields, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Threshold": 1.0}, "left as it is: Threshold"),
        (
            {"ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": True, "IncludedTagKeys": ["x"]}}},
            "Prop",
        ),
    ],
    ids=["its threshold", "its propagation"],
)
def test_an_alarm_that_somebody_configured_since_is_left_as_it_is(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    store = adopted(tmp_path, "a-sev1", "b-sev1")
    configured(store, "a-sev1", **changes)
    found = taken(store, tmp_path)
    assert undone(found) == [Undone.RESTORED, Undone.CHANGED]
    assert (says in found[1].detail, [one.name for one in store.puts]) == (True, ["b-sev1"])
    with pytest.raises(Ending) as raised:
        end_taken_back(TakenBack([]), found)
    assert raised.value.code == PARTLY_DONE


def test_one_that_is_configured_while_it_is_asked_is_left_as_it_is(tmp_path: Path) -> None:
    store = adopted(tmp_path, "a-sev1")
    found = taken(store, tmp_path, lambda: configured(store, "a-sev1", Threshold=1.0))
    assert (undone(found), store.puts) == ([Undone.CHANGED], [])


def test_a_death_between_the_undo_file_and_the_put_loses_nothing(tmp_path: Path) -> None:
    class Dying(Alarms):
        def put(self, wanted: Configuration) -> None:
            raise KeyboardInterrupt

    store = Dying({"a-sev1": shown(name="a-sev1")})
    with pytest.raises(KeyboardInterrupt):
        applied(store, tmp_path, "a-sev1")
    assert put_in(tmp_path) == ["a-sev1"]
    found = taken(store, tmp_path)
    assert (undone(found), found[0].detail) == ([Undone.ALREADY], "it is as it was")


def test_a_death_after_the_put_is_taken_back_by_the_file(tmp_path: Path) -> None:
    class Dying(Alarms):
        def put(self, wanted: Configuration) -> None:
            super().put(wanted)
            if len(self.puts) == 1:
                raise KeyboardInterrupt

    before = shown(name="a-sev1")
    store = Dying({"a-sev1": before})
    with pytest.raises(KeyboardInterrupt):
        applied(store, tmp_path, "a-sev1")
    assert store.alarms["a-sev1"].action_configuration == ON
    assert (undone(taken(store, tmp_path)), store.alarms["a-sev1"].fields) == (
        [Undone.RESTORED],
        before.fields,
    )


def test_an_undo_that_comes_back_otherwise_is_put_back_and_ends_it(tmp_path: Path) -> None:
    store = adopted(tmp_path, "a-sev1", "b-sev1")

    def losing(wanted: Configuration) -> Configuration:
        lost = {"Threshold": 1.0} if wanted.action_configuration is None else {}
        return replace(wanted, fields={**wanted.fields, **lost})

    store.on_put = losing
    asked = list(restorations(read_undo(str(tmp_path / "u.json")).put, store))
    found, error, stopped = restore(asked, store, lambda _: None)
    assert (undone(found), error, stopped) == ([Undone.PUT_BACK, Undone.NOT_TRIED], None, True)
    assert [store.alarms[name].action_configuration for name in ("a-sev1", "b-sev1")] == [ON, ON]
    with pytest.raises(Ending) as raised:
        end_taken_back(TakenBack([]), found)
    assert (raised.value.code, "alarm b-sev1: it came back" in raised.value.lines[0]) == (PARTLY_DONE, True)


def test_what_is_gone_or_cannot_be_read_is_said(tmp_path: Path) -> None:
    store = adopted(tmp_path, "a-sev1")
    assert undone(taken(alarms(), tmp_path)) == [Undone.ALREADY]
    store.blind = lambda _: True
    assert undone(taken(store, tmp_path)) == [Undone.NOT_READ]


def test_an_undo_file_of_an_earlier_release_has_no_alarms_that_were_put(tmp_path: Path) -> None:
    content = {
        "version": 1,
        "account": a.ACCOUNT,
        "region": a.REGION,
        "made_at": "2026-11-30T03:00:00+00:00",
        "added": [{"what": "alarm x", "arn": a.arn_of("x"), "tags": {SEVERITY: "info"}}],
    }
    (tmp_path / "u.json").write_text(json.dumps(content), encoding="utf-8")
    found = read_undo(str(tmp_path / "u.json"))
    assert (len(found.added), found.put) == (1, ())


CRAFTED: list[tuple[str, dict[str, Any], str]] = [
    ("another name", {"before": {"AlarmName": "other"}}, "before.AlarmName: expected the name in its arn"),
    ("no alarm", {"arn": f"arn:aws:ecs:{a.REGION}:{a.ACCOUNT}:alarm:a-sev1"}, "expected one of cloudwatch"),
    ("another account", {"arn": f"arn:aws:cloudwatch:{a.REGION}:444455556666:alarm:a-sev1"}, "put[0].arn: "),
    ("another kind", {"kind": "canary"}, "put[0].kind: "),
]


@pytest.mark.parametrize(("changes", "line"), [one[1:] for one in CRAFTED], ids=[one[0] for one in CRAFTED])
def test_an_undo_file_that_does_not_hold_together_is_refused(
    tmp_path: Path, changes: dict[str, Any], line: str
) -> None:
    adopted(tmp_path, "a-sev1")
    file = tmp_path / "u.json"
    written = json.loads(file.read_text(encoding="utf-8"))
    written["put"][0] |= changes
    file.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(Ending) as raised:
        read_undo(str(file))
    assert (raised.value.code, line in raised.value.lines[0]) == (BAD_INPUT, True), raised.value.lines
