"""The milestones among the hundreds of lines that SAM CLI prints while somebody waits."""

import re

# A deployment's progress is shown this often, in resources.
EVERY = 20

_BUILDS_FUNCTION = re.compile(r"Building codeuri: .* functions?: (?P<name>.+)")
_CHANGE = re.compile(r"[+*-] (?:Add|Modify|Delete) +\S")
_DONE = re.compile(r"(?:CREATE|UPDATE|DELETE)_COMPLETE +(?!AWS::CloudFormation::S)AWS::")
# Fixed lines of `sam build` and `sam deploy`, and of the layer's Makefile.
_STARTS = {
    "-m pip install": "installing the layer's libraries",
    "-m compileall": "compiling the layer",
    "Creating the required resources": "making a bucket for the code",
    "Waiting for changeset": "working out what changes",
}


class Milestones:
    """Reads SAM CLI's output line by line."""

    def __init__(self) -> None:
        self._planned = 0
        self._done = 0

    def read(self, line: str) -> str | None:
        """The milestone that this line reports, None for most lines."""
        text = line.strip()
        if _CHANGE.match(text):
            self._planned += 1
        elif _DONE.match(text):
            return self._count()
        elif built := _BUILDS_FUNCTION.match(text):
            return f"building {built['name']}"
        return next((milestone for start, milestone in _STARTS.items() if start in text), None)

    def _count(self) -> str | None:
        self._done += 1
        whole = f"{self._done} of {max(self._planned, self._done)} resources are there"
        return whole if self._done % EVERY == 0 or self._done == self._planned else None
