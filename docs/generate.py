"""Writes the parts of the documents that are facts of the code; `tests/docs` compares them.

Run it after changing a reason, a state, a guard's kinds, a sample event, a key of the policy, a check of the
doctor, a library of the layer, what an action declares, or a number of devtools/firebreak_devtools/scale.py:

    .venv/bin/python docs/generate.py

Everything between `<!-- generated: NAME -->` and `<!-- end -->` is replaced; the rest is prose.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from firebreak.core.action_spec import ActionSpec
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.states import FREES_TARGET, MOVES
from firebreak.core.limits.budgets import format_duration
from firebreak.core.model import Alarm, OwnEvent, RequestKind, Target
from firebreak.core.readings import NotRead
from firebreak.core.reasons import LASTING, MEANINGS, Disposition, Lasting, Reason
from firebreak.core.routing import primary, route
from firebreak.errors import UnusableEvent
from firebreak.intake import alarm_events, target_resolution
from firebreak.intake.lookups import Lookups
from firebreak.intake.names import Home
from firebreak.policy.actions import keys_of
from firebreak.policy.schema import policy_schema
from firebreak.services.registry import CATALOG
from firebreak_cli.doctor.model import Check, Level, declared_mend
from firebreak_cli.doctor.on_aws.model import Question
from firebreak_cli.doctor.on_aws.registry import QUESTIONS
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.exit_codes import EXIT_CODES
from firebreak_cli.export.columns import table_of
from firebreak_cli.export.kinds import Kind
from firebreak_devtools import scale
from firebreak_devtools.release.libraries import libraries

DOCS = Path(__file__).resolve().parent
SCHEMA = DOCS / "policy.schema.json"
EVENTS = DOCS.parent / "events"
UNSEEN = NotRead("the document only reads the file")

_BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

type Row = tuple[str, ...]


def main() -> None:
    """Rewrite every document that has a generated part."""
    for path in (DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))):
        before = path.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")


def schema() -> str:
    """The keys and values of a policy file, for editors."""
    return json.dumps(policy_schema(), indent=2) + "\n"


def renewed(text: str) -> str:
    """The document with every generated part as the code has it now."""

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}\n{BLOCKS[found['name']]()}\n{found[3]}"

    return _BLOCK.sub(fill, text)


_LASTING = {
    Lasting.NO: "-",
    Lasting.ALARM: "an alarm",
    Lasting.TARGET: "a target",
    Lasting.STANDING: "a target, until it did not come back for a day",
}


def _threads(reason: Reason) -> tuple[str, ...]:
    """The common cause that makes its refusals one thread, for a reason that can page."""
    return (_LASTING[LASTING[reason]],) if reason in LASTING else ()


def reasons() -> str:
    """One table a disposition, in the order of the enum."""
    parts = []
    for disposition in Disposition:
        rows = [
            (f"`{reason.value}`", MEANINGS[reason].sentence, *_threads(reason))
            for reason in Reason
            if MEANINGS[reason].disposition is disposition
        ]
        heads = ("reason", "what it means", "one thread of pages")[: len(rows[0])]
        parts.append(f"### {disposition.value}\n\n{_table(heads, rows)}")
    return "\n".join(parts)


def guard_order() -> str:
    """The guards in their order with the requests they speak to."""
    rows = [
        (str(place), guard.name, _kinds(guard.applies_to), (guard.look.__doc__ or "").splitlines()[0])
        for place, guard in enumerate(GUARDS, start=1)
    ]
    return _table(("", "guard", "speaks to", "looks at"), rows)


def actions() -> str:
    """Every action of the registry: what it does, how it is taken back, what it may do by itself and call."""
    heads = ("action", "what it does", "taken back", "by itself", "changes by", "looks by")
    return _table(heads, map(_action, CATALOG.specs.values()))


def actions_in_short() -> str:
    """A line an action: what it does, without its conditions."""
    lines = [f"- `{one.name}`: {one.in_short}" for one in CATALOG.specs.values()]
    return "\n".join(lines) + "\n"


def action_settings() -> str:
    """The settings of each action, with the values that hold where the file is silent."""
    heads = ("`NAME`", "its targets", "takes as well")
    specs = CATALOG.specs.values()
    return _table(heads, [(f"`{one.name}`", f"`{one.service}:`", _settings(one)) for one in specs])


def _settings(spec: ActionSpec) -> str:
    values = {name: getattr(spec.settings, name, {}) for name in sorted(keys_of(spec.name))}
    shown = (f"`{name}`{_by_default(value)}" for name, value in values.items())
    return ", ".join(shown) or "-"


def _by_default(value: object) -> str:
    if isinstance(value, Mapping):
        return ""
    return f" ({format_duration(value) if isinstance(value, timedelta) else value})"


def rule_parameters() -> str:
    """The parameter of each rule of an action, with what the rule listens to."""
    rows: list[Row] = []
    for spec in CATALOG.specs.values():
        function = spec.logical_id
        rows.append((f"`{function}ByTag`", "`ENABLED`", f"tagged `firebreak:action={spec.name}`"))
        if spec.symptom:
            rows.append((f"`{function}BySymptom`", "`ENABLED`", f"untagged, on {spec.symptom.of}"))
    return _table(("rule parameter", "default", "alarms"), rows)


def _action(spec: ActionSpec) -> Row:
    changes = [f"`{one.action}`" for one in spec.permissions if one.mutates]
    looks = [f"`{one.action}`" for one in spec.permissions if not one.mutates]
    alone = "asks" if spec.asks_by_default else "as `defaults.autonomy` says"
    back = spec.undo or "never"
    return f"`{spec.name}`", spec.does, back, alone, ", ".join(changes), ", ".join(looks)


def _kinds(kinds: frozenset[RequestKind]) -> str:
    return "all" if kinds == frozenset(RequestKind) else ", ".join(k.value for k in RequestKind if k in kinds)


def moves() -> str:
    """The state machine: where each state may go, and whether it keeps other incidents off the target."""
    rows = [
        (
            f"`{state.value}`",
            ", ".join(f"`{after.value}`" for after in MOVES if after in allowed) or "-",
            "no" if state in FREES_TARGET else "yes",
        )
        for state, allowed in MOVES.items()
    ]
    return _table(("state", "may become", "holds the target"), rows)


def sample_events() -> str:
    """The kind, the receivers and the subject of each file of `events/`."""
    rows = [_sample(path) for path in sorted(EVENTS.glob("*.json"))]
    return _table(("file", "kind", "state", "goes to", "target"), rows)


def unusable_events() -> str:
    """The mistake in each file of `events/unusable/`."""
    rows = [(_name(path), _problem(path)) for path in sorted((EVENTS / "unusable").glob("*.json"))]
    return _table(("file", "found"), rows)


def _sample(path: Path) -> Row:
    trigger = alarm_events.parse(json.loads(path.read_text(encoding="utf-8")))
    if isinstance(trigger, OwnEvent):
        return _name(path), f"own: {trigger.kind.value}", "-", trigger.action, _about(trigger)
    goes_to = ", ".join(f"{one.function} (by {one.by.value})" for one in route(trigger, CATALOG)) or "nobody"
    return _name(path), trigger.kind.value, trigger.state.value, goes_to, _target(trigger)


def _about(asked: OwnEvent) -> str:
    return f"`{asked.target}`" if asked.target else "its incident's"


def _target(alarm: Alarm) -> str:
    tags = UNSEEN if target_resolution.needs_live_tags(alarm) else alarm.tags
    lookups = Lookups.none(Home("111122223333", alarm.region or "eu-west-1"), UNSEEN)
    named = target_resolution.resolve(alarm, tags, lookups, primary(route(alarm, CATALOG)) or "")
    found = named.found
    if isinstance(found, Target):
        return f"`{found.display}`"
    if named.groups:
        return "the one ECS service behind its target groups"
    children = alarm.children and found.reason is Reason.TARGET_UNREADABLE
    return "what its red children name" if children else f"{found.reason.value}: {found.detail}"


def _problem(path: Path) -> str:
    try:
        alarm_events.parse(json.loads(path.read_text(encoding="utf-8")))
    except UnusableEvent as error:
        return error.found
    except ValueError:
        return "text that is not JSON"
    return "nothing wrong with it"


def _name(path: Path) -> str:
    return f"`{path.relative_to(DOCS.parent)}`"


def exit_codes() -> str:
    """The meaning of the exit codes of the `firebreak` command."""
    return _table(("exit code", "it means"), ((str(code), means) for code, means in EXIT_CODES.items()))


_LEVELS = {
    Level.STACK: "no",
    Level.ALARM: "not on the alarms that it names",
    Level.PAGES: "pages may reach nobody",
    Level.BASIS: "not known; a warning where `--policy` names the file",
    Level.WARNING: "a warning: the verdict does not change",
}


_PROGRAMS = ("aws", "firebreak", "sam", "timedatectl")


def doctor_checks() -> str:
    """Every check of `firebreak doctor` under its code, so that a link can name it."""
    parts: list[str] = []
    for area, checks in groupby(CHECKS.values(), lambda check: check.area):
        parts += [f"## {area}\n", *map(_check, checks)]
    return "\n".join(parts)


def _check(check: Check) -> str:
    mend = declared_mend(check)
    mend = f"`{mend}`" if mend.split()[0] in _PROGRAMS else mend
    lines = (
        f"### {check.code}",
        check.should,
        f"- Otherwise: {check.why}\n- The verdict then: {_LEVELS[check.level]}\n- To mend it: {mend}\n",
    )
    return "\n\n".join(lines)


def _table(heads: Row, rows: Iterable[Row]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def export_columns() -> str:
    """One table a kind of export, in the order of its columns."""
    parts = []
    for kind in Kind:
        rows = [(f"`{name}`", meaning) for name, meaning in table_of(kind).columns.items()]
        parts.append(f"### {kind}\n\n{_table((f'column of {kind}', 'meaning'), rows)}")
    return "\n".join(parts)


def layer_libraries() -> str:
    """Every library of the layer, with its version and license."""
    found = libraries(DOCS.parent / "shared/requirements.txt")
    return _table(("library", "version", "license"), ((one.name, one.version, one.license) for one in found))


_HEADS = ("", "formula", *(f"{size:,} alarms" for size in scale.SIZES))


def scale_inputs() -> str:
    """The numbers that the formulae of docs/scale.md take."""
    kinds = {"assumed": scale.ASSUMED, "counted": scale.MEASURED, "price": scale.PRICES}
    rows = [
        (f"`{name}`", f"{one.value:.10f}".rstrip("0").rstrip("."), kind, one.source)
        for kind, inputs in kinds.items()
        for name, one in inputs.items()
    ]
    monthly = [(f"`{one.what}`", f"`{one.formula}`", "computed", "") for one in scale.RED]
    return _table(("input", "value", "", "of"), [*rows, *monthly])


def scale_costs() -> str:
    """US dollars a month, line by line, and their sum."""
    rows = [_scaled(line, _dollars) for line in scale.COSTS]
    total = ("**all of it**", "", *(f"**{_dollars(scale.cost_of(size))}**" for size in scale.SIZES))
    return _table(_HEADS, [*rows, total, _scaled(scale.ROUTE, _dollars), _scaled(scale.ALARMS, _dollars)])


def _dollars(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= scale.CENT or not amount else "under 0.01"


def scale_quotas() -> str:
    """The quotas, with the pages of AWS that name them."""
    rows = [(f"`{name}`", f"{one.value:,.0f}", one.source) for name, one in scale.QUOTAS.items()]
    return _table(("quota", "default", "of"), rows)


def scale_limits() -> str:
    """The seconds until all is through, when everything turns red at once."""
    return _table(_HEADS, [_scaled(line, "{:,.1f}".format) for line in scale.LIMITS])


def _scaled(line: scale.Line, form: Callable[[float], str]) -> Row:
    values = (scale.value(line.formula, scale.names_for(size)) for size in scale.SIZES)
    return line.what, f"`{line.formula}`", *map(form, values)


def answers_to(question: Question) -> str:
    """How a question is asked, and its answers."""
    heads = ("answer", "means", "next step")
    rows = [(one.found, one.means, one.then or "-") for one in question.answers]
    return f"{_asking(question)}\n\n{_table(heads, rows)}"


def _asking(question: Question) -> str:
    lines = []
    if question.reads:
        rights = ", ".join(f"`{one}`" for one in question.reads)
        lines.append(f"Asked by `firebreak doctor --on-aws --only {question.name}`, which calls {rights}.")
    if question.trial:
        calls = "; ".join(question.trial.calls)
        lines.append(
            f"Tried by `firebreak doctor --on-aws --try {question.name} --account ACCOUNT`: {calls}."
            f" Taken back: {question.trial.taken_back}. Noticed by: {question.trial.felt}."
        )
    return "\n".join(lines) or f"By hand: {question.by_hand}."


BLOCKS: Mapping[str, Callable[[], str]] = {
    **{f"answers-{name}": partial(answers_to, one) for name, one in QUESTIONS.items()},
    "actions": actions,
    "action-settings": action_settings,
    "actions-in-short": actions_in_short,
    "rule-parameters": rule_parameters,
    "reasons": reasons,
    "guards": guard_order,
    "doctor-checks": doctor_checks,
    "exit-codes": exit_codes,
    "libraries": layer_libraries,
    "export-columns": export_columns,
    "moves": moves,
    "sample-events": sample_events,
    "scale-costs": scale_costs,
    "scale-inputs": scale_inputs,
    "scale-limits": scale_limits,
    "scale-quotas": scale_quotas,
    "unusable-events": unusable_events,
}

if __name__ == "__main__":
    main()
