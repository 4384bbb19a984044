"""The tags of an alarm that CloudWatch puts into its events, by the alarm's configuration.

By default none; `IncludedTagKeys` or `ExcludedTagKeys` say which where not all of them are.
"""

from collections.abc import Mapping
from typing import Any

from firebreak.wire.lenient_json import items, mapping


def propagation_of(shape: Mapping[str, Any]) -> bool | None:
    """Whether tags of the alarm ride in its events; None where CloudWatch does not say, as local AWS."""
    stated = _asked(shape).get("Enabled")
    return stated if isinstance(stated, bool) else None


def riding(shape: Mapping[str, Any], tags: Mapping[str, str], *, unsaid: bool) -> Mapping[str, str]:
    """Those of these tags that are in the alarm's events; `unsaid` decides where CloudWatch does not say."""
    stated = propagation_of(shape)
    if not (unsaid if stated is None else stated):
        return {}
    asked = _asked(shape)
    included, excluded = items(asked.get("IncludedTagKeys")), items(asked.get("ExcludedTagKeys"))
    return {key: one for key, one in tags.items() if (key in included if included else key not in excluded)}


def _asked(shape: Mapping[str, Any]) -> Mapping[str, object]:
    return mapping(mapping(shape.get("ActionConfiguration")).get("AlarmTagsPropagation"))
