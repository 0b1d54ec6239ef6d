"""The service under load, from another process on loopback.

python benchmarks/serve.py BUNDLE                    requests/s and p50, p95, p99 at 1, 8, 64 connections,
                                                     batched and unbatched (one model call a request)
python benchmarks/serve.py BUNDLE --network RUN      and the same features with the run's network in PyTorch,
                                                     one call a request
python benchmarks/serve.py BUNDLE --torch RUN        and the run it was exported from, through PyTorch and
                                                     NVTabular, one call a request, behind the same service
python benchmarks/serve.py BUNDLE --check 100000     every answer compared with the one of a lone request,
                                                     and the service's memory before and after
python benchmarks/serve.py --fake                    the same over a made-up recommender of 2,844 climbs
                                                     (a NumPy transformer), where there is no bundle yet
python benchmarks/serve.py --fake --requests 200     a tiny run

The wall's figures depend on who else uses the machine; the service's CPU milliseconds a request hardly do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
HEAD = (
    "POST /api/recommend HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
)
BATCH = 64


def start(
    bundle: Path | None, folder: Path, max_batch: int, network: Path | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """The service in a process of its own, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if bundle is None:
        options = json.dumps({"rate": 0, "max_batch": max_batch})
        words = ["-m", "tests.builders.fake_service", str(folder), str(port), options]
    elif network is not None:
        words = [str(ROOT / "benchmarks" / "torch_network.py"), str(bundle), str(network), str(port)]
    else:
        words = ["-m", "recsys", "serve", str(bundle), "--port", str(port), "--rate", "0"]
        words += ["--max-batch", str(max_batch)]
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *words], stderr=log, cwd=ROOT)
    for _ in range(600):
        if ready(port):
            return process, port
        time.sleep(0.05)
    process.kill()
    raise SystemExit((folder.parent / "log").read_text())


def ready(port: int) -> bool:
    """Whether the service answers."""
    try:
        get(port, "/ready")
    except OSError:
        return False
    return True


def get(port: int, path: str) -> Any:
    """A JSON answer."""
    return json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5))


def bodies(port: int, explain: bool) -> list[bytes]:
    """200 different requests: climbers, grades, regions, as a page would send them."""
    climbers = get(port, "/api/climbers?search=i&k=100")["climbers"]
    regions = [row["region"] for row in get(port, "/api/regions")["regions"]]
    table = []
    for i in range(200):
        body: dict[str, Any] = {"climber": climbers[i % len(climbers)], "explain": explain}
        if i % 2:
            body["grade"] = f"V{2 + i % 3}:V{5 + i % 3}"
        if i % 3 == 0:
            body["region"] = regions[i // 3 % len(regions)]
        table.append(json.dumps(body).encode())
    return table


async def ask(port: int, table: list[bytes], turns: list[int], expected: list[Any] | None, out: Any) -> None:
    """One connection, kept alive: a request after the other until the turns are used up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while turns:
        index = turns.pop() % len(table)
        began = time.perf_counter()
        writer.write(HEAD.format(len(table[index])).encode() + table[index])
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        out["seconds"].append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200"):
            out["errors"] += 1
        elif expected is not None and not same(answer(body), expected[index]):
            out["wrong"] += 1
    writer.close()


def answer(body: bytes) -> dict[str, float]:
    """Score by climb, in the order of the answer."""
    return {row["climb_id"]: row["score"] for row in json.loads(body)["items"]}


def same(found: dict[str, float], expected: dict[str, float]) -> bool:
    """The same climbs with the same scores, best first.

    Sums in a batch differ in the last bits, so scores may differ by 1e-4 of themselves, and climbs that tie
    within that may change places, also across the end of the list.
    """
    scores, last = list(found.values()), min(expected.values(), default=0.0)
    near = (math.isclose(score, expected.get(climb, last), rel_tol=1e-4) for climb, score in found.items())
    return len(found) == len(expected) and scores == sorted(scores, reverse=True) and all(near)


async def load(
    port: int, table: list[bytes], n: int, connections: int, expected: list[Any] | None = None
) -> dict[str, Any]:
    """`n` requests over so many connections."""
    out: dict[str, Any] = {"seconds": [], "errors": 0, "wrong": 0}
    turns = list(range(n))
    began = time.perf_counter()
    await asyncio.gather(*(ask(port, table, turns, expected, out) for _ in range(connections)))
    out["rate"] = n / (time.perf_counter() - began)
    return out


async def alone(port: int, table: list[bytes]) -> list[Any]:
    """The answer to each body, asked one at a time."""
    found = []
    for body in table:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/recommend", body, {"Content-Type": "application/json"}
        )
        found.append(answer(urllib.request.urlopen(request, timeout=10).read()))
    return found


def percentile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def resident_mib(process: subprocess.Popen[bytes]) -> float:
    """Resident memory of the service."""
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def cpu(pid: int) -> float:
    """CPU seconds of a process so far, of its own and for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(options: argparse.Namespace, folder: Path) -> None:
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("| connections | mode | requests/s | p50 ms | p95 ms | p99 ms | CPU ms a request | errors |")
    print("|--:|---|--:|--:|--:|--:|--:|--:|")
    modes: list[Any] = [("batched", options.bundle, BATCH), ("unbatched", options.bundle, 1)]
    if options.network is not None:
        modes.append(("PyTorch network, unbatched", options.bundle, 1, options.network))
    if options.torch is not None:
        modes.append(("PyTorch and NVTabular, unbatched", options.torch, 1))
    for mode, source, max_batch, *network in modes:
        process, port = start(source, folder, max_batch, *network)
        try:
            table = bodies(port, options.explain)
            asyncio.run(load(port, table, 200, 8))
            for connections in options.connections:
                before = cpu(process.pid)
                out = asyncio.run(load(port, table, options.requests, connections))
                spent = 1000 * (cpu(process.pid) - before) / options.requests
                times = " | ".join(f"{percentile(out['seconds'], p):.1f}" for p in (0.5, 0.95, 0.99))
                print(
                    f"| {connections} | {mode} | {out['rate']:,.0f} | {times} | {spent:.2f} | "
                    f"{out['errors']} |",
                    flush=True,
                )
        finally:
            process.terminate()
            process.wait(30)


def check(options: argparse.Namespace, folder: Path) -> bool:
    process, port = start(options.bundle, folder, BATCH)
    try:
        table = bodies(port, options.explain)
        expected = asyncio.run(alone(port, table))
        asyncio.run(load(port, table, min(options.check, 5000), 64, expected))
        before, began = resident_mib(process), cpu(process.pid)
        out = asyncio.run(load(port, table, options.check, 64, expected))
        after, spent = resident_mib(process), 1000 * (cpu(process.pid) - began) / options.check
    finally:
        process.terminate()
        code = process.wait(30)
    print(
        f"{options.check:,} requests over 64 connections: {out['errors']} errors, {out['wrong']} wrong, "
        f"{out['rate']:,.0f} requests/s, {spent:.2f} CPU ms a request, load of the machine "
        f"{os.getloadavg()[0]:.1f}; memory {before:.1f} MiB before, {after:.1f} MiB after; "
        f"exit code {code}"
    )
    return not (out["errors"] or out["wrong"] or code)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="?", type=Path)
    parser.add_argument("--fake", action="store_true", help="a made-up recommender instead of a bundle")
    parser.add_argument("--torch", type=Path, metavar="RUN", help="the bundle's run, to compare with")
    parser.add_argument("--network", type=Path, metavar="RUN", help="the same, only its network")
    parser.add_argument("--requests", type=int, default=4000, help="requests at each number of connections")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--check", type=int, default=0, help="requests whose answers are compared")
    parser.add_argument("--explain", action="store_true", help="ask why as well")
    options = parser.parse_args()
    if (options.bundle is None) != options.fake:
        parser.error("name a bundle, or --fake")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bundle"
        if options.fake:
            sys.path.insert(0, str(ROOT))
            from tests.builders.fake_recommender import write_bundle

            write_bundle(folder, n_climbs=2844)
        if options.check:
            sys.exit(0 if check(options, folder) else 1)
        compare(options, folder)


if __name__ == "__main__":
    main()
