"""The next larger size of a task: the whole Fargate table, instances, and properties of every size."""

import re
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Obstacle
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.services.ecs.task_memory import FARGATE, MOST_MEMORY, NewSize, TaskSize, no_less, raised
from tests.support.builders_task_memory import on_ec2, seen, settings, size


@pytest.mark.parametrize(
    ("cpu", "memory", "new"),
    [
        (256, 512, 1024),
        (256, 1024, 2048),
        (512, 1024, 2048),
        (512, 2048, 3072),
        (512, 3072, 4096),
        (1024, 2048, 3072),
        (1024, 5120, 8192),
        (1024, 6144, 8192),
        (2048, 4096, 6144),
        (2048, 11264, 16384),
        (4096, 8192, 12288),
        (4096, 20480, 30720),
        (8192, 16384, 24576),
        (8192, 20480, 32768),
        (16384, 32768, 49152),
        (16384, 40960, 65536),
        (32768, 61440, 122880),
        (32768, 122880, 249856),
    ],
)
def test_fargate_gets_the_next_size_at_or_above_one_and_a_half_times(cpu: int, memory: int, new: int) -> None:
    found = raised(size(cpu=cpu, memory=memory, limits={}), settings(ceiling=MOST_MEMORY))
    assert NewSize(new, {}) == found


@pytest.mark.parametrize("cpu", FARGATE)
def test_the_largest_size_of_each_cpu_is_its_ceiling(cpu: int) -> None:
    most = FARGATE[cpu][-1]
    assert raised(size(cpu=cpu, memory=most), settings(ceiling=MOST_MEMORY)) == Obstacle(
        Reason.CEILING_REACHED,
        f"memory is {most} MiB, the most for {cpu} CPU units is {most}, the policy's ceiling {MOST_MEMORY}",
    )


def test_the_table_is_the_one_that_botocore_documents() -> None:
    """The rows up to 4 vCPU stand in MiB in the API's own words; that of 32 is in the user guide alone."""
    model: Any = botocore.session.get_session().get_service_model("ecs")
    text = model.operation_model("RegisterTaskDefinition").input_shape.members["memory"].documentation
    rows = re.findall(r"<p>([^<]*?) - Available <code>cpu</code> values: (\d+) \(", text)
    documented = {int(cpu): [int(one) for one in re.findall(r"(\d+) \(", row)] for row, cpu in rows}
    assert {*documented, 32768} == set(FARGATE), text
    for cpu, listed in documented.items():
        if cpu <= 1024:
            assert tuple(listed) == FARGATE[cpu]
        elif cpu <= 4096:
            assert [FARGATE[cpu][0], FARGATE[cpu][-1], FARGATE[cpu][1] - FARGATE[cpu][0]] == listed


@pytest.mark.parametrize(
    ("found", "ceiling", "new"),
    [
        pytest.param(size(memory=2048), 2560, None, id="no valid size below the ceiling"),
        pytest.param(size(memory=2048), 3072, 3072, id="just the ceiling"),
        pytest.param(size(cpu=1024, memory=6144), 7168, 7168, id="as far as the ceiling"),
        pytest.param(size(memory=4096), 2048, None, id="already above the ceiling"),
        pytest.param(on_ec2(memory=2048), 2560, 2560, id="an instance takes any number"),
        pytest.param(on_ec2(memory=2048), 2048, None, id="an instance's task at the ceiling"),
    ],
)
def test_the_policys_ceiling_holds(found: TaskSize, ceiling: int, new: int | None) -> None:
    after = raised(found, settings(ceiling=ceiling))
    assert new == (after.memory if isinstance(after, NewSize) else None)
    assert isinstance(after, NewSize) or (
        isinstance(after, Obstacle) and after.reason is Reason.CEILING_REACHED
    )


@pytest.mark.parametrize(
    ("found", "new"),
    [
        pytest.param(size(limits={"api": 512}), NewSize(2048, {"api": 1024}), id="one container's"),
        pytest.param(
            size(limits={"api": 700, "proxy": 300}), NewSize(2048, {"api": 1400, "proxy": 600}), id="two"
        ),
        pytest.param(size(limits={}), NewSize(2048, {}), id="none has one"),
        pytest.param(
            on_ec2(memory=0, limits={"api": 300, "proxy": 101}),
            NewSize(0, {"api": 450, "proxy": 151}),
            id="only containers have limits",
        ),
        pytest.param(
            on_ec2(memory=1001, limits={"api": 1001}), NewSize(1502, {"api": 1502}), id="odd numbers"
        ),
    ],
)
def test_the_containers_limits_grow_with_the_task(found: TaskSize, new: NewSize) -> None:
    assert new == raised(found, settings())


@pytest.mark.parametrize(
    ("memory", "factor", "new"),
    [(1000, 1.1, 1100), (1003, 1.5, 1505), (1001, 1.25, 1252), (100, 1.001, 101)],
)
def test_the_factor_is_taken_as_it_is_written_and_rounded_up(memory: int, factor: float, new: int) -> None:
    found = raised(on_ec2(memory=memory, limits={}), settings(factor))
    assert found == NewSize(new, {})


def test_at_the_ceiling_a_task_on_an_instance_is_an_obstacle_with_both_numbers() -> None:
    found = raised(on_ec2(memory=2048), settings(ceiling=2048))
    assert found == Obstacle(Reason.CEILING_REACHED, "memory is 2048 MiB, the policy's ceiling 2048")


def test_where_nothing_limits_the_memory_there_is_nothing_to_raise() -> None:
    assert raised(on_ec2(memory=0, limits={}), settings()) == Obstacle(
        Reason.CEILING_REACHED, "neither the task nor a container has a memory limit"
    )


def test_a_size_of_fargate_that_is_not_known_is_not_guessed() -> None:
    found = raised(size(cpu=65536, memory=131072), settings(ceiling=MOST_MEMORY))
    assert found == Unknown("no Fargate sizes are known for 65536 CPU units")


@st.composite
def sizes(draw: st.DrawFn) -> TaskSize:
    """A task on Fargate or not, with up to four limits that fit into it."""
    fargate = draw(st.booleans())
    cpu = draw(st.sampled_from(sorted(FARGATE))) if fargate else 0
    memory = (
        draw(st.sampled_from(FARGATE[cpu])) if fargate else draw(st.sampled_from([0, 6, 100, 1023, 8192]))
    )
    shares = draw(st.lists(st.integers(4, max(4, (memory or 4096) // 4)), max_size=4))
    limits = {f"c{n}": share for n, share in enumerate(shares)}
    return size(cpu=cpu, memory=memory, limits=limits if memory == 0 or memory >= 16 else {}, fargate=fargate)


@given(sizes(), st.floats(1.01, 10), st.integers(1, MOST_MEMORY))
def test_every_size_only_grows_stays_valid_and_keeps_the_proportions(
    before: TaskSize, factor: float, ceiling: int
) -> None:
    after = raised(before, settings(factor, ceiling))
    if not isinstance(after, NewSize):
        return
    assert before.total < after.total <= ceiling
    assert not before.fargate or after.memory in FARGATE[before.cpu]
    assert (after.memory == 0) == (before.memory == 0)
    assert set(after.limits) == set(before.limits)
    assert all(after.limits[name] >= limit for name, limit in before.limits.items())
    assert (
        not after.memory
        or sum(after.limits.values()) <= after.memory
        or sum(before.limits.values()) > before.memory
    )
    assert all(limit <= after.memory for limit in after.limits.values()) or not after.memory


def test_limits_that_stay_as_they_are_when_rounded_down_are_at_the_ceiling() -> None:
    small = on_ec2(memory=0, limits={"api": 4, "proxy": 4})
    assert raised(small, settings(2.0, 9)) == Obstacle(
        Reason.CEILING_REACHED, "memory is 8 MiB, the policy's ceiling 9"
    )
    assert raised(small, settings(2.0, 10)) == NewSize(memory=0, limits={"api": 5, "proxy": 5})


def test_the_tags_are_those_of_the_service_as_far_as_it_was_read() -> None:
    assert seen().tags == {"firebreak:enabled": "true"}
    assert seen(Unknown("x")).tags == Unknown("x")


@pytest.mark.parametrize(
    ("old", "new", "enough"),
    [
        pytest.param((1024, {"api": 512}), (1024, {"api": 512}), True, id="as much"),
        pytest.param((1024, {"api": 512}), (2048, {"api": 1024}), True, id="more of both"),
        pytest.param((1024, {}), (1023, {}), False, id="less for the task"),
        pytest.param((1024, {"api": 512}), (2048, {"api": 511}), False, id="less for a container"),
        pytest.param((1024, {}), (1024, {"api": 512}), False, id="a limit for a container"),
        pytest.param((1024, {"api": 512}), (1024, {}), True, id="none for the container any more"),
        pytest.param((0, {"api": 512}), (1024, {"api": 512}), False, id="a limit for the task"),
        pytest.param((1024, {"api": 512}), (0, {"api": 512}), True, id="none for the task any more"),
        pytest.param((0, {}), (0, {}), True, id="none at all"),
    ],
)
def test_no_less_memory_means_no_lower_limit_anywhere(
    old: tuple[int, dict[str, int]], new: tuple[int, dict[str, int]], *, enough: bool
) -> None:
    before, after = (size(memory=memory, limits=limits) for memory, limits in (old, new))
    assert no_less(after, before) is enough


# --- whether a plan's hash of the rest is a definition's

AS_LISTED = Unknown(
    "the plan was stored by an earlier release, which compared lists in the order in which AWS gave them: "
    "whether the service runs what it deployed is not known"
)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param("1:same", True, id="the same"),
        pytest.param("1:another", False, id="another"),
        pytest.param("as listed", True, id="the same by an earlier release"),
        pytest.param("listed otherwise", AS_LISTED, id="unlike by an earlier release"),
        pytest.param("", AS_LISTED, id="empty"),
        pytest.param(None, False, id="none"),
        pytest.param(7, False, id="no text"),
    ],
)
def test_whether_the_rest_is_that_of_a_plan(stored: object, expected: object) -> None:
    found = size(rest="1:same", rest_as_listed="as listed").has_rest(stored)
    assert found == expected
