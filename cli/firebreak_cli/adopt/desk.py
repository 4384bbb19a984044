"""The desk of an operator who tags: one session, in the account and region of the plan and no other."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.paging.rendering import plain
from firebreak_cli.adopt.account import Account, require_account
from firebreak_cli.adopt.applying import Applied, Applier, with_alarms
from firebreak_cli.adopt.changes import Change, changes_of
from firebreak_cli.adopt.entries import Plan
from firebreak_cli.adopt.tagging import StackOwners, Tagging
from firebreak_cli.adopt.undo_file import ReadUndo, UndoFile
from firebreak_cli.adopt.undoing import Removal, TakenBack, looked, take_back
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.progress import Progress, progress_of
from firebreak_cli.stack import client, patient, session_of

if TYPE_CHECKING:
    from boto3.session import Session


@dataclass(frozen=True, slots=True)
class Desk:
    """Tags in one account and region, in the name of `by`."""

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

    def apply(self, changes: Sequence[Change], undo: UndoFile, *, even_if_owned: bool) -> Applied:
        """Make the changes that are ready."""
        steps = progress_of(self.environment.now, sys.stderr).over(changes, "tagging", len(changes))
        return self._applier(even_if_owned=even_if_owned).apply(steps, undo)

    def removals(self, added: ReadUndo) -> list[Removal]:
        """The tags that would be removed, the last that was added first."""
        return [looked(one, self.tagging.of(one.arn)) for one in reversed(added.added)]

    def take_back(self, removals: Sequence[Removal]) -> TakenBack:
        """Make the removals that are ready."""
        return take_back(removals, self.tagging.of, self.environment.sleep)
