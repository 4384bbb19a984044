"""A temporary change at rest: it helped, and is taken back once every alarm was OK for long enough.

Only the alarms and the restore plan count here. The act was judged when its recovery had held; events of
the target meanwhile (a deployment, a lost task) are no longer the act's doing.
"""

from datetime import datetime, timedelta

from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.incident.verdict import (
    NO_ALARM,
    Evidence,
    GiveToHumans,
    Judgement,
    Keep,
    Rest,
    Step,
    TakeBack,
    judge_alarms,
    next_look,
    next_rung,
    well_since,
)
from firebreak.core.model import Obstacle, Plan, Verdict
from firebreak.core.rules import Verification


def judge_rest(incident: Incident, evidence: Evidence) -> Judgement:
    """The verdict of the alarms on an incident that rests; without any, nothing speaks against it."""
    if incident.has_no_alarm:
        return Judgement(Verdict.RECOVERED, NO_ALARM)
    return judge_alarms(evidence.alarms, incident.left_out)


def after_rest(
    incident: Incident, evidence: Evidence, rules: Verification, now: datetime, max_age: timedelta
) -> Step:
    """The next step of an incident that rests: more rest, the next rung, the restore, or humans."""
    since = well_since(incident, evidence, now)
    back_at = since + max(rules.healthy_for, rules.restore_after)
    match judge_rest(incident, evidence).verdict:
        case Verdict.NOT_RECOVERED:
            return next_rung(incident.ladder, incident.rung)
        case Verdict.RECOVERED if now < back_at:
            return Rest(next_look(back_at, rules, now), since, back_at)
        case Verdict.RECOVERED if isinstance(evidence.ways.restore, Plan):
            return TakeBack(Purpose.RESTORE)
        case Verdict.RECOVERED if isinstance(evidence.ways.restore, Obstacle):
            return Keep(evidence.ways.restore.detail)
        case _:
            # The state is not known now: the change stays a little longer, but not for good unannounced.
            given_up = since + rules.restore_after + max_age < now
            return GiveToHumans() if given_up else Rest(now + rules.retry_every, since, back_at)
