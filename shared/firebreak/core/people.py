"""People by the names that others know them by, from the names that AWS uses."""

import re

_SESSION = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/([^/]+)/([^/]+)", re.ASCII)
_USER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:user/(?:.*/)?([^/]+)", re.ASCII)

# The names that IAM Identity Center gives to the roles of its permission sets.
_PERMISSION_SET = re.compile(r"AWSReservedSSO_(.+)_[0-9a-f]{16}", re.ASCII)


def person(by: str) -> str:
    """The session or user of an ARN, with the role of a session; other names as they are."""
    if found := _SESSION.fullmatch(by):
        role, session = found.groups()
        named = _PERMISSION_SET.fullmatch(role)
        return f"{session} (role {named.group(1) if named else role})"
    found = _USER.fullmatch(by)
    return found.group(1) if found else by


def claimed(by: str) -> str:
    """The sender of a request as the request says it: no event names the principal that put it on the bus."""
    return f"someone who claims to be {person(by)}"
