"""DynamoDB transactions: all or nothing, and why one did not go through."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.errors import AwsError, Conflict, Rejected, Throttled

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Somebody wrote one of the items at this very moment; nothing is known to have changed.
AT_THE_SAME_TIME = "TransactionConflict"


def transact(client: "DynamoDBClient", items: "Sequence[TransactWriteItemTypeDef]", token: str = "") -> None:
    """Write all of the items or none. Raises Conflict when a condition failed or somebody was faster."""
    # Without a token of ours botocore makes one, so its own re-sends stay idempotent.
    extra: dict[str, str] = {"ClientRequestToken": token} if token else {}
    with translated("TransactWriteItems", mutates=True):
        try:
            client.transact_write_items(TransactItems=items, **extra)  # type: ignore[arg-type]  # one optional str
        except client.exceptions.TransactionCanceledException as error:
            raise why_cancelled(error) from error


def won(client: "DynamoDBClient", items: "Sequence[TransactWriteItemTypeDef]") -> bool:
    """Whether all of the items were written; False when a condition failed or somebody was faster."""
    try:
        transact(client, items)
    except Conflict:
        return False
    return True


def why_cancelled(error: "ClientError") -> AwsError:
    """Conflict when somebody was faster, whatever else when it was not about us."""
    reasons = error.response.get("CancellationReasons", [])
    codes = {str(reason.get("Code")) for reason in reasons} - {"None"}
    shown = ",".join(sorted(codes))
    if codes & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return Throttled("TransactWriteItems", shown)
    if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
        return Conflict("TransactWriteItems", shown)
    return Rejected("TransactWriteItems", shown)
