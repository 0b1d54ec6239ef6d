"""Around every request: Observe (ids, logs, metrics, headers), then Gate (rate, keys), then Body (size).

Plain ASGI, so that nothing is buffered but the body, once, below its limit.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from recsys.serving.limits import Buckets
from recsys.serving.logs import log
from recsys.serving.metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY: Final[Headers] = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_GUARDED: Final = ("/api/", "/metrics", "/model-card")


def failure(message: str, request_id: str) -> bytes:
    """The body of an error: ASCII, so that no odd character of a request can spoil it."""
    return json.dumps({"error": {"message": message, "request_id": request_id}}).encode()


async def refuse(scope: Scope, send: Send, status: int, message: str, extra: Headers | None = None) -> None:
    """Answer with an error."""
    body = failure(message, scope.get("state", {}).get("request_id", ""))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + (extra or [])})
    await send({"type": "http.response.body", "body": body})


class Observe:
    """Gives each request an id, security headers, a line in the log and a place in the metrics."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        request_id = scope.setdefault("state", {})["request_id"] = _request_id(scope)
        private = scope["path"].startswith(_GUARDED)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_headers(message["headers"], request_id, private)
            await send(message)

        with self._metrics.running.track_inprogress():
            try:
                await self._app(scope, receive, sending)
            except Exception:
                log("defect", logging.ERROR, exc_info=True, request_id=request_id)
                if not status:
                    await refuse(scope, sending, 500, "a defect in the service; its log says more")
        self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        log(
            "request",
            request_id=scope["state"]["request_id"],
            method=method,
            route=route,
            status=status,
            ms=round(1000 * seconds, 2),
            client=client_address(scope),
        )


class Gate:
    """Keeps each client's rate, and lets in who has a key where keys are asked for."""

    def __init__(self, app: App, keys: frozenset[str], buckets: Buckets) -> None:
        self._app, self._buckets = app, buckets
        self._keys = [_digest(key.encode()) for key in sorted(keys)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(_GUARDED):
            await self._app(scope, receive, send)
            return
        holder = self._holder(_given_key(scope)) if self._keys else None
        client = client_address(scope) if holder is None else f"key {holder}"
        seconds = self._buckets.take(client)
        if seconds:
            wait: Headers = [(b"retry-after", str(seconds).encode())]
            await refuse(scope, send, 429, f"too many requests; try again in {seconds} s", wait)
        elif self._keys and holder is None:
            ask: Headers = [(b"www-authenticate", b"Bearer")]
            text = "this service needs an API key: send it as X-API-Key or as a bearer token"
            await refuse(scope, send, 401, text, ask)
        else:
            await self._app(scope, receive, send)

    def _holder(self, key: bytes) -> int | None:
        """The place of the key among the known ones; all are compared, each in constant time."""
        digest, found = _digest(key), None
        for place, known in enumerate(self._keys):
            if hmac.compare_digest(digest, known):
                found = place
        return found


class Body:
    """Reads a request's body whole, within a size and a time, before anything looks at it."""

    def __init__(self, app: App, max_body: int, seconds: float) -> None:
        self._app, self._max, self._seconds = app, max_body, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse its body."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        too_large = f"the request is larger than {self._max / 1e6:.1f} MB, the most that is taken"
        close: Headers = [(b"connection", b"close")]
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self._max:
            await refuse(scope, send, 413, too_large, close)
            return
        try:
            body = await asyncio.wait_for(self._read(receive), self._seconds)
        except asyncio.TimeoutError:
            await refuse(scope, send, 408, f"the request took longer than {self._seconds:g} s", close)
            return
        if body is None:
            await refuse(scope, send, 413, too_large, close)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body, or None where it is too large."""
        parts, size = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self._max:
                return None
            parts.append(part)
            if message["type"] != "http.request" or not message.get("more_body", False):
                return b"".join(parts)


def client_address(scope: Scope) -> str:
    """The address that the request came from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"")
    return given.decode() if _REQUEST_ID.match(given) else uuid.uuid4().hex


def _with_headers(headers: Any, request_id: str, private: bool) -> Headers:
    added: Headers = [*SECURITY, (b"x-request-id", request_id.encode())]
    return [*headers, *added, *([(b"cache-control", b"no-store")] if private else [])]


def _given_key(scope: Scope) -> bytes:
    headers = dict(scope["headers"])
    bearer: bytes = headers.get(b"authorization", b"")
    word, _, token = bearer.partition(b" ")
    own: bytes = headers.get(b"x-api-key", b"")
    return own or (token.strip() if word.lower() == b"bearer" else b"")


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
