"""The look of each check, by its code, and the run of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from firebreak.errors import AwsError
from firebreak_cli.doctor import (
    alarm_looks,
    before_looks,
    calendar_looks,
    drift_look,
    page_looks,
    place_looks,
    pushed_policy_look,
    role_looks,
    secret_looks,
    stack_looks,
)
from firebreak_cli.doctor.before_looks import Site
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Examined, Looked, unseen
from firebreak_cli.doctor.registry import CHECKS
from firebreak_cli.exit_codes import Ending, ending_of

LOOKS: Mapping[str, Callable[[Examination], Looked]] = MappingProxyType(
    {
        "FB101": stack_looks.deployed_completely,
        "FB102": stack_looks.needed_rules,
        "FB103": stack_looks.rules_of_actions,
        "FB104": stack_looks.functions_may_run,
        "FB105": stack_looks.heartbeat_arrives,
        "FB106": stack_looks.dead_letters,
        "FB107": stack_looks.nothing_paused,
        "FB108": stack_looks.no_storm,
        "FB109": stack_looks.own_alarms,
        "FB110": stack_looks.needed_schedules,
        "FB111": drift_look.no_drift,
        "FB112": role_looks.roles_allow,
        "FB113": stack_looks.ledger_is_protected,
        "FB201": alarm_looks.some_alarm_acts,
        "FB202": alarm_looks.every_alarm_arrives,
        "FB203": alarm_looks.one_action_each,
        "FB204": alarm_looks.tags_ride,
        "FB205": alarm_looks.one_target_each,
        "FB206": alarm_looks.every_target_opted_in,
        "FB207": alarm_looks.nothing_lasting,
        "FB208": alarm_looks.policy_lets_it_act,
        "FB209": alarm_looks.every_alarm_has_data,
        "FB210": alarm_looks.nothing_switched_off,
        "FB211": role_looks.roles_of_alarms_allow,
        "FB212": alarm_looks.every_target_names_a_stack,
        "FB301": page_looks.topics_are_heard,
        "FB302": page_looks.secrets_are_there,
        "FB303": secret_looks.page_may_read_secrets,
        "FB401": place_looks.same_policy,
        "FB402": place_looks.no_odd_setting,
        "FB403": calendar_looks.calendars_can_be_read,
        "FB404": pushed_policy_look.newest_is_in_force,
        "FB501": place_looks.enough_concurrency,
        "FB502": place_looks.clocks_agree,
    }
)


LOOKS_BEFORE: Mapping[str, Callable[[Site], Looked]] = MappingProxyType(
    {
        "FB901": before_looks.stack_may_be_deployed,
        "FB902": before_looks.quota_has_room,
        "FB903": before_looks.no_log_group_left,
        "FB904": before_looks.no_ledger_left,
        "FB905": before_looks.somebody_hears,
    }
)


def examine[T](
    looks: Mapping[str, Callable[[T], Looked]], seen: T, codes: Sequence[str]
) -> Iterator[Examined]:
    """Each of these checks in turn: one that cannot look says so and keeps no other from looking."""
    for code in codes:
        try:
            looked = looks[code](seen)
        except AwsError as error:
            looked = _unseen(ending_of(error))
        except Ending as ending:
            looked = _unseen(ending)
        yield Examined(CHECKS[code], looked.at, looked.findings)


def _unseen(ending: Ending) -> Looked:
    return Looked("", tuple(unseen(line) for line in ending.lines))
