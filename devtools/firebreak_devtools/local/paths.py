"""The places of local AWS's files, and its names."""

from dataclasses import dataclass
from pathlib import Path

# AWS's own account for documentation. The emulator takes a twelve-digit access key for the account.
ACCOUNT = "111122223333"
REGION = "eu-west-1"
SECRET = "local"  # noqa: S105  # the emulator's, which listens on this machine only


class LocalError(Exception):
    """Local AWS could not be started, reached or deployed to; the message says what to look at."""


@dataclass(frozen=True, slots=True)
class Home:
    """One local AWS's folder; two folders are two independent local AWSs."""

    root: Path

    @property
    def state(self) -> Path:
        """The file that describes the running emulator, as `emulator.start` wrote it."""
        return self.root / "state.json"

    @property
    def log(self) -> Path:
        """Everything the emulator and the functions on it print."""
        return self.root / "emulator.log"

    @property
    def carrier_state(self) -> Path:
        """The file that names the process that carries alarms' transitions to the rules."""
        return self.root / "carrier.json"

    @property
    def carrier_log(self) -> Path:
        """Each transition that was carried, and the rules that took it."""
        return self.root / "carrier.log"

    @property
    def sam_log(self) -> Path:
        """Everything SAM CLI printed while it built and deployed."""
        return self.root / "sam.log"

    @property
    def scratch(self) -> Path:
        """The temporary files of the emulator and its functions."""
        return self.root / "tmp"

    @property
    def build(self) -> Path:
        """The output of `sam build`. Apart from .aws-sam: the layer holds this machine's wheels."""
        return self.root / "build"

    @property
    def sam(self) -> Path:
        """SAM CLI's cache and its own settings."""
        return self.root / "sam"
