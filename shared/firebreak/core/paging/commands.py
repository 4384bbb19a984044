"""The commands that pages and screens print, to be copied into any shell.

A word that holds anything but letters, digits and a few marks that no shell reads is never printed: bash,
zsh, fish, tcsh, PowerShell and cmd quote in different ways, and no quoting is right in all of them.
"""

import re
from dataclasses import dataclass

# The placeholder of a word that the reader has to type.
PLACEHOLDER = '"..."'

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./:@+-]{0,254}|--[a-z][a-z-]{0,30}|\"\.\.\.\"", re.ASCII)


@dataclass(frozen=True, slots=True)
class StackAddress:
    """The stack that a printed command is for: a name alone may be another region's or account's as well."""

    name: str
    region: str
    account: str

    def command(self, *words: str) -> str:
        """One line to copy that reaches this stack, or is refused, whatever the reader's own defaults are."""
        return command(*words, "--stack", self.name, "--region", self.region, "--account", self.account)


def command(*words: str) -> str:
    """One line to copy; a word that some shell might read in its own way becomes the placeholder."""
    return " ".join(["firebreak", *(word if is_plain_word(word) else PLACEHOLDER for word in words)])


def is_plain_word(word: str) -> bool:
    """Whether every shell reads the word as it is written."""
    return _WORD.fullmatch(word) is not None
