"""The environment of a function, read once at cold start; errors name the variable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from firebreak.core.arns import partition_of
from firebreak.errors import SettingsError

# The folder that holds the package: POLICY_PATH is relative to it, on a machine as in the layer.
LAYER = Path(__file__).resolve().parent.parent

# Decisions are kept for a quarter to ten years: the bounds of the stack's parameter.
FEWEST_DAYS, MOST_DAYS = 90, 3650
# The value of POLICY_CONFIGURATION where the policy is the layer's file.
FROM_LAYER = "LAYER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The names of the stack's parts.

    `account` and `region` come from the function's own ARN, which is read from the environment:
    the one in the invocation's context is made up by `sam local` and names a version, not the alias.
    `action` is the action that the function carries out, empty for Verify, Page, Route and Report.
    `dead_letters_url` is the queue that Verify counts, empty for the others.
    `schedule_key_arn` is the KMS key of the one-time schedules, empty for AWS's own.
    `policy_configuration` is where the policy is in AppConfig (its application, environment and profile),
    empty where it is the layer's file.
    `local_aws` is True when an endpoint is named, as the stack's parameter EndpointUrl does for local AWS.
    """

    stack_name: str
    ledger_table: str
    bus_name: str
    schedule_group: str
    schedule_role_arn: str
    verify_arn: str
    topic_arn: str
    policy_path: Path
    function_arn: str
    account: str
    region: str
    action: str = ""
    schedule_key_arn: str = ""
    local_aws: bool = False
    dead_letters_url: str = ""
    decisions_kept: timedelta = timedelta(days=FEWEST_DAYS)
    policy_configuration: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """The partition of AWS that the function is in, by its own ARN."""
        return partition_of(self.function_arn)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Reads the environment; raises SettingsError naming the first variable that is wrong."""
        function_arn = _need(env, "FUNCTION_ARN")
        account, region = _place(function_arn)
        return cls(
            stack_name=_need(env, "STACK_NAME"),
            ledger_table=_need(env, "LEDGER_TABLE"),
            bus_name=_need(env, "BUS_NAME"),
            schedule_group=_need(env, "SCHEDULE_GROUP"),
            schedule_role_arn=_need(env, "SCHEDULE_ROLE_ARN"),
            verify_arn=_need(env, "VERIFY_ARN"),
            topic_arn=env.get("PAGE_TOPIC_ARN", ""),
            policy_path=LAYER / _need(env, "POLICY_PATH"),
            function_arn=function_arn,
            account=account,
            region=region,
            action=env.get("ACTION", ""),
            schedule_key_arn=env.get("SCHEDULE_KEY_ARN", ""),
            local_aws=bool(env.get("AWS_ENDPOINT_URL")),
            dead_letters_url=env.get("DEAD_LETTERS_URL", ""),
            decisions_kept=_days(env, "DECISION_RETENTION_DAYS"),
            policy_configuration=_configuration(env, "POLICY_CONFIGURATION"),
        )


def _need(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(name, "is not set")
    return value


def _days(env: Mapping[str, str], name: str) -> timedelta:
    value = env.get(name) or str(FEWEST_DAYS)
    if not (value.isascii() and value.isdigit() and FEWEST_DAYS <= int(value[:9]) <= MOST_DAYS):
        raise SettingsError(name, f"is not a number of days from {FEWEST_DAYS} to {MOST_DAYS}")
    return timedelta(days=int(value))


def _configuration(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The ids of application, environment and profile; none only where it says so, or is not set at all."""
    if env.get(name, FROM_LAYER) == FROM_LAYER:
        return ()
    ids = tuple(env[name].split("/"))
    if len(ids) != len(("application", "environment", "profile")) or not all(ids):
        raise SettingsError(name, "is not an application, an environment and a profile of AppConfig")
    return ids


def _place(function_arn: str) -> tuple[str, str]:
    match function_arn.split(":"):
        case ["arn", _, "lambda", region, account, "function", _, *_] if partition_of(function_arn):
            return account, region
        case _:
            raise SettingsError("FUNCTION_ARN", "is not a Lambda function's ARN")
