"""Powertools Logger, Metrics and Tracer: made only here.

Libraries log whole requests and answers below WARNING (tokens, secrets, environments of tasks), and Lambda
gives the root logger the level of the function's LoggingConfig. So the root logger is held at WARNING,
whatever that level is; Firebreak's logger has a level of its own.

The X-Ray SDK under Tracer ends in February 2027; docs/adr/0006-tracing.md names its replacement.
The payload is never logged: it may hold log lines of the service that failed.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit


class PowertoolsLog:
    """ports.Log on Powertools: JSON lines, and metrics in the embedded metric format."""

    def __init__(self) -> None:
        logging.getLogger().setLevel(logging.WARNING)
        self.logger = Logger(level=logging.INFO)
        self.metrics = Metrics()
        self.tracer = Tracer()

    def event(self, name: str, **fields: object) -> None:
        """Writes one structured event."""
        self.logger.info(name, extra={"fields": fields})
        self.tracer.put_annotation(name.replace(".", "_"), str(fields.get("reason", True)))

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
