"""The example platforms under examples/, as their pages describe them."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.docs.documents import ROOT, Document

EXAMPLES = ROOT / "examples"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table of alarms; `first_response` is empty where the page names none."""

    pattern: str
    severity: str
    within: str
    first_response: str
    ladder: tuple[str, ...]

    def is_about(self, alarm: str) -> bool:
        """Whether the alarm is one of these; a word in capitals stands for any name."""
        return re.fullmatch(re.sub("[A-Z]+", "[a-z-]+", self.pattern), alarm) is not None


@dataclass(frozen=True)
class Platform:
    """One example; `parameters` are those of its stack in these tests."""

    name: str
    parameters: dict[str, str]
    alarms: int

    @property
    def folder(self) -> Path:
        """Where it lives."""
        return EXAMPLES / self.name

    @property
    def policy(self) -> Path:
        """Its policy."""
        return self.folder / "policy.toml"

    @cached_property
    def page(self) -> Document:
        """Its README."""
        return Document(
            f"examples/{self.name}/README.md", (self.folder / "README.md").read_text(encoding="utf-8")
        )

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The page's row about each kind of alarm."""
        return tuple(
            Row(alarm, severity, within, "".join(first), tuple(ladder.split(", then ")))
            for alarm, _, severity, within, *first, ladder in self.page.table("alarm")
        )

    def row(self, alarm: str) -> Row:
        """The one row about an alarm, by the end of its name."""
        (row,) = [row for row in self.rows if row.is_about(alarm)]
        return row

    def autonomy(self, action: str, target: str) -> str:
        """The autonomy that the page names for an action on a target."""
        head = re.search(r"^\| (target|action) \| autonomy \|", self.page.text, re.MULTILINE)
        assert head
        text = {row[0]: row[1] for row in self.page.table(head[1])}
        return text[target if head[1] == "target" else action]


PLATFORMS = {
    one.name: one
    for one in (
        Platform(
            "ecs-platform",
            {"Cluster": "shop", "LoadBalancer": "app/shop/0123456789abcdef", "AutoScaling": "false"}
            | {
                f"{name}TargetGroup": f"targetgroup/{name}/0a"
                for name in ("web", "api", "orders", "payments", "search")
            },
            alarms=5 * 4,
        ),
        Platform("beanstalk-fleet", {"FrontEnd": "app/front/0123456789abcdef"}, alarms=6 * 6 + 2 + 2),
        # The emulator's CloudFormation makes no alarms on metric math.
        Platform("lambda-api", {"Api": "a1b2c3d4e5", "CountErrors": "true"}, alarms=3 * 2 + 2 + 2 * 2),
    )
}
