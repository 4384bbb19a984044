"""Keeps the text of the policy that decides, so that a decision can be made again by it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firebreak.core.ports import Log
from firebreak.errors import AwsError, PolicyError
from firebreak.ledger.ports import PolicyTexts
from firebreak.policy.policy import Policy

# The name of a secret is none; a line of a policy that names one would look like it.
_REFERENCE = re.compile(r'"arn:[a-z-]+:(?:secretsmanager|ssm):[^"]*"')

# Every line is searched for secrets, which takes milliseconds for the policies that people write.
MOST_CHARACTERS = 200_000

# Each write puts its end off, so the text is there as long as the decisions that name it.
EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKeeper:
    """Writes the text once a day for each function's process that sweeps.

    `policy` and `text` load both, and raise PolicyError. `looks_secret` says whether a line does.
    """

    policy: Callable[[], Policy]
    text: Callable[[], str]
    looks_secret: Callable[[str], bool]
    texts: PolicyTexts
    log: Log
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
        except (AwsError, PolicyError) as error:
            self.log.event("policy.not_kept", error=str(error))

    def _write(self, policy_hash: str, now: datetime) -> None:
        text = self.text()
        if len(text) > MOST_CHARACTERS:
            self.texts.leave_out(policy_hash, f"its text is too large: {len(text)} characters", now)
            return
        lines = _REFERENCE.sub("", text).splitlines()
        secret = next((n for n, line in enumerate(lines, 1) if self.looks_secret(line)), 0)
        if secret:
            self.texts.leave_out(policy_hash, f"line {secret} of its text looks like a secret", now)
        else:
            self.texts.keep(policy_hash, text, now)


def keeps_no_policy(now: datetime) -> None:
    """Keeps none: of a Verify whose decisions nobody replays."""
    del now
