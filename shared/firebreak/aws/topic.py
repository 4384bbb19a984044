"""Pages on an SNS topic."""

from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.paging.page import Page
from firebreak.errors import AwsError, Undelivered

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

# A call that took its whole time once would take it again.
TIMED_OUT = frozenset({"ConnectTimeoutError", "ReadTimeoutError"})


class TopicChannel:
    """ports.Channel on an SNS topic; subscriptions may filter by the attributes `severity` and `phase`."""

    def __init__(self, name: str, client: "SNSClient", topic_arn: str) -> None:
        self._name = name
        self._client = client
        self._topic_arn = topic_arn

    def send(self, page: Page, ref: str) -> str:  # noqa: ARG002  # for channels with a thread of their own
        """Publishes the page with its links below; SNS knows no thread, so there is no reference.

        Retries once after an error that may be over already, never after a time-out: the page may come twice.
        """
        try:
            try:
                self._publish(page)
            except AwsError as error:
                if not error.retryable or error.code in TIMED_OUT:
                    raise
                self._publish(page)
        except AwsError as error:
            raise Undelivered(self._name, str(error), retryable=error.retryable) from error
        return ""

    def _publish(self, page: Page) -> None:
        links = [f"{word}: {address}" for word, address in page.links]
        with translated("Publish", mutates=False):
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=page.ascii_subject,
                Message="\n".join([page.body, *links]),
                MessageAttributes={
                    "severity": {"DataType": "String", "StringValue": page.severity.value},
                    "phase": {"DataType": "String", "StringValue": page.phase.value},
                },
            )

    def show(self, ref: str, picture: bytes) -> None:
        """Does nothing: SNS carries no picture."""
