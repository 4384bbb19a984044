"""The label before the numbers of a page, by the newest look at the alarm (docs/pages.md)."""

from dataclasses import replace

import pytest

from firebreak.core.messages import incident_messages
from firebreak.core.model import AlarmState
from firebreak.core.paging.commands import StackAddress
from firebreak.paging.rendering import body_of, subject_of
from tests.support import builders as a

STACK = StackAddress("firebreak", a.REGION, a.ACCOUNT)
RED = "MemoryUtilization 91.3 > 80 for 3 of 3 minutes"


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (AlarmState.ALARM, "Red:      "),
        (AlarmState.OK, "Was red:  "),
        (AlarmState.INSUFFICIENT_DATA, "Was red:  "),
        (None, "Seen red: "),
    ],
)
def test_only_a_state_that_was_read_says_that_it_is_red_or_over(state: AlarmState | None, label: str) -> None:
    message = replace(
        incident_messages.given_to_humans(a.incident(), a.NOW, "every rung was tried", state), red=RED
    )
    lines = body_of(message, STACK).splitlines()
    assert f"{label}{RED}" in lines
    assert ("91.3" in lines[0], "91.3" in subject_of(message)) == (state is AlarmState.ALARM,) * 2
