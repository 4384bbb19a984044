"""The bill of materials of what a lock brings along, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from firebreak_devtools.release.libraries import Library


def bill(name: str, version: str, found: Iterable[Library], made_at: datetime) -> str:
    """The bill of `name` at a version, as JSON; the same for the same arguments."""
    whole = Component(
        type=ComponentType.APPLICATION, name=name, version=version, bom_ref=name, licenses=[_apache()]
    )
    parts = [_component(one) for one in found]
    made = Bom(components=parts, metadata=BomMetaData(component=whole, timestamp=made_at))
    made.serial_number = uuid5(NAMESPACE_URL, f"{name}@{version}: {sorted(str(part.purl) for part in parts)}")
    made.register_dependency(whole, parts)
    return JsonV1Dot6(made).output_as_string(indent=2)


def _apache() -> LicenseExpression:
    return LicenseExpression("Apache-2.0")


def _component(one: Library) -> Component:
    url = PackageURL(type="pypi", name=one.name, version=one.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=one.name,
        version=one.version,
        bom_ref=url.to_string(),
        purl=url,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in one.hashes],
        licenses=[LicenseExpression(one.license)],
    )
