"""Prometheus metrics of one service, in a registry of their own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_REASONS = ("crowded out", "full", "large head", "slow head", "malformed", "pipelined", "slow", "idle")


class Metrics:
    """What is counted and timed."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        registry = self._registry
        self.requests = Counter(
            "recsys_requests",
            "Requests answered",
            ["route", "method", "status", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "recsys_request_seconds",
            "Time to answer",
            ["route", "outcome"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.running = Gauge("recsys_requests_running", "Requests being answered", registry=registry)
        self.batch = Histogram(
            "recsys_batch_size",
            "Requests in one model call",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=registry,
        )
        self.connections = Gauge("recsys_connections", "Connections that are open", registry=registry)
        self.ended = Counter(
            "recsys_connections_ended", "Connections refused or ended", ["reason"], registry=registry
        )
        self.reloads = Counter("recsys_reloads", "Bundles read again", ["result"], registry=registry)
        self.climbs = Gauge("recsys_climbs", "Climbs in the bundle", registry=registry)

        for reason in _REASONS:  # so that each is 0 from the start
            self.ended.labels(reason)
        for result in ("used", "refused"):
            self.reloads.labels(result)

    def note(self, route: str, method: str, status: int, outcome: str, seconds: float) -> None:
        """Count a request, and the time that it took."""
        self.requests.labels(route, method, str(status), outcome).inc()
        self.seconds.labels(route, outcome).observe(seconds)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
