"""Whether a stack was deployed with a heartbeat."""

from collections.abc import Mapping

# The parameter for the concurrency of the whole stack: copies of each function; 0 stops the actions.
RESERVED, NOTHING_RESERVED = "ReservedConcurrency", "-1"

# The condition HasHeartbeat of the template: with any of these values of its parameters there is none.
SWITCHED_OFF_BY: Mapping[str, str] = {
    "HeartbeatMinutes": "0",
    "RestartServiceByTag": "DISABLED",
    RESERVED: "0",
}


def switched_off_by(parameters: Mapping[str, str]) -> str:
    """The parameter by which there is no heartbeat, like "HeartbeatMinutes=0"; empty where there is one."""
    return next(
        (f"{name}={value}" for name, value in SWITCHED_OFF_BY.items() if parameters.get(name) == value), ""
    )
