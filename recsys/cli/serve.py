"""``recsys serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.asking import Folder
from recsys.serving.policy import MAX_BODY, MIB


def serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8000,
    api_keys: Annotated[
        Path | None,
        typer.Option(help="file of API keys, one a line; more may be in RECSYS_API_KEYS (default: open)"),
    ] = None,
    max_body: Annotated[
        float, typer.Option(min=0.001, max=1000, help="MiB of a request's body at the most, as nginx's 4m")
    ] = MAX_BODY,
    rate: Annotated[
        float, typer.Option(min=0, help="requests a second that a client may keep up; 0: no limit")
    ] = 20.0,
    batch_window: Annotated[
        float, typer.Option(min=0, max=1000, help="ms that a request may wait for others to join it")
    ] = 2.0,
    max_batch: Annotated[
        int, typer.Option(min=1, max=1024, help="requests in one call of the model; 1: no batching")
    ] = 64,
    poll: Annotated[
        float, typer.Option(min=0, help="seconds between looks for a new bundle; 0: only on SIGHUP")
    ] = 2.0,
    proxy: Annotated[
        str | None, typer.Option(help="addresses of proxies whose X-Forwarded-For is believed")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="site whose pages may hold the widget, as https://example.org; may be repeated"),
    ] = None,
    hide_climbers: Annotated[
        bool, typer.Option("--hide-climbers", help="tell no climber's id; who knows one can still ask by it")
    ] = False,
    max_connections: Annotated[
        int, typer.Option(min=8, max=100_000, help="connections at the same time")
    ] = 1000,
) -> None:
    """Serve a run or a bundle: a page at /, an API under /api, described at /openapi.json."""
    from recsys.api.opening import folder_of, open_recommender
    from recsys.console import progress, say, warn
    from recsys.errors import typed
    from recsys.serving.app import create_app
    from recsys.serving.planner import Planner
    from recsys.serving.policy import Policy, read_keys, read_origins
    from recsys.serving.server import believes_everyone, listen
    from recsys.serving.server import serve as run
    from recsys.stores import shown

    settings = Policy(
        max_body=int(max_body * MIB),
        rate=rate,
        api_keys=read_keys(api_keys),
        batch_window_ms=batch_window,
        max_batch=max_batch,
        poll_seconds=poll,
        max_connections=max_connections,
        origins=read_origins(origin or ()),
        hide_climbers=hide_climbers,
    )
    if believes_everyone(proxy):
        why = "every client can pass for another and escape the rate; name your proxy alone"
        warn(typed(f"`proxy` {proxy}: {why}"))
    opened = folder_of(folder)
    sockets = listen(host, port)
    with progress("loading the bundle"):
        app = create_app(opened, settings, lambda each: Planner.of(open_recommender(each)))
    say(f"serving {shown(folder)} at http://{host}:{port} (Ctrl+C ends it)")
    run(app, sockets, proxy)
