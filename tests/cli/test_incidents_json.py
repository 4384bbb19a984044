"""The object of `firebreak incidents --json` has a version, and its document names every key."""

import json

from firebreak_cli.export.columns import DECISIONS
from firebreak_cli.incidents import listing, stops
from firebreak_cli.queries.ledger_queries import Bounds
from firebreak_cli.stack import find
from tests.cli.running import cli_environment
from tests.cli.test_incidents_command import listed, refuse, written_before
from tests.cli.test_watching import nothing, watched
from tests.docs.documents import document
from tests.support.world import World


def documented(head: str) -> list[str]:
    rows = document("docs/operations.md").table(head)
    return [key.strip("` ") for row in rows for key in row[0].split(",")]


def test_the_document_names_every_key(world: World) -> None:
    world.send(world.red())
    refuse(world)

    found = listed(world)

    assert found["version"] == 1
    assert sorted(found) == sorted(documented("key of the list"))
    assert [*found["incidents"][0]] == documented("key of an incident")
    columns = [*DECISIONS.columns]
    assert [*found["decisions"][0]] == columns[columns.index("at") : columns.index("checks") + 1]


def test_each_look_of_a_watch_is_the_same_object_with_its_time(world: World) -> None:
    first, _ = map(json.loads, watched(world, nothing, more=("--json",)).stdout.splitlines())

    assert sorted(first) == sorted([*documented("key of the list"), "at"])


def test_it_says_whether_what_an_earlier_release_wrote_may_be_missing(world: World) -> None:
    refuse(world, 3)
    written_before(world)
    stack = find(cli_environment(world.clock.now), "firebreak")

    def values(bounds: Bounds) -> dict[str, object]:
        seen = listing.overview(stack, everything=True, bounds=bounds)
        return listing.as_json(seen, stack, stops.look(stack, world.clock.at))

    some, every = values(Bounds(1, 1)), values(Bounds())
    assert (some["older_cut"], some["cut"], some["scanned"]) == (True, True, False)
    assert (every["older_cut"], every["cut"]) == (False, False)
