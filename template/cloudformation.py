"""YAML of CloudFormation as data, with its short tags written out."""

from typing import Any

import yaml


class CloudFormationLoader(yaml.SafeLoader):
    """YAML with `!Ref X` read as `{"Ref": "X"}` and the like."""


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
        case _:
            raise yaml.YAMLError(f"!{suffix} on {node}")
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    return {name: value.split(".", 1) if suffix == "GetAtt" else value}


CloudFormationLoader.add_multi_constructor("!", _short_tag)
