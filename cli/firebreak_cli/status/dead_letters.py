"""The number of dead letters that wait in the stack's queue."""

from firebreak.aws.translate import translated
from firebreak.core.readings import NotRead, Unknown
from firebreak.errors import AwsError
from firebreak_cli.exit_codes import ending_of
from firebreak_cli.stack import Deployment, Stack

OUTPUT = "DeadLettersUrl"
# Waiting, and handed to somebody who has not deleted them yet.
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def url_of(stack: Stack) -> str | NotRead:
    """The address of the queue, as the stack names it."""
    if not isinstance(stack.deployment, Deployment):
        return stack.deployment
    return stack.deployment.outputs.get(OUTPUT) or NotRead(f"the stack has no output {OUTPUT}")


def waiting(stack: Stack) -> int | Unknown | NotRead:
    """How many dead letters there are, about; Unknown where SQS does not say. It hides nothing else."""
    url = url_of(stack)
    if isinstance(url, NotRead):
        return url
    try:
        with translated("GetQueueAttributes", mutates=False):
            answer = stack.reader("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))
    except AwsError as error:
        return Unknown(ending_of(error).lines[0])
    found = answer.get("Attributes", {})
    return sum(int(found[name]) for name in _COUNTS)
