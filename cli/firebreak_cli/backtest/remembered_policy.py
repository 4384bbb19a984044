"""A policy that works out the rules of an action on a target once: a replay asks for them again and again."""

from dataclasses import dataclass, field, fields

from firebreak.core.model import Target
from firebreak.core.rules import Rules
from firebreak.policy.policy import Policy


@dataclass(frozen=True, kw_only=True)
class RememberedPolicy(Policy):
    """The same policy."""

    _rules: dict[tuple[str, Target], Rules] = field(default_factory=dict, compare=False, repr=False)

    def rules(self, action: str, target: Target) -> Rules:
        """The rules for one action on one target, overrides resolved."""
        key = (action, target)
        if key not in self._rules:
            self._rules[key] = super().rules(action, target)
        return self._rules[key]


def remembered(policy: Policy) -> RememberedPolicy:
    """The policy, which remembers."""
    return RememberedPolicy(**{one.name: getattr(policy, one.name) for one in fields(Policy)})
