"""People by the names that others know them by, from the names that AWS uses."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal as AWS confirmed it."""

    arn: str
    account: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """AWS does not confirm who signed a request; `why` is its answer in one line."""

    why: str


_SESSION = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/([^/]+)/([^/]+)", re.ASCII)
_USER = re.compile(
    r"arn:aws[a-z-]*:(?:iam::\d{12}:user/(?:.*/)?|sts::\d{12}:federated-user/)([^/]+)", re.ASCII
)

# Sessions that nobody named: by SDKs (a new name each time), by numbers, by EC2; and the account itself.
_NOBODYS = re.compile(
    r"botocore-session-\d+|aws-go-sdk-\d+|aws-sdk-.*|\d+|i-[0-9a-f]{8,17}|arn:.*:root", re.ASCII
)

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


def caller(by: str, *, verified: bool) -> str:
    """The sender of a request in words: the person where AWS confirmed the caller, else as it was claimed."""
    return person(by) if verified else claimed(by)


def claimed(by: str) -> str:
    """The sender of a request as the request says it, and nobody else."""
    return f"someone who claims to be {person(by)}"


def approved_by(names: Iterable[str]) -> str:
    """The approvers in words, each of them once, in the order in which they approved."""
    return " and ".join(dict.fromkeys(map(person, names)))


def people(names: Iterable[str]) -> frozenset[str]:
    """The different people behind these ARNs.

    A session is known by its own name and not by its role: one person may hold several roles. IAM compares
    user names without case, and an identity provider may write a session's name in either.
    """
    return frozenset(_own_name(by).casefold() for by in names)


def names_a_person(by: str) -> bool:
    """Whether a caller may be counted as a person: two unnamed sessions of one must not be two people."""
    return not _NOBODYS.fullmatch(_own_name(by))


def _own_name(by: str) -> str:
    found = _SESSION.fullmatch(by)
    return found.group(2) if found else person(by)
