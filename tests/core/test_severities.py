"""The severity, runbook and log of a page: the alarm's own tags come before the policy."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.page import Severity
from firebreak.core.paging.rules import PagingRules
from firebreak.core.paging.severities import ITS_OWN, log_group_of, runbook_of, severity_of
from tests.core.thread_fixtures import ALWAYS, announced

CALLS = AnnouncementKind.GIVEN_TO_HUMANS
WIKI = "https://wiki.example.com/api"
RULES = PagingRules(
    usual=Severity.WARNING,
    named=(("api-memory-*", Severity.ERROR), ("api-*", Severity.INFO)),
    channels={},
    routes=(ALWAYS,),
    digest_every=timedelta(hours=1),
    runbooks=(("api-*", WIKI),),
    logs=(("ecs:prod/*", "/ecs/{name}"), ("lambda:*", "/aws/lambda/{name}")),
)


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        pytest.param({"severity": "critical"}, Severity.CRITICAL, id="the tag"),
        pytest.param({"severity": "CRITICAL!"}, Severity.ERROR, id="a tag that is none"),
        pytest.param({}, Severity.ERROR, id="the first pattern of its name"),
        pytest.param({"alarm_name": "api-cpu"}, Severity.INFO, id="a later pattern"),
        pytest.param({"alarm_name": "web"}, Severity.WARNING, id="the usual one"),
        pytest.param({"alarm_name": ""}, Severity.WARNING, id="no alarm"),
    ],
)
def test_the_tag_speaks_first_then_the_name_then_the_policy(
    changes: dict[str, Any], severity: Severity
) -> None:
    assert severity_of(announced(CALLS, **changes), RULES) is severity


@pytest.mark.parametrize("kind", sorted(ITS_OWN))
def test_an_announcement_about_firebreak_itself_waits_for_no_hours(kind: AnnouncementKind) -> None:
    assert severity_of(announced(kind, severity="info"), RULES) is Severity.CRITICAL


@pytest.mark.parametrize(
    ("changes", "link"),
    [
        pytest.param({"runbook": "https://a.example/b"}, "https://a.example/b", id="the tag"),
        pytest.param({"runbook": "javascript:alert(1)"}, WIKI, id="a tag that is no address"),
        pytest.param({"runbook": "http://a.example/b"}, WIKI, id="an address anybody can read along"),
        pytest.param({"alarm_description": "see https://c.example/d"}, WIKI, id="the policy"),
        pytest.param(
            {"alarm_name": "web", "alarm_description": "see <https://c.example/d> first"},
            "https://c.example/d",
            id="the description",
        ),
        pytest.param({"runbook": "https://a.example/\x1b[2J"}, WIKI, id="a tag that steers a terminal"),
        pytest.param(
            {"alarm_name": "web", "alarm_description": "see https://c.example/d\u200b\u202egpj.exe"},
            "https://c.example/d",
            id="a description, up to what cannot be seen",
        ),
        pytest.param(
            {"alarm_name": "web", "alarm_description": "https://\x08d"}, "", id="nothing that can be seen"
        ),
        pytest.param({"runbook": "https://a.example/über"}, "https://a.example/über", id="a letter"),
        pytest.param({"alarm_name": "web"}, "", id="nobody says"),
    ],
)
def test_the_runbook_is_an_https_address_or_nothing(changes: dict[str, Any], link: str) -> None:
    assert runbook_of(announced(CALLS, **changes), RULES) == link


@pytest.mark.parametrize(
    ("changes", "group"),
    [
        pytest.param({}, "/ecs/api", id="the policy"),
        pytest.param({"target": "lambda:orders"}, "/aws/lambda/orders", id="a target without a group"),
        pytest.param({"target": "ses:mail"}, "", id="nobody says"),
        pytest.param({"target": ""}, "", id="no target"),
    ],
)
def test_the_log_group_is_the_policys(changes: dict[str, Any], group: str) -> None:
    assert log_group_of(announced(CALLS, **changes), RULES) == group


@given(text=some.text(max_size=40) | some.text(max_size=40).map("https://a".__add__))
def test_no_text_becomes_anything_but_an_https_address(text: str) -> None:
    found = runbook_of(announced(CALLS, runbook=text, alarm_description=text, alarm_name="web"), RULES)
    assert not found or (found.startswith("https://") and found.isprintable() and " " not in found)
