"""The look at what the role of Page may read: FB303. IAM is asked about each secret; no value is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from firebreak.aws.translate import look, translated
from firebreak.core.paging.rules import ChannelRules
from firebreak.core.readings import ABSENT, Absent, Unknown
from firebreak_cli.doctor.deployment import pages
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.model import Finding, Looked, bad, unseen, warning
from firebreak_cli.doctor.page_looks import channels_in_use
from firebreak_cli.doctor.roles import ROLE
from firebreak_cli.doctor.simulation import Refusal, refusals
from firebreak_cli.stack import Stack

# Keys of AWS's own, which everybody in the account who may read a secret may use.
_OWN_KEYS = frozenset({"alias/aws/secretsmanager", "alias/aws/ssm"})


def page_may_read_secrets(seen: Examination) -> Looked:
    """FB303. A secret that does not exist, or in another place, is FB302's."""
    stack = seen.stack
    channels = [one for one in channels_in_use(seen.policy.paging) if one.secret and _is_here(one, stack)]
    if not channels:
        return Looked("no channel of the policy needs a secret of this account and region")
    role = seen.deployment().of_type(ROLE).get("PageRole")
    if role is None:
        return Looked("no role", (unseen("CloudFormation lists no role of Page"),))
    with translated("GetRole", mutates=False):
        arn = stack.reader("iam").get_role(RoleName=role)["Role"]["Arn"]
    found = [finding for one in channels for finding in _read_by(Reader(stack, arn), one)]
    return Looked(f"the secrets of {', '.join(one.name for one in channels)}", tuple(found))


def _is_here(channel: ChannelRules, stack: Stack) -> bool:
    return channel.secret.split(":")[3:5] == [stack.region, stack.account]


@dataclass(frozen=True, slots=True)
class Reader:
    """The role of Page, which reads secrets and uses their keys."""

    stack: Stack
    arn: str

    def may(self, action: str, resource: str, *, through: str = "") -> Refusal | Absent | Unknown | None:
        """The policy that refuses one call on one resource, `through` a service; None where none does."""

        def ask() -> Refusal | None:
            client = self.stack.reader("iam")
            region = self.stack.region
            found = refusals(client, self.arn, [action], region, resource=resource, through=through)
            return found[0] if found else None

        return look("SimulatePrincipalPolicy", ask)

    def key_of(self, secret: str) -> str | Absent | Unknown:
        """The key that a secret is encrypted with, as its service names it; empty for AWS's own."""
        if ":secretsmanager:" in secret:
            return look("DescribeSecret", lambda: self._key_of_secret(secret))
        return look("DescribeParameters", lambda: self._key_of_parameter(secret))

    def _key_of_secret(self, secret: str) -> str:
        found: Mapping[str, Any] = self.stack.reader("secretsmanager").describe_secret(SecretId=secret)
        return str(found.get("KmsKeyId", ""))

    def _key_of_parameter(self, secret: str) -> str | Absent:
        name = secret.split(":", 5)[5].removeprefix("parameter")
        asked = {"Key": "Name", "Option": "Equals", "Values": [name]}
        listed = pages(
            self.stack.reader("ssm"), "describe_parameters", "Parameters", ParameterFilters=[asked]
        )
        found = next(listed, None)
        return ABSENT if found is None else str(found.get("KeyId", ""))


def _read_by(reader: Reader, channel: ChannelRules) -> Iterator[Finding]:
    action = "secretsmanager:GetSecretValue" if ":secretsmanager:" in channel.secret else "ssm:GetParameter"
    match reader.may(action, channel.secret):
        case None:
            yield from _key(reader, channel)
        case Refusal() as refused:
            make = bad if refused.certain else warning
            yield make(f"the role of Page is refused {refused.words}", channel.name, secret=channel.secret)
        case Absent() | Unknown() as failed:
            yield unseen(_why(failed), channel.name)
        case never:
            assert_never(never)


def _key(reader: Reader, channel: ChannelRules) -> Iterator[Finding]:
    """A refused key is a doubt: its own policy, which is not read here, may allow the role to use it."""
    match reader.key_of(channel.secret):
        case Absent():
            return
        case Unknown(why):
            yield unseen(f"with which key its secret is encrypted: {why}", channel.name)
        case key if not key or key in _OWN_KEYS:
            return
        case key if not key.startswith("arn:") or ":key/" not in key:
            yield warning(
                f"its secret is encrypted with {key}: whether Page may use it is not known", channel.name
            )
        case key:
            yield from _key_used(reader, channel, key)


def _key_used(reader: Reader, channel: ChannelRules, key: str) -> Iterator[Finding]:
    match reader.may("kms:Decrypt", key, through=channel.secret.split(":")[2]):
        case None:
            return
        case Refusal() as refused:
            detail = (
                f"the role of Page is refused {refused.words} on {key}: the key's own policy has to allow it"
            )
            yield warning(detail, channel.name, secret=channel.secret)
        case Absent() | Unknown() as failed:
            yield unseen(_why(failed), channel.name)
        case never:
            assert_never(never)


def _why(failed: Absent | Unknown) -> str:
    return failed.why if isinstance(failed, Unknown) else "IAM does not know the role"
