"""`firebreak backtest` on a saved history: what it prints, its JSON, its exit codes, and bad files."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.backtest.histories import History
from tests.cli.running import error_lines, run
from tests.support import builders as a

OTHER_VERSION = json.dumps(History().lines()[0] | {"version": 2}).encode() + b"\n"


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy.toml"
    path.write_text(a.AUTO_POLICY, encoding="utf-8")
    return str(path)


def written(folder: Path, history: History) -> str:
    return str(history.write(folder / "history.jsonl"))


def one_restart() -> History:
    history = History()
    history.red(history.service(), 10, lasts=3)
    return history


def test_it_says_what_would_have_been_done_and_what_that_rests_on(tmp_path: Path, policy: str) -> None:
    result = run("backtest", "--history", written(tmp_path, one_restart()), "--policy", policy)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    said = " ".join(result.stdout.split())
    assert "Firebreak would have acted once, proposed 0 times, asked 0 times and refused 0 times" in said
    assert "- an act changes nothing: its alarms go on as the history has them" in said
    assert any("would act" in line and "maybe" in line for line in lines)


def test_its_json_has_a_version_and_every_count(tmp_path: Path, policy: str) -> None:
    result = run("backtest", "--history", written(tmp_path, one_restart()), "--policy", policy, "--json")
    found = json.loads(result.stdout)
    assert found["version"] == 1
    assert found["totals"] == {
        "act": 1,
        "put_back": 0,
        "propose": 0,
        "ask_approval": 0,
        "defer": 0,
        "refuse": 0,
        "unknown": 0,
        "certain": 0,
        "maybe": 1,
        "not_replayed": 0,
    }
    assert found["acts"]["list"] == [
        {
            "at": found["acts"]["list"][0]["at"],
            "action": "restart-service",
            "target": "ecs:prod/api",
            "alarm": "api-memory",
            "incident": found["acts"]["list"][0]["incident"],
            "rung": 1,
        }
    ]
    assert found["recovery"]["times_red"] == found["recovery"]["recovered_alone"] == 1
    assert found["history"]["items"] == 2


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_history_that_reaches_no_function_is_not_a_pass(
    tmp_path: Path, policy: str, form: tuple[str, ...]
) -> None:
    history = History()
    history.red(history.service(tags={"firebreak:action": "none"}), 10)
    result = run("backtest", "--history", written(tmp_path, history), "--policy", policy, *form)
    assert result.exit_code == 6
    assert error_lines(result) == ["firebreak: nothing was replayed: no decision about this history is known"]


def test_a_compressed_history_and_a_part_of_it_are_read(tmp_path: Path, policy: str) -> None:
    history = one_restart()
    history.red("api-memory", 29 * 24 * 60, lasts=3)
    plain = Path(written(tmp_path, history))
    packed = tmp_path / "history.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path, acts in ((plain, 2), (packed, 2)):
        found = json.loads(run("backtest", "--history", str(path), "--policy", policy, "--json").stdout)
        assert found["totals"]["act"] == acts
    late = run("backtest", "--history", str(packed), "--policy", policy, "--days", "2", "--json")
    found = json.loads(late.stdout)
    assert found["totals"]["act"] == 1
    assert found["history"]["skipped"] == {"outside the time that was asked for": 2}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"version = 1\n", "line 1: JSON is malformed"),
        (b'{"line": "item"}\n', "line 1: Object missing required field"),
        (
            OTHER_VERSION,
            "line 1: version 2, and this release reads 1",
        ),
    ],
)
def test_a_file_that_is_no_history_is_one_line_that_names_the_place(
    tmp_path: Path, policy: str, content: bytes, said: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    result = run("backtest", "--history", str(path), "--policy", policy)
    assert result.exit_code == 2
    [line] = error_lines(result)
    assert line.startswith(f"firebreak: {path}: {said}")


def test_a_history_that_breaks_off_in_the_middle_names_the_line(tmp_path: Path, policy: str) -> None:
    path = Path(written(tmp_path, one_restart()))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    [line] = error_lines(run("backtest", "--history", str(path), "--policy", policy))
    assert line == f"firebreak: {path}: line 5: Input data was truncated"
    packed = tmp_path / "x.jsonl.gz"
    packed.write_bytes(gzip.compress(whole)[:-30])
    [line] = error_lines(run("backtest", "--history", str(packed), "--policy", policy))
    assert line.startswith(f"firebreak: {packed}: ")
    assert line.endswith("EOFError")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--days", "31"), "--days 31: CloudWatch keeps 1 to 30 days of history"),
        (("--days", "0"), "--days 0: CloudWatch keeps 1 to 30 days of history"),
        (("--assume", "luck"), "--assume luck: one of as-history, helps, does-not-help"),
        (("--save", "x.jsonl"), "--save saves the account's history: leave --history out"),
    ],
)
def test_odd_options_are_refused(tmp_path: Path, policy: str, options: tuple[str, ...], said: str) -> None:
    path = written(tmp_path, one_restart())
    result = run("backtest", "--history", path, "--policy", policy, *options)
    assert (result.exit_code, error_lines(result)) == (2, [f"firebreak: {said}"])


def test_a_name_in_the_history_cannot_steer_the_terminal(tmp_path: Path, policy: str) -> None:
    history = History()
    history.service()
    evil = "evil\u202e\x9b2J"
    arn = f"arn:aws:cloudwatch:{a.REGION}:{a.ACCOUNT}:alarm:{evil}"
    history.alarms[0]["config"] |= {"AlarmName": evil, "AlarmArn": arn}
    history.alarms[0]["tags"] = {}
    history.alarms[0]["config"] |= {"Namespace": "Custom", "MetricName": "Odd"}
    history.red(evil, 10)
    history.red(history.service("web"), 20, lasts=3)
    for form in ((), ("--json",)):
        out = run("backtest", "--history", written(tmp_path, history), "--policy", policy, *form).stdout
        assert "evil" in out
        assert not {"\u202e", "\x9b"} & {*out}


def test_an_alarm_that_no_function_could_read_is_counted(tmp_path: Path, policy: str) -> None:
    history = one_restart()
    history.service("odd")
    history.alarms[-1]["config"] |= {"AlarmName": "odd\x1b", "AlarmArn": "no ARN at all:of:an:odd:alarm:odd"}
    history.red("odd\x1b", 20)
    path = written(tmp_path, history)
    found = json.loads(run("backtest", "--history", path, "--policy", policy, "--json").stdout)
    assert found["history"]["skipped"] == {"no function could read its event": 2}
    assert found["totals"]["act"] == 1


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: gzip.compress(text)[:200] + b"\x00" * 40,
        lambda text: text.splitlines(keepends=True)[0] + b"\n" * 2_000_000,
        lambda text: text.replace(
            b'"config": {', b'"config": {"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b", "
        ),
    ],
    ids=["corrupt gzip", "blank lines", "nested deeply"],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, policy: str, damage: Callable[[bytes], bytes]) -> None:
    text = Path(written(tmp_path, one_restart())).read_bytes()
    path = tmp_path / ("x.jsonl.gz" if damage(text)[:2] == b"\x1f\x8b" else "x.jsonl")
    path.write_bytes(damage(text))
    result = run("backtest", "--history", str(path), "--policy", policy)
    assert result.exit_code == 2
    assert len(error_lines(result)) == 1


def test_times_without_a_zone_are_in_utc(tmp_path: Path, policy: str) -> None:
    path = Path(written(tmp_path, one_restart()))
    path.write_text(path.read_text(encoding="utf-8").replace("+00:00", ""), encoding="utf-8")
    result = run("backtest", "--history", str(path), "--policy", policy, "--json")
    assert json.loads(result.stdout)["totals"]["act"] == 1


def test_a_part_of_a_history_knows_the_states_before_it(tmp_path: Path, policy: str) -> None:
    history = one_restart()
    history.red("api-memory", 29 * 24 * 60, lasts=3)
    found = json.loads(
        run(
            "backtest", "--history", written(tmp_path, history), "--policy", policy, "--days", "2", "--json"
        ).stdout
    )
    assert found["history"]["from"] == "2026-11-18T10:00:30+00:00"
