"""The partition that an ARN names, and the ARN of an alarm made of known parts only."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.arns import alarm_arn, partition_of
from tests.support import builders as a


@pytest.mark.parametrize(
    ("arn", "partition"),
    [
        pytest.param("arn:aws:sns:eu-west-1:111122223333:on-call", "aws", id="commercial"),
        pytest.param("arn:aws-eusc:iam::111122223333:role/x", "aws-eusc", id="without a region"),
        pytest.param("arn:aws-iso-b:s3:::bucket", "aws-iso-b", id="with a dash"),
        pytest.param("manual/111122223333/eu-west-1/ecs/prod/api", "", id="a request by hand"),
        pytest.param("", "", id="nothing"),
        pytest.param("arn:aws", "", id="cut off"),
        pytest.param("arn:evil:sns:eu-west-1:111122223333:x", "", id="no partition of AWS"),
        pytest.param(" arn:aws:sns:eu-west-1:111122223333:x", "", id="not at the beginning"),
        pytest.param("arn:aws.evil:sns:eu-west-1:111122223333:x", "", id="a dot"),
    ],
)
def test_a_partition_is_what_an_arn_says_and_nothing_else(arn: str, partition: str) -> None:
    assert partition_of(arn) == partition


@pytest.mark.parametrize("missing", range(4))
def test_an_arn_has_all_its_parts_or_is_none(missing: int) -> None:
    parts = ["aws-cn", a.ACCOUNT, "cn-north-1", "api"]
    assert alarm_arn(*parts) == f"arn:aws-cn:cloudwatch:cn-north-1:{a.ACCOUNT}:alarm:api"
    parts[missing] = ""
    assert alarm_arn(*parts) == ""


@given(some.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-eusc"]), some.text(min_size=1, max_size=20))
def test_the_partition_of_an_alarms_arn_is_the_one_it_was_made_with(partition: str, name: str) -> None:
    assert partition_of(alarm_arn(partition, a.ACCOUNT, "eu-west-1", name)) == partition
