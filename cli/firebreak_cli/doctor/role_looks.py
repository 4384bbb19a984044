"""The looks at what the roles of the stack may do: FB112 and FB211. Both read each role once."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from firebreak.core.readings import Absent, Unknown
from firebreak.services.registry import CATALOG
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, bad, unseen, warning
from firebreak_cli.doctor.roles import ROLE, Rights, RoleRights
from firebreak_cli.doctor.stack_looks import BRING_BACK

SIMULATION = "iam:SimulatePrincipalPolicy"
_ALLOW = "have the owner of the policy that denies it allow it for the role {subject}"


def roles_allow(seen: Examination) -> Looked:
    """FB112. A role of one action stops its own alarms, which FB211 lists."""
    roles, names = seen.roles(), seen.deployment().of_type(ROLE)
    at = f"{len(roles)} roles"
    if not roles:
        return Looked(at, (bad("CloudFormation lists no role of a function"),))
    of_actions = {f"{spec.logical_id}Role" for spec in CATALOG.specs.values()} & roles.keys()
    all_broken = all(_problem(roles[name]) for name in of_actions)
    found: list[Finding] = []
    for name, rights in roles.items():
        stops_all = all_broken or name not in of_actions
        found += _findings(name, names[name], rights, stops_all=stops_all)
    return Looked(at, (*found, *_not_simulated(list(roles.values()))))


def _findings(name: str, role: str, rights: RoleRights, *, stops_all: bool) -> Iterator[Finding]:
    make = bad if stops_all else warning
    match rights:
        case Absent():
            yield make(f"{name} is gone", role, mend=BRING_BACK)
        case Unknown(why):
            yield unseen(f"{name}: {why}", role)
        case Rights(missing=missing, refused=refused, doubtful=doubtful):
            if missing:
                yield make(f"{name} does not allow {', '.join(missing)}", role, mend=BRING_BACK)
            if refused:
                yield make(f"{name} is refused {', '.join(refused)}", role, mend=_ALLOW)
            if doubtful:
                yield warning(f"{name} may be refused {', '.join(doubtful)}", role, mend=_ALLOW)
        case never:
            assert_never(never)


def _not_simulated(roles: Sequence[RoleRights]) -> Iterator[Finding]:
    """One finding, however many roles it is about: as a rule all of them fail for one reason."""
    whys = [one.simulated.why for one in roles if isinstance(one, Rights) and one.simulated]
    if whys:
        detail = f"whether a boundary, an organization or a denial refuses: not asked for {len(whys)} roles"
        yield unseen(f"{detail}, {whys[0]}", SIMULATION)


def _problem(rights: RoleRights) -> str:
    """Why the function fails for certain; empty where it does not, or nobody could look."""
    match rights:
        case Absent():
            return "its role is gone"
        case Rights(missing=missing, refused=refused):
            return f"its role may not {', '.join((*missing, *refused))}" if missing or refused else ""
        case Unknown():
            return ""
        case never:
            assert_never(never)


def roles_of_alarms_allow(seen: Examination) -> Looked:
    """FB211. A role that nobody could look at is FB112's."""
    acting = seen.survey().acting
    roles = seen.roles()
    found = []
    for one in acting:
        rights = roles.get(f"{CATALOG.specs[one.action].logical_id}Role")
        if rights is not None and (problem := _problem(rights)):
            found.append(bad(f"{one.action} would fail: {problem}", one.name))
    return Looked(f"{len(acting)} alarms", tuple(found))
