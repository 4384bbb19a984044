"""Scenes that come rarely: lost replies, refusals by AWS, changes that stay, and Firebreak's failures."""

from dataclasses import replace

from firebreak.core.model import AlarmState
from firebreak.errors import Denied, OutcomeUnknown
from firebreak.services.ecs.model import ServiceLive
from tests.pages.page_world import AUTO, MINUTE, PageWorld, measured
from tests.pages.scene import Scene
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail

JAPANESE = "注文サービス/メモリ 80% (本番)"


def uncertain(on: PageWorld) -> None:
    """The reply to the change is lost, and it helped."""
    on.world.ecs.reply_lost = OutcomeUnknown("UpdateService", "ReadTimeoutError")
    alarm = on.red()
    on.world.ecs.reply_lost = None
    on.wait(2)
    on.green(alarm)
    on.wait(8)


def looked_again(on: PageWorld) -> None:
    """A deployment runs for 20 minutes, and the service is scaled to zero by then."""
    [one] = a.service().deployments
    rolling = replace(one, rollout="IN_PROGRESS")
    on.world.ecs.services[a.TARGET.display] = a.service(deployments=(rolling,))
    on.red()
    on.wait(20)
    on.world.ecs.services[a.TARGET.display] = a.service(desired=0, running=0)
    on.wait(12)


def failed(on: PageWorld) -> None:
    """AWS refuses the change."""
    on.world.ecs.before_write = fail(Denied("UpdateService", "AccessDeniedException"))
    on.red()


def expired(on: PageWorld) -> None:
    """Red for seven hours, in spite of every action."""
    on.red()
    on.wait(12)
    on.acknowledge()
    on.world.pass_time(7 * 60 * MINUTE)
    on.sweep()


def _scaled_and_well(on: PageWorld) -> None:
    alarm = on.red(action="scale-service")
    on.wait(2)
    on.green(alarm)
    on.wait(6)


def restored(on: PageWorld) -> None:
    """The extra task is taken back after half an hour of health."""
    _scaled_and_well(on)
    on.wait(40)


def kept(on: PageWorld) -> None:
    """Somebody else changed the count meanwhile."""
    _scaled_and_well(on)
    live = on.world.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    on.world.ecs.services[a.TARGET.display] = replace(live, desired=5, running=5)
    on.wait(40)


def stays(on: PageWorld) -> None:
    """More memory helps and stays."""
    alarm = on.red(action="adjust-task-memory")
    on.wait(2)
    on.green(alarm)
    on.wait(20)


def blind(on: PageWorld) -> None:
    """The ledger cannot be reached."""
    alarm = on.world.red(tags={"firebreak:action": "restart-service"})
    dark = replace(on.world, dynamodb=Wrapped(on.world.dynamodb, before=fail(NO_CONNECTION)))
    dark.remediator().handle(measured(alarm))
    on.world.deliver()


def crashed(on: PageWorld) -> None:
    """A function failed on an alarm each time it was tried."""
    alarm = on.world.red(tags={"firebreak:action": "restart-service"})
    on.world.page_desk().handle(
        {
            "version": "1.0",
            "requestContext": {"condition": "RetriesExhausted", "functionArn": "arn"},
            "requestPayload": measured(alarm),
            "responsePayload": {"errorMessage": "anything"},
        }
    )


def stopped(on: PageWorld) -> None:
    """Two action functions are stopped by hand, and three alarms turn red."""
    for name in ("web", "search", "basket"):
        action = "scale-service" if name == "web" else "restart-service"
        alarm = on.world.red(f"{name}-load", tags={"firebreak:action": action})
        arn = f"arn:aws:lambda:eu-west-1:111122223333:function:firebreak-{action}:live"
        on.world.page_desk().handle(
            {
                "version": "1.0",
                "requestContext": {"condition": "ZeroReservedConcurrency", "functionArn": arn},
                "requestPayload": measured(alarm),
            }
        )
    on.wait(10)


def japanese(on: PageWorld) -> None:
    """An alarm for humans, with a name that is not ASCII."""
    alarm = on.world.red(JAPANESE, tags={"firebreak:action": "page", "firebreak:severity": "critical"})
    on.world.page_desk().handle(measured(alarm))
    on.turn(alarm, AlarmState.OK)
    on.wait(20)  # 15 minutes of OK end it


RARE = (
    Scene(
        name="uncertain",
        title="The reply was lost",
        story="Whether the restart was carried out was not known at first. It is never sent a second time.",
        run=uncertain,
        labels=("UNCERTAIN", "RESOLVED"),
    ),
    Scene(
        name="looked-again",
        title="A deployment ran, and something else was in the way when it had ended",
        story="The first look found the deployment still running. The next one is refused for good.",
        run=looked_again,
        labels=("NOT ACTING", "NOT ACTING", "LOOKED AGAIN", "LOOKED AGAIN", "LOOKED AGAIN"),
    ),
    Scene(
        name="failed",
        title="AWS refused the change",
        story="The claim was won and AWS said no, so nothing was changed.",
        run=failed,
        labels=("FAILED",),
    ),
    Scene(
        name="expired",
        title="Red for longer than an incident is watched",
        story="No rung helped, somebody acknowledged, and it was red for seven hours more.",
        run=expired,
        labels=("ACTED", "ACTED", "NEEDS YOU", "ACKNOWLEDGED", "EXPIRED"),
    ),
    Scene(
        name="restored",
        title="A temporary change was taken back",
        story="One more task helped. After half an hour of health it is taken back.",
        run=restored,
        labels=("ACTED", "RESOLVED", "RESTORED"),
    ),
    Scene(
        name="kept",
        title="A temporary change stays",
        story="One more task helped. Then somebody set another count, which Firebreak leaves alone.",
        run=kept,
        labels=("ACTED", "RESOLVED", "KEPT"),
    ),
    Scene(
        name="blind",
        title="Firebreak could not read its ledger",
        story="Without the ledger no limit is known, so nothing is changed and somebody is called.",
        run=blind,
        labels=("BLIND",),
    ),
    Scene(
        name="crashed",
        title="A function of Firebreak failed",
        story="Lambda tried the event three times. No decision was made about the alarm.",
        run=crashed,
        labels=("CRASHED",),
    ),
    Scene(
        name="stopped-functions",
        title="The action functions are stopped by hand",
        story="Their reserved concurrency is 0, so Lambda gives each event at once to Page. Three alarms turn"
        " red: one page, which sums up the others later.",
        run=stopped,
        labels=("CRASHED",),
    ),
    Scene(
        name="japanese",
        title="A name that is not ASCII",
        story="The alarm is tagged `page`. Its name is readable in every channel; only the subject of an SNS"
        " message is ASCII and shows the id instead.",
        run=japanese,
        policy=AUTO.replace('alarms = "api-*", severity', 'alarms = "*", severity'),
        labels=("NOT ACTING", "RESOLVED"),
    ),
)
