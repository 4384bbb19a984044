"""Why a DynamoDB transaction did not go through."""

from typing import TYPE_CHECKING

from firebreak.errors import AwsError, Conflict, Rejected, Throttled

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


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
