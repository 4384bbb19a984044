"""The address at which a container finds this machine, from Docker's description of its bridge network."""

import pytest

from firebreak_devtools.local.containers import bridge_address
from firebreak_devtools.local.paths import LocalError

RUNNING = '[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]'
FIRST_START = '[{"Subnet":"172.17.0.0/16"}]'
OWN_SUBNET = '[{"Subnet":"10.200.3.1/24","IPRange":"10.200.3.0/25"}]'
BOTH_FAMILIES = (
    '[{"Subnet":"fd00::/80","Gateway":"fd00::1"},{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"}]'
)


@pytest.mark.parametrize(
    ("config", "address"),
    [
        pytest.param(RUNNING, "172.17.0.1", id="gateway named"),
        pytest.param(FIRST_START, "172.17.0.1", id="an engine's first start names none"),
        pytest.param(OWN_SUBNET, "10.200.3.1", id="a subnet given by an address in it"),
        pytest.param(BOTH_FAMILIES, "172.18.0.1", id="IPv6 as well"),
    ],
)
def test_this_machine_is_found_on_the_bridge(config: str, address: str) -> None:
    assert bridge_address(config) == address


@pytest.mark.parametrize(
    "config", ["", "null", "[]", "{}", '["x"]', "[{}]", '[{"Subnet":"fd00::/80"}]', '[{"Subnet":"here"}]']
)
def test_a_bridge_without_an_address_is_said_and_not_guessed(config: str) -> None:
    with pytest.raises(LocalError, match="no IPv4 address"):
        bridge_address(config)
