"""Lets the modules of this folder run in a checkout of release 0.1.0, whose modules had other names."""

import importlib
import sys
from collections.abc import Mapping

MOVED: Mapping[str, str] = {
    "firebreak.core.incident.states": "firebreak.core.incident",
    "firebreak.core.limits.history": "firebreak.core.history",
    "firebreak.policy.compiler": "firebreak.policy",
    "firebreak.wire.announcements": "firebreak.announcement_wire",
    "firebreak.wire.requests": "firebreak.wire",
    "tests.support.builders": "tests.builders",
    "tests.support.world": "tests.world",
}


def accept_present_names() -> None:
    """Makes each module importable by its present name; does nothing in this release."""
    for present, before in MOVED.items():
        if not _is_there(present):
            _alias(present, before)


def _is_there(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _alias(present: str, before: str) -> None:
    parent, _, last = present.rpartition(".")
    if not _is_there(parent):
        sys.modules[parent] = type(sys)(parent)
    sys.modules[present] = importlib.import_module(before)
    setattr(sys.modules[parent], last, sys.modules[present])
