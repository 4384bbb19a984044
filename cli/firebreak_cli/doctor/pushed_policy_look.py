"""The look at a policy that was pushed to AppConfig: FB404."""

from collections.abc import Iterator
from typing import assert_never

from firebreak.core.readings import Absent, NotRead
from firebreak.errors import PolicyError
from firebreak.ledger.ports import KeptPolicy, LeftOutPolicy
from firebreak.policy.compiled import deployed_build
from firebreak.policy.document import Compiled, compared_with_text, read_document
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, bad, unseen, warning
from firebreak_cli.explain.deployed_policy import difference
from firebreak_cli.policies import Served, kept_for, served_by
from firebreak_cli.policy_versions import Version
from firebreak_cli.queries.deciding_policy import DeployedPolicy


def newest_is_in_force(seen: Examination) -> Looked:
    """FB404. The version that AppConfig serves, and whether the functions decide by it."""
    if isinstance(seen.stack.policy_configuration, NotRead):
        why = f"whether the policy is in AppConfig is not known: {seen.stack.policy_configuration.why}"
        return Looked("", (unseen(why),))
    if not seen.stack.policy_configuration:
        return Looked(f"{seen.stack.policy_file} of the layer")
    found = served_by(seen.stack)
    if found.deployed is None or found.version is None:
        detail = "no policy was pushed: no action runs, and pages go by the layer's policy"
        return Looked("no version is deployed", (bad(detail),))
    at = f"version {found.deployed.version}, {found.version.description or 'which nobody signed'}"
    findings = (*_of_content(found.version), *_of_deployments(found), *_of_kept(seen), *_of_decisions(seen))
    return Looked(at, findings)


def _of_content(version: Version) -> Iterator[Finding]:
    try:
        number = read_document(version.content).number
        compiled = compared_with_text(version.content, deployed_build())
    except PolicyError as error:
        yield bad(f"version {version.number} does not load: {error.first}")
        return
    if number != version.number:
        yield warning(f"version {version.number} calls itself version {number}: another command wrote it")
    match compiled:
        case Compiled.MATCHES:
            return
        case Compiled.OTHER:
            yield bad(f"version {version.number} is compiled to another policy than its text")
        case Compiled.NOT_OF_THIS_BUILD:
            detail = "has no compiled form of this build, so it could not be compared with its text"
            yield warning(f"version {version.number} {detail}: push it again")
        case _:
            assert_never(compiled)


def _of_deployments(found: Served) -> Iterator[Finding]:
    yield from (warning(note) for note in found.notes)


def _of_kept(seen: Examination) -> Iterator[Finding]:
    """Whether a function that cannot load the newest policy has one to fall back to."""
    kept = kept_for(seen.stack)
    if isinstance(kept, KeptPolicy):
        return
    if isinstance(kept, LeftOutPolicy):
        yield warning(f"the ledger does not keep the policy that loaded last: {kept.why}")
        return
    why = "none was loaded yet" if isinstance(kept, Absent) else kept.why
    yield warning(f"the ledger keeps no policy that loaded: {why}")


def _of_decisions(seen: Examination) -> Iterator[Finding]:
    newest = seen.newest().decision
    if newest is None or not seen.used.version:
        return
    if differs := difference(DeployedPolicy(newest.policy, newest.at), seen.used):
        yield bad(differs)
