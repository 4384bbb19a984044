"""The changes that an operator makes: switches, storms, approvals, acknowledgements, retries."""
