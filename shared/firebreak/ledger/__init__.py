"""The ledger: the functions' memory, in one DynamoDB table; its items, its claims, its reads."""
