"""The looks at alarms and their targets: FB201 to FB210, and FB212. All of them read one survey."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.model import AlarmState, Unresolved
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import MEANINGS, Reason
from firebreak.core.routing import By
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.tags import ACTION_TAG, ALARMS_TAG, ANSWERING_STACK_TAG
from firebreak.services.registry import CATALOG
from firebreak_cli.doctor import obstacles
from firebreak_cli.doctor.deployment import ROUTE_UNTAGGED
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, bad, unseen, warning
from firebreak_cli.doctor.survey import Survey, Surveyed
from firebreak_cli.explain.explainer import BY_LIVE_TAG

_ALLOW = (
    f"aws resourcegroupstaggingapi tag-resources --resource-arn-list TARGET_ARN --tags {ALARMS_TAG}=ENTRIES"
    " --region {region} (names or beginnings of names, between spaces: give those that it has as well)"
)


def some_alarm_acts(seen: Examination) -> Looked:
    """FB201."""
    survey = seen.survey()
    at = _at(survey)
    if survey.acting:
        return Looked(at)
    if survey.unseen:
        return Looked(at, (unseen("none is known to, and some could not be looked at (FB202)"),))
    return Looked(at, (bad("no alarm leads to an action"),))


def _at(survey: Survey) -> str:
    humans = len(survey.alarms) - len(survey.acting) - len(survey.unseen)
    lead = f"{len(survey.acting)} lead to an action, {humans} do not, {len(survey.unseen)} could not be seen"
    return f"{lead}; {survey.others} others ask for nothing"


def every_alarm_arrives(seen: Examination) -> Looked:
    """FB202."""
    alarms = seen.survey().alarms
    found = [finding for one in alarms for finding in _on_its_way(seen, one)]
    return Looked(f"{len(alarms)} alarms", tuple(found))


def _on_its_way(seen: Examination, one: Surveyed) -> Iterator[Finding]:
    if one.explained is None:
        yield unseen(one.unseen, one.name) if one.unseen else bad(one.unusable, one.name)
        return
    decision, primary = one.explained.decision, one.explained.routing.primary
    if decision.reason in obstacles.NOT_ROUTED:
        tags = ", ".join(f"{key}={value}" for key, value in sorted(one.own_tags.items()))
        yield bad(f"{MEANINGS[decision.reason].sentence} Its tags: {tags or 'none'}", one.name)
    elif primary is not None:
        broken = [f"{name} is {problem}" for name in _way(one) if (problem := seen.rules().problem(name))]
        name = _logical_name(primary)
        broken += [f"{name} is stopped (FB104)"] if name in seen.stopped() else []
        if broken:
            yield bad(f"it does not reach {primary}: {', '.join(broken)}", one.name)


def _way(one: Surveyed) -> tuple[str, ...]:
    """The rules that take the alarm to its function, by their names in the template."""
    routing = one.explained.routing if one.explained else None
    if routing is None or routing.primary is None:
        return ()
    name = _logical_name(routing.primary)
    match routing.by:
        case found if found == BY_LIVE_TAG:
            return (ROUTE_UNTAGGED, f"{name}ByRequest")
        case By.SYMPTOM:
            return (f"{name}BySymptom",)
        case _:
            return (f"{name}ByTag",)


def _logical_name(function: str) -> str:
    return "Page" if function == PAGE_RUNG else CATALOG.specs[function].logical_id


def one_action_each(seen: Examination) -> Looked:
    """FB203."""

    def look(one: Surveyed) -> Iterator[Finding]:
        functions = one.explained.routing.functions if one.explained else ()
        actions = [name for name in functions if name in CATALOG]
        if len(actions) > 1:
            yield warning(f"it leads to {' and to '.join(actions)}", one.name)

    return _over(seen, look)


def tags_ride(seen: Examination) -> Looked:
    """FB204."""

    def look(one: Surveyed) -> Iterator[Finding]:
        left = sorted(one.own_tags.keys() - one.riding.keys())
        if ACTION_TAG in one.own_tags and left:
            by = one.explained.routing.by if one.explained else ""
            how = "its tags are looked up: " if by == BY_LIVE_TAG else ""
            yield warning(f"{how}its events are without {', '.join(left)}", one.name)

    alarms = seen.survey().alarms
    return Looked(f"{len(alarms)} alarms", tuple(found for one in alarms for found in look(one)))


def one_target_each(seen: Examination) -> Looked:
    """FB205."""

    def look(one: Surveyed) -> Iterator[Finding]:
        target = one.explained.target if one.explained else None
        if isinstance(target, Unresolved):
            make = unseen if target.reason in obstacles.UNSEEN or _by_children(one, target) else bad
            yield make(target.detail or MEANINGS[target.reason].sentence, one.name)
        else:
            yield from _objections(one, obstacles.NO_TARGET)

    return _over(seen, look)


def _by_children(one: Surveyed, target: Unresolved) -> bool:
    """Whether the children of a composite name several targets: those that are red on the day decide."""
    composite = bool(one.explained and one.explained.alarm.children)
    return composite and target.reason is Reason.TARGET_AMBIGUOUS


def every_target_opted_in(seen: Examination) -> Looked:
    """FB206."""

    def look(one: Surveyed) -> Iterator[Finding]:
        for finding in _objections(one, {Reason.ALARM_NOT_ALLOWED}):
            yield replace(finding, mend=_ALLOW)
        yield from _objections(one, obstacles.NO_CONSENT - {Reason.ALARM_NOT_ALLOWED})

    return _over(seen, look)


def every_target_names_a_stack(seen: Examination) -> Looked:
    """FB212. Another stack is known by its heartbeat."""
    others = " and ".join(sorted(seen.survey().other_stacks))

    def look(one: Surveyed) -> Iterator[Finding]:
        tags = one.explained.target_tags if one.explained else ABSENT
        if others and isinstance(tags, Mapping) and ANSWERING_STACK_TAG not in tags:
            yield warning(f"its target names no stack, and {others} hears of it as well", one.name)

    return _over(seen, look)


def nothing_lasting(seen: Examination) -> Looked:
    """FB207. It also says where a guard could not look."""

    def look(one: Surveyed) -> Iterator[Finding]:
        yield from _objections(one, obstacles.LASTING)
        yield from _floor_above_the_group(one)
        if one.explained and isinstance(one.explained.target, Unresolved):
            return
        yield from _objections(one, obstacles.UNSEEN, unseen)
        yield from (unseen(guard, one.name) for guard in one.not_looked)

    return _over(seen, look)


def _floor_above_the_group(one: Surveyed) -> Iterator[Finding]:
    """A floor that even a healthy group is not above while one of it is acted on; else it passes."""
    found = one.explained
    if found is None or found.rules is None or Reason.HEALTHY_FLOOR_REACHED not in one.objections:
        return
    floor = found.rules.disruption.min_healthy
    if isinstance(found.group, GroupCount) and found.group.total <= floor:
        detail = f"min_healthy {floor} of a group of {found.group.total} leaves no room to act on one of it"
        yield bad(f"{detail} ({Reason.HEALTHY_FLOOR_REACHED})", one.name)


def policy_lets_it_act(seen: Examination) -> Looked:
    """FB208."""

    def look(one: Surveyed) -> Iterator[Finding]:
        rules = one.explained.rules if one.explained else None
        if rules and one.explained and Reason.OBSERVE_ONLY in one.objections:
            target = getattr(one.explained.target, "display", "")
            yield bad(
                f"{one.action} on {target}: observe, by {rules.sources['autonomy']}", one.name, target=target
            )

    return _over(seen, look)


def every_alarm_has_data(seen: Examination) -> Looked:
    """FB209."""

    def look(one: Surveyed) -> Iterator[Finding]:
        if one.state == AlarmState.INSUFFICIENT_DATA:
            yield warning("it is in INSUFFICIENT_DATA", one.name)

    return _over(seen, look)


def nothing_switched_off(seen: Examination) -> Looked:
    """FB210."""
    return _over(seen, lambda one: _objections(one, obstacles.PAUSED))


def _objections(
    one: Surveyed, reasons: Collection[Reason], make: Callable[..., Finding] = bad
) -> Iterator[Finding]:
    for reason, detail in one.objections.items():
        if reason in reasons:
            yield make(f"{detail or MEANINGS[reason].sentence} ({reason})", one.name)


def _over(seen: Examination, look: Callable[[Surveyed], Iterator[Finding]]) -> Looked:
    """The findings about each alarm that leads to an action; those that could not be seen are FB202's."""
    acting = seen.survey().acting
    return Looked(f"{len(acting)} alarms", tuple(found for one in acting for found in look(one)))
