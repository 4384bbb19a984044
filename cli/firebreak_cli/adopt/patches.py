"""The change for the owner of an alarm or a target, as a piece of their own code.

Names are other people's text: they stand in comments of one line, or quoted.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from firebreak.paging.rendering import plain
from firebreak_cli.adopt.entries import OPTED_IN, Entry, Plan
from firebreak_cli.adopt.owners import Owner, OwnerKind


@dataclass(frozen=True, slots=True)
class Wish:
    """The tags to be added to one resource; `what` names it. `propagates` asks for its tags in its events."""

    what: str
    owner: Owner
    tags: Mapping[str, str]
    propagates: bool = False


def wishes_of(plan: Plan) -> Iterator[Wish]:
    """The patches of a plan, for each alarm and each target, the targets last and each once."""
    for entry in plan.adopted:
        wish = wish_of(entry)
        if wish.tags or wish.propagates:
            yield wish
    for target, owner in plan.opt_ins.items():
        yield Wish(target, owner, OPTED_IN)


def wish_of(entry: Entry) -> Wish:
    """The patch of one alarm."""
    return Wish(f"alarm {entry.alarm}", entry.owner, entry.missing, entry.needs_propagation)


def patches(wishes: Sequence[Wish]) -> Iterator[str]:
    """A patch for each owner, in the order of their names."""
    by_owner: dict[tuple[str, str], list[Wish]] = defaultdict(list)
    for wish in wishes:
        by_owner[wish.owner.kind, wish.owner.name].append(wish)
    for (_, _), of_owner in sorted(by_owner.items()):
        yield "\n".join(_patch(of_owner[0].owner, of_owner))


def _patch(owner: Owner, wishes: Sequence[Wish]) -> Iterator[str]:
    match owner.kind:
        case OwnerKind.CLOUDFORMATION:
            yield from _cloudformation(owner, wishes)
        case OwnerKind.TERRAFORM:
            yield from _terraform(wishes)
        case OwnerKind.NOBODY | OwnerKind.NOT_KNOWN | OwnerKind.OTHER:
            yield f"# {_who(owner)}: add these tags"
            yield from (f"{_line(wish.what)}: {_written(wish.tags)}" for wish in wishes if wish.tags)
        case never:
            assert_never(never)


def _who(owner: Owner) -> str:
    match owner.kind:
        case OwnerKind.NOBODY:
            return "nobody manages these"
        case OwnerKind.NOT_KNOWN:
            return "who manages these is not known"
        case _:
            return _line(owner.shown)


def _cloudformation(owner: Owner, wishes: Sequence[Wish]) -> Iterator[str]:
    """A part of the template, to be merged: AWS::CloudWatch::Alarm takes both without an interruption."""
    yield f"# {_line(owner.shown)}: merge into its template"
    yield "Resources:"
    for number, wish in enumerate(wishes, start=1):
        known = wish.owner.resource.isalnum()
        yield f"  {wish.owner.resource if known else f'Resource{number}'}:  # {_line(wish.what)}" + (
            "" if known else "; put its logical id here"
        )
        yield "    Properties:"
        if wish.propagates:
            yield "      ActionConfiguration: { AlarmTagsPropagation: { Enabled: true } }"
        if wish.tags:
            yield from _tags(wish)


def _tags(wish: Wish) -> Iterator[str]:
    """A list of pairs; of a function also the map of SAM, for CloudFormation does not say which one it is."""
    pairs = {json.dumps(key): json.dumps(value) for key, value in wish.tags.items()}
    yield "      Tags:"
    yield from (f"        - {{ Key: {key}, Value: {value} }}" for key, value in pairs.items())
    if wish.what.startswith("lambda:"):
        mapped = ", ".join(f"{key}: {value}" for key, value in pairs.items())
        yield f"      # of an AWS::Serverless::Function: Tags: {{ {mapped} }}"


def _terraform(wishes: Sequence[Wish]) -> Iterator[str]:
    """The argument for each resource; of the propagation of tags Terraform's provider knows nothing."""
    yield "# Terraform: add to the argument `tags` of each resource"
    for wish in wishes:
        if wish.tags:
            yield f"# {_line(wish.what)}"
            yield "tags = {"
            yield from (f"  {_hcl(key)} = {_hcl(value)}" for key, value in wish.tags.items())
            yield "}"


def _hcl(text: str) -> str:
    """A quoted string in which nothing is a template."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")


def _written(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{_line(key)}={_line(value)}" for key, value in tags.items())


def _line(text: str) -> str:
    return plain(text)
