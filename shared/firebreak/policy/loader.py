"""Loads the policy of a function or of the command."""

from dataclasses import dataclass
from pathlib import Path

from firebreak.errors import PolicyError
from firebreak.policy.compiled import compiled_path, decode
from firebreak.policy.policy import Policy

# Far more than any policy; a device file has no end.
LARGEST = 1_000_000


def load_policy(path: Path) -> Policy:
    """The policy in a file, in its compiled form where there is one of the same text.

    Raises PolicyError with every mistake, also when the file cannot be read.
    """
    text = policy_text(path)
    if compiled := _compiled(path, text):
        return compiled
    from firebreak.policy.compiler import parse_policy  # with pydantic, which a compiled policy does without

    return parse_policy(text, str(path))


@dataclass(frozen=True, slots=True)
class LayerPolicy:
    """The policy of the layer, which a deployment alone changes."""

    path: Path

    def policy(self) -> Policy:
        """The policy. Raises PolicyError."""
        return load_policy(self.path)

    def for_pages(self) -> Policy:
        """The same. Raises PolicyError."""
        return load_policy(self.path)

    def text(self) -> str:
        """Its text. Raises PolicyError."""
        return policy_text(self.path)

    def served(self) -> None:
        """No policy is served from elsewhere."""

    def trouble(self) -> None:
        """Nothing keeps a newer policy from being in force."""


def policy_text(path: Path) -> str:
    """The text of a policy file. Raises PolicyError when it cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(str(path), [f"cannot be read: {type(error).__name__}"]) from error
    if len(text) > LARGEST:
        # A policy cut short may lack just the override that holds something back.
        raise PolicyError(str(path), [f"larger than {LARGEST} characters"])
    return text


def _compiled(path: Path, text: str) -> Policy | None:
    try:
        stored = compiled_path(path).read_bytes()
    except OSError:
        return None
    return decode(stored, text)
