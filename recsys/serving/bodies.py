"""A request's body: read whole within a size and a time, and unpacked, before anything looks at it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from recsys.errors import DataError
from recsys.logbooks.sheets.packed import TooLargeError, gunzip
from recsys.serving.middleware import App, Headers, Message, Receive, Scope, Send, refuse
from recsys.serving.policy import MIB

_PACKED: Final = (b"gzip", b"x-gzip")
_TAKEN: Final[Headers] = [(b"accept-encoding", b"gzip")]
_OF_PACKED: Final = (b"content-encoding", b"content-length")
_CLOSE: Final[Headers] = [(b"connection", b"close")]
_LINGER_SECONDS: Final = 2.0
"""Seconds without a byte after which nobody is taken to send the rest of a refused body."""


class Body:
    """Reads a request's body, or refuses it: too large, too slow, packed in an unknown or a broken way.

    Parameters
    ----------
    app:
        What is asked next; its `receive` gives the whole body at once.
    max_body:
        Bytes at the most, of the body as sent and as unpacked.
    seconds:
        Seconds in which it must arrive.
    """

    def __init__(self, app: App, max_body: int, seconds: float) -> None:
        self._app, self._max, self._seconds = app, max_body, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse its body."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        packing = headers.get(b"content-encoding", b"identity").strip().lower()
        if length.isdigit() and int(length[:20]) > self._max:
            await self._refuse_size(scope, self._until_sent(receive, send))
        elif packing not in (b"identity", b"", *_PACKED):
            text = "the body is packed in a way that this service does not read; post it plain or as gzip"
            await refuse(scope, self._until_sent(receive, send), 415, text, _TAKEN + _CLOSE)
        else:
            await self._pass_on(scope, receive, send, packing in _PACKED)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, packed: bool) -> None:
        try:
            body, more = await asyncio.wait_for(self._read(receive), self._seconds)
            if body is not None and packed:
                body = gunzip(body, "the body", self._max)
                scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in _OF_PACKED]
        except asyncio.TimeoutError:
            await refuse(scope, send, 408, f"the request took longer than {self._seconds:g} s", _CLOSE)
        except TooLargeError:
            await self._refuse_size(scope, send)
        except DataError:
            await refuse(scope, send, 400, "the body is not gzip, or only a part of it")
        else:
            if body is None:
                await self._refuse_size(scope, self._until_sent(receive, send) if more else send)
            else:
                await self._app(scope, _replay(body, receive), send)

    async def _refuse_size(self, scope: Scope, send: Send) -> None:
        text = f"the request is larger than {self._max / MIB:.1f} MiB, the most that is taken (max_body)"
        await refuse(scope, send, 413, text, _CLOSE)

    def _until_sent(self, receive: Receive, send: Send) -> Send:
        """Answers, and takes what still comes of a body before the connection is closed.

        A connection that is closed with something unread is reset: a client that sends all before it reads
        would not see the answer.
        """

        async def sending(message: Message) -> None:
            last = message["type"] == "http.response.body"
            await send({**message, "more_body": True} if last else message)
            if last:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(_drained(receive), self._seconds)
                await send({"type": "http.response.body", "body": b""})

        return sending

    async def _read(self, receive: Receive) -> tuple[bytes | None, bool]:
        """The body, or None where it is too large; and whether more of it comes."""
        parts, size = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            more = message["type"] == "http.request" and message.get("more_body", False)
            if size > self._max:
                return None, more
            parts.append(part)
            if not more:
                return b"".join(parts), False


async def _drained(receive: Receive) -> None:
    """Drop a body, until nothing more of it comes."""
    while True:
        message = await asyncio.wait_for(receive(), _LINGER_SECONDS)
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
