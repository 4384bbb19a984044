"""The plan for the alarms of an account: a pure function of their configuration, tags and targets."""

from collections.abc import Sequence
from datetime import datetime

from firebreak.core.model import AlarmKind
from firebreak_cli.adopt.composites import with_composites
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.existing import ExistingAlarm
from firebreak_cli.adopt.judging import Known, judged


def plan(alarms: Sequence[ExistingAlarm], known: Known, now: datetime) -> Plan:
    """An entry for each alarm, in the order of their names."""
    single = [alarm for alarm in alarms if alarm.event.kind is not AlarmKind.COMPOSITE]
    judged_alone = {alarm.shown.name: judged(alarm, known) for alarm in single}
    entries = with_composites(alarms, judged_alone, known)
    ordered = tuple(entries[name] for name in sorted(entries))
    return Plan(account=known.home.account, region=known.home.region, made_at=now, entries=ordered)
