"""The rules of a policy for one action on one target, and the policies that ship."""

from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from firebreak.core.action_spec import ScaleSettings
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Autonomy, Target
from firebreak.errors import PolicyError
from firebreak.policy import actions
from firebreak.policy.actions import ActionName
from firebreak.policy.compiler import parse_policy
from firebreak.policy.loader import LARGEST, load_policy
from firebreak.policy.policy import Policy
from firebreak.services.registry import ACTIONS, CATALOG
from tests.support import builders as a

SHIPPED = Path(actions.__file__).parents[2] / "policy.toml"
DEMO = SHIPPED.parent / "policies" / "demo.toml"
MINUTE = timedelta(minutes=1)


def target(cluster: str = "prod", name: str = "api") -> Target:
    return Target(a.ACCOUNT, a.REGION, "ecs", cluster, name)


def with_overrides(*overrides: str) -> Policy:
    tables = "\n".join(f"[[overrides]]\n{override}" for override in overrides)
    return parse_policy(a.AUTO_POLICY + tables, "with overrides")


def test_the_shipped_policy_only_watches() -> None:
    rules = [load_policy(SHIPPED).rules(action, target()) for action in ACTIONS]
    assert {rule.autonomy for rule in rules} == {Autonomy.OBSERVE}


def test_the_shipped_policy_limits_every_level() -> None:
    budgets = load_policy(SHIPPED).rules("restart-service", target()).budgets
    assert all(budgets[level] for level in Level if level is not Level.DEPENDENCY)


@pytest.mark.parametrize("path", [SHIPPED, DEMO], ids=["shipped", "demo"])
def test_the_policies_that_ship_load_and_their_ladders_end_with_a_human(path: Path) -> None:
    policy = load_policy(path)
    assert all(policy.rules(action, target()).ladder[-1] == "page" for action in ACTIONS)


def test_the_policy_knows_the_actions_there_are() -> None:
    assert set(get_args(ActionName)) == set(ACTIONS) == set(CATALOG)


def test_an_action_without_a_ladder_of_its_own_is_followed_by_a_page() -> None:
    text = a.AUTO_POLICY.split("[actions.restart-service]")[0]
    assert parse_policy(text, "short.toml").rules("scale-service", target()).ladder == (
        "scale-service",
        "page",
    )


def test_values_arrive_in_the_rules() -> None:
    rules = a.auto_policy().rules("scale-service", target())
    assert rules.budgets[Level.TARGET] == (
        Budget(2, 15 * MINUTE),
        Budget(3, 60 * MINUTE),
        Budget(7, 24 * 60 * MINUTE),
    )
    assert rules.budgets[Level.ACTION] == ()
    assert (rules.cooldown, rules.rung_gap, rules.max_event_age) == (15 * MINUTE, MINUTE, 10 * MINUTE)
    assert rules.verification.after == 4 * MINUTE
    assert (rules.approve_within, rules.respond_within) == (30 * MINUTE, 2 * MINUTE)
    assert rules.hold_out is None
    assert rules.settings == ScaleSettings(step=1, ceiling=10)


@pytest.mark.parametrize(
    ("overrides", "autonomy", "source"),
    [
        pytest.param((), Autonomy.AUTO, "defaults", id="none"),
        pytest.param(
            ('target = "ecs:prod/*"\nautonomy = "observe"',),
            Autonomy.OBSERVE,
            "overrides[0] ecs:prod/*",
            id="pattern",
        ),
        pytest.param(
            ('target = "ecs:dev/*"\nautonomy = "observe"',), Autonomy.AUTO, "defaults", id="elsewhere"
        ),
        pytest.param(
            ('target = "ecs:*/*"\nautonomy = "observe"', 'target = "ecs:prod/api"\nautonomy = "approve"'),
            Autonomy.APPROVE,
            "overrides[1] ecs:prod/api",
            id="the most specific",
        ),
        pytest.param(
            ('target = "ecs:prod/api"\nautonomy = "approve"', 'target = "ecs:*/*"\nautonomy = "observe"'),
            Autonomy.APPROVE,
            "overrides[0] ecs:prod/api",
            id="whatever the order",
        ),
        pytest.param(
            (
                'target = "ecs:prod/*"\nautonomy = "approve"',
                'target = "ecs:prod/*"\naction = "restart-service"\nautonomy = "observe"',
            ),
            Autonomy.OBSERVE,
            "overrides[1] ecs:prod/*",
            id="naming the action breaks a tie",
        ),
        pytest.param(
            ('target = "ecs:prod/*"\nautonomy = "approve"', 'target = "ecs:prod/*"\nautonomy = "observe"'),
            Autonomy.APPROVE,
            "overrides[0] ecs:prod/*",
            id="the first of equals",
        ),
        pytest.param(
            ('target = "ecs:prod/*"\naction = "scale-service"\nautonomy = "observe"',),
            Autonomy.AUTO,
            "defaults",
            id="another action",
        ),
        pytest.param(
            ('target = "ecs:prod/api"\ncooldown = "1h"', 'target = "ecs:prod/*"\nautonomy = "approve"'),
            Autonomy.APPROVE,
            "overrides[1] ecs:prod/*",
            id="one that says nothing of autonomy is passed over",
        ),
        pytest.param(('target = "ecs:PROD/*"\nautonomy = "observe"',), Autonomy.AUTO, "defaults", id="case"),
    ],
)
def test_the_most_specific_override_says_how_far_it_may_go(
    overrides: tuple[str, ...], autonomy: Autonomy, source: str
) -> None:
    rules = with_overrides(*overrides).rules("restart-service", target())
    assert (rules.autonomy, rules.sources["autonomy"]) == (autonomy, source)


def test_an_actions_own_autonomy_goes_before_the_defaults() -> None:
    text = a.AUTO_POLICY.replace("[actions.scale-service]", '[actions.scale-service]\nautonomy = "approve"')
    policy = parse_policy(text, "own.toml")
    assert policy.rules("scale-service", target()).sources["autonomy"] == "actions.scale-service"
    assert policy.rules("restart-service", target()).autonomy is Autonomy.AUTO


BEANSTALK = Target(a.ACCOUNT, a.REGION, "beanstalk", "", "shop-prod")


@pytest.mark.parametrize("action", [one.name for one in CATALOG.specs.values() if one.asks_by_default])
def test_an_action_that_does_much_at_once_asks_where_only_the_defaults_say_auto(action: str) -> None:
    rules = a.auto_policy().rules(action, BEANSTALK)
    assert rules.autonomy is Autonomy.APPROVE
    assert rules.sources["autonomy"] == f"{action} itself (defaults say auto)"


@pytest.mark.parametrize("action", [one.name for one in CATALOG.specs.values() if one.asks_by_default])
@pytest.mark.parametrize("said", ["its section", "an override"])
def test_an_explicit_word_lets_what_does_much_at_once_go_by_itself(action: str, said: str) -> None:
    explicit = {
        "its section": f'[actions.{action}]\nautonomy = "auto"',
        "an override": '[[overrides]]\ntarget = "beanstalk:shop-*"\nautonomy = "auto"',
    }
    policy = parse_policy(f"{a.AUTO_POLICY}\n{explicit[said]}", "explicit.toml")
    assert policy.rules(action, BEANSTALK).autonomy is Autonomy.AUTO


ACCOUNT_MAIL = Target(a.ACCOUNT, a.REGION, "ses", "", "account")
AUTO_BY = {
    "the defaults": "",
    "its section": '[actions.pause-sending]\nautonomy = "auto"',
    "a pattern": '[[overrides]]\ntarget = "ses:*"\nautonomy = "auto"',
    "its name": '[[overrides]]\ntarget = "ses:account"\naction = "pause-sending"\nautonomy = "auto"',
}


@pytest.mark.parametrize("said", AUTO_BY.values(), ids=AUTO_BY)
def test_pausing_all_mail_asks_a_human_even_where_the_policy_says_auto(said: str) -> None:
    rules = parse_policy(f"{a.AUTO_POLICY}\n{said}", "auto.toml").rules("pause-sending", ACCOUNT_MAIL)
    assert rules.autonomy is Autonomy.APPROVE
    assert rules.sources["autonomy"].startswith("pause-sending on ses:account itself (")


@pytest.mark.parametrize("said", ["observe", "approve"])
def test_pausing_all_mail_may_be_held_back_further(said: str) -> None:
    policy = with_overrides(f'target = "ses:account"\nautonomy = "{said}"')
    assert policy.rules("pause-sending", ACCOUNT_MAIL).autonomy == said


def test_pausing_one_configuration_set_may_go_by_itself() -> None:
    newsletter = Target(a.ACCOUNT, a.REGION, "ses", "", "newsletter")
    assert a.auto_policy().rules("pause-sending", newsletter).autonomy is Autonomy.AUTO


@pytest.mark.parametrize(
    ("override", "named"),
    [
        pytest.param('target = "ses:account"\nautonomy = "approve"', True, id="for every action"),
        pytest.param(
            'target = "ses:account"\naction = "pause-sending"\ncooldown = "1h"', True, id="for this"
        ),
        pytest.param(
            'target = "ses:account"\naction = "restart-service"\ncooldown = "1h"', False, id="other"
        ),
        pytest.param('target = "ses:accoun[t]"\ncooldown = "1h"', False, id="a pattern that only it matches"),
        pytest.param('target = "ses:*"\ncooldown = "1h"', False, id="a pattern"),
    ],
)
def test_a_target_is_named_by_its_own_name_only(override: str, *, named: bool) -> None:
    assert with_overrides(override).rules("pause-sending", ACCOUNT_MAIL).named is named


def test_cooldowns_are_overridden_alike() -> None:
    policy = with_overrides('target = "ecs:prod/api"\ncooldown = "0s"')
    assert policy.rules("restart-service", target()).cooldown == timedelta()
    assert policy.rules("restart-service", target(name="web")).cooldown == 15 * MINUTE


SECTION = ("restart-service", "scale-service", "page")
SHORT = 'action = "restart-service"\nladder = ["restart-service", "page"]'


@pytest.mark.parametrize(
    ("overrides", "ladder", "source"),
    [
        pytest.param((), SECTION, "actions.restart-service", id="none"),
        pytest.param(
            (f'target = "ecs:prod/*"\n{SHORT}',),
            ("restart-service", "page"),
            "overrides[0] ecs:prod/*",
            id="pattern",
        ),
        pytest.param((f'target = "ecs:dev/*"\n{SHORT}',), SECTION, "actions.restart-service", id="elsewhere"),
        pytest.param(
            (
                f'target = "ecs:prod/*"\n{SHORT}',
                f'target = "ecs:prod/api"\n{SHORT.replace('"page"', '"roll-back-service", "page"')}',
            ),
            ("restart-service", "roll-back-service", "page"),
            "overrides[1] ecs:prod/api",
            id="the most specific",
        ),
        pytest.param(
            (f'target = "ecs:prod/*"\n{SHORT}', 'target = "ecs:prod/api"\nautonomy = "auto"'),
            ("restart-service", "page"),
            "overrides[0] ecs:prod/*",
            id="one that says nothing of ladders is passed over",
        ),
        pytest.param(
            ('target = "ecs:prod/*"\naction = "scale-service"\nladder = ["scale-service", "page"]',),
            SECTION,
            "actions.restart-service",
            id="another action",
        ),
    ],
)
def test_the_most_specific_override_says_which_rungs_a_target_has(
    overrides: tuple[str, ...], ladder: tuple[str, ...], source: str
) -> None:
    rules = with_overrides(*overrides).rules("restart-service", target())
    assert (rules.ladder, rules.sources["ladder"]) == (ladder, source)


def test_a_ladder_that_nobody_wrote_is_the_actions_own() -> None:
    assert a.auto_policy().rules("replace-task", target()).sources["ladder"] == "replace-task itself"


def test_a_changed_file_has_another_hash() -> None:
    assert a.auto_policy().hash == a.auto_policy().hash
    assert parse_policy(a.AUTO_POLICY + "\n# a word", "x").hash != a.auto_policy().hash


def test_a_file_too_large_to_be_a_policy_is_refused_rather_than_cut(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(a.AUTO_POLICY + "#" * LARGEST, encoding="utf-8")
    with pytest.raises(PolicyError, match="larger than"):
        load_policy(file)


def test_how_soon_an_alarm_must_be_answered_is_said_in_the_policy() -> None:
    quick = parse_policy(
        a.AUTO_POLICY.replace('rung_gap = "1m"', 'rung_gap = "1m"\nrespond_within = "90s"'), "x"
    )
    assert quick.rules("restart-service", target()).respond_within == timedelta(seconds=90)


def test_a_hold_out_holds_for_every_action() -> None:
    policy = parse_policy(a.AUTO_POLICY.replace("rung_gap =", "hold_out = 20\nrung_gap =", 1), "x.toml")
    assert {policy.rules(name, target()).hold_out for name in ("restart-service", "scale-service")} == {20}
