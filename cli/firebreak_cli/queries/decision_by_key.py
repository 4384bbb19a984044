"""One decision by its own key, and the text of a policy by its hash."""

from typing import Any

from firebreak.aws.translate import translated
from firebreak.ledger.items import DamagedItem, Item, key
from firebreak.ledger.policies import policy_pk
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.queries.ledger_queries import StoredDecision, read_decision


def decision_by_key(client: Any, table: str, wanted: str) -> StoredDecision | None:
    """The decision of that key, None where there is none. Raises AwsError, or Ending where it is damaged."""
    item = _item(client, table, f"DECISION#{wanted}")
    if item is None:
        return None
    try:
        return read_decision(item)
    except DamagedItem as error:
        raise Ending(NO_AWS, f"{wanted}: damaged: {error}") from error


def policy_item(client: Any, table: str, policy_hash: str) -> Item | None:
    """The item of a policy's text, None where there is none. Raises AwsError."""
    return _item(client, table, policy_pk(policy_hash))


def _item(client: Any, table: str, pk: str) -> Item | None:
    with translated("GetItem", mutates=False):
        reply = client.get_item(TableName=table, Key=key(pk), ConsistentRead=True)
    found: Item | None = reply.get("Item")
    return found
