"""The looks at the stack itself: FB101 to FB110, and FB113."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from firebreak.aws.translate import translated
from firebreak.core.formats import format_date_time as when
from firebreak.core.formats import format_span
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import switch_scope_words
from firebreak.services.registry import CATALOG
from firebreak_cli.doctor.deployment import (
    ALARM,
    FUNCTION,
    REPORT,
    WATCH,
    Deployment,
    Triggers,
    switchable_rules,
)
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, bad, unseen, warning
from firebreak_cli.operations.pause_scopes import GLOBAL
from firebreak_cli.operations.storms import StormDesk
from firebreak_cli.operations.switches import SwitchBoard
from firebreak_cli.queries.heartbeats import NOTHING_RESERVED, RESERVED, switched_off_by

# A pause of a day is rarely meant.
LONG_HELD = timedelta(hours=24)
HEARTBEATS_MISSED = 3
_SOUND = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE"}
)
# docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
BRING_BACK = (
    "deploy the release again by a change set with --deployment-mode REVERT_DRIFT:"
    " a plain deployment does not see that something was deleted by hand"
)
# The heartbeat's alarm is red at each beat, and notifies nobody; a message in the queue is FB106's. Those
# on the daily look are red because of an earlier run: counted as a finding, they would stay red for ever.
_HEARTBEAT = "HeartbeatAlarm"
# How the alarm of a gradual deployment ends, after the name of its function (template/deployments.yaml.j2).
_ERRORS = "Errors"
_RED_IS_KNOWN = frozenset({"DeadLettersAlarm", _HEARTBEAT, "DoctorFindings", "DoctorMissing"})


def deployed_completely(seen: Examination) -> Looked:
    """FB101."""
    status = seen.deployment().status
    at = f"CloudFormation says {status}"
    if status in _SOUND:
        return Looked(at)
    if status.endswith("_IN_PROGRESS"):
        return Looked(at, (warning(f"{status}: look again when it is over"),))
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return Looked(at, (warning(f"{status}: the last deployment failed; the release before it runs"),))
    return Looked(at, (bad(status),))


def needed_rules(seen: Examination) -> Looked:
    """FB102."""
    rules = seen.rules()
    needed = sorted(rules.names.keys() - switchable_rules())
    if not needed:
        return Looked("no rule", (bad("CloudFormation lists no rule of the stack"),))
    return Looked(f"{len(needed)} rules", tuple(_not_at_work(rules, needed, bad)))


def needed_schedules(seen: Examination) -> Looked:
    """FB110."""
    schedules = seen.schedules()
    if not schedules.names:
        return Looked("no schedule", (bad("CloudFormation lists no schedule of the stack"),))
    names = sorted(schedules.names)
    return Looked(f"{len(names)} schedules", tuple(_not_at_work(schedules, names, bad)))


def _not_at_work(triggers: Triggers, names: Sequence[str], make: Callable[..., Finding]) -> Iterator[Finding]:
    for name in names:
        if problem := triggers.problem(name):
            mend = BRING_BACK if name in triggers.gone else ""
            yield make(f"{name} is {problem}", triggers.names[name], mend=mend, place=triggers.places[name])


def rules_of_actions(seen: Examination) -> Looked:
    """FB103."""
    rules = seen.rules()
    names = sorted(rules.names.keys() & switchable_rules())
    return Looked(f"{len(names)} rules", tuple(_not_at_work(rules, names, warning)))


# Where the stack reserves nothing for a function.
_TAKE_AWAY = "aws lambda delete-function-concurrency --function-name {subject} --region {region}"


def functions_may_run(seen: Examination) -> Looked:
    """FB104. One action that is stopped stops its own alarms, which FB202 lists."""
    functions, stopped = seen.deployment().of_type(FUNCTION), seen.stopped()
    actions = {spec.logical_id for spec in CATALOG.specs.values()} & functions.keys()
    all_stopped = actions <= stopped.keys()
    at = f"{len(functions)} functions"
    if not actions:
        return Looked(at, (bad("CloudFormation lists no function of an action"),))
    found = [_stopped(seen, name, stopped[name], all_stopped=all_stopped) for name in sorted(stopped)]
    return Looked(at, tuple(found))


def _stopped(seen: Examination, name: str, function: str, *, all_stopped: bool) -> Finding:
    detail = f"{name} has a reserved concurrency of 0"
    if name == REPORT:
        return warning(f"{detail}: nobody looks each day", function, mend=_TAKE_AWAY)
    given = seen.deployment().parameters.get(RESERVED, NOTHING_RESERVED)
    make = bad if name in WATCH or all_stopped else warning
    if given == "0" and name not in WATCH:
        detail += f": the stack was deployed with {RESERVED}=0"
        return make(detail, function, mend=f"sam deploy with {RESERVED}={NOTHING_RESERVED}")
    return make(detail, function, mend=_TAKE_AWAY if given in {"0", NOTHING_RESERVED} else "", copies=given)


def heartbeat_arrives(seen: Examination) -> Looked:
    """FB105."""
    deployed_at, parameters = seen.deployment().changed_at, seen.deployment().parameters
    minutes = int(parameters.get("HeartbeatMinutes", "15"))
    if switched_off_by(parameters):
        return Looked("no heartbeat", (unseen("the stack was deployed without a heartbeat"),))
    newest, longest = seen.newest(), HEARTBEATS_MISSED * timedelta(minutes=minutes)
    beat = newest.heartbeat
    if beat and seen.now - beat.at <= longest:
        return Looked(_last(seen, beat.at))
    at = _last(seen, beat.at) if beat else "none in the ledger"
    if newest.damaged:
        return Looked(
            at, (unseen(f"{newest.damaged} of the newest heartbeats in the ledger cannot be read"),)
        )
    if beat is None and seen.now - deployed_at <= longest:
        ago = format_span(seen.now - deployed_at)
        return Looked(at, (unseen(f"the stack was deployed {ago} ago, and no heartbeat came yet"),))
    if beat is None:
        return Looked(at, (bad("no heartbeat was ever recorded"),))
    return Looked(at, (bad(f"{at}, and one is due every {minutes} min"),))


def _last(seen: Examination, at: datetime) -> str:
    return f"the last one came {format_span(seen.now - at)} ago"


def dead_letters(seen: Examination) -> Looked:
    """FB106."""
    queue = seen.deployment().output("DeadLettersUrl")
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    with translated("GetQueueAttributes", mutates=False):
        reply = seen.stack.reader("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=list(names))
    waiting = sum(int(reply["Attributes"][name]) for name in names)
    at = f"{waiting} {'message' if waiting == 1 else 'messages'}"
    return Looked(at, (warning(f"{at} in the queue", queue=queue),) if waiting else ())


def nothing_paused(seen: Examination) -> Looked:
    """FB107. A pause of everything stops everything; FB210 lists the alarms that another one is about."""
    holds = SwitchBoard(seen.stack).held(seen.now)
    return Looked(f"{len(holds)} held", tuple(_held(seen, hold) for hold in holds))


def _held(seen: Examination, hold: Hold) -> Finding:
    age = seen.now - hold.since
    since = f", held for {format_span(age)} already" if age > LONG_HELD else ""
    scope = switch_scope_words(hold.scope)
    detail = f"{scope} by {hold.shown_holder} until {when(hold.until, seen.now)}{since}: {hold.why}"
    return (bad if hold.scope == GLOBAL else warning)(detail, scope)


def no_storm(seen: Examination) -> Looked:
    """FB108."""
    storm = StormDesk(seen.stack).look()
    if storm.tripped_at is None:
        return Looked("none")
    return Looked(
        "there is one", (bad(f"since {when(storm.tripped_at, seen.now)}, {len(storm.red)} alarms"),)
    )


def own_alarms(seen: Examination) -> Looked:
    """FB109."""
    names, topic = _watching(seen.deployment()), seen.deployment().output("PageTopicArn")
    at = f"{len(names)} alarms"
    if not names:
        return Looked(at, (bad("CloudFormation lists no alarm of the stack"),))
    found = (_own_alarm(seen, name, names[name], topic) for name in sorted(names))
    return Looked(at, tuple(finding for finding in found if finding))


def _watching(deployed: Deployment) -> Mapping[str, str]:
    """The alarms on Firebreak itself: those of gradual deployments are for CodeDeploy, and notify nobody."""
    functions = deployed.of_type(FUNCTION)
    alarms = deployed.of_type(ALARM).items()
    return {name: alarm for name, alarm in alarms if name.removesuffix(_ERRORS) not in functions}


def _own_alarm(seen: Examination, name: str, alarm: str, topic: str) -> Finding | None:
    shape = seen.alarms().get(alarm)
    if shape is None:
        return bad(f"{name} is gone", alarm, mend=BRING_BACK)
    if shape["StateValue"] == "ALARM" and name not in _RED_IS_KNOWN:
        return bad(f"{name} is red", alarm)
    if name == _HEARTBEAT:
        return None
    if not shape.get("ActionsEnabled", True) or not shape.get("AlarmActions"):
        return bad(f"{name} would notify nobody: its actions are disabled or taken away", alarm)
    if topic not in shape["AlarmActions"]:
        return bad(f"{name} does not notify the topic of pages", alarm)
    return None


# A ledger that another stack made is none of this one's resources.
_PROTECT = "aws dynamodb update-table --table-name {subject} --deletion-protection-enabled --region {region}"


def ledger_is_protected(seen: Examination) -> Looked:
    """FB113. The first deployment leaves the protection off: it could not be rolled back otherwise."""
    name, parameters = seen.stack.ledger_table, seen.deployment().parameters
    with translated("DescribeTable", mutates=False):
        table = seen.stack.reader("dynamodb").describe_table(TableName=name)["Table"]
    if table.get("DeletionProtectionEnabled", False):
        return Looked(name)
    mend = _PROTECT if parameters.get("LedgerTableName") else ""
    return Looked(name, (warning("it can be deleted like any table", name, mend=mend),))
