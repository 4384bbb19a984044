"""Windows in the policy file: what is accepted, what is refused, and to whom they apply."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from firebreak.policy.policy import FreezeWindow
from firebreak.policy.window_sections import WindowSection
from tests.policy.window_building import pinned, utc, window

SECTION = {"name": "nights", "schedule": "cron(0 2 * * *)", "duration": "PT4H"}
MINUTES = "cron's minutes is * or 0-59, also as lists (a,b) and ranges (a-b)"
HOURS = MINUTES.replace("minutes", "hours").replace("0-59", "0-23")
DAYS = MINUTES.replace("minutes", "day-of-month").replace("0-59", "1-31")
MONTHS = MINUTES.replace("minutes", "month").replace("0-59", "1-12 or JAN-DEC")
WEEKDAYS = MINUTES.replace("minutes", "day-of-week").replace("0-59", "SUN-SAT by name, SUN first")
FIVE = "cron has five fields: minutes, hours, day-of-month, month, day-of-week"
NEVER = "cron never comes: none of its months has such a day"
MOMENT = 'at(yyyy-MM-ddThh:mm) with a date and time that exist, like "at(2026-11-27T00:00)"'
SCHEDULE = (
    'a schedule like "cron(0 9 * * MON-FRI)" (minutes, hours, day-of-month, month, day-of-week)'
    ' or "at(2026-11-27T00:00)"'
)
DURATION = 'a duration like "2h" or "1d12h" (or "P1DT12H", as CloudWatch has it), from 1m to 15d'
ZONE = 'an IANA time zone like "Europe/Berlin" or "UTC"'
NAME = 'a name like "black-friday": up to 64 letters, digits, "-" and "_"'
KINDS = "ecs:CLUSTER/SERVICE, lambda:NAME, beanstalk:NAME, ses:NAME, runbook:NAME"
PATTERN = f'no target can match: targets are {KINDS}; patterns like "ecs:prod/*"'


def section(**given: object) -> WindowSection:
    return WindowSection.model_validate(SECTION | given)


def applying(one: WindowSection) -> FreezeWindow:
    return FreezeWindow(window=one.window(), targets=one.targets, actions=one.actions)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("schedule", "every day", SCHEDULE),
        ("schedule", 5, SCHEDULE),
        ("schedule", "rate(1 day)", SCHEDULE),
        ("schedule", "cron(0 9 * *)", FIVE),
        ("schedule", "cron(0 0 9 * * *)", FIVE),
        ("schedule", "cron(60 9 * * *)", MINUTES),
        ("schedule", "cron(*/5 * * * *)", MINUTES),
        ("schedule", "cron(0 24 * * *)", HOURS),
        ("schedule", "cron(0 17-9 * * *)", HOURS),
        ("schedule", "cron(0 0 0 * *)", DAYS),
        ("schedule", "cron(0 0 L * *)", DAYS),
        ("schedule", "cron(0 0 ? * MON)", DAYS),
        ("schedule", "cron(0 0 1 13 *)", MONTHS),
        ("schedule", "cron(0 0 1 FOO *)", MONTHS),
        ("schedule", "cron(0 0 * * 1-5)", WEEKDAYS),
        ("schedule", "cron(0 0 * * SAT-SUN)", WEEKDAYS),
        ("schedule", "cron(0 0 * * MON#1)", WEEKDAYS),
        ("schedule", "cron(0 0 30 2 *)", NEVER),
        ("schedule", "cron(0 0 30,31 FEB *)", NEVER),
        ("schedule", "cron(0 0 31 2,4,6,9,11 *)", NEVER),
        ("schedule", "at(2026-02-30T00:00)", MOMENT),
        ("schedule", "at(2026-11-27)", MOMENT),
        ("schedule", "at(2026-11-27T24:00)", MOMENT),
        ("schedule", "at(2026-11-27T00:00Z)", MOMENT),
        ("schedule", "at(0001-01-01T00:00)", MOMENT),
        ("duration", "16d", DURATION),
        ("duration", "30s", DURATION),
        ("duration", 7200, DURATION),
        ("duration", "PT0M", DURATION),
        ("duration", "P", DURATION),
        ("duration", "P1DT", DURATION),
        ("duration", "PT90S", DURATION),
        ("duration", "P1W", DURATION),
        ("duration", "P1M", DURATION),
        ("duration", "P16D", DURATION),
        ("duration", "P15DT1M", DURATION),
        ("timezone", "Berlin", ZONE),
        ("timezone", "europe/berlin", ZONE),
        ("timezone", "Europe", ZONE),
        ("timezone", "localtime", ZONE),
        ("timezone", "../../etc/passwd", ZONE),
        ("timezone", "", ZONE),
        ("name", "", NAME),
        ("name", "black friday", NAME),
        ("name", "x" * 65, NAME),
        ("targets", ["prod/*"], PATTERN),
        ("targets", ["ecs:prod"], PATTERN),
        ("targets", ["ECS:prod/*"], PATTERN),
        ("targets", ["ecs:"], PATTERN),
        ("targets", [""], PATTERN),
    ],
)
def test_a_mistake_is_reported_in_one_line_with_the_allowed_values(
    key: str, value: object, says: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        section(**{key: value})
    problems = [(problem["loc"][0], problem["msg"]) for problem in caught.value.errors()]
    assert problems == [(key, f"Value error, {says}")]


def test_an_unknown_key_and_a_missing_one_are_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        WindowSection.model_validate({"name": "nights", "schedule": "cron(0 2 * * *)", "until": "06:00"})
    assert {problem["type"] for problem in caught.value.errors()} == {"missing", "extra_forbidden"}


@pytest.mark.parametrize(
    ("schedule", "duration", "start"),
    [
        ("cron(0 2 * * *)", "PT2H", "2026-11-21T02:00"),
        ("cron(0 2 * * SUN)", "PT4H", "2026-11-22T02:00"),
        ("cron(0 1 1 * *)", "PT6H", "2026-12-01T01:00"),
        ("cron(0 18 * * FRI)", "P2DT12H", "2026-11-20T18:00"),
        ("cron(0,30 9-11 * JAN,DEC MON-FRI)", "PT5M", "2026-12-01T09:00"),
        ("cron(0 18 * * fri)", "PT1H", "2026-11-20T18:00"),
        ("at(2026-12-23T00:00)", "P7D", "2026-12-23T00:00"),
    ],
)
def test_schedules_of_mute_rules_are_understood(schedule: str, duration: str, start: str) -> None:
    assert window(schedule, duration).next_start(utc("2026-11-20T12:00")) == utc(start)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("PT1M", 1), ("PT90M", 90), ("PT36H", 2160), ("P1DT12H", 2160), ("P2DT1H5M", 2945), ("P15D", 21600)],
)
def test_durations_are_days_hours_and_minutes(text: str, minutes: int) -> None:
    assert section(duration=text).duration == timedelta(minutes=minutes)


def test_the_time_zone_is_utc_unless_it_is_given() -> None:
    assert section().timezone == "UTC"
    assert section(timezone="Asia/Kathmandu").timezone == "Asia/Kathmandu"


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5", "EST5EDT"]
)
def test_a_zone_that_is_accepted_has_data(zone: str) -> None:
    made = window("cron(0 0 1 1 *)", "PT1H", section(timezone=zone).timezone)
    midnight = utc("2027-01-01T00:00").replace(tzinfo=pinned(zone))
    assert made.next_start(utc("2026-11-20T00:00")) == midnight


def test_a_window_without_targets_and_actions_is_there_for_all() -> None:
    assert applying(section()).applies_to("ecs:prod/api", "restart-service")


def test_windows_apply_by_target_and_by_action_in_the_order_of_the_file() -> None:
    sections = [
        section(name="batch", targets=["ecs:batch/*", "ecs:cron/*"]),
        section(name="restarts", actions=["restart-service"]),
        section(name="both", targets=["*/api"], actions=["scale-service"]),
        section(name="all"),
    ]
    names = {
        (target, action): [one.name for one in sections if applying(one).applies_to(target, action)]
        for target in ("ecs:batch/job", "ecs:prod/api")
        for action in ("restart-service", "scale-service")
    }
    assert names == {
        ("ecs:batch/job", "restart-service"): ["batch", "restarts", "all"],
        ("ecs:batch/job", "scale-service"): ["batch", "all"],
        ("ecs:prod/api", "restart-service"): ["restarts", "all"],
        ("ecs:prod/api", "scale-service"): ["both", "all"],
    }


def test_a_pattern_is_case_sensitive_and_covers_the_whole_target() -> None:
    only = applying(section(targets=["ecs:prod/api"]))
    assert not only.applies_to("ecs:prod/API", "restart-service")
    assert not only.applies_to("ecs:prod/api-2", "restart-service")


def test_the_schema_for_editors_shows_texts() -> None:
    properties = WindowSection.model_json_schema()["properties"]
    assert {properties[key]["type"] for key in ("name", "schedule", "duration", "timezone")} == {"string"}
