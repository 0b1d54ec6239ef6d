"""Runs the application under uvicorn: SIGTERM and SIGINT let it finish, SIGHUP reads the bundle again."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from recsys.errors import UsageError
from recsys.serving.connections import Connection, Connections, most_connections
from recsys.serving.logs import configure_logs, log

_GRACE_SECONDS = 20
_BACKLOG = 1024
_EVERYONE = ("*", "0.0.0.0/0", "::/0")


class Server(uvicorn.Server):
    """uvicorn's server, which ends with exit code 0 after a signal to stop.

    Parameters
    ----------
    config:
        uvicorn's.
    connections:
        Those to look after.
    """

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals while the server runs, and do not raise them again afterwards.

        After it was told to stop a second SIGTERM changes nothing, for the process is about to end: as it
        was before, it would kill it on the way to its exit code. A second SIGINT still interrupts.
        """
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            if self.should_exit:
                before[signal.SIGTERM] = signal.SIG_IGN
            for each, handler in before.items():
                signal.signal(each, handler)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; every second the connections are looked at."""
        if counter % 10 == 0:
            self._connections.sweep()
        return await super().on_tick(counter)


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of a host, before anything is loaded or announced.

    Raises
    ------
    UsageError
        The port is taken or not allowed, or the host is not this machine's.
    """
    opened: list[socket.socket] = []
    try:
        for family, _, _, _, address in _addresses(host, port):
            opened.append(_listening(family, address))
    except OSError as error:
        for each in opened:
            each.close()
        raise UsageError(_reason(host, port, error)) from None
    return opened


def serve(app: FastAPI, sockets: Sequence[socket.socket], proxies: str | None = None) -> None:
    """Serve until a signal says stop; requests under way are answered first.

    Parameters
    ----------
    sockets:
        As `listen` opened them.
    proxies:
        Addresses, separated by commas, whose X-Forwarded-For is believed.
    """
    configure_logs()
    settings = app.state.settings
    most = most_connections(settings.max_connections)
    connections = Connections(settings, app.state.metrics, most)
    config = uvicorn.Config(
        app,
        http=Connection.bound(connections),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
        timeout_keep_alive=int(settings.idle_seconds),
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=_BACKLOG,
    )
    loop = (config.get_loop_factory() or asyncio.new_event_loop)()  # uvloop where it is installed
    try:
        loop.run_until_complete(_run(Server(config, connections), app, list(sockets)))
    finally:
        loop.close()


def believes_everyone(proxies: str | None) -> bool:
    """Whether any client is taken for a proxy, and so may name himself as he likes."""
    return proxies is not None and any(each.strip() in _EVERYONE for each in proxies.split(","))


async def _run(server: Server, app: FastAPI, sockets: list[socket.socket]) -> None:
    loop, running = asyncio.get_running_loop(), set[asyncio.Task[bool]]()

    def reload() -> None:
        task = loop.create_task(app.state.holder.reload())
        running.add(task)
        task.add_done_callback(running.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    host, port = sockets[0].getsockname()[:2]
    log("serving", host=host, port=port, connections=server._connections.most)
    await server.serve(sockets)
    log("stopped")


def _addresses(host: str, port: int) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
    kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
    found = socket.getaddrinfo(host or None, port, type=kind, flags=flags)
    return list(dict.fromkeys(found))


def _listening(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"`port` {port}: another program listens there on {host}; end it, or choose another port"
    if error.errno == errno.EACCES:
        return f"`port` {port}: may not be opened by this user; choose one from 1024 up"
    return (
        f"`host` {host}: cannot be listened on ({error.strerror or error}); name an address of this machine"
    )
