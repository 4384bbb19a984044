"""The 45 alarms of examples/adopt, of which Firebreak knows nothing yet: the right plan for each.

They are made by hand, by the CDK, by Terraform, and called as Datadog calls monitors; on ECS, load balancers,
RDS, Lambda and Elastic Beanstalk.
"""

from typing import NamedTuple

import pytest

from firebreak.core.readings import ABSENT
from firebreak_cli.adopt.entries import Entry, LeftAlone, OptIn
from firebreak_cli.adopt.owners import OwnerKind
from tests.cli.adopted import AnyTarget, planned, sample_alarms, sample_tags

NOBODY, CLOUDFORMATION, TERRAFORM = OwnerKind.NOBODY, OwnerKind.CLOUDFORMATION, OwnerKind.TERRAFORM


class Adopt(NamedTuple):
    """The entry that is right for an alarm that is adopted; `tags` are those that it lacks."""

    action: str
    target: str
    tags: dict[str, str] = {}  # noqa: RUF012  # nothing writes to it
    owner: OwnerKind = NOBODY


def acts(action: str, **more: str) -> dict[str, str]:
    return {"firebreak:action": action, **more}


CRITICAL, ERROR, WARNING = ({"firebreak:severity": one} for one in ("critical", "error", "warning"))
L = LeftAlone

RIGHT: dict[str, Adopt | LeftAlone] = {
    # ECS, by hand. A symptom needs no tag on the alarm.
    "api-memory-high": Adopt("restart-service", "ecs:prod/api"),
    "api-cpu-high": Adopt("scale-service", "ecs:prod/api"),
    "orders memory CRITICAL": L.NOTHING_MISSING,
    "api-cpu-low": L.LOW_SIDE,
    "cluster-memory": L.NO_SINGLE_TARGET,
    "search-running-tasks": L.NO_ACTION,
    "legacy-memory": L.ACTIONS_DISABLED,
    "worker-memory-avg": L.COMPOSITE_CHILD,
    "worker-memory-max": L.COMPOSITE_CHILD,
    "worker-in-trouble": Adopt(
        "restart-service",
        "ecs:prod/worker",
        acts("restart-service", **{"firebreak:target": "ecs:prod/worker"}),
    ),
    # CDK
    "ShopStack-PaymentsMemoryAlarm7103F465-9tYHfXMfzO3M": Adopt(
        "restart-service", "ecs:prod/payments", owner=CLOUDFORMATION
    ),
    "ShopStack-PaymentsCpuAlarm1F2E3D4C-K8SLWIQ0ZVXN": Adopt(
        "scale-service", "ecs:prod/payments", owner=CLOUDFORMATION
    ),
    "ShopStack-WebScalingUpperAlarm0A1B2C3D-1XKQ7M9PLZ4T": L.DRIVES_SCALING,
    "ShopStack-WebScalingLowerAlarm4D3C2B1A-0QWE8RTY2UIO": L.DRIVES_SCALING,
    "ApiStack-ThumbnailsErrorRate5C6D7E8F-ZQ3W9RTY1KLM": Adopt(
        "roll-back-function", "lambda:thumbnails", owner=CLOUDFORMATION
    ),
    "TargetTracking-service/prod/web-AlarmHigh-8f0e1d2c-3b4a-5968-7786-95a4b3c2d1e0": L.TARGET_TRACKING,
    "TargetTracking-service/prod/web-AlarmLow-9f0e1d2c-3b4a-5968-7786-95a4b3c2d1e0": L.TARGET_TRACKING,
    # Terraform
    "prod-billing-memory-sev2": Adopt("restart-service", "ecs:prod/billing", ERROR, TERRAFORM),
    "prod-billing-cpu-warning": Adopt("scale-service", "ecs:prod/billing", owner=TERRAFORM),
    "prod-web-latency-p95": Adopt("scale-service", "ecs:prod/web", acts("scale-service"), TERRAFORM),
    "prod-orders-db-replica-lag": L.NO_ACTION,
    # Names like those of Datadog's monitors
    "[P1] [prod] High memory on payments": Adopt("restart-service", "ecs:prod/payments", CRITICAL),
    "[prod] CPU is high on search": Adopt("scale-service", "ecs:prod/search", WARNING),
    "[Auto] memory of search over 90%": Adopt("restart-service", "ecs:prod/search"),
    "[P2] [prod] api saturation": L.SEVERAL_ACTIONS,
    # Load balancers
    "alb-api-unhealthy-hosts": Adopt("replace-task", "ecs:prod/api", acts("replace-task")),
    "alb-api-5xx-critical": Adopt("roll-back-service", "ecs:prod/api", acts("roll-back-service")),
    "alb-5xx-at-the-balancer": L.NO_ACTION,
    "alb-5xx-of-all-targets": L.NO_SINGLE_TARGET,
    "alb-shared-latency": L.NO_SINGLE_TARGET,
    "alb-healthy-hosts-low": L.NO_ACTION,
    # RDS
    "orders-db-cpu": L.NO_ACTION,
    "orders-db-free-storage": L.NO_ACTION,
    "P1 orders-db connections": L.NO_ACTION,
    # Lambda
    "checkout-errors": Adopt("roll-back-function", "lambda:checkout"),
    "checkout-duration-p95": Adopt("adjust-function-memory", "lambda:checkout"),
    "checkout-throttles": L.NO_ACTION,
    "lambda-errors-all": L.NO_SINGLE_TARGET,
    "importer-errors": L.TARGET_GONE,
    "errors-by-function": L.MANY_SERIES,
    # Elastic Beanstalk and EC2
    "fleet-shop-health": Adopt("restart-environment", "beanstalk:shop-prod"),
    "fleet-shop-5xx": Adopt("roll-back-environment", "beanstalk:shop-prod", acts("roll-back-environment")),
    "awseb-e-abc123-stack-AWSEBCloudwatchAlarmHigh-1S2T3U4V5W6X7": L.DRIVES_SCALING,
    "bastion-status": L.OTHER_CONTROLLER,
    "shop-degraded": L.CHILDREN_DIFFER,
}

SERVICES_OF_GROUPS = {
    "targetgroup/api/0123456789abcdef": ("prod/api",),
    "targetgroup/web/0123456789abcdef": ("prod/web",),
    "targetgroup/shared/0123456789abcdef": ("prod/search", "prod/web"),
}


class Targets(AnyTarget):
    """The example's targets: one is opted in, one is gone, the others have their tags or none."""

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]  # and Absent
        if key == "lambda:importer":
            return ABSENT
        service, _, name = key.partition(":")
        named = {arn: tags for arn, tags in sample_tags().items() if service in arn.split(":")[2]}
        found = [tags for arn, tags in named.items() if arn.endswith((f"/{name}", f":{name}"))]
        return found[0] if found else {}


PLAN = planned(*sample_alarms(), target_tags=Targets(), services=SERVICES_OF_GROUPS)
ENTRIES = {one.alarm: one for one in PLAN.entries}


def seen(entry: Entry) -> Adopt | LeftAlone:
    if entry.reason:
        return entry.reason
    return Adopt(entry.action, entry.target, dict(entry.missing), entry.owner.kind)


def test_every_alarm_of_the_sample_is_judged_here_and_untagged() -> None:
    assert ENTRIES.keys() == RIGHT.keys()
    assert len(RIGHT) == 45
    assert not [one for one in sample_alarms() if any("firebreak" in key for key in one.known_tags)]


@pytest.mark.parametrize("name", RIGHT)
def test_the_plan_for_an_alarm_of_the_sample_is_right(name: str) -> None:
    assert seen(ENTRIES[name]) == RIGHT[name]


@pytest.mark.parametrize("name", [name for name, right in RIGHT.items() if isinstance(right, Adopt)])
def test_what_is_adopted_lacks_the_opt_in_of_its_target(name: str) -> None:
    assert ENTRIES[name].opt_in is OptIn.MISSING


def test_a_target_is_opted_in_once_and_by_its_own_owner() -> None:
    owners = {target: owner.kind for target, owner in PLAN.opt_ins.items()}
    assert owners == {
        "ecs:prod/api": NOBODY,
        "ecs:prod/billing": TERRAFORM,
        "ecs:prod/payments": CLOUDFORMATION,
        "ecs:prod/search": NOBODY,
        "ecs:prod/web": NOBODY,
        "ecs:prod/worker": NOBODY,
        "lambda:checkout": NOBODY,
        "lambda:thumbnails": NOBODY,
        "beanstalk:shop-prod": NOBODY,
    }


def test_what_is_red_when_it_is_adopted_is_the_baseline() -> None:
    assert [one.alarm for one in PLAN.baseline] == ["api-memory-high", "orders-db-free-storage"]


def test_every_alarm_that_is_left_alone_says_why() -> None:
    assert [one.alarm for one in PLAN.left if not one.why] == []
    assert [one.alarm for one in PLAN.adopted if one.why or one.reason] == []


def test_the_owner_of_a_stack_s_alarm_is_known_with_its_logical_id() -> None:
    by_tag = ENTRIES["ShopStack-PaymentsMemoryAlarm7103F465-9tYHfXMfzO3M"].owner
    by_name = ENTRIES["ShopStack-PaymentsCpuAlarm1F2E3D4C-K8SLWIQ0ZVXN"].owner
    assert (by_tag.name, by_tag.resource) == ("ShopStack", "PaymentsMemoryAlarm7103F465")
    assert (by_name.name, by_name.resource) == ("ShopStack", "PaymentsCpuAlarm1F2E3D4C")
