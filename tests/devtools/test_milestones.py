"""The lines of SAM CLI's output that are shown."""

import pytest

from firebreak_devtools.local.milestones import EVERY, Milestones


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        pytest.param(
            "python3.13 -m pip install -qq --require-hashes", "installing the layer's libraries", id="pip"
        ),
        pytest.param("python3.13 -m compileall -q -j 0", "compiling the layer", id="compileall"),
        pytest.param(
            "Building codeuri: functions/page runtime: python3.13 architecture: x86_64 functions: Page\n",
            "building Page",
            id="function",
        ),
        pytest.param("Creating the required resources...", "making a bucket for the code", id="bucket"),
        pytest.param("\tWaiting for changeset to be created..", "working out what changes", id="changeset"),
        pytest.param("CREATE_IN_PROGRESS   AWS::SQS::Queue   DeadLetters", None, id="begun"),
        pytest.param("+ Add    DeadLetters    AWS::SQS::Queue    N/A", None, id="planned"),
        pytest.param("-----------------------------", None, id="rule"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_line_is_shown_or_not(line: str, printed: str | None) -> None:
    assert Milestones().read(line) == printed


def test_resources_are_counted_and_reported_now_and_then() -> None:
    milestones = Milestones()
    names = [f"Resource{number}" for number in range(EVERY + 2)]
    for name in names:
        milestones.read(f"+ Add    {name}    AWS::SQS::Queue    N/A")

    printed = [milestones.read(f"CREATE_COMPLETE    AWS::SQS::Queue    {name}") for name in names]

    assert [line for line in printed if line] == [
        "20 of 22 resources are there",
        "22 of 22 resources are there",
    ]


def test_the_stack_itself_is_no_resource() -> None:
    milestones = Milestones()
    milestones.read("+ Add    Bus    AWS::Events::EventBus    N/A")

    assert milestones.read("CREATE_COMPLETE    AWS::CloudFormation::S   firebreak") is None
