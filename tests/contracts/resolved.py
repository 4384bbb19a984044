"""A policy of the template as CloudFormation deploys it, with the names of one stack filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contracts.template import template


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The names of one deployed stack, with the `suffix` of those that CloudFormation makes.

    `parameters` are those that are not the template's defaults.
    """

    name: str = "firebreak"
    partition: str = "aws"
    region: str
    account: str
    ledger: str
    suffix: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def document(self, policy: str) -> Any:
        """The document of a managed policy."""
        return self.value(template()["Resources"][policy]["Properties"]["PolicyDocument"])

    def value(self, of: Any) -> Any:
        """A value with CloudFormation's functions carried out; what has no value is left out of lists."""
        match of:
            case {"Ref": name}:
                return self.names[name]
            case {"Fn::GetAtt": [name, "Arn"]}:
                return self.names[f"{name}.Arn"]
            case {"Fn::Sub": str() as text}:
                return self._filled(text, {})
            case {"Fn::Sub": [str() as text, dict() as own]}:
                return self._filled(text, {name: self.value(one) for name, one in own.items()})
            case {"Fn::If": [condition, yes, no]}:
                return self.value(yes if self._holds(condition) else no)
            case dict():
                return {key: self.value(one) for key, one in of.items()}
            case list():
                return [one for one in map(self.value, of) if one is not None]
            case _:
                return of

    def _holds(self, condition: str) -> bool:
        return self._is_true(template()["Conditions"][condition], condition)

    def _is_true(self, of: Any, condition: str) -> bool:
        match of:
            case {"Fn::And": list() as parts}:
                return all(self._is_true(one, condition) for one in parts)
            case {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, other]}]}:
                return bool(self.names[name] != other)
            case {"Fn::Equals": [{"Ref": name}, other]}:
                return bool(self.names[name] == other)
            case other:
                raise AssertionError(f"{condition}: {other}")

    def _filled(self, text: str, own: Mapping[str, Any]) -> str:
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str({**self.names, **own}[found[1]]), text)

    @property
    def names(self) -> dict[str, Any]:
        """The values of `Ref` and `GetAtt`."""
        here = f"{self.region}:{self.account}"
        defaults = {name: one.get("Default", "") for name, one in template()["Parameters"].items()}
        return {
            **defaults,
            **self.parameters,
            "AWS::NoValue": None,
            "AWS::AccountId": self.account,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackName": self.name,
            "Ledger": self.ledger,
            "PolicyApplication": "abc1234",
            "PolicyEnvironment": "def1234",
            "PolicyProfile": "0ab1234",
            "PolicyStrategy": "xyz1234",
            "ScheduleGroup": self.name,
            "Bus.Arn": f"arn:{self.partition}:events:{here}:event-bus/{self.name}",
            "DeadLetters.Arn": f"arn:{self.partition}:sqs:{here}:{self.name}-DeadLetters{self.suffix}",
        }
