"""One service and two of the same bundle, requests shared out as a proxy does: CPU time and memory of each.

    python benchmarks/scale_out.py BUNDLE --requests 2000

The client asks all services at once, an equal share each, over eight connections each. Given are requests a
second by the wall, which depend on who else uses the machine, and CPU milliseconds a request and resident
memory of each service, which hardly do: services whose CPU time a request stays the same when there are two
share nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from serve import ask, bodies, cpu, start

CONNECTIONS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--requests", type=int, default=2000, help="of each measurement")
    given = parser.parse_args()
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            for number in range(count):
                (Path(folder) / str(number)).mkdir()
            services = [start(given.bundle, Path(folder) / str(n) / "x", 64) for n in range(count)]
            try:
                print(measured(services, given.requests))
            finally:
                for process, _ in services:
                    process.kill()
                    process.wait()


def measured(services: list[Any], requests: int) -> str:
    tables = [bodies(port, False) for _, port in services]
    asyncio.run(load(services, tables, 200))  # warm
    before, began = [cpu(process.pid) for process, _ in services], time.perf_counter()
    errors = asyncio.run(load(services, tables, requests))
    wall = time.perf_counter() - began
    spent = [cpu(process.pid) - old for (process, _), old in zip(services, before, strict=True)]
    each = requests / len(services)
    return (
        f"{len(services)} services: {requests / wall:.0f} requests/s, {errors} errors; CPU ms a request "
        f"{', '.join(f'{1000 * s / each:.2f}' for s in spent)}; resident MiB "
        f"{', '.join(f'{resident(process.pid):.0f}' for process, _ in services)}; "
        f"load of the machine {os.getloadavg()[0]:.1f}"
    )


async def load(services: list[Any], tables: list[list[bytes]], requests: int) -> int:
    """Ask them all, each an equal share; how many were not answered with 200."""
    out: Any = Counter(errors=0, wrong=0)
    out["seconds"] = []
    tasks = []
    for (_, port), table in zip(services, tables, strict=True):
        turns = list(range(requests // len(services)))
        tasks += [ask(port, table, turns, None, out) for _ in range(CONNECTIONS)]
    await asyncio.gather(*tasks)
    return int(out["errors"])


def resident(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
