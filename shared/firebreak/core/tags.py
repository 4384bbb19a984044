"""The keys of the tags that Firebreak reads and writes: people's alarms and resources carry them already."""

# On an alarm: the action it asks for, the target, and how it is paged.
ACTION_TAG = "firebreak:action"
TARGET_TAG = "firebreak:target"
SEVERITY_TAG = "firebreak:severity"
RUNBOOK_TAG = "firebreak:runbook"
# On an alarm: the meaning of missing data.
MISSING_DATA_TAG = "firebreak:missing-data"

# On a target: that it takes part, which alarms and which stack may act on it, and the alias of its callers.
OPT_IN_TAG = "firebreak:enabled"
ALARMS_TAG = "firebreak:alarms"
ANSWERING_STACK_TAG = "firebreak:stack"
ALIAS_TAG = "firebreak:alias"

# On a run of an Automation document: the claim that started it.
TOKEN_TAG = "firebreak:token"  # noqa: S105 - the key of a tag

# The tag that CloudFormation puts on every resource of a stack.
STACK_TAG = "aws:cloudformation:stack-name"
