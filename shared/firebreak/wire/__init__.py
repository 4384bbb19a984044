"""What is sent and stored, each form with its version; and JSON that may be anything."""
