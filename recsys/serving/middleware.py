"""Around every request: Observe (ids, logs, metrics, headers), then Gate (rate, keys); `bodies` comes next.

Plain ASGI, so that nothing is buffered but the body, once, below its limit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
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
    "manifest-src 'self'; worker-src 'self'; "
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
_WIDGET: Final = "/widget.js"  # the one file that other sites' pages may load
_SHARED: Final = [(n, b"cross-origin" if n == b"cross-origin-resource-policy" else v) for n, v in SECURITY]
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_LONGEST_ADDRESS: Final = 45  # of IPv6, with IPv4 in it
_NO_ADDRESS: Final = re.compile(r"[^0-9A-Za-z.:_%-]")
_OUTCOMES: Final = {401: "closed", 429: "limited", 503: "busy"}
_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
GUARDED_PATHS: Final = ("/api/", "/metrics", "/model-card")


def failure(message: str, request_id: str, columns: Sequence[str] = ()) -> bytes:
    """The body of an error: ASCII, so that no odd character of a request can spoil it."""
    error = {"message": message, "request_id": request_id}
    return json.dumps({"error": {**error, "columns": list(columns)} if columns else error}).encode()


async def refuse(scope: Scope, send: Send, status: int, message: str, extra: Headers | None = None) -> None:
    """Answer with an error."""
    body = failure(message, scope.get("state", {}).get("request_id", ""))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + (extra or [])})
    await send({"type": "http.response.body", "body": body})


class Observe:
    """Gives each request an id, security headers, a line in the log and a place in the metrics.

    A HEAD is asked of the application as the GET that it stands for, and answered without a body.
    """

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, size = time.perf_counter(), 0, 0
        request_id = scope.setdefault("state", {})["request_id"] = _request_id(scope)
        private, shared = scope["path"].startswith(GUARDED_PATHS), scope["path"] == _WIDGET
        bare = scope["method"] == "HEAD"
        asked = {**scope, "method": "GET"} if bare else scope

        async def sending(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_headers(message["headers"], request_id, private, shared)
            elif bare:
                message["body"] = b""
            else:
                size += len(message.get("body", b""))
            await send(message)

        with self._metrics.running.track_inprogress():
            try:
                await self._app(asked, receive, sending)
            except Exception:
                log("defect", logging.ERROR, exc_info=True, request_id=request_id)
                if not status:
                    await refuse(asked, sending, 500, "a defect in the service; its log says more")
        self._note(scope, asked, status, size, time.perf_counter() - began)

    def _note(self, scope: Scope, asked: Scope, status: int, size: int, seconds: float) -> None:
        route = getattr(asked.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        result = outcome(status)
        self._metrics.note(route, method, status, result, seconds)
        fields = {"key": scope["state"]["key"]} if "key" in scope["state"] else {}
        log(
            "request",
            request_id=scope["state"]["request_id"],
            method=method,
            route=route,
            status=status,
            outcome=result,
            ms=round(1000 * seconds, 2),
            bytes_in=_length(scope),
            bytes_out=size,
            client=client_address(scope),
            **fields,
        )


def outcome(status: int) -> str:
    """What became of a request, in a word: ok, refused, closed, limited, busy, defect or gone."""
    if not status:
        return "gone"
    return _OUTCOMES.get(status) or ("ok" if status < 400 else "refused" if status < 500 else "defect")


class Gate:
    """Keeps each client's rate, and lets in who has a key where keys are asked for."""

    def __init__(self, app: App, keys: frozenset[str], buckets: Buckets) -> None:
        self._app, self._buckets = app, buckets
        self._keys = [_digest(key.encode()) for key in sorted(keys)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(GUARDED_PATHS):
            await self._app(scope, receive, send)
            return
        holder = self._holder(_given_key(scope)) if self._keys else None
        client = client_address(scope) if holder is None else f"key {holder}"
        if holder is not None:
            scope["state"]["key"] = holder
        scope["state"]["client"] = client
        seconds = self._buckets.take(client)
        if seconds:
            wait: Headers = [(b"retry-after", str(seconds).encode())]
            await refuse(scope, send, 429, f"too many requests; try again in {seconds} s", wait)
        elif self._keys and holder is None:
            ask: Headers = [(b"www-authenticate", b"Bearer")]
            text = "this service needs an API key: give it as X-API-Key or as a bearer token"
            await refuse(scope, send, 401, text, ask)
        else:
            await self._app(scope, receive, send)

    def _holder(self, key: bytes) -> int | None:
        """The place of the key among the known ones; all are compared, each in constant time."""
        digest, found = _digest(key), None
        for index, known in enumerate(self._keys):
            if hmac.compare_digest(digest, known):
                found = index
        return found


def client_address(scope: Scope) -> str:
    """The address that the request came from; what a header of a proxy says is cut to an address's size."""
    client = scope.get("client")
    return _NO_ADDRESS.sub("?", str(client[0])[:_LONGEST_ADDRESS]) if client else "unknown"


def _length(scope: Scope) -> int:
    """Bytes of the body that the client announced; 0 where he did not."""
    given: bytes = dict(scope["headers"]).get(b"content-length", b"")
    return int(given[:18]) if given.isdigit() else 0


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"")
    return given.decode() if _REQUEST_ID.match(given) else uuid.uuid4().hex


def _with_headers(headers: Any, request_id: str, private: bool, shared: bool) -> Headers:
    added: Headers = [*(_SHARED if shared else SECURITY), (b"x-request-id", request_id.encode())]
    return [*headers, *added, *([(b"cache-control", b"no-store")] if private else [])]


def _given_key(scope: Scope) -> bytes:
    headers = dict(scope["headers"])
    bearer: bytes = headers.get(b"authorization", b"")
    word, _, token = bearer.partition(b" ")
    own: bytes = headers.get(b"x-api-key", b"")
    return own or (token.strip() if word.lower() == b"bearer" else b"")


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
