"""The life of an incident: its states, its transitions, the verdict, and looks after a refusal."""
