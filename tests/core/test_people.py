"""People by the names that others know them by."""

import pytest

from firebreak.core.people import approved_by, caller, names_a_person, people, person


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


ANA = "arn:aws:sts::111122223333:assumed-role/on-call/ana"


def test_the_sender_of_a_request_is_named_as_a_claim_until_aws_confirms_it() -> None:
    assert caller(ANA, verified=False) == "someone who claims to be ana (role on-call)"
    assert caller(ANA, verified=True) == "ana (role on-call)"


@pytest.mark.parametrize(
    ("other", "count"),
    [
        pytest.param(ANA, 1, id="the same session"),
        pytest.param(
            "arn:aws:sts::111122223333:assumed-role/admin/ana", 1, id="the same name in another role"
        ),
        pytest.param("arn:aws:sts::111122223333:assumed-role/on-call/Ana", 1, id="the same name in capitals"),
        pytest.param("arn:aws:iam::111122223333:user/ops/ana", 1, id="the user of that name"),
        pytest.param("arn:aws:sts::111122223333:assumed-role/on-call/bo", 2, id="another session"),
        pytest.param("arn:aws:iam::111122223333:user/on-call", 2, id="a user called like the role"),
        pytest.param("arn:aws:iam::111122223333:root", 2, id="the account itself"),
    ],
)
def test_people_differ_by_their_own_names(other: str, count: int) -> None:
    assert len(people((ANA, other))) == count


def test_approvers_are_named_once_and_in_their_order() -> None:
    bo = "arn:aws:iam::111122223333:user/bo"
    assert approved_by((bo, ANA, bo)) == "bo and ana (role on-call)"


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("ana", True),
        ("ana@example.com", True),
        ("i-am-ana", True),
        ("botocore-session-1700000001", False),
        ("aws-go-sdk-1700000001", False),
        ("aws-sdk-js-session-1", False),
        ("1700000001", False),
        ("i-0123456789abcdef0", False),
    ],
)
def test_a_session_counts_as_a_person_where_somebody_named_it(name: str, named: bool) -> None:
    assert names_a_person(f"arn:aws:sts::111122223333:assumed-role/oncall/{name}") is named


def test_the_account_itself_is_no_person_and_a_federated_user_is_the_one_they_are() -> None:
    assert not names_a_person("arn:aws:iam::111122223333:root")
    federated = "arn:aws:sts::111122223333:federated-user/ana"
    assert names_a_person(federated)
    assert len(people((federated, ANA))) == 1
