"""The policy: what a file may say, where it is wrong, and the rules that one request gets out of it."""
