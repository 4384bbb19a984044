"""The changes of an adoption, one by one, on resources in memory: races, lost replies, and owners."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import AwsError, Denied, OutcomeUnknown
from firebreak_cli.adopt.applying import Applied, Applier
from firebreak_cli.adopt.changes import Change, Outcome, changes_of
from firebreak_cli.adopt.owners import NOBODY, Owner, OwnerKind
from firebreak_cli.adopt.results import end_applied
from firebreak_cli.adopt.tagging import FunctionTags, StackOwners
from firebreak_cli.adopt.undo_file import UndoFile, read_undo
from firebreak_cli.exit_codes import NO_AWS, Ending
from tests.cli.adopted import NOW, AnyTarget, Resources, existing, planned, raw
from tests.support import builders as a

ONE, TWO = a.arn_of("one"), a.arn_of("two")
PAGE = {"firebreak:action": "page"}


def change(arn: str = ONE) -> Change:
    name = arn.rsplit(":", 1)[-1]
    return Change(what=f"alarm {name}", arn=arn, physical_id=name, wanted=PAGE)


@dataclass
class Losing(Resources):
    """Resources of which the reply to a change is lost, carried out or not; or which refuse it."""

    error: AwsError | None = None
    carried_out: bool = False
    first: Callable[["Losing"], None] | None = None
    reads: int = field(default=0)

    def read(self, arn: str) -> Any:
        self.reads += 1
        if self.reads == 2 and self.first:
            self.first(self)
        return super().read(arn)

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        if self.carried_out or not self.error:
            super().add(arn, tags)
        if self.error:
            raise self.error


def applied(
    tmp_path: Path, store: Resources, *changes: Change, owner: Owner | Unknown = NOBODY, owned: bool = False
) -> Applied:
    applier = Applier(lambda _: store, lambda *_: owner, owned)
    undo = UndoFile(tmp_path / "u.json", a.ACCOUNT, a.REGION, NOW, "ana")
    return applier.apply([applier.looked(one) for one in changes], undo)


def outcomes(done: Applied) -> list[Outcome]:
    return [one.outcome for one in done.changes]


def test_a_change_keeps_every_other_tag(tmp_path: Path) -> None:
    store = Resources({ONE: {"team": "shop"}})
    assert outcomes(applied(tmp_path, store, change())) == [Outcome.TAGGED]
    assert store.tags[ONE] == {"team": "shop", **PAGE}


@pytest.mark.parametrize(
    ("tags", "outcome"),
    [({"firebreak:action": "none"}, Outcome.CHANGED), (PAGE, Outcome.ALREADY), (None, Outcome.GONE)],
    ids=["another value", "the same", "gone"],
)
def test_nothing_is_sent_where_the_tag_is_there_or_the_resource_is_not(
    tmp_path: Path, tags: dict[str, str] | None, outcome: Outcome
) -> None:
    store = Resources({} if tags is None else {ONE: tags})
    assert outcomes(applied(tmp_path, store, change())) == [outcome]
    assert store.made == []


def test_tags_that_change_while_it_is_asked_are_left_as_they_are(tmp_path: Path) -> None:
    def retag(store: Losing) -> None:
        store.tags[ONE] = {"ManagedBy": "terraform"}

    store = Losing({ONE: {}}, first=retag)
    assert outcomes(applied(tmp_path, store, change())) == [Outcome.CHANGED]
    assert (store.made, [*tmp_path.iterdir()]) == ([], [])


def test_tags_that_cannot_be_read_again_are_not_taken_for_changed(tmp_path: Path) -> None:
    store = Losing({ONE: {}}, first=lambda found: found.blind.add(ONE))
    assert outcomes(applied(tmp_path, store, change())) == [Outcome.NOT_READ]
    assert (store.made, [*tmp_path.iterdir()]) == ([], [])


def test_a_lost_reply_is_looked_up(tmp_path: Path) -> None:
    lost = OutcomeUnknown("TagResource", "InternalError")
    there = applied(tmp_path, Losing({ONE: {}}, error=lost, carried_out=True), change())
    assert (outcomes(there), there.error) == ([Outcome.TAGGED], None)
    (tmp_path / "u.json").unlink()
    not_there = applied(tmp_path, Losing({ONE: {}, TWO: {}}, error=lost), change(), change(TWO))
    assert outcomes(not_there) == [Outcome.NOT_READ, Outcome.NOT_READ]
    assert [one.arn for one in read_undo(str(tmp_path / "u.json")).added] == [ONE, TWO]
    with pytest.raises(Ending) as ended:
        end_applied(not_there)
    assert ended.value.code == NO_AWS


def test_a_refusal_leaves_no_undo_file(tmp_path: Path) -> None:
    done = applied(tmp_path, Losing({ONE: {}}, error=Denied("TagResource", "AccessDenied")), change())
    assert (outcomes(done), [*tmp_path.iterdir()]) == ([Outcome.REFUSED], [])


def test_the_undo_file_is_there_before_the_tag(tmp_path: Path) -> None:
    found: list[list[str]] = []

    class Watched(Resources):
        def add(self, arn: str, tags: Mapping[str, str]) -> None:
            found.append([one.arn for one in read_undo(str(tmp_path / "u.json")).added])
            super().add(arn, tags)

    applied(tmp_path, Watched({ONE: {}, TWO: {}}), change(), change(TWO))
    assert found == [[ONE], [ONE, TWO]]


def test_an_undo_file_that_cannot_be_written_ends_it_before_the_tag(tmp_path: Path) -> None:
    store = Resources({ONE: {}})
    done = applied(tmp_path / "nowhere", store, change())
    assert (outcomes(done), store.made) == ([Outcome.NOT_TRIED], [])


TERRAFORM = {"ManagedBy": "terraform"}
STACK = Owner(OwnerKind.CLOUDFORMATION, "Shop", "CloudFormation", "Memory")


@pytest.mark.parametrize(
    ("tags", "owner", "outcome"),
    [
        ({}, NOBODY, Outcome.TAGGED),
        (TERRAFORM, NOBODY, Outcome.OWNED),
        ({}, STACK, Outcome.OWNED),
        ({}, Unknown("DescribeStackResources: Throttling"), Outcome.NOT_READ),
    ],
    ids=["nobody", "a tag", "a stack", "not known"],
)
def test_only_what_nobody_manages_is_tagged(
    tmp_path: Path, tags: dict[str, str], owner: Owner | Unknown, outcome: Outcome
) -> None:
    before = dict(tags)
    assert outcomes(applied(tmp_path, Resources({ONE: tags}), change(), owner=owner)) == [outcome]
    (tmp_path / "u.json").unlink(missing_ok=True)
    asked = applied(tmp_path, Resources({ONE: before}), change(), owner=owner, owned=True)
    assert outcomes(asked) == [Outcome.TAGGED]


def test_cloudformation_is_asked_by_the_physical_id_of_each_kind() -> None:
    beanstalk = raw(
        "health", "AWS/ElasticBeanstalk EnvironmentHealth", dimensions={"EnvironmentName": "shop"}
    )
    function = raw("errors", "AWS/Lambda Errors", dimensions={"FunctionName": "checkout"})
    plan = planned(existing(raw("api sev1")), existing(beanstalk), existing(function))
    found = {one.what: (one.physical_id, one.outcome) for one in changes_of(plan)}
    service = f"arn:aws:ecs:{a.REGION}:{a.ACCOUNT}:service/prod/api"
    assert found == {
        "alarm api sev1": ("api sev1", Outcome.READY),
        "ecs:prod/api": (service, Outcome.READY),
        "lambda:checkout": ("checkout", Outcome.READY),
        "beanstalk:shop": ("shop", Outcome.BY_HAND),
    }


def test_an_environment_that_is_opted_in_is_nobodys_work() -> None:
    class OptedIn(AnyTarget):
        def get(self, key: str, default: Any = None) -> Mapping[str, str]:
            return {"firebreak:enabled": "true"}

    shape = raw("5xx", "AWS/ElasticBeanstalk ApplicationRequests5xx", dimensions={"EnvironmentName": "shop"})
    plan = planned(existing(shape), target_tags=OptedIn())
    assert [one.what for one in changes_of(plan)] == ["alarm 5xx"]


def cloudformation(program: Callable[[Stubber], object]) -> StackOwners:
    client = boto3.session.Session(region_name=a.REGION).client("cloudformation")
    stubber = Stubber(client)
    program(stubber)
    stubber.activate()
    return StackOwners(client)


def test_a_stack_is_its_owner_and_only_a_validation_error_says_that_there_is_none() -> None:
    def nobody(stubber: Stubber) -> None:
        stubber.add_client_error("describe_stack_resources", "ValidationError", http_status_code=400)

    def refused(stubber: Stubber) -> None:
        stubber.add_client_error("describe_stack_resources", "InvalidAction", http_status_code=400)

    assert cloudformation(nobody).owner("x", ONE) == NOBODY
    assert cloudformation(refused).owner("x", ONE) == Unknown("DescribeStackResources: InvalidAction")


def resource(kind: str, logical_id: str, physical_id: str = "checkout") -> dict[str, Any]:
    return {
        "StackName": "Shop",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": kind,
        "Timestamp": NOW,
        "ResourceStatus": "CREATE_COMPLETE",
    }


FUNCTION, ROLE = resource("AWS::Lambda::Function", "Checkout"), resource("AWS::IAM::Role", "Role")
ALARM, BOTH = (
    resource("AWS::CloudWatch::Alarm", "Errors"),
    resource("AWS::CloudWatch::CompositeAlarm", "Both"),
)
ERRORS_ARN = a.arn_of("checkout")
FUNCTION_ARN = f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:checkout"


@pytest.mark.parametrize(
    ("arn", "resources", "logical_id"),
    [
        (ERRORS_ARN, [ROLE, FUNCTION, ALARM], "Errors"),
        (ERRORS_ARN, [ROLE, BOTH], "Both"),
        (FUNCTION_ARN, [ROLE, ALARM, FUNCTION], "Checkout"),
        (ERRORS_ARN, [ROLE, FUNCTION], ""),
    ],
    ids=["the alarm", "the composite", "the function", "neither"],
)
def test_the_logical_id_is_that_of_the_resource_of_its_kind(
    arn: str, resources: list[dict[str, Any]], logical_id: str
) -> None:
    """An alarm, a function and a role may have one name."""

    def one_stack(stubber: Stubber) -> None:
        stubber.add_response("describe_stack_resources", {"StackResources": resources})

    found = cloudformation(one_stack).owner("checkout", arn)
    assert isinstance(found, Owner)
    assert (found.shown, found.resource) == ("stack Shop", logical_id)
    assert ("another kind" in found.by) is (not logical_id)


def test_the_tags_of_a_function_are_read_added_and_removed() -> None:
    arn = f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:checkout"
    client = boto3.session.Session(region_name=a.REGION).client("lambda")
    stubber = Stubber(client)
    stubber.add_response("list_tags", {"Tags": {"team": "x"}}, {"Resource": arn})
    stubber.add_response("tag_resource", {}, {"Resource": arn, "Tags": PAGE})
    stubber.add_response("untag_resource", {}, {"Resource": arn, "TagKeys": ["firebreak:action"]})
    stubber.add_client_error("list_tags", "ResourceNotFoundException", http_status_code=404)
    stubber.activate()
    store = FunctionTags(client, client)
    assert store.read(arn) == {"team": "x"}
    store.add(arn, PAGE)
    store.remove(arn, ["firebreak:action"])
    assert store.read(arn) == ABSENT
