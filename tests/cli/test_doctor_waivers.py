"""Dated waivers of the doctor's findings."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from firebreak_cli.doctor.model import Examined, bad, unseen, warning
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.doctor.verdict import verdict_of
from firebreak_cli.doctor.waivers import path_next_to, read_waivers, used, waive
from firebreak_cli.exit_codes import Ending
from tests.cli.doctored import Account
from tests.support.world import World

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LONG = 'until = 2026-12-31\nreason = "staging moves first"'


def waiver(code: str, subject: str = "", rest: str = LONG) -> str:
    about = f'subject = "{subject}"\n' if subject else ""
    return f'[[waivers]]\ncode = "{code}"\n{about}{rest}\n'


def written(tmp_path: Path, *waivers: str) -> Path:
    path = tmp_path / "policy.waivers.toml"
    path.write_text("version = 1\n" + "".join(waivers), encoding="utf-8")
    return path


def opted_out(*names: str) -> Examined:
    return Examined(CHECKS["FB206"], "alarms", tuple(bad("not opted in", name) for name in names))


def test_the_file_is_next_to_the_policy() -> None:
    assert path_next_to(Path("a/policy.toml")) == Path("a/policy.waivers.toml")


def test_a_waiver_accepts_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    waivers = read_waivers(written(tmp_path, waiver("FB206", "staging-*")))
    (found,) = waive([opted_out("staging-api", "prod-api")], waivers, NOW)

    assert [one.subject for one in found.counting] == ["prod-api"]
    staging = found.findings[0].waived
    assert staging
    assert (staging.until, staging.reason) == (datetime(2027, 1, 1, tzinfo=UTC), "staging moves first")


@pytest.mark.parametrize(
    ("subject", "waived"),
    [("api [eu]", ["api [eu]"]), ("api [*", ["api [eu]"]), ("api ?eu]", ["api [eu]"]), ("api [eu", [])],
)
def test_a_bracket_in_the_name_of_an_alarm_is_a_bracket(
    tmp_path: Path, subject: str, waived: list[str]
) -> None:
    waivers = read_waivers(written(tmp_path, waiver("FB206", subject)))
    (found,) = waive([opted_out("api [eu]", "api e")], waivers, NOW)
    assert [one.subject for one in found.findings if one.waived] == waived


def test_a_waiver_of_another_check_accepts_nothing(tmp_path: Path) -> None:
    waivers = read_waivers(written(tmp_path, waiver("FB205")))
    (found,) = waive([opted_out("api")], waivers, NOW)
    assert len(found.counting) == 1


def test_an_accepted_finding_never_makes_a_yes_of_the_verdict(tmp_path: Path) -> None:
    waivers = read_waivers(written(tmp_path, waiver("FB206")))
    verdict = verdict_of(waive([opted_out("api")], waivers, NOW))

    assert verdict.accepted
    assert verdict.line == "Would act on the bad day: not on 1 alarm; waived: 1 finding"


def test_what_could_not_be_looked_at_counts_until_it_is_waived(tmp_path: Path) -> None:
    blind = Examined(CHECKS["FB106"], "", (unseen("AWS refused it"),))
    assert not verdict_of([blind]).accepted

    verdict = verdict_of(waive([blind], read_waivers(written(tmp_path, waiver("FB106"))), NOW))
    assert verdict.accepted
    assert verdict.line == "Would act on the bad day: not known; could not look (FB106); waived: 1 finding"


@pytest.mark.parametrize(
    ("at", "accepted"),
    [(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), True), (datetime(2027, 1, 1, tzinfo=UTC), False)],
)
def test_a_waiver_counts_until_the_end_of_its_day_in_utc(
    tmp_path: Path, at: datetime, accepted: bool
) -> None:
    waivers = read_waivers(written(tmp_path, waiver("FB206")))
    examined = waive([opted_out("api")], waivers, at)
    assert verdict_of(examined).accepted is accepted
    (one,) = used(examined, waivers, at)
    assert one.expired is not accepted


def test_of_two_waivers_the_longer_one_is_shown(tmp_path: Path) -> None:
    short = waiver("FB206", rest='until = 2026-11-21\nreason = "short"')
    (found,) = waive([opted_out("api")], read_waivers(written(tmp_path, short, waiver("FB206"))), NOW)
    assert found.findings[0].waived
    assert found.findings[0].waived.reason == "staging moves first"


def test_a_warning_counts_neither_way() -> None:
    assert verdict_of([Examined(CHECKS["FB106"], "", (warning("1 message"),))]).accepted


MISTAKES = {
    "unknown code": (waiver("FB999"), "waivers[0].code", "--list"),
    "no end": (waiver("FB206", rest='reason = "x"'), "waivers[0].until", "Field required"),
    "end in quotes": (
        waiver("FB206", rest='until = "2026-12-31"\nreason = "x"'),
        "waivers[0].until",
        "a day",
    ),
    "end with a time": (
        waiver("FB206", rest='until = 2026-12-31T10:00:00Z\nreason = "x"'),
        "waivers[0].until",
        "a day",
    ),
    "the last day of all": (
        waiver("FB206", rest='until = 9999-12-31\nreason = "x"'),
        "waivers[0].until",
        "a day before 9999-12-31",
    ),
    "no reason": (waiver("FB206", rest="until = 2026-12-31"), "waivers[0].reason", "Field required"),
    "empty reason": (
        waiver("FB206", rest='until = 2026-12-31\nreason = ""'),
        "waivers[0].reason",
        "at least 1",
    ),
    "misspelt key": (waiver("FB206", rest=f'{LONG}\nsubjct = "x"'), "waivers[0].subjct", "not permitted"),
}


@pytest.mark.parametrize(("text", "place", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    with pytest.raises(Ending) as ending:
        read_waivers(written(tmp_path, text))
    (line,) = ending.value.lines
    assert ending.value.code == 2
    assert place in line
    assert said in line


@pytest.mark.parametrize("text", ["version = 2", "waivers = []", "no toml"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "w.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Ending, match=r"w\.toml"):
        read_waivers(path)


# --- through the command


@pytest.fixture
def account(world: World, tmp_path: Path) -> Account:
    found = Account(world, tmp_path / "policy.toml")
    found.status = "UPDATE_FAILED"
    return found


def test_the_command_takes_the_file_next_to_the_policy(account: Account, tmp_path: Path) -> None:
    assert account.doctor("--only", "FB101").exit_code == 8
    written(tmp_path, waiver("FB101"))
    result = account.doctor("--only", "FB101")

    assert result.exit_code == 0
    assert "UPDATE_FAILED (waived until 2027-01-01 00:00Z: staging moves first)" in result.stdout
    assert result.stdout.splitlines()[-1] == "Would act on the bad day: no; waived: 1 finding"


def test_an_expired_waiver_counts_no_more_and_the_command_says_so(account: Account, tmp_path: Path) -> None:
    written(tmp_path, waiver("FB101", rest='until = 2026-11-01\nreason = "x"'))
    for form in ([], ["--short"]):
        result = account.doctor("--only", "FB101", *form)
        assert result.exit_code == 8
        assert "The waiver of FB101 for * expired at 2026-11-02 00:00Z: it counts no more" in result.stdout
    report = account.report("--only", "FB101")
    assert report["waivers"] == [
        {
            "code": "FB101",
            "subject": "*",
            "until": "2026-11-02T00:00:00+00:00",
            "reason": "x",
            "expired": True,
            "findings": 1,
        }
    ]


def test_a_waiver_that_is_about_nothing_any_more_is_named(account: Account, tmp_path: Path) -> None:
    account.status = "CREATE_COMPLETE"
    written(tmp_path, waiver("FB101"), waiver("FB106"))
    result = account.doctor("--only", "FB101", "--short")
    assert result.stdout.splitlines() == [
        "The waiver of FB101 for * is about nothing now: take it out",
        "Would act on the bad day: not asked (FB101 found nothing)",
    ]


def test_another_file_may_be_named(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text("version = 1\n" + waiver("FB101"), encoding="utf-8")
    assert account.doctor("--only", "FB101", "--waivers", str(path)).exit_code == 0
