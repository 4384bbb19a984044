"""The architecture of what runs on this machine, by the operating system's name for its processor."""

import pytest

from firebreak_devtools.local import containers
from firebreak_devtools.local.architecture import own_architecture
from firebreak_devtools.local.paths import LocalError


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [
        pytest.param("x86_64", "x86_64", id="Linux and macOS on Intel"),
        pytest.param("AMD64", "x86_64", id="Windows on Intel"),
        pytest.param("aarch64", "arm64", id="Linux on ARM"),
        pytest.param("arm64", "arm64", id="macOS on Apple's own"),
    ],
)
def test_each_processor_has_lambdas_name(machine: str, architecture: str) -> None:
    assert own_architecture(machine) == architecture


def test_a_processor_that_lambda_does_not_have_is_named() -> None:
    with pytest.raises(LocalError, match=r"processor \(riscv64\)"):
        own_architecture("riscv64")


def test_containers_and_their_image_are_of_this_machines_architecture() -> None:
    assert containers.of_this_machine() == ["--parameter-overrides", f"Architecture={own_architecture()}"]
