"""Runs the scenes and prints the timeline; the exit code says whether each ended as it should."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from firebreak_devtools.demo.demo_stack import DemoStack, Inbox, SceneFailed
from firebreak_devtools.demo.scenes import SCENES, Scene
from firebreak_devtools.demo.timeline import Timeline
from firebreak_devtools.local import up
from firebreak_devtools.local.paths import Home, LocalError
from firebreak_devtools.local.transitions import Carrier
from firebreak_devtools.local.up import LocalAws
from firebreak_devtools.local.workload import Workload

LEGEND = (
    "How to read it: load is what the demo does to the simulated services; alarm is a CloudWatch alarm that",
    "changed state, and the rules it matched; page is what a human on call is sent; ledger is what Firebreak",
    "wrote down; check is what the demo then looked up in AWS. Everything else the deployed functions did.",
)


def demo_on(local: LocalAws, timeline: Timeline) -> DemoStack:
    """The demo on a deployed stack, with an inbox that gets its pages."""
    session = local.running.session()
    inbox = Inbox(session, local.stack.page_topic)
    inbox.open()
    return DemoStack(
        session=session,
        stack=local.stack,
        workload=Workload(session),
        carrier=Carrier(session, since=datetime.now(UTC)),
        inbox=inbox,
        say=timeline.line,
    )


def run(repository: Path, home: Home, console: Console) -> int:
    """Set up, run every scene, tear down. 0 when every scene ended as it should, else 1."""
    timeline = Timeline(console)
    # One that was interrupted may still be up, with what its scenes left.
    up.down(home)
    try:
        with timeline.working():
            local = up.up(repository, home, timeline.progress)
    except LocalError as error:
        console.print(f"[red]{escape(str(error))}[/]", highlight=False)
        up.down(home)
        return 1
    for line in LEGEND:
        timeline.progress(line)
    try:
        demo = demo_on(local, timeline)
        failed = [scene for scene in SCENES if not _succeeds(scene, demo, timeline)]
    finally:
        up.down(home)
    good = len(SCENES) - len(failed)
    console.print(f"\n[bold]{good} of {len(SCENES)} scenes ended as they should.[/]", highlight=False)
    return 1 if failed else 0


def _succeeds(scene: Scene, demo: DemoStack, timeline: Timeline) -> bool:
    timeline.title(f"Scene ({scene.letter}): {scene.title}")
    try:
        with timeline.working():
            scene.play(demo)
    except SceneFailed as failure:
        timeline.line("FAILED", str(failure))
        for line in (demo.inbox.pages[-1].body if demo.inbox.pages else "").splitlines():
            timeline.progress(f"  last page | {line}")
        return False
    return True
