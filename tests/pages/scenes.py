"""The scenes: situations, and the pages that humans get in them."""

from firebreak.core.model import AlarmState, Mute
from tests.pages.page_world import (
    APPROVE,
    MEMORY,
    MINUTE,
    OBSERVE,
    STORM,
    PageWorld,
    page_world_on_ecs,
)
from tests.pages.rare_scenes import RARE, stays
from tests.pages.scene import Scene
from tests.support import builders as a


def recovered(on: PageWorld) -> None:
    """A restart helps."""
    alarm = on.red()
    on.wait(2)
    on.green(alarm)
    on.wait(6)


def not_recovered(on: PageWorld) -> None:
    """No rung helps."""
    on.red()
    on.wait(12)


def worse(on: PageWorld) -> None:
    """Another alarm of the service turns red after the raise."""
    alarm = on.red(action="adjust-task-memory")
    on.wait(1)
    on.world.send(on.world.red("api-5xx", tags=dict(alarm.tags)), "adjust-task-memory")
    on.wait(12)


def unknown(on: PageWorld) -> None:
    """Telemetry is gone."""
    alarm = on.red()
    on.wait(2)
    on.turn(alarm, AlarmState.INSUFFICIENT_DATA)
    on.wait(16)


def mute_end(on: PageWorld) -> None:
    """A mute window covers the alarm; at its end it is looked at."""
    on.red(mute=Mute("friday-deploys", on.now + 20 * MINUTE))
    on.wait(22)


def lost_schedule(on: PageWorld) -> None:
    """The check that was scheduled never comes."""
    on.red()
    on.world.schedules.checks.clear()
    on.wait(7)
    on.world.schedules.checks.clear()
    on.sweep()


def storm(on: PageWorld) -> None:
    """Fifty services turn red at once; ten minutes later two still are."""
    names = [f"svc{n:02d}" for n in range(50)]
    on.services(names)
    alarms = [on.red_of(name) for name in names]
    for alarm in alarms[2:]:
        on.turn(alarm, AlarmState.OK)
    on.wait(11)
    on.sweep()


def approved(on: PageWorld) -> None:
    """A human says yes."""
    on.red()
    on.wait(3)
    on.approve()


def by_hand(on: PageWorld) -> None:
    """A human requests a restart, and no alarm is red."""
    on.act()
    on.wait(15)


def denied(on: PageWorld) -> None:
    """A human says no."""
    on.red()
    on.wait(3)
    on.deny()


def expired(on: PageWorld) -> None:
    """Nobody answers."""
    on.red()
    on.wait(31)


def business_hours(on: PageWorld) -> None:
    """A warning of Friday night is paged on Monday at nine."""
    on.wait(12 * 60)
    on.services(["web"])
    on.world.send(
        on.world.red(
            "web-latency",
            tags={"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/missing"},
        )
    )
    on.world.pass_time(58 * 60 * MINUTE)
    on.wait(65)


def escalation(on: PageWorld) -> None:
    """Nobody acknowledges it for half an hour."""
    on.red()
    on.wait(11)
    on.wait(32)


def acknowledged(on: PageWorld) -> None:
    """Somebody acknowledges it before the next step."""
    on.red()
    on.wait(11)
    on.acknowledge()
    on.wait(60)


def resolved(on: PageWorld) -> None:
    """Everybody who was paged gets the end."""
    alarm = on.red()
    on.wait(30)
    on.green(alarm)
    on.wait(6)


def paused(on: PageWorld) -> None:
    """Forty alarms during a pause, and its end."""
    names = [f"svc{n:02d}" for n in range(40)]
    on.services(names)
    on.pause(90)
    alarms = [on.red_of(name) for name in names]
    for alarm in alarms[3:]:
        on.turn(alarm, AlarmState.OK)
    on.wait(100)


def pause_over(on: PageWorld) -> None:
    """Three alarms during a pause; at its end one is OK, one has no data, and one was deleted."""
    on.services(["cart", "search", "web"])
    on.pause(30)
    back, silent, gone = [on.red_of(name) for name in ("cart", "search", "web")]
    on.turn(back, AlarmState.OK)
    on.turn(silent, AlarmState.INSUFFICIENT_DATA)
    del on.world.alarms.described[gone.name]
    on.wait(40)


def no_data(on: PageWorld) -> None:
    """The alarm turns red because no data came; three minutes later it is OK."""
    alarm = on.red(evaluation=a.silent(on.now))
    on.wait(3)
    on.green(alarm)
    on.wait(20)  # 15 minutes of OK end it


def observed(on: PageWorld) -> None:
    """The policy only lets Firebreak watch."""
    on.red()


def would_not_act(on: PageWorld) -> None:
    """The same, and the target could not take the action."""
    on.changed(desired=0, running=0)
    on.red()


def not_opted_in(on: PageWorld) -> None:
    """The owner of the alarm asks for a restart, and the owner of the service did not opt in."""
    on.changed(tags={})
    alarm = on.red()
    on.wait(2)
    on.turn(alarm, AlarmState.OK)
    on.wait(6)
    on.red()


SCENES = (
    Scene(
        name="recovered",
        title="A restart helped",
        story="Memory of a service is high. It is restarted; two minutes later the alarm is green.",
        run=recovered,
        labels=("ACTED", "RESOLVED"),
    ),
    Scene(
        name="not-recovered",
        title="No rung helped",
        story="The restart does not help, nor does one more task. The last rung is a human.",
        run=not_recovered,
        labels=("ACTED", "ACTED", "NEEDS YOU"),
    ),
    Scene(
        name="worse",
        title="It got worse and was undone",
        story="More memory was given. Then another alarm of the service turned red, so that was taken back.",
        run=worse,
        policy=MEMORY,
        make_world=page_world_on_ecs,
        labels=("ACTED", "MADE WORSE", "UNDONE", "NEEDS YOU"),
    ),
    Scene(
        name="unknown",
        title="It is not known whether it helped",
        story="After the restart the alarm has no data any more. That is no success.",
        run=unknown,
        labels=("ACTED", "NEEDS YOU"),
    ),
    Scene(
        name="no-data",
        title="It is red because no data came",
        story="Nobody said what that means, so nothing is changed and a human is asked.",
        run=no_data,
        labels=("NOT ACTING", "RESOLVED"),
    ),
    Scene(
        name="mute-end",
        title="A mute window ended and the alarm is still red",
        story="CloudWatch muted the alarm, so nothing was done. It says nothing when the window ends.",
        run=mute_end,
        labels=("ACTED",),
    ),
    Scene(
        name="lost-schedule",
        title="A wake-up was lost",
        story="The check after the restart never came. The sweep of every five minutes found it past due.",
        run=lost_schedule,
        labels=("ACTED", "ACTED"),
    ),
    Scene(
        name="storm",
        title="Fifty services at once",
        story="One cause turned fifty services red. The first few are handled one by one and followed up; the"
        " rest is one page, and one at its end.",
        run=storm,
        policy=STORM,
        labels=(*["ACTED"] * 5, "NOT ACTING", "STORM", *["NEEDS YOU"] * 2, *["RESOLVED"] * 4, "STORM OVER"),
    ),
    Scene(
        name="approval-granted",
        title="A human said yes",
        story="The policy wants a human first. Everything is looked at again before it is done.",
        run=approved,
        policy=APPROVE,
        labels=("APPROVE?", "ACTED"),
    ),
    Scene(
        name="by-hand",
        title="A human requested it",
        story="No alarm was red. A human ran `firebreak act`, and the service itself shows that it settled.",
        run=by_hand,
        labels=("ACTED", "RESOLVED"),
    ),
    Scene(
        name="approval-denied",
        title="A human said no",
        story="Nothing is changed, and the incident is left to that human.",
        run=denied,
        policy=APPROVE,
        labels=("APPROVE?", "DENIED"),
    ),
    Scene(
        name="approval-expired",
        title="Nobody answered",
        story="The question counts for half an hour. Meanwhile it went up the route.",
        run=expired,
        policy=APPROVE,
        labels=("APPROVE?", "APPROVE?", "NEEDS YOU", "NEEDS YOU"),
    ),
    Scene(
        name="business-hours",
        title="Outside business hours",
        story="A warning on Friday night waits for Monday at nine; nobody was woken, and nothing is lost.",
        run=business_hours,
        labels=("NOT ACTING",),
    ),
    Scene(
        name="escalation",
        title="Nobody acknowledged",
        story="The page goes to the engineering lead after 15 minutes and to the CTO after 30.",
        run=escalation,
        labels=("ACTED", "ACTED", "NEEDS YOU", "NEEDS YOU", "NEEDS YOU"),
    ),
    Scene(
        name="acknowledged",
        title="Somebody acknowledged",
        story="After `firebreak ack` nobody further up is called.",
        run=acknowledged,
        labels=("ACTED", "ACTED", "NEEDS YOU", "ACKNOWLEDGED"),
    ),
    Scene(
        name="resolved",
        title="It is over, and everybody who was paged is notified",
        story="The lead was called as well; when the alarm is green again both are notified.",
        run=resolved,
        labels=("ACTED", "ACTED", "NEEDS YOU", "NEEDS YOU", "RESOLVED", "RESOLVED"),
    ),
    Scene(
        name="paused",
        title="A pause over forty alarms, and its end",
        story="One page when it begins to matter, one that sums up, one when it is over.",
        run=paused,
        labels=("NOT ACTING", "SUMMED UP", "STILL RED"),
    ),
    Scene(
        name="pause-over",
        title="A pause ended, and nothing is known to be red",
        story="Three services turn red during a pause. When it ends one alarm is OK, one has no data, and one"
        " was deleted: none is red, and none of the two is called OK.",
        run=pause_over,
        labels=("NOT ACTING", "NOT KNOWN TO BE OK"),
    ),
    Scene(
        name="observed",
        title="A proposal in observe mode",
        story='With `autonomy = "observe"` nothing is changed; the plan is announced once a day and target.',
        run=observed,
        policy=OBSERVE,
        labels=("WOULD ACT",),
    ),
    Scene(
        name="would-not-act",
        title="An obstacle in observe mode",
        story='With `autonomy = "observe"` a refusal that would page is announced once a day and target.',
        run=would_not_act,
        policy=OBSERVE,
        labels=("WOULD NOT ACT",),
    ),
    Scene(
        name="not-opted-in",
        title="Tagged, and not opted in",
        story="An alarm asks for a restart of a service that is not opted in. The next one pages nobody.",
        run=not_opted_in,
        labels=("NOT ACTING", "RESOLVED"),
    ),
    Scene(
        name="stays",
        title="A change that stays",
        story="More memory helped. It stays until somebody takes it back, and the page says how.",
        run=stays,
        policy=MEMORY,
        make_world=page_world_on_ecs,
        labels=("ACTED", "RESOLVED"),
    ),
    *RARE,
)
