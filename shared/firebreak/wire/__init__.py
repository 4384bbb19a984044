"""The sent and stored forms, each with its version; and lenient reading of JSON."""
