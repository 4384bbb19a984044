"""The second look: whether the target is, right before the act, still the one that was decided about."""

from typing import assert_never

from firebreak.core.model import Obstacle, Plan, same_change
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import MEANINGS, Reason


def objection(planned: Plan, again: Reading[Plan | Obstacle]) -> Obstacle | None:
    """Why a claimed plan is not carried out, from the plan of a second look; None where it stands.

    Another plan, or none, says that somebody works on the target: their change stays as it is.
    """
    match again:
        case Plan() if same_change(planned, again):
            return None
        case Plan(summary=summary):
            return Obstacle(Reason.CHANGED_SINCE, f"by now the plan would be: {summary}")
        case Obstacle(detail=detail):
            return Obstacle(Reason.CHANGED_SINCE, detail)
        case Absent():
            return Obstacle(Reason.CHANGED_SINCE, "it does not exist any more")
        case Unknown(why) | NotRead(why):
            return Obstacle(Reason.NOT_READY_UNREADABLE, why)
        case never:
            assert_never(never)


def in_words(found: Obstacle) -> str:
    """The objection for humans, with the moment at which it was seen."""
    return f"{MEANINGS[found.reason].sentence} Right before the act: {found.detail}"
