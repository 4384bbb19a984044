"""The ledger in memory, for runs that change nothing: proofs, and later replays."""
