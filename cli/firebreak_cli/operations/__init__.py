"""What an operator changes: switches, storms, approvals, acknowledgements, retries."""
