"""The targets of SES, and their observation."""

from dataclasses import replace

from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ses.sending import SesObservation
from tests.support.builders_ses import ENABLED, TARGET, WHOLE_ACCOUNT, seen


def test_only_the_reserved_name_is_the_account() -> None:
    assert WHOLE_ACCOUNT.is_account
    assert not TARGET.is_account
    assert not replace(TARGET, name="Account").is_account


def test_tags_are_those_of_the_observation() -> None:
    assert seen().tags == ENABLED
    assert SesObservation(ABSENT).tags == ABSENT
    assert SesObservation(Unknown("x")).tags == Unknown("x")
