"""Figures for Prometheus: requests, time, pictures, digits, refusals, and what is at work."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from inkread.results import Document

__all__ = ["MEDIA_TYPE", "MULTIPROCESS_FOLDER", "Metrics"]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Where it is set, the processes behind one port keep their figures in this folder, and any of them tells the sums.
MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

# From a drawn digit (milliseconds) to a document of many pages (the time limit).
_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The figures of this process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "inkread_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "inkread_request_seconds", "Time of a request.", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self._pictures = Counter("inkread_pictures", "Pictures and documents read.", registry=self._registry)
        self._pages = Counter("inkread_pages", "Pages read.", registry=self._registry)
        self._digits = Counter("inkread_digits", "Digits read.", registry=self._registry)
        self._refusals = Counter(
            "inkread_refusals", "Requests, sources and frames refused.", ["code"], registry=self._registry
        )
        self._frames = Counter("inkread_live_frames", "Frames of video.", ["outcome"], registry=self._registry)
        self.in_flight = self._gauge("inkread_in_flight", "Requests being read or waiting for it.")
        self.sockets = self._gauge("inkread_live_sockets", "Sockets open.")
        self.held_bytes = self._gauge("inkread_held_bytes", "Bytes of bodies in memory.")

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self._registry, multiprocess_mode="livesum")

    def count_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WS") else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_document(self, document: Document) -> None:
        """Count one source that was read, with its pages and digits."""
        self._pictures.inc()
        self._pages.inc(len(document.pages))
        self._digits.inc(sum(1 for _ in document.digits()))

    def count_refusal(self, code: str) -> None:
        """Count one request, source or frame that was refused, by the code of its problem."""
        self._refusals.labels(code).inc()

    def count_frame(self, outcome: str) -> None:
        """Count one frame of video: read, dropped or failed."""
        self._frames.labels(outcome).inc()

    def render(self) -> bytes:
        """All figures in Prometheus' text format; of all processes, where several share the port."""
        if os.environ.get(MULTIPROCESS_FOLDER):
            everyone = CollectorRegistry()
            MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
            return generate_latest(everyone)
        return generate_latest(self._registry)
