"""The scenes. Everything goes through the deployed functions; a scene only turns metrics and looks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak_devtools.demo.demo_stack import DemoStack
from firebreak_devtools.local.workload import PlayedService

RESTART = {"firebreak:action": "restart-service"}


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: what it shows, and how it is played (raises SceneFailed)."""

    letter: str
    title: str
    play: Callable[[DemoStack], None]


def restart_helps(stage: DemoStack) -> None:
    """A memory alarm, a restart, a recovery that holds."""
    api = stage.workload.service("api")
    before = stage.service("api")["deployments"][0]["id"]
    stage.workload.alarm("api-memory-high", api, tags=RESTART)
    stage.workload.hot(api)
    stage.say("load", "api leaks: memory at 97 %")
    page = stage.expect_page("ACTED", "ecs:prod/api")
    after = stage.service("api")["deployments"][0]["id"]
    stage.check(f"ECS runs a new deployment ({before} -> {after})", before != after)
    stage.workload.cool(api)
    stage.say("load", "memory back at 21 %")
    stage.expect_state(page.incident_id, IncidentState.CLOSED)
    stage.expect_page("RESOLVED", "ecs:prod/api")
    stage.check("one UpdateService reached AWS", len(stage.updates_of("api")) == 1)


def again_too_soon(stage: DemoStack) -> None:
    """The same alarm within the cooldown."""
    api = PlayedService("prod", "api", stage.service("api")["serviceArn"])
    stage.workload.hot(api)
    stage.say("load", "api leaks again, within the cooldown")
    decision = stage.expect_decision("api-memory-high", "cooldown")
    page = stage.expect_page("NOT ACTING", "ecs:prod/api")
    message = next(line for line in page.body.splitlines() if "cooldown:" in line)
    stage.say("why", message.strip(" -"))
    stage.check("the page says when it would act", "over at" in message and decision["outcome"] == "refuse")
    stage.check("still one UpdateService", len(stage.updates_of("api")) == 1)
    stage.workload.remove_alarm("api-memory-high")


def ladder(stage: DemoStack) -> None:
    """The restart does not help, neither does one more task: a human is needed."""
    worker = stage.workload.service("worker")
    stage.workload.alarm("worker-memory-high", worker, tags=RESTART)
    stage.workload.hot(worker)
    stage.say("load", "worker leaks, and goes on leaking")
    page = stage.expect_page("NEEDS YOU", "ecs:prod/worker")
    stage.expect_state(page.incident_id, IncidentState.PAGED)
    calls = stage.updates_of("worker")
    stage.check(
        "rung 1 restarted: a forced deployment", any(call.get("forceNewDeployment") for call in calls)
    )
    desired = stage.service("worker")["desiredCount"]
    stage.check(f"rung 2 really scaled: {desired} tasks where 2 were", desired == 3)  # noqa: PLR2004
    stage.check("no third call", len(calls) == 2)  # noqa: PLR2004
    stage.workload.remove_alarm("worker-memory-high")


def paused(stage: DemoStack) -> None:
    """A kill switch with a reason: recorded and paged, nothing touched; then resumed."""
    now = datetime.now(UTC)
    stage.switches.pause(Hold("global", "ana", "database migration", now, now + timedelta(hours=1)))
    stage.say("pause", 'everything, by ana for 1 h: "database migration"')
    checkout = stage.workload.service("checkout")
    stage.workload.alarm("checkout-memory-high", checkout, tags=RESTART)
    stage.workload.hot(checkout)
    stage.say("load", "checkout leaks while everything is paused")
    stage.expect_decision("checkout-memory-high", "switched_off")
    page = stage.expect_page("NOT ACTING", "ecs:prod/checkout")
    stage.check("the page names holder and reason", "ana" in page.body and "database migration" in page.body)
    stage.check("nothing was touched", stage.updates_of("checkout") == [])
    stage.switches.resume("global", "ana")
    held = [hold for hold in stage.switches.held() if hold.until > datetime.now(UTC)]
    stage.say("resume", "ana lets go")
    stage.check("no switch is held any more", held == [])
    stage.workload.remove_alarm("checkout-memory-high")


def observed(stage: DemoStack) -> None:
    """Observe mode: what it would have done."""
    search = stage.workload.service("observed-search")
    stage.workload.alarm("search-memory-high", search, tags=RESTART)
    stage.workload.hot(search)
    stage.say("load", "observed-search leaks; the policy says observe")
    decision = stage.expect_decision("search-memory-high", "observe_only")
    page = stage.expect_page("WOULD ACT", "ecs:prod/observed-search")
    stage.say("why", page.body.splitlines()[0])
    stage.check("the decision is a proposal", decision["outcome"] == "propose")
    stage.check("nothing was touched", stage.updates_of("observed-search") == [])
    stage.workload.remove_alarm("search-memory-high")


SCENES = (
    Scene("a", "A restart that helps", restart_helps),
    Scene("b", "The same alarm again, too soon", again_too_soon),
    Scene("c", "A ladder that ends with a human", ladder),
    Scene("d", "Paused", paused),
    Scene("e", "Only watching", observed),
)
