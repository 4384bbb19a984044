"""The scopes that a target's place or tags put it into."""

from firebreak.core.scopes import Level, Scope, application_scope
from tests import builders as a


def test_an_application_is_a_group_of_its_account_and_region() -> None:
    expected = Scope(Level.GROUP, "111122223333/eu-west-1/application/shop")
    assert application_scope(a.TARGET, "shop") == expected
