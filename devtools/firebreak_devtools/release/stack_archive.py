"""The stack as one archive: the template, and next to it the code that it names, built and zipped.

It is for those who have no clone: `aws cloudformation package` or `sam package` uploads the code into a
bucket of their region (examples/README.md). The same commit gives the same bytes, with one version of Python
and zlib.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from firebreak_devtools.local import sam
from firebreak_devtools.local.paths import Home, LocalError

TEMPLATE = "template.yaml"
# The earliest time that a zip can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)
# A regular file that everybody may read: Lambda runs the code as another user.
_MODE = 0o100644 << 16
# The property of a resource that names a folder of the repository.
_CODE = re.compile(r"^(?P<before> +(?:CodeUri|ContentUri): )(?P<folder>[\w/]+?)/?$", re.MULTILINE)
_RESOURCE_OR_CODE = re.compile(rf"^  (?P<resource>\w+):$|{_CODE.pattern}", re.MULTILINE)
_METADATA = re.compile(r"^Metadata:\n", re.MULTILINE)


def archive_name(version: str) -> str:
    """The file of a release that holds the stack."""
    return f"firebreak-{version}-stack.zip"


def build_stack(copy: Path, sam_cli: Path, folder: Path) -> Path:
    """Runs `sam build` in a copy of the commit, and returns where it built. Raises ValueError."""
    home = Home(folder)
    home.root.mkdir(parents=True, exist_ok=True)
    # The layer's recipe takes these from its caller: the release is for Lambda, and has no policy of anybody.
    settings = {"PWD": str(copy), "LAYER_PLATFORM": "lambda", "FIREBREAK_POLICY": "", "PYTHONHASHSEED": "0"}
    command = ["build", "--build-dir", str(home.build), "--cache-dir", str(home.sam / "cache"), "--no-cached"]
    try:
        sam.run(sam_cli, command, repository=copy, home=home, progress=lambda _: None, extra=settings)
    except LocalError as error:
        raise ValueError(str(error)) from error
    return home.build


def write_stack(source: str, built: Path, version: str, commit: str, archive: Path) -> None:
    """Writes the archive of a template and of what was built of it. Raises ValueError or OSError."""
    folders = _folders(source)
    prefix = archive.name.removesuffix("-stack.zip")
    with TemporaryDirectory(prefix="firebreak-") as scratch, ZipFile(archive, "w", ZIP_STORED) as whole:
        _add(whole, f"{prefix}/{TEMPLATE}", _released(source, version, commit).encode())
        for folder, name in sorted(folders.items()):
            zipped = Path(scratch) / _zip_of(folder)
            _zip(built / name, zipped)
            _add(whole, f"{prefix}/{zipped.name}", zipped.read_bytes())


def _folders(source: str) -> Mapping[str, str]:
    """The folders that the template names, each with a resource that SAM built of it: its folder's name."""
    found: dict[str, str] = {}
    resource = ""
    for one in _RESOURCE_OR_CODE.finditer(source):
        if one["resource"]:
            resource = one["resource"]
        else:
            found.setdefault(one["folder"], resource)
    if len({_zip_of(folder) for folder in found}) != len(found):
        raise ValueError(f"two folders of the template have one name: {', '.join(sorted(found))}")
    return found


def _zip_of(folder: str) -> str:
    return f"{folder.rpartition('/')[2]}.zip"


def _released(source: str, version: str, commit: str) -> str:
    """The template with archives instead of folders, and the release that it is of."""
    release = f'Metadata:\n  Release: {{ Version: "{version}", Commit: "{commit}" }}\n'
    text, found = _METADATA.subn(lambda _: release, source, count=1)
    if not found:
        raise ValueError("the template has no Metadata to name the release in")
    return _CODE.sub(lambda one: f"{one['before']}{_zip_of(one['folder'])}", text)


def _zip(folder: Path, archive: Path) -> None:
    """Every file of a folder, in one order and with one time."""
    with ZipFile(archive, "w", ZIP_DEFLATED, compresslevel=9) as whole:
        for path in _files(folder):
            _add(whole, path.relative_to(folder).as_posix(), path.read_bytes(), ZIP_DEFLATED)


def _files(folder: Path) -> Iterator[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    if not found:
        raise ValueError(f"{folder.name}: nothing was built")
    yield from found


def _add(whole: ZipFile, name: str, content: bytes, method: int = ZIP_STORED) -> None:
    info = ZipInfo(name, _EPOCH)
    info.create_system = 3  # Unix, also where a release is made on another system
    info.external_attr = _MODE
    info.compress_type = method
    whole.writestr(info, content)
