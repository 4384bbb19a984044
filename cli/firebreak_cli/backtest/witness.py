"""An observer of every step of a replay, where somebody wants more than its counts."""

from datetime import datetime
from typing import Protocol

from firebreak.core.ledger import Claim, DecisionRecord, IncidentChange
from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.page import Severity
from firebreak_cli.backtest.transitions import Transition


class Witness(Protocol):
    """Hears of the steps in the order in which they happen."""

    def turned(self, transition: Transition) -> None:
        """A transition of the history."""

    def decided(self, record: DecisionRecord, word: str, at: datetime) -> None:
        """A decision, with its outcome in one word."""

    def acted(self, claim: Claim) -> None:
        """An act."""

    def moved(self, change: IncidentChange) -> None:
        """A change of an incident."""

    def called(self, message: Announcement, severity: Severity, at: datetime) -> None:
        """A call for somebody."""


class _Nobody:
    """Hears nothing: a replay of a million transitions keeps counts alone."""

    def turned(self, transition: Transition) -> None:
        """Nothing."""

    def decided(self, record: DecisionRecord, word: str, at: datetime) -> None:
        """Nothing."""

    def acted(self, claim: Claim) -> None:
        """Nothing."""

    def moved(self, change: IncidentChange) -> None:
        """Nothing."""

    def called(self, message: Announcement, severity: Severity, at: datetime) -> None:
        """Nothing."""


NOBODY = _Nobody()
