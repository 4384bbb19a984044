"""Every change of every action is sent once, and a lost reply is called unknown: on a real socket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from boto3.session import Session

from firebreak.aws.clients import mutator
from firebreak.core.model import Plan, Request, RequestKind
from firebreak.core.rules import Rules
from firebreak.errors import AwsError, Denied, OutcomeUnknown, Throttled, Unavailable
from firebreak.services.action import Observation
from firebreak.services.connections import Connections
from firebreak.services.registry import ACTIONS
from tests.support import builders as a
from tests.support import builders_beanstalk as beanstalk
from tests.support import builders_deployments as deployments
from tests.support import builders_ecs as ecs
from tests.support import builders_functions as functions
from tests.support import builders_runbooks as runbooks
from tests.support import builders_ses as ses
from tests.support import builders_task_memory as memory
from tests.support import builders_tasks as tasks
from tests.support.builders_ecs import Loopback, session

JSON = '{{"__type": "{0}"}}'
XML = "<ErrorResponse><Error><Type>Sender</Type><Code>{0}</Code></Error></ErrorResponse>"


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which an action changes something: what it sees when it takes that way.

    `refusal` is the service's format of an error. With `undone` it is the undo
    from what is seen then; `left` are the calls of a plan that are still to be made.
    `first` answers the calls that come before the changing one, by their operation.
    """

    seen: Observation
    request: Request = ecs.REQUEST
    refusal: str = JSON
    rules: Rules | None = None
    undone: Observation | None = None
    left: Callable[[Plan], Plan] = lambda plan: plan
    first: Mapping[str, bytes] = field(default_factory=dict)


# Rights that a call needs, and no calls.
RIGHTS = {
    "cloudwatch:DeleteAlarms",
    "cloudwatch:PutMetricAlarm",
    "ecs:TagResource",
    "iam:PassRole",
    "ssm:AddTagsToResource",
}

# By the action and the IAM action of the call.
WAYS = {
    ("restart-service", "ecs:UpdateService"): Way(ecs.seen(ecs.service(), ecs.definition())),
    ("scale-service", "ecs:UpdateService"): Way(ecs.seen(ecs.service(), ecs.definition())),
    ("scale-service", "application-autoscaling:RegisterScalableTarget"): Way(
        ecs.seen(ecs.service(), ecs.definition(), ecs.owner())
    ),
    ("roll-back-service", "ecs:UpdateService"): Way(deployments.seen(), deployments.REQUEST),
    ("roll-back-service", "ecs:StopServiceDeployment"): Way(
        deployments.seen(deployments.history(deployments.running(), deployments.BEFORE)), deployments.REQUEST
    ),
    ("roll-back-service", "ecs:ContinueServiceDeployment"): Way(
        deployments.seen(
            deployments.history(deployments.running(), deployments.BEFORE, paused_hook="hook-1")
        ),
        deployments.REQUEST,
    ),
    ("replace-task", "ecs:StopTask"): Way(tasks.seen(), tasks.REQUEST),
    ("adjust-task-memory", "ecs:RegisterTaskDefinition"): Way(
        memory.seen(found=memory.size(rest=memory.real_rest())),
        memory.REQUEST,
        rules=memory.rules(),
        first=memory.answers("DescribeTaskDefinition"),
    ),
    ("adjust-task-memory", "ecs:UpdateService"): Way(
        memory.seen(found=memory.size(rest=memory.real_rest())),
        memory.REQUEST,
        rules=memory.rules(),
        first=memory.answers("DescribeTaskDefinition", "RegisterTaskDefinition"),
    ),
    ("restart-environment", "elasticbeanstalk:RestartAppServer"): Way(
        beanstalk.seen(beanstalk.environment(), beanstalk.event()), beanstalk.REQUEST, XML
    ),
    ("roll-back-environment", "elasticbeanstalk:UpdateEnvironment"): Way(
        beanstalk.deployed(), replace(beanstalk.REQUEST, by="ada"), XML
    ),
    ("pause-sending", "ses:PutConfigurationSetSendingOptions"): Way(ses.seen(), ses.REQUEST),
    ("pause-sending", "ses:PutAccountSendingAttributes"): Way(
        ses.seen(), ses.ACCOUNT_REQUEST, rules=a.rules("pause-sending", named=True)
    ),
    ("adjust-function-memory", "lambda:UpdateFunctionConfiguration"): Way(
        functions.seen(), functions.request()
    ),
    ("adjust-function-memory", "lambda:PublishVersion"): Way(
        functions.seen(functions.alias(), function=functions.function(memory=1536)), functions.request()
    ),
    ("adjust-function-memory", "lambda:UpdateAlias"): Way(
        functions.seen(functions.alias()),
        functions.request(),
        undone=functions.raised(),
    ),
    ("roll-back-function", "lambda:UpdateAlias"): Way(functions.deployed(), functions.request()),
    ("restart-function", "lambda:UpdateFunctionConfiguration"): Way(functions.seen(), functions.request()),
    ("restart-function", "lambda:PublishVersion"): Way(
        functions.seen(functions.alias()), functions.request(), left=functions.not_published_yet
    ),
    ("restart-function", "lambda:UpdateAlias"): Way(
        functions.seen(functions.alias()), functions.request(), left=functions.not_moved_yet
    ),
    ("run-runbook", "ssm:StartAutomationExecution"): Way(
        runbooks.seen(), runbooks.REQUEST, rules=runbooks.rules()
    ),
}


def test_the_table_holds_every_changing_call_of_every_action() -> None:
    services = Connections(lambda _: None, lambda _: None)
    declared = {
        (name, permission.action)
        for name, build in ACTIONS.items()
        for permission in build(services).spec.permissions
        if permission.mutates and permission.action not in RIGHTS
    }
    assert declared == set(WAYS)


def send(
    name: str, way: Way, url: str, monkeypatch: pytest.MonkeyPatch, own: Session | None = None
) -> AwsError:
    """The error of an action that is carried out against that endpoint, with clients of that session."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    hurried = partial(mutator, own or session(), read_seconds=0.5)
    action = ACTIONS[name](Connections(hurried, hurried))
    plan = action.plan(replace(way.request, action=name), way.seen, way.rules or a.rules(name))
    assert isinstance(plan, Plan), plan
    if way.undone:
        plan = action.undo(plan, way.undone, RequestKind.UNDO)
        assert isinstance(plan, Plan), plan
    with pytest.raises(AwsError) as caught:
        action.execute(way.left(plan))
    return caught.value


by_way = pytest.mark.parametrize(
    ("name", "way"), [pytest.param(name, way, id=f"{name} {call}") for (name, call), way in WAYS.items()]
)


@by_way
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("hang", OutcomeUnknown, id="no answer"),
        pytest.param("drop", OutcomeUnknown, id="the connection closes"),
        pytest.param((500, "InternalFailure"), OutcomeUnknown, id="AWS failed"),
        pytest.param((400, "ThrottlingException"), Throttled, id="throttled"),
        pytest.param((400, "AccessDeniedException"), Denied, id="denied"),
    ],
)
def test_a_change_reaches_the_server_exactly_once(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    way: Way,
    answer: str | tuple[int, str],
    *,
    expected: type[AwsError],
) -> None:
    said = answer if isinstance(answer, str) else (answer[0], way.refusal.format(answer[1]).encode())
    with Loopback(said, way.first) as server:
        error = send(name, way, server.url, monkeypatch)
    assert (expected, 1) == (type(error), server.requests)


@by_way
def test_a_change_that_found_nobody_listening_is_known_not_to_have_happened(
    monkeypatch: pytest.MonkeyPatch, name: str, way: Way
) -> None:
    with Loopback("drop") as server:
        closed = server.url
    error = send(name, way, closed, monkeypatch)
    assert (Unavailable, "EndpointConnectionError", 0) == (type(error), error.code, server.requests)
