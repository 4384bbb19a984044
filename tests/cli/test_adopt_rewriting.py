"""The alarms of a plan get their tags into their events, and an undo file takes exactly that back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.readings import Reading, Unknown
from firebreak.errors import AwsError, Denied, OutcomeUnknown, Rejected, Unavailable
from firebreak_cli.adopt.alarm_configuration import Configuration, all_differences
from firebreak_cli.adopt.applying import Applied
from firebreak_cli.adopt.changes import Change, Outcome
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.owners import NOBODY, Owner, OwnerKind
from firebreak_cli.adopt.results import end_applied, owners_patches
from firebreak_cli.adopt.rewrites import Rewrite, after_tagging, rewrites_of
from firebreak_cli.adopt.rewriting import Rewriter, objection_to
from firebreak_cli.adopt.undo_file import UndoFile, read_undo
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, OWNED, PARTLY_DONE, Ending
from tests.cli.adopted import NOW, existing, planned, raw
from tests.cli.alarm_stores import ON, Alarms, alarms, shown
from tests.support import builders as a

SEVERITY, ACTION = "firebreak:severity", "firebreak:action"
KEYS = frozenset({SEVERITY})
NAMES = ("a-sev1", "b-sev1", "c-sev1")


def account(*names: str, **how: Any) -> Alarms:
    return alarms(*(shown(name=name) for name in names), **how)


def wanted(*names: str, **changes: Any) -> list[Rewrite]:
    found = [
        Rewrite(what=f"alarm {name}", name=name, arn=a.arn_of(name), keys=KEYS, configured_at=NOW)
        for name in names
    ]
    return [replace(one, **changes) for one in found]


def rewriter(
    store: Alarms,
    *,
    tags: Reading[Mapping[str, str]] | None = None,
    owner: Owner | Unknown = NOBODY,
    owned: bool = False,
) -> Rewriter:
    return Rewriter(store, lambda _: {} if tags is None else tags, lambda *_: owner, owned, lambda _: None)


def undo_in(folder: Path) -> UndoFile:
    return UndoFile(folder / "u.json", a.ACCOUNT, a.REGION, NOW, "ana")


def applied(store: Alarms, folder: Path, *names: str) -> Applied:
    run = rewriter(store)
    done, error = run.apply(list(run.looked(wanted(*names))), undo_in(folder))
    return Applied([], error, done)


def outcomes(rewrites: Iterable[Rewrite]) -> list[Outcome]:
    return [one.outcome for one in rewrites]


def ended(done: Applied) -> Ending:
    with pytest.raises(Ending) as raised:
        end_applied(done)
    return raised.value


def put_in(folder: Path) -> list[str]:
    return [one.name for one in read_undo(str(folder / "u.json")).put]


# --- which alarms


def tag_change(name: str, outcome: Outcome) -> Change:
    return Change(what="x", arn=a.arn_of(name), physical_id=name, wanted={}, outcome=outcome)


@pytest.mark.parametrize(
    ("tagging", "outcome"),
    [
        (None, Outcome.READY),
        (Outcome.READY, Outcome.READY),
        (Outcome.ALREADY, Outcome.READY),
        (Outcome.OWNED, Outcome.OWNED),
        (Outcome.CHANGED, Outcome.NOT_TRIED),
        (Outcome.GONE, Outcome.NOT_TRIED),
        (Outcome.NOT_READ, Outcome.NOT_TRIED),
    ],
)
def test_an_alarm_whose_tags_are_not_added_is_not_put(tagging: Outcome | None, outcome: Outcome) -> None:
    plan = planned(existing(raw("a-sev1")))
    (found,) = rewrites_of(plan, [tag_change("a-sev1", tagging)] if tagging else [])
    assert (found.name, found.keys, found.outcome) == ("a-sev1", KEYS, outcome)


def test_an_alarm_without_tags_that_functions_read_or_that_propagates_is_not_put() -> None:
    plan = planned(existing(raw("memory")), existing(raw("b-sev1", ActionConfiguration=ON)))
    assert len(plan.adopted) == 2
    assert list(rewrites_of(plan, [])) == []


def test_after_tagging_only_what_was_tagged_is_put() -> None:
    changes = [tag_change("a-sev1", Outcome.TAGGED), tag_change("b-sev1", Outcome.REFUSED)]
    found = after_tagging(wanted("a-sev1", "b-sev1", "c-sev1"), changes)
    assert outcomes(found) == [Outcome.READY, Outcome.NOT_TRIED, Outcome.READY]


# --- whether it is put


def looked(store: Alarms, *, one: Rewrite | None = None, **how: Any) -> Rewrite:
    (found,) = rewriter(store, **how).looked([one or wanted("a-sev1")[0]])
    return found


def one_alarm(**changes: Any) -> Alarms:
    return alarms(shown(name="a-sev1", **changes))


PROPAGATION = "ActionConfiguration"
WARM_UP = {"WarmUpPeriodDurationInMinutes": 5}
LEFT_ALONE: list[tuple[str, dict[str, Any], str]] = [
    ("new field", {"Sensitivity": "high"}, "it has Sensitivity, which PutMetricAlarm of this botocore"),
    (
        "warm-up",
        {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}},
        "it has a WarmUpConfiguration",
    ),
    (
        "excluded",
        {PROPAGATION: {"AlarmTagsPropagation": {"Enabled": True, "ExcludedTagKeys": [SEVERITY]}}},
        "its tag propagation leaves out firebreak:severity",
    ),
    (
        "not included",
        {PROPAGATION: {"AlarmTagsPropagation": {"Enabled": False, "IncludedTagKeys": ["team"]}}},
        "its tag propagation leaves out firebreak:severity",
    ),
]


@pytest.mark.parametrize(
    ("changes", "why"), [one[1:] for one in LEFT_ALONE], ids=[one[0] for one in LEFT_ALONE]
)
def test_some_alarms_are_left_alone_even_if_it_is_asked_for(changes: dict[str, Any], why: str) -> None:
    found = looked(one_alarm(**changes), owned=True)
    assert (found.outcome, found.detail.startswith(why)) == (Outcome.LEFT_ALONE, True), found.detail
    assert ended(Applied([], None, [found])).code == OWNED


def test_an_alarm_of_target_tracking_is_never_put() -> None:
    store = alarms(shown(name="TargetTracking-service/prod/api-AlarmHigh"))
    one = wanted("TargetTracking-service/prod/api-AlarmHigh")[0]
    found = looked(store, one=one, owned=True)
    assert (found.outcome, "target tracking" in found.detail) == (Outcome.LEFT_ALONE, True)


@pytest.mark.parametrize("key", ["IncludedTagKeys", "ExcludedTagKeys"])
def test_the_keys_that_an_alarm_names_are_kept(key: str, tmp_path: Path) -> None:
    keys = [SEVERITY, "team"] if key == "IncludedTagKeys" else ["cost"]
    store = one_alarm(ActionConfiguration={"AlarmTagsPropagation": {"Enabled": False, key: keys}})
    assert outcomes(applied(store, tmp_path, "a-sev1").rewrites) == [Outcome.SWITCHED_ON]
    assert store.puts[0].action_configuration == {"AlarmTagsPropagation": {"Enabled": True, key: keys}}


def test_what_is_in_its_events_already_is_not_put() -> None:
    some = {"AlarmTagsPropagation": {"Enabled": True, "IncludedTagKeys": [SEVERITY]}}
    assert looked(one_alarm(ActionConfiguration=some)).outcome is Outcome.ALREADY
    other = replace(wanted("a-sev1")[0], keys=frozenset({SEVERITY, ACTION}))
    found = looked(one_alarm(ActionConfiguration=some), one=other)
    assert (found.outcome, found.detail) == (
        Outcome.LEFT_ALONE,
        "its tag propagation leaves out firebreak:action",
    )


def test_an_alarm_that_was_configured_since_the_plan_is_not_put() -> None:
    since = alarms(replace(shown(name="a-sev1"), changed_at=NOW + timedelta(seconds=1)))
    assert looked(since).outcome is Outcome.CHANGED
    finer = alarms(replace(shown(name="a-sev1"), changed_at=NOW + timedelta(microseconds=999)))
    assert looked(finer).outcome is Outcome.READY


STACK = Owner(OwnerKind.CLOUDFORMATION, "Shop", "CloudFormation, by DescribeStackResources", "Memory")


@pytest.mark.parametrize(
    ("tags", "owner", "outcome"),
    [
        ({}, NOBODY, Outcome.READY),
        ({"ManagedBy": "terraform"}, NOBODY, Outcome.OWNED),
        ({}, STACK, Outcome.OWNED),
        ({}, Unknown("DescribeStackResources: Throttling"), Outcome.NOT_READ),
    ],
    ids=["nobody", "terraform", "a stack", "not known"],
)
def test_only_what_nobody_manages_is_put_unless_it_is_asked_for(
    tags: dict[str, str], owner: Owner | Unknown, outcome: Outcome
) -> None:
    assert looked(one_alarm(), tags=tags, owner=owner).outcome is outcome
    assert looked(one_alarm(), tags=tags, owner=owner, owned=True).outcome is Outcome.READY


def test_what_could_not_be_read_is_not_put() -> None:
    assert looked(account("a-sev1", blind=lambda _: True)).outcome is Outcome.NOT_READ
    assert looked(account()).outcome is Outcome.GONE
    assert looked(one_alarm(), tags=Unknown("ListTagsForResource: AccessDenied")).outcome is Outcome.NOT_READ


def test_the_change_for_a_stack_is_printed_once_and_for_terraform_there_is_none() -> None:
    stack = looked(one_alarm(), owner=STACK)
    (patch,) = owners_patches(Applied([], None, [stack]))
    assert patch.splitlines() == [
        "# stack Shop: merge into its template",
        "Resources:",
        "  Memory:  # alarm a-sev1",
        "    Properties:",
        "      ActionConfiguration: { AlarmTagsPropagation: { Enabled: true } }",
    ]
    terraform = looked(one_alarm(), tags={"ManagedBy": "terraform"})
    assert owners_patches(Applied([], None, [terraform])) == []


def test_nothing_speaks_against_an_ordinary_alarm() -> None:
    assert objection_to(shown(name="a-sev1"), KEYS) == ""


# --- putting them


def test_the_undo_file_has_the_whole_alarm_before_it_is_put(tmp_path: Path) -> None:
    found: list[list[str]] = []
    wholes: list[Configuration] = []

    class Watched(Alarms):
        def put(self, wanted: Configuration) -> None:
            written = read_undo(str(tmp_path / "u.json")).put
            found.append([one.name for one in written])
            wholes.append(written[-1].earlier)
            super().put(wanted)

    store = Watched({name: shown(name=name) for name in NAMES})
    before = dict(store.alarms)
    assert outcomes(applied(store, tmp_path, *NAMES).rewrites) == [Outcome.SWITCHED_ON] * 3
    assert found == [["a-sev1"], ["a-sev1", "b-sev1"], [*NAMES]]
    assert [all_differences(one, before[one.name]) for one in wholes] == [[], [], []]


def test_one_that_comes_back_otherwise_is_put_back_and_ends_it(tmp_path: Path) -> None:
    def losing(wanted: Configuration) -> Configuration:
        lost = wanted.name == "b-sev1" and wanted.action_configuration
        rest = {name: one for name, one in wanted.fields.items() if name != "Period"}
        return replace(wanted, fields=rest) if lost else wanted

    store = account(*NAMES, on_put=losing)
    before = store.alarms["b-sev1"]
    done = applied(store, tmp_path, *NAMES)
    assert outcomes(done.rewrites) == [Outcome.SWITCHED_ON, Outcome.PUT_BACK, Outcome.NOT_TRIED]
    assert done.rewrites[2].detail == "it ended at alarm b-sev1"
    assert all_differences(store.alarms["b-sev1"], before) == []
    assert put_in(tmp_path) == ["a-sev1"]
    came = "alarm b-sev1: it came back with another Period: its earlier configuration was put back"
    line = f"NOT ALL REWRITTEN: {came}; 1 of 3 alarms rewritten"
    assert (ended(done).code, ended(done).lines) == (PARTLY_DONE, (line,))


def test_one_that_cannot_be_put_back_is_in_the_undo_file_as_a_whole(tmp_path: Path) -> None:
    def losing(wanted: Configuration) -> Configuration:
        return replace(wanted, fields={**wanted.fields, "Threshold": 1.0})

    done = applied(account("a-sev1", "b-sev1", on_put=losing), tmp_path, "a-sev1", "b-sev1")
    assert outcomes(done.rewrites) == [Outcome.NOT_PUT_BACK, Outcome.NOT_TRIED]
    (kept,) = read_undo(str(tmp_path / "u.json")).put
    assert kept.before["Threshold"] == 85.0
    assert (ended(done).code, "put it by hand" in ended(done).lines[0]) == (PARTLY_DONE, True)


def test_where_aws_does_not_keep_the_propagation_nothing_more_is_put(tmp_path: Path) -> None:
    store = account(*NAMES, on_put=lambda wanted: wanted.with_action_configuration(None))
    done = applied(store, tmp_path, *NAMES)
    assert outcomes(done.rewrites) == [Outcome.REFUSED, Outcome.NOT_TRIED, Outcome.NOT_TRIED]
    assert (len(store.puts), put_in(tmp_path), ended(done).code) == (1, ["a-sev1"], NO_AWS)


def failing(*errors: AwsError | None) -> Alarms:
    return account(*NAMES, errors=[*errors])


DENIED = Denied("PutMetricAlarm", "AccessDenied")
EXPIRED = Denied("PutMetricAlarm", "ExpiredToken")
UNREACHED = Unavailable("PutMetricAlarm", "EndpointConnectionError")
REFUSED = Rejected("PutMetricAlarm", "LimitExceeded")
UNKNOWN = OutcomeUnknown("PutMetricAlarm", "InternalFailure")
ON_, NO, LOST, NOT = Outcome.SWITCHED_ON, Outcome.REFUSED, Outcome.NOT_READ, Outcome.NOT_TRIED


@pytest.mark.parametrize(
    ("errors", "found", "kept", "code"),
    [
        ([DENIED], [NO, NOT, NOT], [], NO_AWS),
        ([None, DENIED], [ON_, NO, ON_], ["a-sev1", "c-sev1"], NO_AWS),
        ([None, EXPIRED], [ON_, NOT, NOT], ["a-sev1"], NO_AWS),
        ([UNREACHED], [NOT, NOT, NOT], [], NO_AWS),
        ([REFUSED], [NO, ON_, ON_], ["b-sev1", "c-sev1"], NO_AWS),
        ([UNKNOWN], [LOST, ON_, ON_], [*NAMES], NO_AWS),
    ],
    ids=["no right", "no right to one", "expired", "no network", "refused", "no reply"],
)
def test_what_fails_is_said_and_the_undo_file_has_what_was_done(
    tmp_path: Path, errors: list[AwsError | None], found: list[Outcome], kept: list[str], code: int
) -> None:
    done = applied(failing(*errors), tmp_path, *NAMES)
    assert outcomes(done.rewrites) == found
    assert (put_in(tmp_path) if kept else [*tmp_path.iterdir()]) == kept
    ending = ended(done)
    assert (ending.code, len(ending.lines)) == (code, 1)
    assert ending.lines[0].endswith(f"; {found.count(ON_)} of 3 alarms rewritten")


def test_a_right_that_is_missing_is_named_in_one_line(tmp_path: Path) -> None:
    refused = "AWS refused PutMetricAlarm (AccessDenied): these credentials have expired or may not do that"
    rights = "cloudwatch:PutMetricAlarm, and with tag propagation cloudwatch:ListTagsForResource"
    line = f"NOT ALL REWRITTEN: 1 refused: {refused} (it takes {rights}); 0 of 3 alarms rewritten"
    assert ended(applied(failing(DENIED), tmp_path, *NAMES)).lines == (line,)


def test_an_undo_file_that_cannot_be_written_ends_it_before_the_put(tmp_path: Path) -> None:
    store = account(*NAMES)
    done = applied(store, tmp_path / "nowhere", *NAMES)
    assert (outcomes(done.rewrites), store.puts) == ([Outcome.NOT_TRIED] * 3, [])
    assert ended(done).code == BAD_INPUT


def test_after_an_error_of_tagging_no_alarm_is_put(tmp_path: Path) -> None:
    store = account("a-sev1")
    run = rewriter(store)
    done, error = run.apply(list(run.looked(wanted("a-sev1"))), undo_in(tmp_path), EXPIRED)
    assert (outcomes(done), error, store.puts) == ([Outcome.NOT_TRIED], EXPIRED, [])


def test_a_plan_of_no_alarms_puts_none() -> None:
    plan = Plan(account=a.ACCOUNT, region=a.REGION, made_at=NOW, entries=())
    assert list(rewrites_of(plan, [])) == []
