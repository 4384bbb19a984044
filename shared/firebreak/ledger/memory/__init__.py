"""The ledger in memory, for whatever asks what would have been: proofs, and later replays."""
