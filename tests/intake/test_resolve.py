from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Alarm, AlarmState, Metric, Target, Unresolved
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.intake.composites import MAX_DEPTH
from firebreak.intake.names import read_target
from firebreak.intake.target_resolution import needs_live_tags
from tests.intake.lookups import (
    ACCOUNT,
    API,
    NOT_READ,
    OTHER,
    PLAIN,
    REGION,
    Described,
    Reads,
    child,
    composite,
    found_for,
    looked_up,
    metric,
    outcome,
    series,
    tagged,
    watching,
)


class TestTag:
    def test_comes_before_everything_else(self) -> None:
        alarm = replace(tagged("ecs:prod/api"), metrics=(metric("prod", "web"),), children=("a",))

        assert found_for(alarm) == API

    def test_read_live_counts_when_it_did_not_ride_in_the_event(self) -> None:
        assert found_for(watching(metric("prod", "web")), {"firebreak:target": "ecs:prod/api"}) == API

    def test_read_live_outweighs_the_one_in_the_event(self) -> None:
        assert found_for(tagged("ecs:prod/web"), {"firebreak:target": "ecs:prod/api"}) == API

    def test_in_the_event_counts_when_the_live_tags_lack_it(self) -> None:
        assert found_for(tagged("ecs:prod/api"), {"team": "checkout"}) == API

    @pytest.mark.parametrize(
        "tag",
        [
            "", "*", "ecs", "ecs:", "ecs:*", "ecs:prod", "ecs:prod/", "ecs:/api", "ecs:prod/*", "ecs:*/api",
            "ecs:prod/api/", "ecs:prod/api/x", " ecs:prod/api", "ecs:prod/api ", "ecs:prod/api\n",
            "ECS:prod/api",
            "ecs:prod/a.b", "ecs:prod/café", "ecs:prod/٣", "ecs:prod/" + "x" * 256,
            "sqs:resize", "lambda:", "lambda:a/b", "lambda:*",
            "prod/api",
            "arn:aws:ecs:eu-west-1:111122223333:service/prod/api",
        ],
        ids=repr,
    )  # fmt: skip
    def test_that_is_malformed_never_falls_back_to_dimensions(self, tag: str) -> None:
        alarm = replace(tagged(tag), metrics=(metric("prod", "api"),))

        assert outcome(found_for(alarm)) is Reason.TARGET_MALFORMED

    @pytest.mark.parametrize(
        ("tag", "service", "name"),
        [
            ("lambda:resize", "lambda", "resize"),
            ("beanstalk:shop-prod", "beanstalk", "shop-prod"),
            ("ses:newsletter", "ses", "newsletter"),
            ("runbook:clear-cache", "runbook", "clear-cache"),
        ],
    )
    def test_names_the_single_target(self, tag: str, service: str, name: str) -> None:
        assert found_for(tagged(tag)) == Target(ACCOUNT, REGION, service, "", name)

    def test_an_unknown_service_is_refused_with_the_known_ones(self) -> None:
        found = found_for(tagged("sqs:resize"))

        known = "ecs:, lambda:, beanstalk:, ses:, runbook:"
        assert found == Unresolved(
            Reason.TARGET_MALFORMED, f'target "sqs:resize" does not start with {known}'
        )

    @pytest.mark.parametrize("tags", [NOT_READ, ABSENT], ids=["not read", "absent"])
    def test_that_was_not_looked_for_leaves_what_the_event_says(
        self, tags: Reading[Mapping[str, str]]
    ) -> None:
        assert found_for(watching(metric("prod", "api")), tags) == API

    def test_that_could_not_be_looked_for_must_not_fall_back_to_dimensions(self) -> None:
        found = found_for(watching(metric("prod", "api")), Unknown("AccessDenied"))

        assert found == Unresolved(
            Reason.TARGET_UNREADABLE, "the alarm's tags could not be read: AccessDenied"
        )

    @given(
        st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
        st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    )
    def test_is_the_display_form_read_back(self, cluster: str, service: str) -> None:
        target = Target(ACCOUNT, REGION, "ecs", cluster, service)

        assert read_target(target.display, ACCOUNT, REGION) == target


class TestContributor:
    def test_attributes_name_the_target(self) -> None:
        assert found_for(series(ClusterName="prod", ServiceName="api", Other="x")) == API

    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            ({"ServiceName": "api"}, Reason.TARGET_NONE),
            ({"ClusterName": "prod"}, Reason.TARGET_NONE),
            ({"ClusterName": "prod", "ServiceName": ""}, Reason.TARGET_MALFORMED),
            ({"ClusterName": "prod", "ServiceName": "*"}, Reason.TARGET_MALFORMED),
            ({"Team": "a"}, Reason.TARGET_NONE),
            ({}, Reason.TARGET_NONE),
        ],
        ids=repr,
    )
    def test_attributes_that_do_not_name_one_service(
        self, attributes: dict[str, str], expected: Reason
    ) -> None:
        assert outcome(found_for(series(**attributes))) is expected

    def test_half_a_name_is_not_completed_from_the_metrics(self) -> None:
        alarm = replace(series(ServiceName="api"), metrics=(metric("prod", "web"),))

        assert outcome(found_for(alarm)) is Reason.TARGET_NONE

    def test_attributes_of_something_else_leave_the_metrics_to_speak(self) -> None:
        assert found_for(replace(series(Team="a"), metrics=(metric("prod", "api"),))) == API

    def test_a_series_of_another_account_is_refused(self) -> None:
        alarm = series(**{"ClusterName": "prod", "ServiceName": "api", "AWS.AccountId": OTHER})

        assert outcome(found_for(alarm)) is Reason.OTHER_ACCOUNT


class TestDimensions:
    @pytest.mark.parametrize(
        ("metrics", "expected"),
        [
            pytest.param((metric("prod", "api"),), "ecs:prod/api", id="one metric"),
            pytest.param((metric("prod", "api"), metric("prod", "api")), "ecs:prod/api", id="the same twice"),
            pytest.param((metric("prod", "api"), metric()), "ecs:prod/api", id="together with one without"),
            pytest.param(
                (metric("prod", "api"), metric("prod")), "ecs:prod/api", id="together with its cluster"
            ),
            pytest.param(
                (metric("prod", "api", TaskDefinitionFamily="x", Other=""),),
                "ecs:prod/api",
                id="together with other dimensions",
            ),
            pytest.param(
                (metric("prod", "api"), metric("prod", "web")), Reason.TARGET_AMBIGUOUS, id="two services"
            ),
            pytest.param(
                (metric("prod", "api"), metric("test", "api")), Reason.TARGET_AMBIGUOUS, id="two clusters"
            ),
            pytest.param(
                (metric("prod", "api"), metric("test")), Reason.TARGET_AMBIGUOUS, id="another cluster alone"
            ),
            pytest.param(
                (metric("prod"), metric(None, "api")), Reason.TARGET_NONE, id="on different metrics"
            ),
            pytest.param((metric("prod"),), Reason.TARGET_NONE, id="cluster only"),
            pytest.param((metric(None, "api"),), Reason.TARGET_NONE, id="service only"),
            pytest.param((metric(),), Reason.TARGET_NONE, id="no dimensions"),
            pytest.param((), Reason.TARGET_NONE, id="no metrics"),
            pytest.param((metric("", "api"),), Reason.TARGET_MALFORMED, id="empty cluster"),
            pytest.param((metric("prod", ""),), Reason.TARGET_MALFORMED, id="empty service"),
            pytest.param(
                (metric("prod", "api"), metric("prod", "")), Reason.TARGET_MALFORMED, id="one of two empty"
            ),
            pytest.param((metric("prod", "*"),), Reason.TARGET_MALFORMED, id="wildcard"),
            pytest.param((metric("prod", "x" * 256),), Reason.TARGET_MALFORMED, id="too long"),
            pytest.param(
                (metric("arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "api"),),
                Reason.TARGET_MALFORMED,
                id="arn for a name",
            ),
        ],
    )
    def test_must_name_exactly_one_service(self, metrics: tuple[Metric, ...], expected: str | Reason) -> None:
        assert outcome(found_for(watching(*metrics))) == expected

    def test_the_refusal_says_which_half_is_missing(self) -> None:
        assert found_for(watching(metric(None, "api"))) == Unresolved(
            Reason.TARGET_NONE, "ServiceName without ClusterName"
        )

    def test_target_carries_account_and_region(self) -> None:
        found = found_for(watching(metric("prod", "api")))

        assert isinstance(found, Target)
        assert found.key == "111122223333/eu-west-1/ecs/prod/api"


class TestOtherAccount:
    @pytest.mark.parametrize(
        "alarm",
        [
            pytest.param(watching(metric("prod", "api", account=OTHER)), id="metric"),
            pytest.param(
                watching(metric("prod", "api"), metric("prod", "api", account=OTHER)), id="one of two metrics"
            ),
            pytest.param(watching(metric("prod", "api", account="unreadable")), id="unreadable account"),
            pytest.param(replace(watching(metric("prod", "api")), account=OTHER), id="alarm's account"),
            pytest.param(replace(watching(metric("prod", "api")), region="us-east-1"), id="alarm's region"),
            pytest.param(
                replace(tagged("ecs:prod/api"), metrics=(metric("prod", "api", account=OTHER),)),
                id="despite the tag",
            ),
        ],
    )
    def test_is_refused(self, alarm: Alarm) -> None:
        assert outcome(found_for(alarm)) is Reason.OTHER_ACCOUNT

    @pytest.mark.parametrize("account", [ACCOUNT, ""], ids=["named", "not named"])
    def test_our_own_is_not(self, account: str) -> None:
        assert found_for(watching(metric("prod", "api", account=account))) == API


class TestComposite:
    def test_takes_the_target_of_its_red_child(self) -> None:
        described: Described = {"a": child("a", metric("prod", "api"))}

        assert looked_up(composite("a"), described) == API

    def test_looks_children_up_by_the_name_in_their_arn(self) -> None:
        described: Described = {"a": child("a", metric("prod", "api"))}

        assert looked_up(composite(f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"), described) == API

    @pytest.mark.parametrize(
        "place", [f"{REGION}:{OTHER}", f"us-east-1:{ACCOUNT}"], ids=["other account", "other region"]
    )
    def test_refuses_a_child_elsewhere(self, place: str) -> None:
        assert (
            outcome(looked_up(composite(f"arn:aws:cloudwatch:{place}:alarm:a"), {})) is Reason.OTHER_ACCOUNT
        )

    @pytest.mark.parametrize(
        ("second", "expected"),
        [
            pytest.param(child("b", metric("prod", "api")), "ecs:prod/api", id="same target"),
            pytest.param(child("b", metric("prod", "web")), Reason.TARGET_AMBIGUOUS, id="another target"),
            pytest.param(
                child("b", metric("prod", "web"), state=AlarmState.OK), "ecs:prod/api", id="not red"
            ),
            pytest.param(child("b", metric(LoadBalancer="app/x")), "ecs:prod/api", id="names nothing"),
            pytest.param(child("b", metric("prod")), "ecs:prod/api", id="its cluster"),
            pytest.param(child("b", metric("prod", "")), Reason.TARGET_MALFORMED, id="empty service"),
            pytest.param(
                child("b", metric("prod", "x"), metric("prod", "y")),
                Reason.TARGET_AMBIGUOUS,
                id="ambiguous itself",
            ),
            pytest.param(
                child("b", metric("prod", "api", account=OTHER)),
                Reason.OTHER_ACCOUNT,
                id="another account's metric",
            ),
            pytest.param(ABSENT, "ecs:prod/api", id="deleted"),
            pytest.param(Unknown("throttled"), Reason.TARGET_UNREADABLE, id="could not look"),
            pytest.param(NOT_READ, Reason.TARGET_UNREADABLE, id="did not look"),
        ],
    )
    def test_of_two_children(self, second: Reading[DescribedAlarm], expected: str | Reason) -> None:
        described: Described = {"a": child("a", metric("prod", "api")), "b": second}

        assert outcome(looked_up(composite("a", "b"), described)) == expected

    def test_without_a_red_child_names_nothing(self) -> None:
        described: Described = {"a": child("a", metric("prod", "api"), state=AlarmState.OK)}

        assert outcome(looked_up(composite("a"), described)) is Reason.TARGET_NONE

    def test_without_children_names_nothing(self) -> None:
        assert outcome(looked_up(composite(), {})) is Reason.TARGET_NONE

    def test_follows_composites_inside(self) -> None:
        described: Described = {
            "inner": child("inner", children=("a", "calm")),
            "a": child("a", metric("prod", "api")),
            "calm": child("calm", metric("prod", "web"), state=AlarmState.OK),
        }

        assert looked_up(composite("inner"), described) == API

    def test_a_cycle_ends(self) -> None:
        described: Described = {
            "x": child("x", children=("y", "red")),
            "y": child("y", children=("x", "a")),
            "a": child("a", metric("prod", "api")),
        }

        assert looked_up(composite("x"), described) == API

    @pytest.mark.parametrize(
        ("levels", "expected"),
        [(MAX_DEPTH - 1, "ecs:prod/api"), (MAX_DEPTH, Reason.TARGET_MALFORMED)],
        ids=["as deep as we look", "deeper"],
    )
    def test_nesting_is_followed_to_a_bound(self, levels: int, expected: str | Reason) -> None:
        described = {str(level): child(str(level), children=(str(level + 1),)) for level in range(levels)}
        described[str(levels)] = child(str(levels), metric("prod", "api"))

        assert outcome(looked_up(composite("0"), described)) == expected

    def test_each_alarm_is_looked_at_once(self) -> None:
        asked: list[str] = []

        def describe(name: str) -> Reading[DescribedAlarm]:
            asked.append(name)
            below = ("a", "b", "a", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:b")
            return child(name, metric("prod", "api"), children=below if name == PLAIN.name else ())

        found_for(composite(), reads=Reads(describe))

        assert asked == [PLAIN.name, "a", "b"]


@pytest.mark.parametrize(
    ("tags", "needed"),
    [
        ({}, True),
        ({"firebreak:action": "restart-service"}, True),
        ({"firebreak:target": "ecs:prod/api"}, True),
        ({"firebreak:action": "none", "firebreak:target": ""}, False),
    ],
    ids=repr,
)
def test_live_tags_are_needed_unless_both_rode_in_the_event(tags: dict[str, str], *, needed: bool) -> None:
    assert needs_live_tags(replace(PLAIN, tags=tags)) is needed
