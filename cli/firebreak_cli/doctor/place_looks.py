"""The looks at the policy as it is written, the account and this machine: FB401, FB402, FB501 and FB502."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from firebreak.aws.translate import translated
from firebreak.core.formats import format_span
from firebreak.policy.compiler import read_policy
from firebreak.policy.renamed_keys import warnings_of_names
from firebreak_cli.doctor.deployment import FUNCTION, REPORT, WATCH, Deployment
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Looked, unseen, warning
from firebreak_cli.explain.deployed_policy import difference
from firebreak_cli.policy_warnings import warnings_of
from firebreak_cli.queries.deciding_policy import DeployedPolicy
from firebreak_cli.queries.heartbeats import NOTHING_RESERVED, RESERVED

# Copies of each function that are worth reserving where the quota has room.
USUAL_COPIES = 2
# docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
KEPT_UNRESERVED = 100
# Times that are compared with those of a log are to the second; a reply may take some.
MISLEADING = timedelta(seconds=10)
_JUDGED_BY_ANOTHER = "Run it in the clone that was deployed, or name a file with --policy"


def same_policy(seen: Examination) -> Looked:
    """FB401. A judgement by a copy that the stack does not have is not known, unless --policy names it.

    Of a policy in AppConfig there is no copy: FB404 looks at that.
    """
    at = f"{seen.used.place} {seen.policy.hash}"
    if seen.used.version:
        return Looked(at)
    newest = seen.newest().decision
    if newest is None:
        return Looked("no decision", (unseen("no decision in the ledger names the policy of the stack"),))
    deployed = DeployedPolicy(newest.policy, newest.at)
    differs = difference(deployed, seen.used)
    if not differs:
        return Looked(at)
    if seen.policy_named:
        return Looked(at, (warning(differs),))
    return Looked(at, (unseen(f"{differs}. {_JUDGED_BY_ANOTHER}"),))


def no_odd_setting(seen: Examination) -> Looked:
    """FB402. The warnings of `firebreak policy check`."""
    source = read_policy(seen.used.text, seen.used.place)
    odd = (*warnings_of_names(source.renamed), *warnings_of(source.file, seen.now))
    return Looked(seen.used.place, tuple(warning(one, one.partition(":")[0]) for one in odd))


def enough_concurrency(seen: Examination) -> Looked:
    """FB501. Reserved concurrency is kept; the rest comes from a pool that the whole account uses."""
    # A stack of an earlier release reserved by parameters that are gone.
    given = seen.deployment().parameters.get(RESERVED, "")
    with translated("GetAccountSettings", mutates=False):
        limits = seen.stack.reader("lambda").get_account_settings()["AccountLimit"]
    quota, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    at = f"a quota of {quota}, {free} of it not reserved"
    functions = _unreserved(seen.deployment(), given)
    if not functions:
        return Looked(at)
    needed = USUAL_COPIES * functions
    detail = f"nothing is reserved for {functions} functions by {RESERVED}={given}: {at}"
    short = needed + KEPT_UNRESERVED - free
    mend = "" if short > 0 else f"sam deploy with {RESERVED}={USUAL_COPIES}"
    return Looked(at, (warning(detail, mend=mend, wanted=str(quota + short)),))


def _unreserved(deployed: Deployment, given: str) -> int:
    """The number of functions that alarms need and that no copies are reserved for."""
    needed = deployed.of_type(FUNCTION).keys() - {REPORT}
    if given == NOTHING_RESERVED:
        return len(needed)
    return len(needed & set(WATCH)) if given == "0" else 0


def clocks_agree(seen: Examination) -> Looked:
    """FB502. AWS writes its time on every reply; anybody may ask who they are."""
    with translated("GetCallerIdentity", mutates=False):
        reply = seen.stack.reader("sts").get_caller_identity()
    here, stated = seen.clock(), reply["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        offset = here - parsedate_to_datetime(stated)
    except ValueError:
        return Looked("no time", (unseen("the reply of AWS carries no time"),))
    side = "ahead of" if offset > timedelta() else "behind"
    detail = f"this machine's clock is {format_span(abs(offset))} {side} AWS's"
    return Looked(detail, (warning(detail),) if abs(offset) > MISLEADING else ())
