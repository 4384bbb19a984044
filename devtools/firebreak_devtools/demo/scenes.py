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
    """One scene: its title, and the function that runs it (raises SceneFailed)."""

    letter: str
    title: str
    play: Callable[[DemoStack], None]


def restart_helps(demo: DemoStack) -> None:
    """A memory alarm, a restart, a recovery that holds."""
    api = demo.workload.service("api")
    before = demo.service("api")["deployments"][0]["id"]
    demo.workload.alarm("api-memory-high", api, tags=RESTART)
    demo.workload.hot(api)
    demo.say("load", "api leaks: memory at 97 %")
    page = demo.expect_page("ACTED", "ecs:prod/api")
    after = demo.service("api")["deployments"][0]["id"]
    demo.check(f"ECS runs a new deployment ({before} -> {after})", before != after)
    demo.workload.cool(api)
    demo.say("load", "memory back at 21 %")
    demo.expect_state(page.incident_id, IncidentState.CLOSED)
    demo.expect_page("RESOLVED", "ecs:prod/api")
    demo.check("one UpdateService reached AWS", len(demo.updates_of("api")) == 1)


def again_too_soon(demo: DemoStack) -> None:
    """The same alarm within the cooldown."""
    api = PlayedService("prod", "api", demo.service("api")["serviceArn"])
    demo.workload.hot(api)
    demo.say("load", "api leaks again, within the cooldown")
    decision = demo.expect_decision("api-memory-high", "cooldown")
    page = demo.expect_page("NOT ACTING", "ecs:prod/api")
    message = next(line for line in page.body.splitlines() if "cooldown:" in line)
    demo.say("why", message.strip(" -"))
    demo.check("the page says when it would act", "over at" in message and decision["outcome"] == "refuse")
    demo.check("still one UpdateService", len(demo.updates_of("api")) == 1)
    demo.workload.remove_alarm("api-memory-high")


def ladder(demo: DemoStack) -> None:
    """The restart does not help, neither does one more task: a human is needed."""
    worker = demo.workload.service("worker")
    demo.workload.alarm("worker-memory-high", worker, tags=RESTART)
    demo.workload.hot(worker)
    demo.say("load", "worker leaks, and goes on leaking")
    page = demo.expect_page("NEEDS YOU", "ecs:prod/worker")
    demo.expect_state(page.incident_id, IncidentState.PAGED)
    calls = demo.updates_of("worker")
    demo.check("rung 1 restarted: a forced deployment", any(call.get("forceNewDeployment") for call in calls))
    desired = demo.service("worker")["desiredCount"]
    demo.check(f"rung 2 really scaled: {desired} tasks where 2 were", desired == 3)  # noqa: PLR2004
    demo.check("no third call", len(calls) == 2)  # noqa: PLR2004
    demo.workload.remove_alarm("worker-memory-high")


def paused(demo: DemoStack) -> None:
    """A kill switch with a reason: recorded and paged, nothing changed; then resumed."""
    now = datetime.now(UTC)
    demo.switches.pause(Hold("global", "ana", "database migration", now, now + timedelta(hours=1)))
    demo.say("pause", 'everything, by ana for 1 h: "database migration"')
    checkout = demo.workload.service("checkout")
    demo.workload.alarm("checkout-memory-high", checkout, tags=RESTART)
    demo.workload.hot(checkout)
    demo.say("load", "checkout leaks while everything is paused")
    demo.expect_decision("checkout-memory-high", "switched_off")
    page = demo.expect_page("NOT ACTING", "ecs:prod/checkout")
    demo.check("the page names holder and reason", "ana" in page.body and "database migration" in page.body)
    demo.check("nothing was changed", demo.updates_of("checkout") == [])
    demo.switches.resume("global", "ana")
    held = [hold for hold in demo.switches.held() if hold.until > datetime.now(UTC)]
    demo.say("resume", "ana releases the switch")
    demo.check("no switch is held any more", held == [])
    demo.workload.remove_alarm("checkout-memory-high")


def observed(demo: DemoStack) -> None:
    """Observe mode: the page says what Firebreak would have done."""
    search = demo.workload.service("observed-search")
    demo.workload.alarm("search-memory-high", search, tags=RESTART)
    demo.workload.hot(search)
    demo.say("load", "observed-search leaks; the policy says observe")
    decision = demo.expect_decision("search-memory-high", "observe_only")
    page = demo.expect_page("WOULD ACT", "ecs:prod/observed-search")
    demo.say("why", page.body.splitlines()[0])
    demo.check("the decision is a proposal", decision["outcome"] == "propose")
    demo.check("nothing was changed", demo.updates_of("observed-search") == [])
    demo.workload.remove_alarm("search-memory-high")


SCENES = (
    Scene("a", "A restart that helps", restart_helps),
    Scene("b", "The same alarm again, too soon", again_too_soon),
    Scene("c", "A ladder that ends with a human", ladder),
    Scene("d", "Paused", paused),
    Scene("e", "Only watching", observed),
)
