"""The results of policy tests: lines for people, JSON, and JUnit's XML for pipelines."""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree

from firebreak.core.reasons import MEANINGS
from firebreak.ledger.items import check_to_wire
from firebreak.paging.rendering import plain
from firebreak_cli.policy_tests.runner import Ran

type Results = Mapping[str, Sequence[Ran]]

JSON_VERSION = 1


def failed(results: Results) -> int:
    """How many decisions are not the expected ones."""
    return sum(bool(one.missed) for ran in results.values() for one in ran)


def lines(results: Results) -> Iterator[str]:
    """A line a test, and below one that failed what was found and which guard spoke."""
    for file, ran in results.items():
        for one in ran:
            yield f"{'FAIL' if one.missed else 'ok  '}  {plain(f'{file}: {one.test.name}')}"
            yield from (f"      {plain(line)}" for line in _difference(one))
    total = sum(map(len, results.values()))
    yield f"{total - failed(results)} of {total} decisions are as expected"


def _difference(one: Ran) -> Iterator[str]:
    if not one.missed:
        return
    decision = one.found.decision
    yield one.missed
    yield MEANINGS[decision.reason].sentence
    yield from (f"{check.guard}: {check.detail}" for check in one.speaking)


def as_json(results: Results) -> dict[str, object]:
    """The results as plain values, in the shape that docs/policy-tests.md documents."""
    return {
        "version": JSON_VERSION,
        "failed": failed(results),
        "tests": [_as_json(file, one) for file, ran in results.items() for one in ran],
    }


def _as_json(file: str, one: Ran) -> dict[str, object]:
    decision = one.found.decision
    return {
        "file": file,
        "name": one.test.name,
        "ok": not one.missed,
        "difference": one.missed or None,
        "function": one.found.routing.primary,
        "decision": decision.word,
        "reason": decision.reason.value,
        "checks": [check_to_wire(check) for check in one.speaking],
    }


def junit(results: Results) -> bytes:
    """The results as JUnit's XML; texts of alarms in it are escaped."""
    total = sum(map(len, results.values()))
    suites = ElementTree.Element("testsuites", tests=str(total), failures=str(failed(results)))
    for file, ran in results.items():
        failures = failed({file: ran})
        suite = ElementTree.SubElement(
            suites, "testsuite", name=file, tests=str(len(ran)), failures=str(failures)
        )
        for one in ran:
            case = ElementTree.SubElement(suite, "testcase", classname=file, name=_printable(one.test.name))
            if one.missed:
                body = ElementTree.SubElement(case, "failure", message=_printable(one.missed))
                body.text = _printable("\n".join(_difference(one)))
    written: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written


def _printable(text: str) -> str:
    """The text without characters that XML cannot hold at all."""
    return "".join(one if one in "\n\t" or one.isprintable() else "?" for one in text)
