"""The desk of an operator who adopts: one session, in the account and region of the plan and no other."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from firebreak.aws.clients import mutator
from firebreak.aws.translate import translated
from firebreak.paging.rendering import plain
from firebreak_cli.adopt.account import Account, require_account
from firebreak_cli.adopt.alarm_store import CloudWatchStore, Pace
from firebreak_cli.adopt.applying import Applied, Applier, with_alarms
from firebreak_cli.adopt.changes import Change, changes_of
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.restoring import Restoration, restorations, restore
from firebreak_cli.adopt.rewrites import Rewrite, after_tagging, rewrites_of
from firebreak_cli.adopt.rewriting import Rewriter
from firebreak_cli.adopt.tagging import StackOwners, Tagging
from firebreak_cli.adopt.undo_file import ReadUndo, UndoFile
from firebreak_cli.adopt.undoing import Removal, TakenBack, looked, not_tried, take_back
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.progress import Progress, progress_of
from firebreak_cli.stack import client, patient, session_of

if TYPE_CHECKING:
    from boto3.session import Session


@dataclass(frozen=True, slots=True)
class Desk:
    """Tags and puts alarms in one account and region, in the name of `by`."""

    environment: Environment
    session: "Session"
    tagging: Tagging
    account: str
    region: str
    by: str

    @classmethod
    def of(cls, environment: Environment, account: str, region: str) -> "Desk":
        """The desk in that place. Raises Ending where the credentials are for another one, or AwsError."""
        require_account(account, environment)
        session = session_of(environment)
        if session.region_name != region:
            text = f"the file is for {region}, and this is {session.region_name}: name it with --region"
            raise Ending(BAD_INPUT, text)
        with translated("GetCallerIdentity", mutates=False):
            caller = client(session, "sts").get_caller_identity()
        if caller["Account"] != account:
            text = f"these credentials are for account {caller['Account']}, the file is for {account}"
            raise Ending(NO_AWS, f"{text}: set --profile")
        return cls(environment, session, Tagging(session), account, region, plain(caller["Arn"]))

    def _applier(self, *, even_if_owned: bool) -> Applier:
        stacks = StackOwners(patient(self.session, "cloudformation"))
        return Applier(self.tagging.of, stacks.owner, even_if_owned, self.environment.sleep)

    def looked(self, plan: Plan, own_stack: str, *, even_if_owned: bool, fresh: bool) -> list[Change]:
        """Every change as it would be made now. A plan that is not `fresh` is compared with a new one."""
        applier, progress = (
            self._applier(even_if_owned=even_if_owned),
            progress_of(self.environment.now, sys.stderr),
        )
        now = plan if fresh else self._planned_now(own_stack, progress)
        changes = list(changes_of(plan, now))
        looks = with_alarms(applier.looked(change) for change in changes)
        return list(progress.over(looks, "looking at what would be tagged", len(changes)))

    def _planned_now(self, own_stack: str, progress: Progress) -> Plan:
        """The plan as it would be now, of all alarms: a composite's children are among them."""
        now = self.environment.now
        found = Account(self.session, now, progress).plan("", own_stack)
        return found or Plan(account=self.account, region=self.region, made_at=now(), entries=())

    def undo_file(self, name: str) -> UndoFile:
        """The undo file, of which there is none yet. Raises Ending."""
        now = self.environment.now()
        path = Path(name or f"firebreak-adopt-{now:%Y%m%dT%H%M%SZ}-{token_hex(4)}.undo.json")
        undo = UndoFile(path, self.account, self.region, now, self.by)
        undo.require_new()
        return undo

    def rewrites(self, plan: Plan, changes: Sequence[Change], *, even_if_owned: bool) -> list[Rewrite]:
        """Every alarm whose tags are to be in its events, as it would be put now."""
        wanted = list(rewrites_of(plan, changes))
        looks = self._rewriter(even_if_owned=even_if_owned).looked(wanted)
        return list(self._progress().over(looks, "looking at what would be rewritten", len(wanted)))

    def apply(
        self,
        changes: Sequence[Change],
        rewrites: Sequence[Rewrite],
        undo: UndoFile,
        *,
        even_if_owned: bool,
    ) -> Applied:
        """Make the changes that are ready, then put the alarms whose tags are there."""
        steps = self._progress().over(changes, "tagging", len(changes))
        tagged = self._applier(even_if_owned=even_if_owned).apply(steps, undo)
        alarms = after_tagging(rewrites, tagged.changes)
        puts = self._progress().over(alarms, "rewriting alarms", len(alarms))
        done, error = self._rewriter(even_if_owned=even_if_owned).apply(puts, undo, tagged.error)
        return replace(tagged, rewrites=done, error=error)

    def _rewriter(self, *, even_if_owned: bool) -> Rewriter:
        stacks = StackOwners(patient(self.session, "cloudformation"))
        return Rewriter(
            self._store(),
            lambda arn: self.tagging.of(arn).read(arn),
            stacks.owner,
            even_if_owned,
            self.environment.sleep,
        )

    def _store(self) -> CloudWatchStore:
        pace = Pace(self.environment.now, self.environment.sleep)
        return CloudWatchStore(patient(self.session, "cloudwatch"), mutator(self.session, "cloudwatch"), pace)

    def _progress(self) -> Progress:
        return progress_of(self.environment.now, sys.stderr)

    def restorations(self, undo: ReadUndo) -> list[Restoration]:
        """The alarms that would be put back, the last that was put first."""
        return list(restorations(undo.put, self._store()))

    def removals(self, undo: ReadUndo) -> list[Removal]:
        """The tags that would be removed, the last that was added first."""
        return [looked(one, self.tagging.of(one.arn)) for one in reversed(undo.added)]

    def take_back(
        self, asked: Sequence[Restoration], removals: Sequence[Removal]
    ) -> tuple[list[Restoration], TakenBack]:
        """Put back the alarms that are ready, then remove the tags. Where an alarm ends it, the tags stay."""
        puts = self._progress().over(asked, "rewriting alarms", len(asked))
        done, error, stopped = restore(puts, self._store(), self.environment.sleep)
        if stopped:
            return done, TakenBack(not_tried(removals), error)
        return done, take_back(removals, self.tagging.of, self.environment.sleep)
