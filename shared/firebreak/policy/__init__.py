"""The policy: the allowed content of a file, its mistakes, and the rules that it gives for one request."""
