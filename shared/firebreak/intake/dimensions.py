"""The resource that the dimensions of metrics name, read for the service of the requested action."""

from collections.abc import Iterable, Mapping

from firebreak.core.model import Metric, Target, Unresolved
from firebreak.core.reasons import Reason
from firebreak.intake.names import SERVICES, Found, Home, Naming
from firebreak.services.ecs.target_groups import DIMENSION
from firebreak.wire.lenient_json import as_excerpt

# Namespaces of AWS's own services start so; a dimension of the same name means something else there.
_OF_AWS = "AWS/"


def named_by(metrics: Iterable[Metric], service: str, home: Home) -> Found | None:
    """The resource that all the metrics name; None when they name nothing of that service at all.

    Without a service, the resource of any service that they name.
    """
    metrics = list(metrics)
    wanted = [service] if service else list(SERVICES)
    found = [_by_naming(name, naming, metrics, home) for name in wanted if (naming := _named(name))]
    named = [target for target in found if target is not None]
    if len(named) > 1:
        return Unresolved(Reason.TARGET_AMBIGUOUS, "the dimensions name resources of several services")
    return named[0] if named else None


def named_elsewhere(metrics: Iterable[Metric], service: str, home: Home) -> Target | None:
    """The one resource of any other service that the metrics name, for the text of a refusal."""
    metrics = list(metrics)
    others = [name for name in SERVICES if name != service]
    found = {target for name in others if isinstance(target := named_by(metrics, name, home), Target)}
    return found.pop() if len(found) == 1 else None


def wanted(service: str) -> str:
    """The dimensions that would name a target, for the text of a refusal."""
    namings = [naming for name in ([service] if service else SERVICES) if (naming := _named(name))]
    named = [" with ".join(naming.dimensions) for naming in namings]
    named += [DIMENSION] if service == "ecs" else []
    return "no " + (" or ".join(named) or "metric that names one")


def _named(service: str) -> Naming | None:
    naming = SERVICES.get(service)
    return naming if naming and naming.name_dimension else None


def _by_naming(service: str, naming: Naming, metrics: list[Metric], home: Home) -> Found | None:
    seen = [metric.dimensions for metric in metrics if _is_read(metric, naming)]
    values = {name: {dims[name] for dims in seen if name in dims} for name in naming.dimensions}
    if not any(values.values()):
        return None
    if problem := _problem(naming, values):
        return problem
    if not any(set(naming.dimensions) <= dims.keys() for dims in seen):
        detail = f"{' and '.join(naming.dimensions)} stand on different metrics"
        return Unresolved(Reason.TARGET_NONE, detail)
    *group, name = (next(iter(values[dimension])) for dimension in naming.dimensions)
    return Target(home.account, home.region, service, "/".join(group), name)


def _is_read(metric: Metric, naming: Naming) -> bool:
    """Whether the metric's dimensions mean this service's resources.

    AWS's own namespace for the service does, even with half a name, and so does a series without any.
    In a namespace of the application's own only the whole name does, for half of it is a common word.
    """
    if naming.foreign & metric.dimensions.keys():
        return False
    if metric.namespace in {"", *naming.namespaces}:
        return True
    whole = set(naming.dimensions) <= metric.dimensions.keys()
    return whole and not metric.namespace.startswith(_OF_AWS)


def _problem(naming: Naming, values: Mapping[str, set[str]]) -> Unresolved | None:
    """The first objection to the values of the dimensions: malformed, then missing, then several."""
    for name, found in values.items():
        odd = next((value for value in sorted(found) if not naming.characters.fullmatch(value)), None)
        if odd is not None:
            return Unresolved(Reason.TARGET_MALFORMED, f"{name} is {as_excerpt(odd) if odd else 'empty'}")
        if naming.reserved in found:
            detail = f"{name} is {as_excerpt(naming.reserved)}, a name that here means everything"
            return Unresolved(Reason.TARGET_MALFORMED, detail)
    for name, found in values.items():
        if not found:
            given = " and ".join(sorted(other for other, some in values.items() if some))
            return Unresolved(Reason.TARGET_NONE, f"{given} without {name}")
    for name, found in values.items():
        if len(found) > 1:
            named = ", ".join(as_excerpt(value) for value in sorted(found)[:3])
            return Unresolved(Reason.TARGET_AMBIGUOUS, f"{len(found)} values of {name}: {named}")
    return None
