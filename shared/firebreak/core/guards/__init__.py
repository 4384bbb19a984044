"""The guards of a decision, a module a family, and what they look at; their order is in `table.py`."""
