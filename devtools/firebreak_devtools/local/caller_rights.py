"""Asks the emulator's IAM what the caller of a stand-in is allowed. Runs in the emulator's process.

The statements of `permissions.py`, which allow a role its own actions on every resource, do not count
here: the resources and conditions of the template are what is asked for.
"""

import os

from ministack.core import iam_evaluator  # type: ignore[import-not-found]  # only the emulator's environment has it
from scalable_targets import Trial  # type: ignore[import-not-found]  # next to this file when run

# The Sid of `permissions.py`, which this file cannot import.
WIDENED = "LocalResources"


def allows(access_key: str, trial: Trial) -> bool:
    """Whether the caller's own policies allow it; a caller without policies is the account's root."""
    if os.environ["AUTH"] != "true":
        return True
    principal = iam_evaluator.resolve_principal(access_key, os.environ["MINISTACK_ACCOUNT_ID"])
    if isinstance(principal, iam_evaluator.AuthError):
        return False
    if principal.policies is None:
        return True
    own = [[one for one in document if one.sid != WIDENED] for document in principal.policies]
    decided = iam_evaluator.evaluate(_context(principal, trial), own, *principal.limits)
    return bool(decided.decision == "Allow")


def _context(principal: iam_evaluator.PrincipalInfo, trial: Trial) -> iam_evaluator.EvalContext:
    region, account = os.environ["MINISTACK_REGION"], principal.account
    resource = f"arn:aws:ecs:{region}:{account}:service/{trial.service}" if trial.service else "*"
    return iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=account,
        action=trial.action,
        resource_arn=resource,
        region=region,
        # Whether AWS sets aws:ViaAWSService here is not documented: the rights must be enough without it.
        service_context={f"aws:resourcetag/{key}".lower(): value for key, value in trial.tags.items()},
        principal_keys=principal.keys,
    )
