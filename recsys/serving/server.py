"""Runs the application under uvicorn: SIGTERM and SIGINT let it finish, SIGHUP reads the bundle again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from recsys.serving.logs import configure_logs, log

_GRACE_SECONDS = 20


class Server(uvicorn.Server):
    """uvicorn's server, which ends with exit code 0 after a signal to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals while the server runs, and do not raise them again afterwards."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def serve(app: FastAPI, host: str, port: int, proxies: str | None = None) -> None:
    """Serve until a signal says stop; requests under way are answered first.

    Parameters
    ----------
    host, port:
        Where to listen.
    proxies:
        Addresses, separated by commas, whose X-Forwarded-For is believed.
    """
    configure_logs()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=1024,
    )
    loop = (config.get_loop_factory() or asyncio.new_event_loop)()  # uvloop where it is installed
    try:
        loop.run_until_complete(_run(Server(config), app))
    finally:
        loop.close()


async def _run(server: Server, app: FastAPI) -> None:
    loop, running = asyncio.get_running_loop(), set[asyncio.Task[bool]]()

    def reload() -> None:
        task = loop.create_task(app.state.holder.reload())
        running.add(task)
        task.add_done_callback(running.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    log("serving", host=server.config.host, port=server.config.port)
    await server.serve()
    log("stopped")
