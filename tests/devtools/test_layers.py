"""Layers are unpacked once on local AWS, however many workers start."""

import re
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firebreak_devtools.local import layers
from tests.docs.documents import ROOT


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The emulator's module for functions, as far as it unpacks."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(layers, "_UNPACKED", {})
    found = SimpleNamespace(zipfile=zipfile)
    layers.unpack_once(found)
    return found


def archive(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("python/package/module.py", text)
    return path


def unpack(runtime: Any, packed: Path, folder: Path) -> Path:
    """As the emulator does for each worker."""
    folder.mkdir(parents=True)
    with runtime.zipfile.ZipFile(packed) as opened:
        for name in opened.namelist():
            assert (folder / name).resolve().is_relative_to(folder.resolve())
        opened.extractall(folder)
    return folder / "python/package/module.py"


def test_workers_share_what_was_unpacked_of_a_layer(runtime: Any, tmp_path: Path) -> None:
    packed = archive(tmp_path / "layer.zip", "x = 1")
    first, second = (unpack(runtime, packed, tmp_path / one / "layer_0") for one in ("a", "b"))

    assert first.read_text() == "x = 1"
    assert first.samefile(second)


def test_another_layer_is_unpacked_for_itself(runtime: Any, tmp_path: Path) -> None:
    old = unpack(runtime, archive(tmp_path / "old.zip", "x = 1"), tmp_path / "a/layer_0")
    new = unpack(runtime, archive(tmp_path / "new.zip", "x = 2"), tmp_path / "b/layer_0")

    assert (old.read_text(), new.read_text()) == ("x = 1", "x = 2")


def test_the_code_of_a_function_is_unpacked_for_each_worker(runtime: Any, tmp_path: Path) -> None:
    packed = archive(tmp_path / "code.zip", "x = 1")
    first, second = (unpack(runtime, packed, tmp_path / one / "code") for one in ("a", "b"))

    assert not first.samefile(second)


def test_it_has_every_name_that_the_emulator_takes_from_the_module(runtime: Any) -> None:
    sources = list((ROOT / ".local/venv/lib").glob("python*/site-packages/ministack/core/lambda_runtime.py"))
    if not sources:
        pytest.skip("the emulator is in another environment")
    names = set(re.findall(r"\bzipfile\.(\w+)", sources[0].read_text(encoding="utf-8")))
    assert names
    assert [name for name in names if not hasattr(runtime.zipfile, name)] == []
