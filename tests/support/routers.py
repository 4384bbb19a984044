"""The router in the place of the tests."""

from firebreak.core.ports import AlarmReads, Clock, Log
from firebreak.remediation.tag_router import Publish, RememberedTags, TagRouter
from tests.support import builders as a


def tag_router(alarms: AlarmReads, clock: Clock, publish: Publish, log: Log) -> TagRouter:
    """A router that has looked at no tags yet."""
    return TagRouter(
        tags=RememberedTags(alarms.tags, clock),
        publish=publish,
        log=log,
        account=a.ACCOUNT,
        region=a.REGION,
        partition="aws",
    )
