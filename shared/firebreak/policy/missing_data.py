"""The policy's section for alarms for which no data comes, used where the alarm has no tag for that."""

from pydantic import BaseModel, ConfigDict, Field

from firebreak.core.evaluation import MissingData
from firebreak.core.missing_data import MissingDataRules
from firebreak.policy.patterns import AlarmPattern

MOST_PATTERNS = 200


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NamedMeaning(_Section):
    """The meaning of missing data for alarms of such names."""

    alarms: AlarmPattern
    means: MissingData


class MissingDataSection(_Section):
    """The meaning of missing data: for named alarms, the first pattern that matches, else for all of them."""

    means: MissingData | None = None
    named: list[NamedMeaning] = Field(default=[], max_length=MOST_PATTERNS)

    def rules(self) -> MissingDataRules:
        """The section as the core's MissingDataRules."""
        return MissingDataRules(named=tuple((one.alarms, one.means) for one in self.named), usual=self.means)
