"""The questions, by their names: the one list that the command and docs/first-deploy.md are made of."""

from collections.abc import Mapping
from types import MappingProxyType

from firebreak_cli.doctor.on_aws import of_alarms, of_other_tools, of_the_stack
from firebreak_cli.doctor.on_aws.model import Question

QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {one.name: one for one in (*of_alarms.QUESTIONS, *of_the_stack.QUESTIONS, *of_other_tools.QUESTIONS)}
)
