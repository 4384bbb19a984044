"""Local AWS and the demo: commands of a clone, never installed with the operator's command."""
