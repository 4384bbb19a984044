"""The template can be packaged and taken by its address: what examples/README.md says of it holds."""

from collections.abc import Iterator
from typing import Any

from tests.contracts.template import PATH, template
from tests.docs.documents import ROOT

PAGE = " ".join((ROOT / "examples" / "README.md").read_text(encoding="utf-8").split())
# The resources whose code `sam package` uploads, and the property that it replaces by an address in S3.
UPLOADED = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
# The most bytes that CloudFormation takes as text, and by address.
AS_TEXT, BY_ADDRESS = 51_200, 1_000_000


def local_paths(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places whose values name a file or folder of the repository."""
    match value:
        case dict():
            for name, one in value.items():
                yield from local_paths(one, (*at, str(name)))
        case list():
            for one in value:
                yield from local_paths(one, at)
        case str() if "/" in value and (ROOT / value).exists() and not value.startswith("/"):
            yield at
        case _:
            pass


def test_everything_local_in_the_template_is_what_packaging_uploads() -> None:
    resources = template()["Resources"]
    uploaded = {
        (name, "Properties", UPLOADED[one["Type"]])
        for name, one in resources.items()
        if one["Type"] in UPLOADED
    }
    assert set(local_paths(resources)) == uploaded
    assert uploaded


def test_the_template_is_too_long_as_text_and_not_by_its_address() -> None:
    assert AS_TEXT < PATH.stat().st_size < BY_ADDRESS
    assert "over 51,200 bytes" in PAGE


def test_a_version_and_the_place_of_the_template_are_in_the_page() -> None:
    assert template()["Outputs"]["Version"]["Value"] in PAGE
    assert "s3://BUCKET/firebreak/VERSION/template.yaml" in PAGE
    assert "`CAPABILITY_AUTO_EXPAND`" in PAGE
