"""The questions about the deployment, asked by reads alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from firebreak.aws.translate import translated
from firebreak.errors import Denied, NotFound
from firebreak_cli.doctor import stack_looks
from firebreak_cli.doctor.deployment import FUNCTION, RULE, pages
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Looked, Result
from firebreak_cli.doctor.on_aws.alarm_answers import FIRST_HEARTBEAT, first_heartbeat_is_due
from firebreak_cli.doctor.on_aws.decided import decided_since, incidents_of
from firebreak_cli.doctor.on_aws.model import Answered, NotAsked, Reply
from firebreak_cli.doctor.roles import ROLE
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.queries.heartbeats import switched_off_by
from firebreak_cli.stack import patient

LIVE = "live"
POLICY = "AWS::IAM::ManagedPolicy"
TRIALS = ("cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms")
SCALE, SCALE_ROLE = "scale-service", "ScaleServiceRole"
# The parameters that the description of Verify's version names (template/macros.yaml.j2).
IN_DESCRIPTION = ("Architecture", "KeyArn", "PolicyFile", "PolicySource", "DecisionRetentionInDays")


def shortened_names(seen: Examination) -> Reply:
    """Whether the names that CloudFormation made begin with the stack's."""
    deployed, name = seen.deployment(), seen.stack.name
    made = [*deployed.of_type(ROLE).values(), *deployed.of_type(RULE).values()]
    names = [one.rpartition("|")[2] for one in made]
    if not names:
        raise Ending(NO_AWS, "CloudFormation lists no rule and no role of the stack")
    short = [one for one in names if not one.startswith(f"{name}-")]
    if not short:
        return Answered("whole", f"{len(names)} names")
    kept = min(_common(name, one) for one in short)
    return Answered("shortened", f"{len(short)} of {len(names)}, {kept} of {len(name)} characters at least")


def _common(name: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(name, other, strict=False))
    return next((at for at, (one, two) in pairs if one != two), min(len(name), len(other)))


def role_paths(seen: Examination) -> Reply:
    """Whether listing by the stack's path gives the roles of the stack."""
    own = set(seen.deployment().of_type(ROLE).values())
    iam = patient(seen.stack.session, "iam")
    found = {one["RoleName"] for one in pages(iam, "list_roles", "Roles", PathPrefix=f"/{seen.stack.name}/")}
    detail = f"{len(found)} by the path, {len(own)} of the stack"
    if own - found:
        return Answered("fewer", detail)
    return Answered("more" if found - own else "as-declared", detail)


def page_destination(seen: Examination) -> Reply:
    """Whether the failure destination of Page is the topic of pages."""
    client, topic = seen.stack.reader("lambda"), seen.deployment().output("PageTopicArn")
    try:
        with translated("GetFunctionEventInvokeConfig", mutates=False):
            found = client.get_function_event_invoke_config(
                FunctionName=_function(seen, "Page"), Qualifier=LIVE
            )
    except NotFound:
        return Answered("empty", "none is set")
    destination = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    return Answered("topic" if destination == topic else "empty")


def _function(seen: Examination, name: str) -> str:
    """A function's physical name, by its name in the template. Raises Ending where the stack has none."""
    functions = seen.deployment().of_type(FUNCTION)
    if name not in functions:
        raise Ending(NO_AWS, f"CloudFormation lists no function {name}")
    return functions[name]


def trial_calls(seen: Examination) -> Reply:
    """Whether Auto Scaling took a registration of scale-service, or IAM would deny its trials."""
    registered = [one for one in incidents_of(seen, SCALE) if one.plan and "minCapacity" in one.plan.change]
    if any(one.receipt for one in registered):
        return Answered("acted")
    if any("ValidationException" in one.note for one in registered):
        return Answered("validation")
    denied = [one for one in _simulated(seen) if one["EvalDecision"] != "allowed"]
    if denied:
        return Answered(
            "denied", ", ".join(sorted(f"{one['EvalActionName']}: {one['EvalDecision']}" for one in denied))
        )
    return NotAsked(
        "the policies allow the trials, and no auto-scaled service was acted on yet: "
        "`firebreak act scale-service ecs:CLUSTER/SERVICE --reason REASON`, "
        "then `firebreak undo ID --reason REASON`"
    )


def confirmed_callers(seen: Examination) -> Reply:
    """Whether STS confirmed the caller of a human's request in the last two weeks."""
    asked = [one.confirmed for one in decided_since(seen, seen.now - timedelta(days=14))]
    if True in asked:
        return Answered("confirmed")
    if False in asked:
        return Answered("denied", f"{asked.count(False)} requests")
    return NotAsked(
        "nobody approved or requested an act in the last two weeks: "
        "`firebreak act restart-service ecs:CLUSTER/SERVICE --reason REASON` on a target of a test"
    )


def _simulated(seen: Examination) -> Sequence[Mapping[str, Any]]:
    iam, roles = patient(seen.stack.session, "iam"), seen.deployment().of_type(ROLE)
    if SCALE_ROLE not in roles:
        raise Ending(NO_AWS, f"CloudFormation lists no role {SCALE_ROLE}")
    with translated("GetRole", mutates=False):
        arn = iam.get_role(RoleName=roles[SCALE_ROLE])["Role"]["Arn"]
    return list(
        pages(
            iam, "simulate_principal_policy", "EvaluationResults", PolicySourceArn=arn, ActionNames=[*TRIALS]
        )
    )


def rules_under_key(seen: Examination) -> Reply:
    """Whether the caller may list the rules of the stack's bus, where a key of the user's encrypts it."""
    if not _has_key(seen):
        return NotAsked("the stack has no KeyArn")
    events = seen.stack.reader("events")
    with translated("ListRules", mutates=False):
        events.list_rules(EventBusName="default", Limit=1)
    try:
        with translated("ListRules", mutates=False):
            events.list_rules(EventBusName=seen.stack.bus_name, Limit=1)
    except Denied as error:
        # The same right on the same kind of resource: only the key is another.
        return Answered("refused", error.code)
    return Answered("listed")


def _has_key(seen: Examination) -> bool:
    return bool(seen.deployment().parameters.get("KeyArn"))


def schedules_under_key(seen: Examination) -> Reply:
    """Whether the heartbeat arrives and no alarm of the stack is red, by the looks of FB105 and FB109."""
    if not _has_key(seen):
        return NotAsked("the stack has no KeyArn")
    looks = {"FB105": stack_looks.heartbeat_arrives(seen), "FB109": stack_looks.own_alarms(seen)}
    if red := _details(looks, Result.BAD):
        return Answered("do-not-arrive", red)
    if unseen := _details(looks, Result.COULD_NOT_LOOK):
        if switched_off_by(seen.deployment().parameters) or seen.now < first_heartbeat_is_due(seen):
            return NotAsked(unseen)
        raise Ending(NO_AWS, unseen)
    return Answered("arrive", looks["FB105"].at)


def _details(looks: Mapping[str, Looked], result: Result) -> str:
    found = [
        f"{code} {one.detail}"
        for code, look in looks.items()
        for one in look.findings
        if one.result is result
    ]
    return "; ".join(found)


def held_policies(seen: Examination) -> Reply:
    """How many roles, users and groups outside of the stack hold a policy that the stack made."""
    deployed, iam = seen.deployment(), patient(seen.stack.session, "iam")
    policies = deployed.of_type(POLICY).values()
    own = {("PolicyRoles", name) for name in deployed.of_type(ROLE).values()}
    held = sum(1 for arn in policies for one in _holders(iam, arn) if one not in own)
    detail = f"{held} hold one of {len(policies)} policies"
    return Answered("held" if held else "free", detail)


_HOLDERS = {"PolicyRoles": "RoleName", "PolicyUsers": "UserName", "PolicyGroups": "GroupName"}


def _holders(iam: Any, arn: str) -> Iterator[tuple[str, str]]:
    """All that a managed policy is attached to: the kind and the name."""
    for kind, name in _HOLDERS.items():
        for one in pages(iam, "list_entities_for_policy", kind, PolicyArn=arn):
            yield kind, one[name]


def architecture(seen: Examination) -> Reply:
    """Whether the alias of Verify runs on the architecture that the stack was deployed with."""
    wanted = seen.deployment().parameters.get("Architecture", "arm64")
    runs = _verify(seen).get("Architectures", ["x86_64"])
    return Answered(
        "as-deployed" if runs == [wanted] else "another", f"{', '.join(runs)}; deployed with {wanted}"
    )


def _verify(seen: Examination) -> Mapping[str, Any]:
    """The configuration of the version that the alias of Verify names."""
    with translated("GetFunctionConfiguration", mutates=False):
        found: Mapping[str, Any] = seen.stack.reader("lambda").get_function_configuration(
            FunctionName=_function(seen, "Verify"), Qualifier=LIVE
        )
    return found


def parameters_reach_aliases(seen: Examination) -> Reply:
    """Whether the description of Verify's version names the parameters that the stack has now."""
    parameters, words = seen.deployment().parameters, _verify(seen).get("Description", "").split()
    named = [name for name in IN_DESCRIPTION if name in parameters]
    if not named:
        raise Ending(NO_AWS, "CloudFormation shows no parameter of the stack to compare with")
    missing = [name for name in named if parameters[name] not in ("", *words)]
    # An empty value is no word. Only the key may be empty, and no other value looks like an ARN.
    if parameters.get("KeyArn") == "" and any(word.startswith("arn:") for word in words):
        missing.append("KeyArn")
    return Answered("stayed", f"not {', '.join(missing)}") if missing else Answered("reached")


def service_names(seen: Examination) -> Reply:
    """Whether a heartbeat came, which needs three of AWS's services under their names."""
    if off := switched_off_by(seen.deployment().parameters):
        return NotAsked(f"the stack was deployed without a heartbeat ({off})")
    newest = seen.newest()
    if newest.heartbeat:
        return Answered("known")
    if newest.damaged:
        raise Ending(NO_AWS, f"{newest.damaged} of the newest heartbeats in the ledger cannot be read")
    if seen.now < first_heartbeat_is_due(seen):
        hours = FIRST_HEARTBEAT.total_seconds() / 3600
        return NotAsked(f"no heartbeat came yet, and the deployment is not {hours:.0f} hours old")
    return Answered("no-heartbeat")
