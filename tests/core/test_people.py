"""People by the names that others know them by."""

import pytest

from firebreak.core.people import claimed, person


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("arn:aws:sts::111122223333:assumed-role/on-call/ana", "ana (role on-call)"),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Operator_0123456789abcdef/ana@example.com",
            "ana@example.com (role Operator)",
        ),
        ("arn:aws-cn:iam::111122223333:user/ops/bo", "bo"),
        ("ana", "ana"),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        ("", ""),
    ],
)
def test_a_caller_is_named_by_session_and_role(by: str, name: str) -> None:
    assert person(by) == name


def test_the_sender_of_a_request_is_named_as_a_claim() -> None:
    by = "arn:aws:sts::111122223333:assumed-role/on-call/ana"
    assert claimed(by) == "someone who claims to be ana (role on-call)"
