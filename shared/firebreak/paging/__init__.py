"""Paging: who is told of what is announced, when, on which channels, and how it reads."""
