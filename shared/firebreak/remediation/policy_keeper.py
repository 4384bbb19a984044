"""Keeps the text of the policy that decides, so that a decision can be made again by it.

Where the policy comes from AppConfig, the last one that was loaded from there is kept, too, for the functions
that cannot load a newer one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firebreak.core.ports import Log
from firebreak.errors import AwsError, PolicyError
from firebreak.ledger.ports import KeptPolicy, LeftOutPolicy, PolicyTexts
from firebreak.policy.policy import Policy

if TYPE_CHECKING:
    from firebreak.remediation.policy_in_force import InForce

# The name of a secret is none; a line of a policy that names one would look like it.
_REFERENCE = re.compile(r'"arn:[a-z-]+:(?:secretsmanager|ssm):[^"]*"')

# Every line is searched for secrets, which takes milliseconds for the policies that people write.
MOST_CHARACTERS = 200_000

# Each write puts its end off, so the text is there as long as the decisions that name it.
EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKeeper:
    """Writes the text once a day for each function's process that sweeps.

    `policy` and `text` load both, and raise PolicyError. `looks_secret` says whether a line does. `served` is
    the policy that AppConfig serves now, None where it comes from the layer or does not load.
    """

    policy: Callable[[], Policy]
    text: Callable[[], str]
    looks_secret: Callable[[str], bool]
    texts: PolicyTexts
    log: Log
    served: "Callable[[], InForce | None]" = lambda: None
    written: dict[str, datetime] = field(default_factory=dict)

    def keep(self, now: datetime) -> None:
        """Writes the text where that is due.

        May fail without harm: the next sweep tries again, and an unusable policy is announced elsewhere.
        """
        try:
            policy_hash = self.policy().hash
            last = self.written.get(policy_hash)
            if last is None or now - last >= EVERY:
                self._write(policy_hash, now)
                self.written[policy_hash] = now
            self._keep_last_loaded()
        except (AwsError, PolicyError) as error:
            self.log.event("policy.not_kept", error=str(error))

    def _write(self, policy_hash: str, now: datetime) -> None:
        text = self.text()
        if why := why_not_kept(text, self.looks_secret):
            self.texts.leave_out(policy_hash, why, now)
        else:
            self.texts.keep(policy_hash, text, now)

    def _keep_last_loaded(self) -> None:
        """Keeps it with the time at which it was served; the ledger refuses one that was served earlier.

        Each sweep writes that time: by an older one a function would keep a policy that was taken back.
        """
        served = self.served()
        if served is None:
            return
        if why := why_not_kept(served.text, self.looks_secret):
            left = LeftOutPolicy(policy_hash=served.policy.hash, why=why, at=served.at)
            self.texts.leave_out_last_loaded(left)
        else:
            found = KeptPolicy(
                policy_hash=served.policy.hash, text=served.text, number=served.number, at=served.at
            )
            self.texts.keep_last_loaded(found)


def why_not_kept(text: str, looks_secret: Callable[[str], bool]) -> str:
    """Why the ledger does not keep the text of a policy; empty where it does."""
    if len(text) > MOST_CHARACTERS:
        return f"its text is too large: {len(text)} characters"
    lines = _REFERENCE.sub("", text).splitlines()
    secret = next((n for n, line in enumerate(lines, 1) if looks_secret(line)), 0)
    return f"line {secret} of its text looks like a secret" if secret else ""


def keeps_no_policy(now: datetime) -> None:
    """Keeps none: of a Verify whose decisions nobody replays."""
    del now
