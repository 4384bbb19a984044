"""Files for `firebreak adopt` that are not the whole answer, or not about the same place, are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from firebreak_cli.exit_codes import BAD_INPUT
from tests.cli.adopted import raw
from tests.cli.running import error_lines
from tests.cli.test_adopt_offline import adopt, alarms_file, printed
from tests.support import builders as a

SERVICE = f"arn:aws:ecs:{a.REGION}:{a.ACCOUNT}:service/prod/api"
ELSEWHERE = f"arn:aws:ecs:us-east-1:{a.ACCOUNT}:service/prod/api"
OTHERS = f"arn:aws:ecs:{a.REGION}:444455556666:service/prod/api"
GLOBAL = "arn:aws:cloudfront::111122223333:distribution/E1"
OPTED = {"firebreak:enabled": "true"}


def tags_file(tmp_path: Path, *arns: str, **more: Any) -> str:
    """The tags of resources, each opted in."""
    pairs = [{"Key": key, "Value": value} for key, value in OPTED.items()]
    listed = [{"ResourceARN": arn, "Tags": pairs} for arn in arns]
    file = tmp_path / "tags.json"
    file.write_text(json.dumps({"ResourceTagMappingList": listed, **more}), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("key", ["NextToken", "PaginationToken"])
def test_a_file_of_alarms_that_was_cut_is_refused(key: str, tmp_path: Path) -> None:
    file = alarms_file(tmp_path, raw())
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), key: "x"}), encoding="utf-8")
    result = adopt("--alarms", str(file))
    text = f"{file}: it is a part of the answer ({key} is in it): without --max-items the CLI prints all"
    assert (result.exit_code, error_lines(result)) == (BAD_INPUT, [f"firebreak: {text}"])


@pytest.mark.parametrize("key", ["NextToken", "PaginationToken"])
def test_a_file_of_tags_that_was_cut_is_refused(key: str, tmp_path: Path) -> None:
    tags = tags_file(tmp_path, SERVICE, **{key: "x"})
    result = adopt("--alarms", str(alarms_file(tmp_path, raw())), "--tags", tags)
    assert (result.exit_code, f"{tags}: it is a part of the answer ({key}" in result.stderr) == (
        BAD_INPUT,
        True,
    )


@pytest.mark.parametrize("empty", [{"PaginationToken": ""}, {"NextToken": None}], ids=str)
def test_an_answer_that_ends_is_whole(empty: dict[str, Any], tmp_path: Path) -> None:
    files = ("--alarms", str(alarms_file(tmp_path, raw())), "--tags", tags_file(tmp_path, SERVICE, **empty))
    assert printed(*files)["alarms"][0]["opt_in"] == "yes"


@pytest.mark.parametrize(
    ("arn", "place"),
    [(ELSEWHERE, f"{a.ACCOUNT} us-east-1"), (OTHERS, f"444455556666 {a.REGION}")],
    ids=["another region", "another account"],
)
def test_tags_of_another_place_are_refused(arn: str, place: str, tmp_path: Path) -> None:
    """An alarm that is not among the tags has none: taken as whole, nobody would own anything."""
    tags = tags_file(tmp_path, arn, GLOBAL)
    result = adopt("--alarms", str(alarms_file(tmp_path, raw())), "--tags", tags)
    text = f"{tags}: expected tags of {a.ACCOUNT} {a.REGION}, as the alarms are, found {place}"
    assert (result.exit_code, error_lines(result)) == (BAD_INPUT, [f"firebreak: {text}"])


@pytest.mark.parametrize("arns", [(), (GLOBAL,)], ids=["none", "global"])
def test_tags_of_no_place_are_taken_as_they_are(arns: tuple[str, ...], tmp_path: Path) -> None:
    files = ("--alarms", str(alarms_file(tmp_path, raw())), "--tags", tags_file(tmp_path, *arns))
    assert printed(*files)["alarms"][0]["opt_in"] == "not known"


def test_a_target_of_the_same_name_elsewhere_is_another_target(tmp_path: Path) -> None:
    here = a.arn_of("api-memory")
    files = (
        "--alarms",
        str(alarms_file(tmp_path, raw())),
        "--tags",
        tags_file(tmp_path, here, ELSEWHERE, OTHERS),
    )
    assert printed(*files)["alarms"][0]["opt_in"] == "not known"
