"""A pushed policy says what its text says: the compiled form counts under its seal alone."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.errors import PolicyError
from firebreak.policy.compiled import build_id, encode, seal
from firebreak.policy.compiler import parse_policy
from firebreak.policy.document import Compiled, compared_with_text, encode_document, read_document
from firebreak.policy.loader import LARGEST
from firebreak.policy.policy import Policy, hash_of
from tests.docs.documents import ROOT
from tests.support import builders as a

TEXT = a.AUTO_POLICY
OBSERVING = TEXT.replace('autonomy = "auto"', 'autonomy = "observe"')
THIS_BUILD = build_id()


def policy(text: str = TEXT) -> Policy:
    return parse_policy(text, "policy.toml")


def document(**changes: object) -> bytes:
    """The document of a policy, with parts replaced; None leaves one out."""
    found = json.loads(encode_document(policy(), TEXT, 7, THIS_BUILD)) | changes
    return json.dumps({name: one for name, one in found.items() if one is not None}).encode()


def forged(text: str, compiled_of: str, **changes: Any) -> bytes:
    """The text of one policy with the compiled form of another, sealed by somebody who knows how."""
    content = json.dumps(json.loads(encode(policy(compiled_of), compiled_of))["policy"] | changes).encode()
    sealed = b'{"seal":"%s","policy":%s}' % (seal(text, content, THIS_BUILD).encode(), content)
    whole = json.dumps({"v": 1, "number": 7, "text": text}).encode()
    return whole[:-1] + b',"compiled":' + sealed + b"}"


def test_a_pushed_policy_comes_back_with_its_text_and_number() -> None:
    found = read_document(encode_document(policy(), TEXT, 7, THIS_BUILD))
    assert (found.policy, found.text, found.number) == (policy(), TEXT, 7)


def test_a_function_of_the_same_build_needs_no_library_that_checks_files(tmp_path: Any) -> None:
    file = tmp_path / "document.json"
    file.write_bytes(encode_document(policy(), TEXT, 7, THIS_BUILD))
    code = (
        "import sys; from pathlib import Path; from firebreak.policy.document import read_document;"
        f"read_document(Path({str(file)!r}).read_bytes()); print('pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout == "False\n"


@pytest.mark.parametrize(
    "content",
    [
        document(compiled=None),
        document(compiled={"seal": "0" * 64, "policy": {}}),
        document(compiled="snow"),
        document(compiled=[[[]]]),
        encode_document(policy(), TEXT, 7, "another build"),
        forged(TEXT, OBSERVING),
        forged(TEXT, TEXT, defaults=3),
        forged(TEXT, TEXT, settings={"restart-service": 5}),
    ],
    ids=["none", "wrong seal", "text", "list", "other build", "forged", "misshapen", "setting"],
)
def test_any_other_compiled_form_is_passed_over_and_the_text_counts(content: bytes) -> None:
    assert read_document(content).policy == policy()


def test_a_forged_compiled_form_under_the_right_hash_decides_and_is_found_by_a_comparison() -> None:
    """A seal proves no author. The doctor compares (FB404), and so does nobody else."""
    content = forged(TEXT, OBSERVING, hash=hash_of(TEXT))
    assert read_document(content).policy.defaults.autonomy == "observe"
    assert compared_with_text(content, THIS_BUILD) is Compiled.OTHER
    assert compared_with_text(content, "another build") is Compiled.NOT_OF_THIS_BUILD
    own = encode_document(policy(), TEXT, 7, THIS_BUILD)
    assert compared_with_text(own, THIS_BUILD) is Compiled.MATCHES
    assert compared_with_text(document(compiled=None), THIS_BUILD) is Compiled.NOT_OF_THIS_BUILD


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no policy was pushed yet"),
        (b"\x00\xff garbage", "is not in the form"),
        (b"{}", "is not in the form"),
        (b"[1]", "is not in the form"),
        (b"[" * 100_000, "is not in the form"),
        (TEXT.encode(), "is not in the form"),
        (b'{"v":1,"number":7,"text":3}', "is not in the form"),
        (b'{"v":1,"number":7,"text":"\\ud800"}', "is not in the form"),
        (b'{"v":true,"number":7,"text":""}', "is not in the form"),
        (document(v=2), "a later release"),
        (document(text="x" * (LARGEST + 1)), "larger than"),
        (document(text="version = 9\n", compiled=None), "version"),
        (document(text="[", compiled=None), "not TOML"),
    ],
    ids=range(13),
)
def test_what_is_no_policy_is_a_policy_error_in_one_line(content: bytes, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read_document(content)
    first = f"{refused.value.source}: {refused.value.problems[0]}"
    assert said in first
    assert len(first) < 300
    assert "\n" not in first


def test_a_mistake_names_the_version_and_the_line() -> None:
    text = TEXT.replace('autonomy = "auto"', 'autonomy = "bold"')
    with pytest.raises(PolicyError) as refused:
        read_document(document(text=text, compiled=None))
    assert refused.value.source == "version 7"
    assert refused.value.problems[0].startswith("line ")


@given(st.binary(max_size=200))
def test_no_content_raises_anything_else(content: bytes) -> None:
    with pytest.raises(PolicyError):
        read_document(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_no_compiled_form_raises_anything(compiled: object) -> None:
    assert read_document(document(compiled=compiled)).policy == policy()
