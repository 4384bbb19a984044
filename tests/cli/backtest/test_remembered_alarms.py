"""An alarm that is remembered reads as one that is worked out again, whatever changes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.missing_data import MissingDataRules
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak_cli.backtest.facts import Facts, read_facts
from firebreak_cli.backtest.history_file import read_lines
from firebreak_cli.backtest.remembered_alarms import RememberedAlarms
from firebreak_cli.backtest.replayed_alarms import ReplayedAlarms
from firebreak_cli.backtest.transitions import Transition
from tests.cli.backtest.histories import MINUTE, START, History, config
from tests.support import builders as a

SILENT = (
    "Threshold Crossed: no datapoints were received for 3 periods"
    " and 3 missing datapoints were treated as [Breaching]"
)
NAMES = ("plain", "silent", "many", "both", "young", "gone")
SUBJECTS = [*((name, "") for name in NAMES), ("many", "one"), ("many", "two")]


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """A plain alarm, one that means silence, one with series, a composite, and one without a known state."""
    history = History()
    before = (START - MINUTE).isoformat()
    since = {"StateUpdatedTimestamp": before, "StateTransitionedTimestamp": before}
    for name in ("plain", "silent", "many"):
        tags = {"firebreak:missing-data": "symptom"} if name == "silent" else {}
        found = config(
            name, {"ClusterName": "prod", "ServiceName": "api"}, TreatMissingData="breaching", **since
        )
        history.alarms.append({"line": "alarm", "config": found, "tags": tags})
    both = config("both", {}, **since) | {"AlarmRule": 'ALARM("plain") OR ALARM("silent")'}
    for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
        del both[key]
    history.alarms.append({"line": "alarm", "config": both, "tags": {}})
    history.alarms.append({"line": "alarm", "config": config("young", {}), "tags": {}})
    path = history.write(tmp_path_factory.mktemp("history") / "history.jsonl")
    return read_facts(read_lines(path), str(path))[0]


steps = st.lists(
    st.tuples(
        st.sampled_from(["turn", "pin", "unpin"]),
        st.sampled_from(SUBJECTS),
        st.sampled_from(AlarmState),
        st.sampled_from(["Threshold Crossed", SILENT]),
    ),
    max_size=20,
)


@given(steps)
def test_every_alarm_reads_as_if_it_had_been_worked_out_again(
    facts: Facts, story: list[tuple[str, tuple[str, str], AlarmState, str]]
) -> None:
    alarms = ReplayedAlarms(facts)
    effective = EffectiveAlarms(alarms, MissingDataRules)
    remembered = RememberedAlarms(alarms, effective)
    for number, (how, subject, state, reason) in enumerate(story):
        at = START + number * MINUTE
        match how:
            case "turn":
                alarms.turn(Transition(subject, {}, at, "", state, reason))
            case "pin":
                alarms.pin(subject, state, at)
            case _:
                alarms.unpin(subject)
        for name in NAMES:
            assert remembered.describe(name) == effective.describe(name)
            assert remembered.series_in_alarm(name) == effective.series_in_alarm(name)
        for names in (NAMES, NAMES[:4], NAMES[-1:]):
            assert remembered.describe_all(names) == effective.describe_all(names)


def test_an_alarm_is_worked_out_once_until_it_turns(facts: Facts) -> None:
    alarms = ReplayedAlarms(facts)
    remembered = RememberedAlarms(alarms, EffectiveAlarms(alarms, MissingDataRules))
    first = remembered.describe("plain")
    assert remembered.describe("plain") is first
    alarms.turn(Transition(("plain", ""), {}, a.NOW, "OK", AlarmState.ALARM))
    after = remembered.describe("plain")
    assert isinstance(after, DescribedAlarm)
    assert after.state is AlarmState.ALARM
