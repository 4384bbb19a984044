"""Whether an alarm is red because of data, and the meaning that its owner gave to missing data.

Red without data is no symptom: nobody knows how the target fares. Such an alarm counts as one with
INSUFFICIENT_DATA at every look, neither red nor OK, unless its owner says that silence is the symptom.
Then it is red, and so is one that CloudWatch shows as INSUFFICIENT_DATA (docs/adr/0026).
"""

import fnmatch
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.evaluation import EvaluatedPoint, Evaluation, Missing, MissingData
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.tags import MISSING_DATA_TAG

# CloudWatch evaluates milliseconds before it sets a state. An older evaluation is about another
# state: this one was set by hand.
OF_THE_STATE = timedelta(minutes=1)

_BREACHING = "breaching"
# CloudWatch's sentence where there is no more than that, as for contributors.
_SILENT = re.compile(
    r"Threshold Crossed: (?:no datapoints were received for"
    r"|(?P<real>\d{1,5})(?: out of the last \d{1,5})? datapoints?)\b.{0,900}?"
    r"\b(?P<missing>\d{1,5}) missing datapoints? (?:was|were) treated as \[Breaching\]",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingDataRules:
    """The policy on missing data: the first pattern that an alarm's name matches, else `usual`.

    None means that the policy says nothing.
    """

    named: tuple[tuple[str, MissingData], ...] = ()
    usual: MissingData | None = None


NOTHING_SAID = MissingDataRules()


@dataclass(frozen=True, slots=True)
class OwnersWord:
    """The meaning of missing data for one alarm, None where nobody set it, and its source."""

    meaning: MissingData | None
    source: str


@dataclass(frozen=True, slots=True)
class Data:
    """Datapoints that came suffice for the alarm's state."""


@dataclass(frozen=True, slots=True)
class NoData:
    """Without missing data that counts as breaching the alarm would not be red; none came since then."""

    since: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The known facts of the alarm do not show whether data came."""

    why: str


type DataFound = Data | NoData | CannotTell


def owners_word(name: str, tags: Reading[Mapping[str, str]], rules: MissingDataRules) -> OwnersWord | Unknown:
    """The alarm's tag, else the first pattern of the policy, else the policy's default.

    A tag that could not be read might have said otherwise. One that says neither says nothing.
    """
    match tags:
        case Unknown(why) | NotRead(why):
            return Unknown(
                f"whether its tag {MISSING_DATA_TAG} says what that means could not be read: {why}"
            )
        case Mapping() if (tag := tags.get(MISSING_DATA_TAG)) in set(MissingData):
            return OwnersWord(MissingData(tag), f"its tag {MISSING_DATA_TAG}={tag}")
        case _:
            return _of_policy(name, rules)


def _of_policy(name: str, rules: MissingDataRules) -> OwnersWord:
    for pattern, meaning in rules.named:
        if fnmatch.fnmatchcase(name, pattern):
            return OwnersWord(meaning, f'the policy for alarms "{pattern}" ({meaning})')
    if rules.usual:
        return OwnersWord(rules.usual, f"the policy's default ({rules.usual})")
    return OwnersWord(None, f"neither a tag {MISSING_DATA_TAG} nor the policy says that it means anything")


def data_of(alarm: DescribedAlarm) -> DataFound:
    """Whether data made a metric alarm red, from what was evaluated and how the alarm is configured.

    - No datapoint at all: no data, whatever the configuration.
    - Every period has one, or missing ones do not count as breaching: data.
    - Some are missing and count as breaching: data if those that came and may breach are as many as the
      alarm takes (all periods, or M of N), else no data: with them alone it would not be red.
    - Neither evaluation nor CloudWatch's own sentence, or an evaluation of an earlier state: not known.
      That is every state set by hand.

    An expression that fills gaps has datapoints: its owner chose their values.
    """
    match _seen(alarm):
        case NoData() | CannotTell() as found:
            return found
        case Evaluation() as evaluation:
            missing = max(evaluation.missing, (alarm.periods or evaluation.present) - evaluation.present)
            if missing <= 0 or alarm.treat_missing_data != _BREACHING:
                return Data()
            since = silent_since(evaluation) or alarm.since
            return _by_count(_may_breach(evaluation, alarm.comparison), missing, since, alarm)
        case sentence:
            return _by_count(int(sentence["real"]), int(sentence["missing"]), alarm.since, alarm)


def _seen(alarm: DescribedAlarm | Alarm) -> Evaluation | re.Match[str] | NoData | CannotTell:
    """The evidence of how many datapoints came, or the answer where none did or nothing shows it."""
    evaluation = alarm.evaluation
    if evaluation is None:
        return _by_reason(alarm)
    if evaluation.query_date and evaluation.query_date < alarm.since - OF_THE_STATE:
        return CannotTell(f"what was evaluated is of {_time(evaluation.query_date)}, before this state")
    if evaluation.present == 0:
        since = silent_since(evaluation) or alarm.since
        return NoData(since, f"no data since {_time(since)}: no period that was evaluated has a datapoint")
    return evaluation


def _by_reason(alarm: DescribedAlarm | Alarm) -> re.Match[str] | NoData | CannotTell:
    found = _SILENT.match(alarm.reason)
    if found is None:
        return CannotTell("CloudWatch does not say what was evaluated")
    if found["real"] is None:
        return NoData(
            alarm.since, f"no data since {_time(alarm.since)}: {found['missing']} datapoints missing"
        )
    return found


def _by_count(real: int, missing: int, since: datetime, alarm: DescribedAlarm) -> DataFound:
    """Whether the datapoints that came would have sufficed without those that are missing."""
    needed = alarm.datapoints_to_alarm or alarm.periods
    if needed is None:
        return CannotTell(f"{missing} datapoints are missing, and how many the alarm takes is not known")
    if real >= needed:
        return Data()
    counted = f"{real} of the {needed} breaching datapoints that it takes came"
    return NoData(since, f"{counted}; {missing} missing since {_time(since)} are treated as breaching")


def silent_since(evaluation: Evaluation) -> datetime | None:
    """The first period without a datapoint after the last one with one; else the oldest without one."""
    times = [(point.at, point.value) for point in evaluation.evaluated if point.at]
    silent = [at for at, value in times if value is None]
    last = max((at for at, value in times if value is not None), default=None)
    after = [at for at in silent if last is None or at > last]
    return min(after or silent, default=evaluation.query_date)


def _may_breach(evaluation: Evaluation, comparison: str) -> int:
    """How many of the datapoints that came may breach: all but those that are known not to."""
    if evaluation.lower or evaluation.upper:
        well = _inside_the_band(evaluation, comparison)
    else:
        points = evaluation.evaluated or tuple(EvaluatedPoint(None, v) for v in evaluation.values)
        well = sum(_is_well(point, evaluation.threshold, comparison) for point in points)
    return evaluation.present - well


def _is_well(point: EvaluatedPoint, threshold: float | None, comparison: str) -> bool:
    limit = threshold if point.threshold is None else point.threshold
    if point.value is None or limit is None:
        return False
    match comparison:
        case "GreaterThanThreshold":
            return point.value <= limit
        case "GreaterThanOrEqualToThreshold":
            return point.value < limit
        case "LessThanThreshold":
            return point.value >= limit
        case "LessThanOrEqualToThreshold":
            return point.value > limit
        case _:
            return False


def _inside_the_band(evaluation: Evaluation, comparison: str) -> int:
    """How many values lie inside the anomaly band, as far as each has its own."""
    values = evaluation.values
    lower = evaluation.lower if "Lower" in comparison else (-math.inf,) * len(values)
    upper = evaluation.upper if "Upper" in comparison else (math.inf,) * len(values)
    if not comparison or {len(lower), len(upper)} != {len(values)}:
        return 0
    return sum(lower[n] <= value <= upper[n] for n, value in enumerate(values))


def data_of_composite(children: Sequence[Reading[DescribedAlarm]]) -> DataFound:
    """Whether data made a composite red: its red children say so; one that is red by data is enough."""
    silent: list[DescribedAlarm] = []
    for child in children:
        match child:
            case DescribedAlarm(state=AlarmState.ALARM):
                return Data()
            case DescribedAlarm() if child.shown is AlarmState.ALARM:
                silent.append(child)
            case DescribedAlarm() | Absent():
                continue
            case Unknown(why) | NotRead(why):
                return CannotTell(f"a child could not be looked at: {why}")
            case never:
                assert_never(never)
    if not silent:
        return CannotTell("none of its children is red")
    since = max(child.missing.since for child in silent if child.missing)
    names = ", ".join(child.name for child in silent[:3])
    return NoData(since, f"no data since {_time(since)}: every red child is red without data ({names})")


def effective(alarm: DescribedAlarm, data: DataFound, word: OwnersWord | Unknown) -> DescribedAlarm:
    """The alarm in the state that it is in for its owner: the only place where missing data is weighed."""
    missing = _missing(alarm, data, word)
    if missing is None:
        return alarm
    state = AlarmState.ALARM if missing.meaning is MissingData.SYMPTOM else AlarmState.INSUFFICIENT_DATA
    return replace(alarm, state=state, missing=missing)


def _missing(
    alarm: DescribedAlarm | Alarm, data: DataFound | Evaluation | re.Match[str], word: OwnersWord | Unknown
) -> Missing | None:
    match alarm.state, data:
        case AlarmState.ALARM, NoData(since, detail):
            pass
        case AlarmState.INSUFFICIENT_DATA, _ if isinstance(word, OwnersWord) and word.meaning:
            since, detail = alarm.since, f"{alarm.state} since {_time(alarm.since)}"
        case _:
            return None
    meaning = word.meaning if isinstance(word, OwnersWord) else None
    source = word.source if isinstance(word, OwnersWord) else word.why
    return Missing(shown=alarm.state, since=since, detail=detail, meaning=meaning, source=source)


def of_event(alarm: Alarm, live: DescribedAlarm, word: OwnersWord | Unknown) -> Missing | None:
    """Missing data by the alarm's event, where the alarm itself says nothing about that transition."""
    if live.missing or not isinstance(data_of(live), CannotTell) or live.children:
        return live.missing
    if abs(live.since - alarm.since) > OF_THE_STATE or live.state is not AlarmState.ALARM:
        return None
    as_sent = replace(live, evaluation=alarm.evaluation, reason=alarm.reason, since=alarm.since)
    return effective(as_sent, data_of(as_sent), word).missing


def has_no_data(alarm: Alarm) -> bool:
    """Whether no datapoint at all came, by what was evaluated or else by CloudWatch's sentence."""
    return isinstance(_seen(alarm), NoData)


def missing_as_breaching(reason: str) -> int:
    """How many missing datapoints CloudWatch's sentence says that it treated as breaching."""
    found = _SILENT.match(reason)
    return int(found["missing"]) if found else 0


def sentence_of(reason: str) -> str:
    """A reason that reads the same here, with nothing else of its text in it; empty where nothing is read."""
    found = _SILENT.match(reason)
    if found is None:
        return ""
    came = f"{found['real']} datapoints" if found["real"] else "no datapoints were received for"
    return f"Threshold Crossed: {came}, {found['missing']} missing datapoints were treated as [Breaching]"


def missing_data_in_event(alarm: Alarm) -> str:
    """The missing data as the event alone reports it, where nobody could look; empty for none."""
    found = _seen(alarm)
    return found.detail if isinstance(found, NoData) and alarm.state is AlarmState.ALARM else ""


def of_event_alone(alarm: Alarm, rules: MissingDataRules) -> Missing | None:
    """The same where only the event is available: its own tags and the policy set the meaning."""
    return _missing(alarm, _seen(alarm), owners_word(alarm.name, alarm.tags, rules))


def is_symptom(alarm: Alarm, rules: MissingDataRules) -> bool:
    """Whether a turn to INSUFFICIENT_DATA is one to red: its tag in the event, or the policy, says so."""
    turned = alarm.state is AlarmState.INSUFFICIENT_DATA and alarm.previous is not alarm.state
    word = owners_word(alarm.name, alarm.tags, rules)
    return turned and isinstance(word, OwnersWord) and word.meaning is MissingData.SYMPTOM


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"
