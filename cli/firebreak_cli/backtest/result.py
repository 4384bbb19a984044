"""The result of a backtest as plain values (docs/backtest.md), and whether it says anything at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from firebreak.core.reasons import MEANINGS
from firebreak.core.routing import TARGET_TRACKING_PREFIX
from firebreak_cli.backtest.certainty import Certainty
from firebreak_cli.backtest.mute_windows import MuteRules
from firebreak_cli.backtest.replay import Replay

VERSION = 1
# The longest list of alarms or targets in a result; each says how many there are in all.
MOST_LISTED = 50
WORDS = ("act", "put_back", "propose", "ask_approval", "defer", "refuse", "unknown")

type Plain = dict[str, Any]


def as_json(replay: Replay, policy_file: str) -> Plain:
    """The result; times are ISO 8601 in UTC, lengths of time seconds."""
    tally = replay.tally
    return {
        "version": VERSION,
        "policy": {"file": policy_file, "hash": replay.policy.hash},
        "history": history_of(replay),
        "assumptions": list(replay.assumptions),
        "totals": totals(replay),
        "decisions": _decisions(replay),
        "acts": {
            "total": sum(sum(one.by_action.values()) for one in tally.acts.values()),
            "targets": len(tally.acts),
            "by_target": _acts_by_target(replay),
            "list": [
                {
                    "at": act.at.isoformat(),
                    "action": act.action,
                    "target": act.target,
                    "alarm": act.alarm,
                    "incident": act.incident_id,
                    "rung": act.rung + 1,
                }
                for act in tally.first_acts
            ],
        },
        "verdicts": [
            {"action": action, "verdict": verdict.value, "count": count}
            for (action, verdict), count in sorted(tally.verdicts.items())
        ],
        "limits": _limits(replay),
        "calls": {
            "total": tally.calls.by_severity.total(),
            "by_severity": {one.value: n for one, n in sorted(tally.calls.by_severity.items())},
            "by_hour": {str(hour): count for hour, count in sorted(tally.calls.by_hour.items())},
        },
        "storms": [at.isoformat() for at in tally.calls.storms],
        "recovery": _recovery(replay),
        "unrouted": _listed(_of_tracking(replay.unrouted, tracked=False), "alarm"),
        "target_tracking": _listed(_of_tracking(replay.unrouted, tracked=True), "alarm"),
        "not_opted_in": _listed(tally.not_opted_in, "target"),
        "not_replayed": _listed(tally.unreplayed, "subject"),
        "deleted_alarms": _listed(replay.deleted, "alarm"),
    }


def totals(replay: Replay) -> dict[str, int]:
    """The decisions by outcome, and by how far the history carries them."""
    found = dict.fromkeys((*WORDS, *Certainty), 0)
    for (word, _, certainty), count in replay.tally.decisions.items():
        found[word] += count
        found[certainty.value] += count
    return found


def says_something(replay: Replay) -> bool:
    """Whether any decision could be replayed: nothing replayed is not a pass."""
    return any(found.certainty is not Certainty.NOT_REPLAYED for found in replay.tally.decisions)


def history_of(replay: Replay) -> Plain:
    """Where and when the history is from, and what was not replayed of it."""
    facts, reader, rules = replay.facts, replay.reader, replay.facts.mute_rules
    return {
        "account": facts.account,
        "region": facts.region,
        "from": reader.start.isoformat(),
        "to": facts.end.isoformat(),
        "read_at": facts.read_at.isoformat(),
        "first": _time(reader.first),
        "last": _time(reader.last),
        "alarms": len(facts.alarms),
        "targets": len(facts.targets),
        "items": reader.items,
        "items_without_state": reader.no_state,
        "transitions_to_functions": replay.routed.total(),
        "skipped": {
            reason.value: count for reason, count in sorted((reader.skipped + replay.skipped).items())
        },
        "mute_rules_unreadable": list(rules.unreadable) if isinstance(rules, MuteRules) else [],
        "muted_otherwise": _listed(reader.muted_otherwise, "alarm"),
        "unknown_types": dict(reader.unknown_types),
        "gaps": _listed(reader.gaps, "alarm"),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _decisions(replay: Replay) -> list[Plain]:
    tally = replay.tally
    return [
        {
            "decision": found.word,
            "reason": found.reason.value,
            "sentence": MEANINGS[found.reason].sentence,
            "certainty": found.certainty.value,
            "count": count,
            "examples": [
                {"at": at.isoformat(), "alarm": alarm, "target": target, "detail": detail}
                for at, alarm, target, detail in tally.examples[found]
            ],
        }
        for found, count in tally.decisions.most_common()
    ]


def _acts_by_target(replay: Replay) -> list[Plain]:
    by_count = sorted(replay.tally.acts.items(), key=lambda one: (-one[1].by_action.total(), one[0]))
    return [
        {
            "target": target,
            "acts": acts.by_action.total(),
            "by_action": dict(sorted(acts.by_action.items())),
            "last": _time(acts.last),
        }
        for target, acts in by_count[:MOST_LISTED]
    ]


def _limits(replay: Replay) -> list[Plain]:
    rows = [
        {
            "scope": str(scope),
            "key": scope.key,
            "budget": str(budget),
            "most": window.most,
            "limit": budget.acts,
            "at": _time(window.at),
        }
        for (scope, budget), window in replay.tally.windows.items()
    ]
    return sorted(rows, key=_fullest_first)


def _fullest_first(row: Plain) -> tuple[float, str, str, str]:
    return -row["most"] / row["limit"], row["scope"], row["key"], row["budget"]


def _recovery(replay: Replay) -> Plain:
    recoveries = replay.recoveries
    ended = [found for name, found in recoveries.by_alarm.items() if replay.routed[name]]
    return {
        "within_seconds": recoveries.within.total_seconds(),
        "times_red": sum(one.ended for one in ended),
        "recovered_alone": sum(one.alone for one in ended),
        "acted_on": recoveries.acted_on,
        "still_red": recoveries.still_red,
        "saved_at_most_seconds": recoveries.saved.total_seconds(),
    }


def _of_tracking(counts: Mapping[str, int], *, tracked: bool) -> Mapping[str, int]:
    """Those of these alarms that target tracking owns, or the others."""
    return {name: n for name, n in counts.items() if name.startswith(TARGET_TRACKING_PREFIX) is tracked}


def _listed(counts: Mapping[str, int], name: str) -> Plain:
    rows = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return {
        "total": sum(counts.values()),
        "distinct": len(counts),
        "list": [{name: one, "count": count} for one, count in rows[:MOST_LISTED]],
    }
