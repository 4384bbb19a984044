"""The operator's command line; it is never part of the layer."""
