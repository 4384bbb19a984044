"""How names of actions and of their functions go together."""


def function_id(action: str) -> str:
    """The logical id of an action's function: RestartService of restart-service."""
    return action.title().replace("-", "")
