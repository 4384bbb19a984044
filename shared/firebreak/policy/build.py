"""Compiles the policy files of a layer while it is built: one that does not load fails `sam build`.

A function that cannot load its policy changes nothing and pages somebody. That is better known before
the deploy than after it.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from firebreak.errors import PolicyError
from firebreak.policy.compiled import BUILD_ID, compiled_path, encode, stamp
from firebreak.policy.compiler import compile_policy, read_policy
from firebreak.policy.loader import policy_text
from firebreak.policy.renamed_keys import warnings_of_names


def problems(layer: Path, needed: Iterable[str]) -> Iterator[str]:
    """One line for each mistake in a policy of the layer, and for each needed file that it lacks.

    Writes the compiled form next to each policy that loads.
    """
    found = sorted(path for path in layer.rglob("*.toml") if _is_policy(path.relative_to(layer)))
    for path in found:
        try:
            source = read_policy(policy_text(path), str(path))
        except PolicyError as error:
            yield from (f"{path.relative_to(layer)}: {problem}" for problem in error.problems)
        else:
            compiled_path(path).write_bytes(encode(compile_policy(source), source.text))
            for warning in warnings_of_names(source.renamed):
                sys.stderr.write(f"policy: warning: {path.relative_to(layer)}: {warning}\n")
    names = {str(path.relative_to(layer)) for path in found}
    for name in sorted(set(needed) - names):
        yield f"PolicyFile={name}: no such file in the layer; it holds {', '.join(sorted(names)) or 'none'}"


def _is_policy(path: Path) -> bool:
    """Whether a file is one of the layer's policies, at its top or in policies/; libraries bring others.

    The waivers of `firebreak doctor` lie next to them and are none.
    """
    here = len(path.parts) == 1 or path.parts[0] == "policies"
    return here and not path.name.endswith(".waivers.toml")


def main(arguments: Sequence[str]) -> int:
    """`python -m firebreak.policy.build LAYER [NEEDED ...]`: prints the problems; 1 when there are any."""
    layer, *needed = arguments
    if BUILD_ID.resolve().parent.parent == Path(layer).resolve():
        stamp(BUILD_ID.parent)
    lines = list(problems(Path(layer), needed))
    for line in lines:
        sys.stderr.write(f"policy: {line}\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
