"""`firebreak policy push`: a file becomes the version that AppConfig serves, if nobody came between."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path

from firebreak.errors import Conflict, PolicyError
from firebreak.policy.compiled import deployed_build
from firebreak.policy.compiler import PolicySource, compile_policy, read_policy
from firebreak.policy.document import encode_document, read_document
from firebreak.policy.loader import policy_text
from firebreak.policy.policy import hash_of
from firebreak_cli.exit_codes import BAD_INPUT, NOT_DONE, NOT_KNOWN, Ending
from firebreak_cli.operations.approvals import caller
from firebreak_cli.policies import Served, served_by
from firebreak_cli.policy_versions import SERVED, Deployed, PolicyVersions
from firebreak_cli.polling import Polling
from firebreak_cli.stack import Deployment, Stack

# All at once takes seconds; of a slower strategy it is said that it goes on.
LONGEST = timedelta(seconds=90)
LONGEST_DESCRIPTION = 1024
STRATEGY = "PolicyStrategyId"
CALENDARS = "ChangeCalendarArns"


class Pushed(StrEnum):
    """The result of a push, as `--json` says it."""

    IN_FORCE = "in_force"
    GOES_ON = "goes_on"
    TAKEN_BACK = "taken_back"
    UNCHANGED = "unchanged"
    WOULD_PUSH = "would_push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A checked file, and what AppConfig had when it was compared with it.

    `before` is the text in force, empty where there is none or it cannot be read; `note` says that. `latest`
    is the newest version's number, deployed or not.
    """

    source: PolicySource
    before: str
    note: str
    served: Served
    latest: int

    @property
    def hash(self) -> str:
        """The hash of the new policy."""
        return hash_of(self.source.text)

    @property
    def is_unchanged(self) -> bool:
        """Whether it is in force already as it would be written, and nothing else is being deployed.

        The same text with another compiled form is pushed again: the functions decide by that form.
        """
        served = self.served.version
        if served is None or self.served.newest != self.served.deployed:
            return False
        return served.content == self.document(served.number)

    def document(self, number: int) -> bytes:
        """The content of the version of that number, for functions that were built from these sources."""
        return encode_document(compile_policy(self.source), self.source.text, number, deployed_build())

    @property
    def changes(self) -> Sequence[str]:
        """The lines that change, as `diff -u` has them."""
        deployed = self.served.deployed
        before = f"version {deployed.version}" if deployed else "nothing"
        lines = self.before.splitlines(), self.source.text.splitlines()
        return list(difflib.unified_diff(*lines, before, f"version {self.latest + 1}", lineterm=""))


@dataclass(frozen=True, slots=True)
class PushDesk:
    """Pushes to one stack. Raises Ending where the stack takes its policy from the layer."""

    stack: Stack

    def __post_init__(self) -> None:
        """Raises Ending."""
        if why := self.stack.policy_source_not_known:
            raise Ending(NOT_KNOWN, why)
        if not self.stack.policy_configuration:
            line = f"{self.stack.place} takes its policy from the layer ({self.stack.policy_file})"
            raise Ending(BAD_INPUT, f"{line}: deploy it, or deploy the stack with PolicySource=APPCONFIG")

    def draft(self, file: Path) -> Draft:
        """The file, checked and compared with the policy in force. Raises PolicyError, Ending or AwsError."""
        source = read_policy(policy_text(file), str(file))
        served = served_by(self.stack)
        if served.latest and not served.latest.is_over:
            raise Ending(NOT_DONE, f"{_under_way(served.latest)}: push again when it is over")
        before, note = _text_in(served)
        latest = PolicyVersions(self.stack).latest_number()
        draft = Draft(source=source, before=before, note=note, served=served, latest=latest)
        return replace(draft, note=_SAME_TEXT) if before == source.text and not draft.is_unchanged else draft

    def warnings(self, draft: Draft) -> Iterator[str]:
        """Lines on what the stack, as CloudFormation deployed it, would not do with the policy."""
        deployment = self.stack.deployment
        if not isinstance(deployment, Deployment):
            return
        has, own = deployment.outputs.get("Version", "of none that it names"), version("firebreak")
        if has != own:
            yield (
                f"the stack is of release {has}, and this command of {own}: the functions check the text by"
                " their own release, and keep the policy before it where it does not load there"
            )
        allowed = [one.strip() for one in deployment.parameters.get(CALENDARS, "").split(",")]
        for one in compile_policy(draft.source).calendars:
            if not any(fnmatchcase(one.calendar.arn, pattern) for pattern in allowed):
                yield f"the actions may not read the Change Calendar {one.calendar.arn}: {CALENDARS} lacks it"

    def push(self, draft: Draft) -> Deployed:
        """Writes and deploys it. Raises Ending where anything changed since it was compared, or AwsError."""
        versions, number = PolicyVersions(self.stack), draft.latest + 1
        described = self._description(draft)
        content = draft.document(number)
        try:
            written = versions.write(content, described, draft.latest)
        except Conflict as error:
            raise Ending(NOT_DONE, f"version {number} was written by somebody else: {_NOTHING}") from error
        if written != number:
            raise Ending(
                NOT_DONE, f"AppConfig made it version {written}, not {number}: it is not deployed. {_AGAIN}"
            )
        latest = draft.served.latest
        try:
            return versions.start(number, described, self._strategy(), latest.number if latest else 0)
        except Conflict as error:
            raise Ending(
                NOT_DONE,
                f"another deployment was started meanwhile: version {number} is written and not deployed."
                f" {_AGAIN}",
            ) from error

    def outcome(self, started: Deployed, polling: Polling) -> Deployed:
        """The deployment when it is over, or after 90 seconds."""
        versions = PolicyVersions(self.stack)
        return polling.until(
            lambda: versions.deployment(started.number),
            lambda found: found.is_over or found.state in SERVED,
            LONGEST,
            lambda found: f"{found.state}, {found.percent:.0f} %",
        )

    def _strategy(self) -> str:
        deployment = self.stack.deployment
        found = deployment.outputs.get(STRATEGY) if isinstance(deployment, Deployment) else ""
        if not found:
            raise Ending(BAD_INPUT, f"{self.stack.place} has no output {STRATEGY}: deploy it again")
        return found

    def _description(self, draft: Draft) -> str:
        """Names the caller, as AWS knows them. AppConfig takes ASCII."""
        text = f"policy {draft.hash} by {caller(self.stack)}"
        return text.encode("ascii", "replace").decode("ascii")[:LONGEST_DESCRIPTION]


_SAME_TEXT = "The text is in force already; its compiled form, or its number, is another and is replaced"
_AGAIN = "Compare it again, and push it again."
_NOTHING = f"nothing was changed. {_AGAIN}"


def result_of(found: Deployed) -> Pushed:
    """The result of a deployment; one that only bakes has reached every function."""
    if found.state in SERVED:
        return Pushed.IN_FORCE
    return Pushed.TAKEN_BACK if found.is_over else Pushed.GOES_ON


def _under_way(found: Deployed) -> str:
    return f"version {found.version} is being deployed ({found.state}, {found.percent:.0f} %)"


def _text_in(served: Served) -> tuple[str, str]:
    """The text in force, and a note where there is none."""
    if served.version is None:
        return "", "No policy is in force"
    try:
        return read_document(served.version.content).text, ""
    except PolicyError as error:
        return "", f"The version that AppConfig serves does not load: {error.first}"
