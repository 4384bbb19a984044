"""The ledger: what the functions remember, in one DynamoDB table; its items, its claims, its reads."""
