"""Release 0.1.0 on local AWS: its own template and functions, and its own command.

Its layer is put together instead of built: its package and its policies with the libraries of this build,
on which its tests pass (tests/upgrade).
"""

import compileall
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from types import MappingProxyType

from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home
from tests.scenarios.own_stack import LAYER, copy
from tests.upgrade.checkout import check_out

# Local AWS has no alarms on metric math, which 0.1.0 knew.
PARAMETERS: Mapping[str, str] = MappingProxyType({"MetricMath": "false"})


@dataclass(frozen=True, slots=True)
class ReleaseBefore:
    """A checkout of 0.1.0, and the folder from which it is deployed."""

    sources: Path
    home: Home

    @classmethod
    def built(cls, folder: Path, build: Path) -> "ReleaseBefore":
        """Puts it together from the history and the build of this release. Skips without that history."""
        made = cls(check_out(folder / "sources"), Home(folder / "home"))
        layer = made.home.build / "shared" / "python"
        copy(build / LAYER, layer, "firebreak", "policies", "policy.toml*")
        for name in ("firebreak", "policies"):
            shutil.copytree(made.sources / "shared" / name, layer / name)
        # As its build does; otherwise each cold start would.
        compiled = compileall.compile_dir(
            layer / "firebreak", quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
        )
        assert compiled
        shutil.copytree(made.sources / "functions", made.home.build / "functions")
        shutil.copy(made.sources / "template.yaml", made.home.build)
        return made

    @property
    def policy(self) -> Path:
        """The policy of its local AWS, in the layer that is deployed."""
        return self.home.build / "shared/python/policies/demo.toml"

    def command(self, running: Running, *words: str) -> str:
        """The output of its `firebreak` command, which must succeed."""
        inherited = {name: one for name, one in os.environ.items() if not name.startswith("AWS_")}
        paths = os.pathsep.join(str(self.sources / name) for name in ("shared", "cli"))
        ran = subprocess.run(  # words of a test
            [sys.executable, "-c", "from firebreak_cli.main import app; app()", *words],
            cwd=self.sources,
            env=inherited | running.environment | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout
