"""Paging: the recipients, the time, the channels and the text of each announcement."""
