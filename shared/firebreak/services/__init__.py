"""The AWS services that actions work on: what an action is, the list of all, and a room for each service."""
