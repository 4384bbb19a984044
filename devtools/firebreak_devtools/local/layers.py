"""Layers that the emulator unpacks once. Imported by the launcher, in its interpreter.

The emulator unpacks a function's layers for each worker that it starts: six thousand files, two to three
seconds of a core. Here each layer is unpacked once, and a worker gets a link to it. Nothing writes there, as
nothing may write in /opt on Lambda: the layer's bytecode is in it.
"""

import hashlib
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# The emulator's name of the folder of a layer, in the folder of a worker.
LAYER = "layer_"
_UNPACKED: dict[str, Path] = {}
_ONE_AT_A_TIME = threading.Lock()


class UnpackedOnce(zipfile.ZipFile):
    """An archive that is unpacked once where it is a layer, however often that is asked for."""

    def namelist(self) -> list[str]:
        """The names, for the emulator's check of their paths; those that were unpacked have passed it."""
        return [] if self._contents in _UNPACKED else super().namelist()

    def extractall(self, path: Any = None, *rest: Any, **more: Any) -> None:
        """Unpack it, or link an empty folder to the place where that was done."""
        folder = Path(path)
        if not folder.name.startswith(LAYER):
            super().extractall(path, *rest, **more)
            return
        with _ONE_AT_A_TIME:
            if self._contents not in _UNPACKED:
                unpacked = Path(tempfile.mkdtemp(prefix="firebreak-layer-"))
                super().extractall(unpacked, *rest, **more)
                _UNPACKED[self._contents] = unpacked
        shutil.rmtree(folder)
        folder.symlink_to(_UNPACKED[self._contents], target_is_directory=True)

    @property
    def _contents(self) -> str:
        files = sorted((one.filename, one.CRC, one.file_size) for one in self.infolist())
        return hashlib.sha256(repr(files).encode()).hexdigest()


def unpack_once(runtime: Any) -> None:
    """Give the emulator's module for functions the archive."""
    runtime.zipfile = SimpleNamespace(
        ZipFile=UnpackedOnce, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )
