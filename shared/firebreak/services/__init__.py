"""The AWS services that actions work on: the action protocol, the registry, a package for each service."""
