"""DynamoDB transactions: all or nothing, the reason of a failure, and which are tried again."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.errors import AwsError, Conflict, Rejected, Throttled

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Another write met one of the items at that moment; nothing is known to have changed. For a write
# of one item DynamoDB reports the same by a code of its own
# (docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
AT_THE_SAME_TIME = "TransactionConflict"
IN_THE_WAY = frozenset({AT_THE_SAME_TIME, "TransactionConflictException"})
CONDITION_FAILED = "ConditionalCheckFailed"

# DynamoDB refuses one of two writes that meet at an item, whatever they write: a write that was only in the
# way is tried again at once.
TRIES = 5


def retry_on_conflict[T](write: Callable[[], T]) -> T:
    """The result of the write, tried again while others write the same items. Raises the last Conflict."""
    for _ in range(TRIES - 1):
        try:
            return write()
        except Conflict as error:
            if error.code not in IN_THE_WAY:
                raise
    return write()


def transact(client: "DynamoDBClient", items: "Sequence[TransactWriteItemTypeDef]", token: str = "") -> None:
    """Writes all of the items or none. Raises Conflict when a condition failed or somebody was faster."""
    # Without a token botocore makes one, so its own re-sends stay idempotent.
    extra: dict[str, str] = {"ClientRequestToken": token} if token else {}
    with translated("TransactWriteItems", mutates=True):
        try:
            client.transact_write_items(TransactItems=items, **extra)  # type: ignore[arg-type]  # one optional str
        except client.exceptions.TransactionCanceledException as error:
            raise why_cancelled(error) from error


def won(client: "DynamoDBClient", items: "Sequence[TransactWriteItemTypeDef]") -> bool:
    """Whether all of the items were written; False when a condition failed or somebody was faster.

    One try, for callers that look again before another.
    """
    try:
        transact(client, items)
    except Conflict:
        return False
    return True


def written(client: "DynamoDBClient", items: "Sequence[TransactWriteItemTypeDef]") -> bool:
    """Whether all of the items were written; False only when a condition failed.

    Raises Conflict when another write was in the way at every try: then it is not known whether they hold.
    """
    try:
        retry_on_conflict(partial(transact, client, items))
    except Conflict as error:
        if CONDITION_FAILED not in error.code.split(","):
            raise
        return False
    return True


def why_cancelled(error: "ClientError") -> AwsError:
    """The error of a cancelled write: Conflict when somebody was faster, else Throttled or Rejected."""
    reasons = error.response.get("CancellationReasons", [])
    codes = {str(reason.get("Code")) for reason in reasons} - {"None"}
    shown = ",".join(sorted(codes))
    if codes & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return Throttled("TransactWriteItems", shown)
    if codes & {CONDITION_FAILED, AT_THE_SAME_TIME}:
        return Conflict("TransactWriteItems", shown)
    return Rejected("TransactWriteItems", shown)
