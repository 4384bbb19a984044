"""The scope of a switch, as `--scope` says it, and whether anything here goes by that name."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from firebreak.aws.translate import translated
from firebreak.core.action_spec import Runbook
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.scopes import application_scope
from firebreak.core.model import Target
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.tags import OPT_IN_TAG
from firebreak.errors import AwsError
from firebreak.intake.names import read_target
from firebreak.ledger.switches import switch_pk
from firebreak.policy.policy import Policy
from firebreak.services.action import AnyAction
from firebreak.services.connections import Connections, NoWrites
from firebreak.services.registry import ACTIONS, CATALOG
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.policies import policy_if_known
from firebreak_cli.stack import Stack

GLOBAL = "global"
_SCOPES = "global, action NAME, group ecs:CLUSTER, application NAME or target ecs:CLUSTER/SERVICE"
# A scope is read before the network is asked where it is.
_ANYWHERE = Target("", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a switch: the ledger's name for it, and the words that gave it."""

    key: str
    words: str

    @property
    def pk(self) -> str:
        """The partition key of the switch in the ledger."""
        return switch_pk(self.key)


@dataclass(frozen=True, slots=True)
class NamedScope:
    """A scope as it was written. `target` is what the name means; of a group, any target in it."""

    kind: str
    name: str = ""
    target: Target = _ANYWHERE

    @property
    def words(self) -> str:
        """The scope as people write it."""
        return f"{self.kind} {self.name}".strip()

    def on(self, stack: Stack) -> Scope:
        """The same by the keys that a claim checks."""
        return self.at(stack.account, stack.region)

    def at(self, account: str, region: str) -> Scope:
        """The same by the keys that a claim checks in this account and region."""
        placed = replace(self.target, account=account, region=region)
        match self.kind:
            case "target":
                return Scope(f"target {placed.key}", self.words)
            case "group":
                return Scope(f"group {placed.group_key}", self.words)
            case "application":
                scope = application_scope(placed, self.name)
                return Scope(f"{scope.level} {scope.key}", self.words)
            case _:
                return Scope(self.words, self.words)

    def placed(self, stack: Stack) -> Target:
        """The target in the stack's account and region."""
        return replace(self.target, account=stack.account, region=stack.region)


def read_scope(written: str, name: str) -> NamedScope:
    """The scope that `--scope WRITTEN [NAME]` means; nothing is asked of AWS. Raises Ending."""
    kind, _, rest = " ".join(f"{written} {name}".split()).partition(" ")
    match kind, rest:
        case ("global", ""):
            return NamedScope(GLOBAL)
        case ("global", named):
            raise Ending(BAD_INPUT, f"{named}: say what it is, with --scope {_kind_of(named)}")
        case ("action", action) if action in CATALOG:
            return NamedScope("action", action)
        case ("action", action):
            meant = _did_you_mean(action, lambda: CATALOG)
            raise Ending(BAD_INPUT, f"--scope action: expected one of {', '.join(CATALOG)}{meant}")
        case ("group", group) if group:
            return NamedScope("group", group, _read(f"{group}/any", f"group {group}: expected ecs:CLUSTER"))
        case ("application", application) if application:
            return NamedScope("application", application)
        case ("target", target) if target:
            return NamedScope(
                "target", target, _read(target, f"target {target}: expected ecs:CLUSTER/SERVICE")
            )
        case _:
            raise Ending(BAD_INPUT, f"--scope {written}: expected {_SCOPES}")


def _kind_of(named: str) -> str:
    """The most likely kind of a name that came without one."""
    if named in CATALOG:
        return f"action {named}"
    if isinstance(read_target(named, "", ""), Target):
        return f"target {named}"
    if isinstance(read_target(f"{named}/any", "", ""), Target):
        return f"group {named}"
    return "one of " + _SCOPES


def _read(written: str, problem: str) -> Target:
    found = read_target(written, "", "")
    if not isinstance(found, Target):
        raise Ending(BAD_INPUT, f"--scope {problem}")
    return found


def doubt_about(scope: NamedScope, stack: Stack, now: datetime) -> str | Unknown:
    """Why a switch with this scope would stop nothing; empty where it stops something.

    Unknown when AWS could not be asked: that must keep nobody from stopping Firebreak.
    """
    match scope.kind:
        case "target":
            return _about_target(scope.placed(stack), stack)
        case "group":
            return _about_group(scope.placed(stack), stack, now)
        case "application":
            return _about_application(scope.name, stack)
        case _:
            return ""


def _about_target(target: Target, stack: Stack) -> str | Unknown:
    policy = _policy(stack)
    found = _action_on(target.service, stack, policy).observe(target).tags
    match found:
        case Absent():
            meant = _did_you_mean(target.display, lambda: _targets_near(target, stack, policy))
            return f"{target.display} does not exist in {stack.place}{meant}"
        case Unknown(why) | NotRead(why):
            return Unknown(why)
        case tags if tags.get(OPT_IN_TAG) == "true" or _names(policy, target):
            return ""
        case _:
            return f"{target.display} is not tagged {OPT_IN_TAG}=true, so nothing would act on it"


def _did_you_mean(written: str, known: Callable[[], Iterable[str]]) -> str:
    """The names that may have been meant; nothing where they may not be listed: it is only a hint."""
    try:
        meant = difflib.get_close_matches(written, [*known()], n=3)
    except AwsError:
        return ""
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def _targets_near(target: Target, stack: Stack, policy: Policy | None) -> Iterator[str]:
    """The targets in the policy, and the services of the same cluster, or of the clusters that are there."""
    if policy:
        yield from (one.target for one in policy.overrides)
    if target.service != "ecs":
        return
    clusters = [one.removeprefix("ecs:") for one in _clusters(stack)]
    near = difflib.get_close_matches(target.group, clusters, n=1)
    for cluster in near:
        yield from (f"ecs:{cluster}/{name}" for name in _listed(stack, "services", cluster=cluster))


def _clusters(stack: Stack) -> list[str]:
    return [f"ecs:{name}" for name in _listed(stack, "clusters")]


def _listed(stack: Stack, what: str, **of: str) -> list[str]:
    """The names of what ECS lists, a thousand at most. Raises AwsError."""
    ecs = stack.reader("ecs")
    with translated(f"List{what.title()}", mutates=False):
        pages = ecs.get_paginator(f"list_{what}").paginate(PaginationConfig={"MaxItems": 1000}, **of)
        return [arn.rpartition("/")[2] for page in pages for arn in page[f"{what[:-1]}Arns"]]


def _names(policy: Policy | None, target: Target) -> bool:
    return policy is not None and any(one.target == target.display for one in policy.overrides)


def _about_group(member: Target, stack: Stack, now: datetime) -> str | Unknown:
    found = _action_on(member.service, stack, None).group(member, now, health=False)
    match found:
        case Absent():
            group = f"{member.service}:{member.group}"
            meant = _did_you_mean(group, lambda: _clusters(stack) if member.service == "ecs" else ())
            return f"group {group} does not exist in {stack.place}{meant}"
        case GroupCount():
            return ""
        case Unknown(why) | NotRead(why):
            return Unknown(why)
        case _:
            assert_never(found)


def _about_application(name: str, stack: Stack) -> str | Unknown:
    policy = _policy(stack)
    if policy is None:
        return Unknown(f"{stack.policy_place} does not load here")
    if not policy.defaults.application_tag:
        return f"the policy names no application_tag, so nothing belongs to application {name}"
    return Unknown("applications are the values of a tag, which is not searched for")


def _policy(stack: Stack) -> Policy | None:
    found = policy_if_known(stack)
    return found.policy if found else None


def _action_on(service: str, stack: Stack, policy: Policy | None) -> AnyAction:
    """The action of that service that looks at the least; each sees tags and group in the same way."""

    def listed(name: str) -> Reading[Runbook]:
        return (policy.runbook(name) if policy else None) or ABSENT

    services = Connections(stack.reader, lambda _: NoWrites(), listed)
    of_service = (spec for spec in CATALOG.specs.values() if spec.service == service)
    return ACTIONS[min(of_service, key=lambda spec: len(spec.permissions)).name](services)
