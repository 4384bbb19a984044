"""A release: its bill of materials, its notes, and one signature over every file."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from firebreak_devtools.release.__main__ import NAMESPACE, main, make
from firebreak_devtools.release.bill_of_materials import bill
from firebreak_devtools.release.libraries import libraries, license_of
from firebreak_devtools.release.notes import notes
from tests.contracts.test_locks import locked
from tests.devtools.released import commit, small_clone
from tests.docs.documents import ROOT

NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)
LOCK = ROOT / "shared/requirements.txt"
# Licenses that let the layer be passed on as it is; MPL-2.0 asks for the source of a changed file alone.
PERMITTED = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MPL-2.0", "PSF-2.0"}


def test_every_library_of_the_layer_has_a_license_that_lets_it_be_passed_on() -> None:
    found = libraries(LOCK)
    assert {one.name: one.license for one in found if PERMITTED.isdisjoint(one.license.split(" OR "))} == {}
    # httpx2-jsfetch is for browsers alone, and its marker leaves it out of Lambda.
    assert {one.name: one.version for one in found} == {
        name: version
        for name, version in locked("shared/requirements.txt").items()
        if name != "httpx2-jsfetch"
    }


def test_a_library_without_a_license_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match=r"^no-such-library is not installed"):
        license_of("no-such-library")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("boto3==1.44.5", "boto3==1.44.5 is not pinned by a version and the SHA-256"),
        (f"boto3>=1 --hash=sha256:{'0' * 64}", "boto3>=1 is not pinned by a version and the SHA-256"),
        ("--extra-index-url https://example.com", "--extra-index-url"),
    ],
)
def test_a_line_of_a_lock_that_is_not_understood_is_no_library_less(
    tmp_path: Path, line: str, says: str
) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"# made by hand\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(says)):
        libraries(lock)


def test_the_bill_of_materials_is_cyclonedx_with_the_hashes_of_the_lock() -> None:
    text = bill("firebreak-layer", "1.2.3", libraries(LOCK), NOW)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)
    assert found["metadata"]["component"]["version"] == "1.2.3"
    by_name = {one["name"]: one for one in found["components"]}
    boto3 = by_name["boto3"]
    assert boto3["purl"] == f"pkg:pypi/boto3@{locked('shared/requirements.txt')['boto3']}"
    hashes = LOCK.read_text(encoding="utf-8")
    written = [one["content"] for one in boto3["hashes"]]
    # A wheel and a source archive.
    assert len(written) == 2
    assert all(f"--hash=sha256:{one}" in hashes for one in written)
    assert boto3["licenses"] == [{"expression": "Apache-2.0"}]


def test_the_same_lock_and_time_make_the_same_bill() -> None:
    one, other = (bill("firebreak-layer", "1.2.3", libraries(LOCK), NOW) for _ in range(2))
    assert one == other


CHANGES = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n- now\n\n## [1.2.2]\n\n- before\n"
EMPTY = "## [Unreleased]\n\n## [1.2.4]\n\n## [1.2.3]\n\n- before\n"


def test_the_notes_are_the_section_of_the_version() -> None:
    assert notes(CHANGES, "1.2.3") == "## [1.2.3] - 2026-12-01\n\n- now\n"
    assert notes(CHANGES, "1.2.2") == "## [1.2.2]\n\n- before\n"


@pytest.mark.parametrize("changes", [CHANGES, EMPTY])
def test_a_version_without_notes_is_not_released(changes: str) -> None:
    with pytest.raises(ValueError, match=r"says nothing of 1\.2\.4"):
        notes(changes, "1.2.4")


def test_nothing_is_released_under_the_version_before_it() -> None:
    later = CHANGES.replace("[Unreleased]\n", "[Unreleased]\n\n- later\n")
    with pytest.raises(ValueError, match="has unreleased lines"):
        notes(later, "1.2.3")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return small_clone(tmp_path / "clone")


def status(*words: str, given: bytes = b"", folder: Path = ROOT) -> int:
    return subprocess.run(words, input=given, cwd=folder, capture_output=True, check=False).returncode


def verified(out: Path, signers: Path) -> bool:
    """The two commands of docs/releasing.md."""
    signer = [
        "-f",
        str(signers),
        "-I",
        "release@firebreak",
        "-n",
        NAMESPACE,
        "-s",
        str(out / "SHA256SUMS.sig"),
    ]
    signed = status("ssh-keygen", "-Y", "verify", *signer, given=(out / "SHA256SUMS").read_bytes())
    return (signed, status("sha256sum", "--check", "--quiet", "SHA256SUMS", folder=out)) == (0, 0)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH, which signs")
def test_a_signed_release_is_made_again_byte_for_byte_and_verified_until_a_file_is_changed(
    clone: Path, tmp_path: Path
) -> None:
    key, out, signers = tmp_path / "key", tmp_path / "out", tmp_path / "allowed_signers"
    assert status("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)) == 0
    signers.write_text(f"release@firebreak {key.with_suffix('.pub').read_text()}", encoding="utf-8")
    names = [path.name for path in make(clone, out, key)]
    assert names == [
        "SHA256SUMS",
        "SHA256SUMS.sig",
        "firebreak-0.1.0-layer.cdx.json",
        "firebreak-0.1.0-notes.md",
        "firebreak-0.1.0-py3-none-any.whl",
        "firebreak-0.1.0-stack.zip",
    ]
    assert verified(out, signers)
    again = tmp_path / "again"
    make(clone, again, None)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in out.iterdir() if path.suffix != ".sig"
    }
    with (out / "firebreak-0.1.0-notes.md").open("a", encoding="utf-8") as file:
        file.write("- and more\n")
    assert not verified(out, signers)


def test_a_release_that_cannot_be_made_is_one_line_and_no_folder(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (clone / "CHANGELOG.md").write_text("## [Unreleased]\n\n- later\n", encoding="utf-8")
    commit(clone)
    assert main(["--clone", str(clone), "--out", str(out)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "release: CHANGELOG.md has unreleased lines: name them by the version that they are released with"
    ]
    assert not out.exists()


def test_a_folder_that_is_there_is_left_alone(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert main(["--clone", str(clone), "--out", str(tmp_path / "out")]) == 2
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_not_committed_is_not_released(clone: Path, tmp_path: Path) -> None:
    (clone / "LICENSE").write_text("another", encoding="utf-8")
    with pytest.raises(ValueError, match=r"LICENSE and 0 more are not committed"):
        make(clone, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_commit_is_not_released(clone: Path, tmp_path: Path) -> None:
    shutil.rmtree(clone / ".git")
    with pytest.raises(ValueError, match="is no clone: a release is of a commit"):
        make(clone, tmp_path / "out", None)
