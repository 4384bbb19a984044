"""The keys of the tags that Firebreak reads and writes: people's alarms and resources carry them already."""

# On an alarm: which action it asks for, on what, and who hears of it how.
ACTION_TAG = "firebreak:action"
TARGET_TAG = "firebreak:target"
SEVERITY_TAG = "firebreak:severity"
RUNBOOK_TAG = "firebreak:runbook"
# On an alarm: what it means that no data comes.
MISSING_DATA_TAG = "firebreak:missing-data"

# On a target: that it takes part, which alarms may act on it, and which alias its callers use.
OPT_IN_TAG = "firebreak:enabled"
ALARMS_TAG = "firebreak:alarms"
ALIAS_TAG = "firebreak:alias"

# On a run of an Automation document: the claim that started it.
TOKEN_TAG = "firebreak:token"  # noqa: S105 - the key of a tag

# What CloudFormation puts on everything of a stack.
STACK_TAG = "aws:cloudformation:stack-name"
