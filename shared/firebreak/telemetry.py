"""Powertools Logger, Metrics and Tracer: made only here.

Libraries log whole requests and answers below WARNING (tokens, secrets, environments of tasks), and Lambda
gives the root logger the level of the function's LoggingConfig. So the root logger is held at WARNING,
whatever that level is; Firebreak's logger has a level of its own.

The X-Ray SDK under Tracer gets security fixes alone; docs/adr/0068-tracing-stays-for-now.md has its end.
The payload is never logged: it may hold log lines of the service that failed.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from aws_lambda_powertools.tracing.base import BaseSegment

# The annotation of a trace, and the key of a log line, by which all of one incident is found.
CORRELATION_ID = "correlation_id"
# X-Ray drops a part with an annotation that is too long, and a request names its incident in its own words.
LONGEST_ID = 128


class PowertoolsLog:
    """ports.Log on Powertools: JSON lines, and metrics in the embedded metric format."""

    def __init__(self) -> None:
        logging.getLogger().setLevel(logging.WARNING)
        self.logger = Logger(level=logging.INFO)
        self.metrics = Metrics()
        # Not the other libraries that the SDK finds: importing what patches them takes longer than the rest
        # of the SDK, and the calls of http.client would put the addresses of webhooks into traces.
        self.tracer = Tracer(patch_modules=("botocore",))
        self._part: BaseSegment | None = None

    def event(self, name: str, **fields: object) -> None:
        """Writes one structured event.

        It is annotated on the part of the trace that `about` opened. A thread's own part is Lambda's segment,
        on which an annotation raises.
        """
        self.logger.info(name, extra={"fields": fields})
        if self._part:
            self._part.put_annotation(name.replace(".", "_"), str(fields.get("reason", True)))

    @contextmanager
    def about(self, correlation_id: str) -> Iterator[None]:
        """Names the subject of each event and of a part of the trace, until the block ends."""
        before, outer = self.logger.get_correlation_id(), self._part
        named = correlation_id[:LONGEST_ID]
        self.logger.set_correlation_id(named)
        try:
            with self.tracer.provider.in_subsegment("## about") as self._part:
                self._part.put_annotation(CORRELATION_ID, named)
                yield
        finally:
            self._part = outer
            self.logger.set_correlation_id(before)

    def came_in(self) -> None:
        """Counts an event at once: a function that is killed flushes nothing.

        All later counts of the invocation carry the same time, so that an arrival and its result never fall
        into two periods of an alarm.
        """
        self.metrics.set_timestamp(datetime.now(UTC))
        self.count("Events")
        self.metrics.flush_metrics()

    def count(self, name: str, by: int = 1) -> None:
        """Counts occurrences; target names stay out of the dimensions (each is billed)."""
        self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=by)

    def gauge(self, name: str, value: float) -> None:
        """Records the present amount of something."""
        unit = MetricUnit.Seconds if name.endswith("Seconds") else MetricUnit.Count
        self.metrics.add_metric(name=name, unit=unit, value=value)

    def wrap(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """The handler with log context, metrics flush, cold start count and a trace."""
        logged = self.logger.inject_lambda_context(handler, log_event=False, clear_state=True)
        counted = self.metrics.log_metrics(logged, capture_cold_start_metric=True)
        return self.tracer.capture_lambda_handler(counted, capture_response=False)
