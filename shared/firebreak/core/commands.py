"""The commands that pages and screens print, to be copied into any shell.

A word that holds anything but letters, digits and a few marks that no shell reads is never printed: bash,
zsh, fish, tcsh, PowerShell and cmd quote in different ways, and no quoting is right in all of them.
"""

import re

# What stands in place of a word that the reader has to type.
PLACEHOLDER = '"..."'

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./:@+-]{0,254}|--[a-z][a-z-]{0,30}|\"\.\.\.\"", re.ASCII)


def command(*words: str) -> str:
    """One line to copy; a word that some shell might read in its own way becomes the placeholder."""
    return " ".join(["firebreak", *(word if _WORD.fullmatch(word) else PLACEHOLDER for word in words)])
