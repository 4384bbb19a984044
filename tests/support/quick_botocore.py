"""botocore's making of sessions and clients without what it works out again each time.

Nearly every test of a command makes both, for a session may carry a test's own answers. Most of their time
goes into the same models, classes, names of events and signatures of handlers.
"""

from functools import cache
from typing import Any

import botocore.hooks
import botocore.session
from botocore.client import ClientCreator

_hooks: Any = botocore.hooks  # its types do not know what is inside
_creator: Any = ClientCreator
_load = _creator._load_service_model
_make_class = _creator._create_client_class
_new_name = _hooks.EventAliaser._alias_event_name

_MODELS: dict[tuple[str, str | None], Any] = {}
_CLASSES: dict[str, type] = {}
_NAMES: dict[str, str] = {}


def install() -> None:
    """Let botocore remember, for this process."""
    botocore.session.create_loader = cache(botocore.session.create_loader)
    _creator._load_service_model = _model
    _creator._create_client_class = _class
    _hooks.accepts_kwargs = _accepts_kwargs
    _hooks.EventAliaser._alias_event_name = _aliased
    _hooks._PrefixTrie._recursive_copy = _copied


def _model(creator: Any, service: str, api_version: str | None = None) -> Any:
    key = (service, api_version)
    if key not in _MODELS:
        _MODELS[key] = _load(creator, service, api_version)
    return _MODELS[key]


def _class(creator: Any, service: str, model: Any) -> type:
    """The class of a client, made once: in all sessions here the same handlers make it, boto3's own."""
    if service not in _CLASSES:
        _CLASSES[service] = _make_class(creator, service, model)
    return _CLASSES[service]


_of_function = cache(_hooks.accepts_kwargs)


def _accepts_kwargs(handler: Any) -> Any:
    """A method is asked for by its function, so that no session is kept alive."""
    return _of_function(getattr(handler, "__func__", handler))


def _aliased(aliaser: Any, name: str) -> str:
    """The aliases are one table of botocore's."""
    if name not in _NAMES:
        _NAMES[name] = _new_name(aliaser, name)
    return _NAMES[name]


def _copied(trie: Any, node: dict[str, Any]) -> dict[str, Any]:
    nodes = _hooks.NodeList
    return {
        key: _copied(trie, one)
        if isinstance(one, dict)
        else nodes(*(list(part) for part in one))
        if isinstance(one, nodes)
        else one
        for key, one in node.items()
    }
