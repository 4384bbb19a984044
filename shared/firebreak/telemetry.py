"""Powertools Logger, Metrics and Tracer: made here and nowhere else.

Libraries log whole requests and answers below WARNING (tokens, secrets, environments of tasks), and Lambda
gives the root logger the level of the function's LoggingConfig. So the root logger is held at WARNING,
whatever that says; the own logger has a level of its own.

The X-Ray SDK under Tracer ends in February 2027; docs/adr/0006-tracing.md names what follows.
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
        """Write one structured event."""
        self.logger.info(name, extra={"fields": fields})
        self.tracer.put_annotation(name.replace(".", "_"), str(fields.get("reason", True)))

    def came_in(self) -> None:
        """Count an event at once: a function that is killed flushes nothing.

        All that is counted later in the invocation carries the same time, so that what came in and what
        became of it never fall into two periods of an alarm.
        """
        self.metrics.set_timestamp(datetime.now(UTC))
        self.count("Events")
        self.metrics.flush_metrics()

    def count(self, name: str, by: int = 1) -> None:
        """Count occurrences; target names stay out of the dimensions (each is billed)."""
        self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=by)

    def gauge(self, name: str, value: float) -> None:
        """Tell how much there is of something now."""
        unit = MetricUnit.Seconds if name.endswith("Seconds") else MetricUnit.Count
        self.metrics.add_metric(name=name, unit=unit, value=value)

    def wrap(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """The handler with log context, metrics flush, cold start count and a trace."""
        logged = self.logger.inject_lambda_context(handler, log_event=False, clear_state=True)
        counted = self.metrics.log_metrics(logged, capture_cold_start_metric=True)
        return self.tracer.capture_lambda_handler(counted, capture_response=False)
