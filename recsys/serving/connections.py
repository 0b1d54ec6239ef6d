"""What a connection may cost: bytes and seconds of a request's head, idle seconds, and how many there are.

uvicorn parses HTTP and runs the application; its protocol class is the place it leaves for such limits. Where
no more connections fit, the one that has been silent longest gives way to the new one, so that half-sent
requests cannot keep others (a health check among them) out. One whose request is whole is never closed so.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from recsys.serving.metrics import Metrics
from recsys.serving.middleware import SECURITY, failure
from recsys.serving.policy import Policy

_SPARE_FILES: Final = 64
"""Descriptors left for all but clients: the bundle, the logs, connections accepted at the same moment."""
_LINGER_SECONDS: Final = 2.0
_FRAMING: Final = 9
"""Bytes on the wire a byte of a body may take: chunks of one byte take six."""
_PIPELINED: Final = 16


@dataclass(eq=False)
class Connections:
    """The connections of one server, and the limits that they share.

    Attributes
    ----------
    settings:
        The limits.
    metrics:
        Where open and closed connections are counted.
    most:
        Connections at the same time.
    open:
        Those that are, in the order in which they came.
    """

    settings: Policy
    metrics: Metrics
    most: int
    open: dict[Connection, None] = field(default_factory=dict)

    def admit(self, new: Connection) -> bool:
        """Make room for a connection; False where every other one is being answered."""
        if len(self.open) >= self.most:
            oldest = min((each for each in self.open if each.silent), key=_since, default=None)
            if oldest is None:
                return False
            oldest.end("crowded out")
            self.leave(oldest)
        self.open[new] = None
        self.metrics.connections.set(len(self.open))
        return True

    def leave(self, gone: Connection) -> None:
        """Forget a connection."""
        self.open.pop(gone, None)
        self.metrics.connections.set(len(self.open))

    def sweep(self) -> None:
        """End the connections whose time is up."""
        now = time.monotonic()
        for each in list(self.open):
            reason = each.overdue(now)
            if reason:
                each.end(reason)


def most_connections(wanted: int) -> int:
    """As many connections as are wanted, or as the process's limit on open files leaves room for.

    The soft limit is raised towards the hard one first, as far as it is needed.
    """
    try:
        import resource
    except ImportError:  # no POSIX
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(8, min(wanted, soft - _SPARE_FILES))


class Connection(HttpToolsProtocol):
    """uvicorn's connection within the limits; `bound` makes a class of it for a server.

    Attributes
    ----------
    shared:
        All connections of the server.
    since:
        When it last changed between idle, a request and its answer, in seconds of the monotonic clock.
    silent:
        Whether no whole request waits for its answer: the connection may give way to another.
    """

    shared: Connections

    @classmethod
    def bound(cls, shared: Connections) -> type[Connection]:
        """The class whose connections share these limits."""
        return type("BoundConnection", (cls,), {"shared": shared})

    def connection_made(self, transport: Any) -> None:
        """A client is there; without room for him he is told to come back."""
        super().connection_made(transport)
        self.since, self.silent, self._in_head, self._refused = time.monotonic(), True, False, False
        self._begun = self._wire = self._payload = 0
        self._asked: deque[RequestResponseCycle] = deque()
        if not self.shared.admit(self):
            self._refuse(503, "full", "the service has as many connections as it can hold; try again soon")
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self.shared.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; all but a body's own bytes must stay below the limit of a head."""
        if self._refused or self.transport.is_closing():
            return
        begun = self._begun
        super().data_received(data)
        if begun == self._begun:
            self._wire += len(data)
        if self._wire - _FRAMING * self._payload > self.shared.settings.max_head and not self._refused:
            self._too_large()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._begun, self._wire, self._payload, self._in_head = self._begun + 1, 0, 0, True
        if self.cycle is None or self.cycle.response_complete:
            self.since = time.monotonic()
        if len(self.pipeline) >= _PIPELINED and not self._refused:
            self._refuse(503, "pipelined", "too many requests wait on this connection; await their answers")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or one that follows a body in chunks, which is left out."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A head is whole: the application takes over, unless it was too large."""
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        settings = self.shared.settings
        if not self._refused and size > settings.max_head:
            self._too_large()
        if not self._refused and len(self.headers) > settings.max_headers:
            self._refuse(
                431, "large head", f"the request's head has more than {settings.max_headers} headers"
            )
        if not self._refused:
            super().on_headers_complete()
            self._asked.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._payload += len(body)
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        if not self._refused:
            self.silent = self.cycle.response_complete
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is sent; a next request may wait already."""
        self.since, self.silent = time.monotonic(), not self.pipeline
        if self._asked:
            self._asked.popleft()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP."""
        if not self._refused:
            self._refuse(400, "malformed", "this is no HTTP/1.1 request")

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: who asks for a websocket is answered in HTTP, and uvicorn would tell whom to install."""

    def timeout_keep_alive_handler(self) -> None:
        """uvicorn's idle time is over; `overdue` keeps it with the others."""
        self.end("idle")

    def overdue(self, now: float) -> str:
        """Why the connection has had its time, or an empty text."""
        age, settings = now - self.since, self.shared.settings
        if self._refused or self.transport.is_closing():
            return "refused" if age > _LINGER_SECONDS else ""
        if self.cycle is not None and not self.cycle.response_complete:
            return "slow" if age > 4 * settings.answer_seconds else ""  # its reader does not read
        if self._in_head or not self._begun:
            return "slow head" if age > settings.head_seconds else ""
        return "idle" if age > settings.idle_seconds else ""

    def end(self, reason: str) -> None:
        """Close the connection at once; what was not read of an answer by now is dropped."""
        if reason != "refused":
            self.shared.metrics.ended.labels(reason).inc()
        self.transport.abort()

    def _too_large(self) -> None:
        limit = self.shared.settings.max_head / 1024
        self._refuse(431, "large head", f"the request's head is larger than {limit:.0f} KiB")

    def _refuse(self, status: int, reason: str, message: str) -> None:
        """Answer with an error; what still comes is dropped for a while, so that the answer is read.

        What was asked before on the connection is not answered any more: nothing may follow the error.
        """
        self._refused, self.silent, self.since = True, True, time.monotonic()
        self.shared.metrics.ended.labels(reason).inc()
        self.pipeline.clear()
        for each in self._asked:
            each.disconnected = True
            each.message_event.set()
        if any(each.response_started for each in self._asked):  # an error would be taken for its end
            self.transport.abort()
            return
        body = failure(message, "")
        headers = [*SECURITY, (b"content-type", b"application/json"), (b"connection", b"close")]
        headers.append((b"content-length", str(len(body)).encode()))
        lines = [STATUS_LINE[status], *(b"%s: %s\r\n" % pair for pair in headers), b"\r\n", body]
        self.transport.write(b"".join(lines))
        if self.transport.can_write_eof():
            self.transport.write_eof()


def _since(connection: Connection) -> float:
    return connection.since
