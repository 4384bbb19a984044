"""The events in a range of time, as numbers: pure functions of what a ledger or a replay recorded."""
