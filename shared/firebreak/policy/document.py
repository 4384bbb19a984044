"""A policy as it is pushed to AppConfig: its text, and its compiled form for functions of one build.

The compiled form counts under its seal alone, as the one in the layer does (policy/compiled.py): a function
of another build, or one that meets a damaged form, checks the text. Nothing here trusts the writer: what
does not fit is a PolicyError.
"""

import hashlib
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from firebreak.errors import UNEXPECTED_SHAPE, PolicyError
from firebreak.policy.compiled import decode, encode
from firebreak.policy.loader import LARGEST
from firebreak.policy.policy import Policy, hash_of

V = 1
SHOWN_DIGITS = 12
_OTHER_FORM = "is not in the form of a pushed policy"


class Compiled(Enum):
    """The compiled form of a pushed policy next to its text. One of another build cannot be compared."""

    MATCHES = auto()
    OTHER = auto()
    NOT_OF_THIS_BUILD = auto()


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is the version that AppConfig was to give it; `compiled` may be missing.

    No dataclass: msgspec reads no raw part of one that has a default.
    """

    v: int
    number: int
    text: str
    compiled: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedPolicy:
    """A policy that was pushed and loads. `number` is its version in AppConfig."""

    policy: Policy
    text: str
    number: int


def encode_document(policy: Policy, text: str, number: int, build: str) -> bytes:
    """The document of a policy, with its compiled form for functions of that build."""
    compiled = msgspec.Raw(encode(policy, text, build))
    return msgspec.json.encode(_Document(v=V, number=number, text=text, compiled=compiled))


def read_document(content: bytes) -> PushedPolicy:
    """The policy in a document. Raises PolicyError, which names the version and the first mistake."""
    document = _document(content)
    source = f"version {document.number}"
    if len(document.text) > LARGEST:
        raise PolicyError(source, [f"larger than {LARGEST} characters"])
    policy = _compiled(document) or _checked(document.text, source)
    return PushedPolicy(policy=policy, text=document.text, number=document.number)


def compared_with_text(content: bytes, build: str) -> Compiled:
    """Whether functions of that build decide by what the text says. Raises PolicyError.

    A seal proves no author: with the right to push, another policy than the text's can be sealed.
    """
    document = _document(content)
    sealed = _compiled(document, build)
    checked = _checked(document.text, f"version {document.number}")
    if sealed is None:
        return Compiled.NOT_OF_THIS_BUILD
    return Compiled.MATCHES if sealed == checked else Compiled.OTHER


def _document(content: bytes) -> _Document:
    name = f"the configuration {hashlib.sha256(content).hexdigest()[:SHOWN_DIGITS]}"
    if not content:
        raise PolicyError("AppConfig", ["no policy was pushed yet"])
    try:
        found = msgspec.json.decode(content, type=_Document)
        found.text.encode()
    except (msgspec.MsgspecError, *UNEXPECTED_SHAPE) as error:
        raise PolicyError(name, [f"{_OTHER_FORM}: {type(error).__name__}"]) from error
    if found.v > V:
        raise PolicyError(f"version {found.number}", ["was pushed by a later release of Firebreak"])
    return found


def _compiled(document: _Document, build: str | None = None) -> Policy | None:
    """The policy of the compiled form, where that is of this very text and of that build or this one."""
    try:
        found = decode(bytes(document.compiled), document.text, build)
    except (msgspec.MsgspecError, *UNEXPECTED_SHAPE):
        return None
    return found if found and found.hash == hash_of(document.text) else None


def _checked(text: str, source: str) -> Policy:
    from firebreak.policy.compiler import parse_policy  # with pydantic, which a compiled policy does without

    return parse_policy(text, source)
