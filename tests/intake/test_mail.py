"""Configuration sets and the account they belong to, which one of them might be called like."""

from dataclasses import replace

import pytest

from firebreak.core.model import Alarm, Metric, Target, Unresolved
from firebreak.core.reasons import Reason
from firebreak.intake.lookups import Lookups
from firebreak.intake.names import Home
from firebreak.intake.target_resolution import resolve
from tests.support import builders as a
from tests.support.fakes import FakeAlarms

LOOKUPS = Lookups(Home(a.ACCOUNT, a.REGION), FakeAlarms())

ACCOUNT, REGION = a.ACCOUNT, a.REGION
PLAIN: Alarm = a.alarm(metrics=(), tags={})


def mail(name: str) -> Metric:
    return Metric("AWS/SES", "Reputation.BounceRate", {"ses:configuration-set": name})


def test_a_configuration_set_with_the_accounts_name_is_never_taken_for_the_account() -> None:
    found = resolve(replace(PLAIN, metrics=(mail("account"),)), {}, LOOKUPS, "pause-sending").found
    assert found == Unresolved(
        Reason.TARGET_MALFORMED,
        'ses:configuration-set is "account", a name that here means everything',
    )


@pytest.mark.parametrize("name", ["Account", "accounts", "newsletter"])
def test_other_configuration_sets_are_named_by_their_dimension(name: str) -> None:
    found = resolve(replace(PLAIN, metrics=(mail(name),)), {}, LOOKUPS, "pause-sending").found
    assert found == Target(ACCOUNT, REGION, "ses", "", name)


def test_the_account_is_named_by_a_tag_only() -> None:
    tags = {"firebreak:target": "ses:account"}
    found = resolve(replace(PLAIN, metrics=(mail("newsletter"),)), tags, LOOKUPS, "pause-sending").found
    assert found == Target(ACCOUNT, REGION, "ses", "", "account")
