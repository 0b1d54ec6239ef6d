"""An index of nearest neighbours beside exact scores: recall, milliseconds, MiB, with and without a prompt.

    uv run --no-project --with faiss-cpu==1.15.1 --with numpy==1.26.4 python benchmarks/index.py

Simulated embeddings, 64 wide, and biases, of 100,000 and of a million climbs: climbs lie about the middles of
5,000 areas, areas about those of 50 regions, biases are the logarithms of a long-tailed popularity; a query
is a climb's embedding and noise. "Exact" is what a recommendation does: the product of the table and the
query, and the best ten of what a filter allows. The index (faiss; a bias is one more dimension of both) is
asked for its best 1,000, of which the filter keeps what it allows. Recall is of the exact best ten. The
filter is a prompt: a region, and a fifth of its climbs by grade. One thread, one query at a time, medians of
200; a line of JSON a row.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import faiss
import numpy as np

WIDTH, REGIONS, AREAS, QUERIES, BEST, ASKED = 64, 50, 5_000, 200, 10, 1_000
PROBES: Final = (8, 32, 128)  # lists of the inverted file that a query looks through
HELD: Final = (64, 256, ASKED)  # candidates that a search of the graph holds, and answers with
Search = Callable[..., np.ndarray]


class Catalogue:
    """Embeddings with a bias [n, WIDTH + 1], regions and grades [n], queries [QUERIES, WIDTH + 1]."""

    def __init__(self, climbs: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        regions = rng.normal(size=(REGIONS, WIDTH))
        of_area = rng.integers(REGIONS, size=AREAS)
        areas = regions[of_area] + rng.normal(size=(AREAS, WIDTH))
        area = rng.integers(AREAS, size=climbs)
        self.region, self.grade = of_area[area], rng.integers(15, size=climbs)
        bias = np.log(rng.pareto(1.2, size=climbs) + 1)
        own = areas[area] + rng.normal(size=(climbs, WIDTH))
        self.table = np.column_stack([own, bias]).astype(np.float32)
        self.asked = rng.integers(climbs, size=QUERIES)
        near = own[self.asked] + rng.normal(scale=0.7, size=(QUERIES, WIDTH))
        self.queries = np.column_stack([near / WIDTH**0.5, np.ones(QUERIES)]).astype(np.float32)

    def filter(self, query: int) -> np.ndarray:
        """The climbs of the region of the query's climb, and three grades of fifteen about its own."""
        climb = self.asked[query]
        return (self.region == self.region[climb]) & (abs(self.grade - self.grade[climb]) <= 1)


def best(scores: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """The ten best climbs that are allowed."""
    scores = scores if allowed is None else np.where(allowed, scores, -np.inf)
    return np.argpartition(scores, -BEST)[-BEST:]


def indexes(table: np.ndarray) -> Iterator[tuple[str, Search, float, float]]:
    """Name, what answers a query with the best ASKED, seconds to build, MiB."""
    rng = np.random.default_rng(1)
    lists = max(256, round(len(table) ** 0.5))
    coarse = faiss.IndexFlatIP(table.shape[1])
    began = time.perf_counter()
    inverted = faiss.IndexIVFFlat(coarse, table.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
    inverted.train(table[rng.permutation(len(table))[: 64 * lists]])
    inverted.add(table)
    built = time.perf_counter() - began
    size = faiss.serialize_index(inverted).nbytes / 2**20
    for probes in PROBES:
        inverted.nprobe = probes
        name = f"inverted file, {probes} of {lists} lists"
        yield name, lambda query: inverted.search(query, ASKED)[1][0], built, size
    began = time.perf_counter()
    graph = faiss.IndexHNSWFlat(table.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    graph.add(table)
    built = time.perf_counter() - began
    size = faiss.serialize_index(graph).nbytes / 2**20
    for held in HELD:
        graph.hnsw.efSearch = held
        yield f"graph, {held} held", lambda query, n=held: graph.search(query, n)[1][0], built, size


def answers(search: Search, queries: np.ndarray, *more: list[Any]) -> tuple[list[np.ndarray], float]:
    """What each query is answered, and the median of the milliseconds that it took."""
    found, times = [], []
    for given in zip(queries, *more, strict=True):
        began = time.perf_counter()
        found.append(search(*given))
        times.append(1e3 * (time.perf_counter() - began))
    return found, round(statistics.median(times), 3)


def recall(exact: list[np.ndarray], found: list[np.ndarray]) -> float:
    """The mean share of the exact best that is found among as many."""
    shares = [np.isin(one, other[:BEST]).mean() for one, other in zip(exact, found, strict=True)]
    return round(float(np.mean(shares)), 3)


def measure(climbs: int) -> Iterator[dict[str, Any]]:
    """A row for exact scores, and one for each index."""
    of = Catalogue(climbs)
    filters = [of.filter(query) for query in range(QUERIES)]
    plain, ms = answers(lambda query: best(of.table @ query, None), of.queries)
    prompted, asked = answers(lambda query, allowed: best(of.table @ query, allowed), of.queries, filters)
    common = {"climbs": climbs, "allowed": round(float(np.mean(filters)), 4)}
    yield {**common, "row": "exact", "ms": ms, "ms prompted": asked, "MiB": round(of.table.nbytes / 2**20)}
    for name, search, built, size in indexes(of.table):
        found, ms = answers(search, of.queries[:, None])
        kept = [each[allowed[each] & (each >= 0)] for each, allowed in zip(found, filters, strict=True)]
        yield {
            **common, "row": name, "ms": ms, "MiB": round(size), "built in s": round(built, 1),
            "recall@10": recall(plain, found), "recall@10 prompted": recall(prompted, kept),
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--climbs", type=int, nargs="+", default=[100_000, 1_000_000])
    faiss.omp_set_num_threads(1)
    for climbs in parser.parse_args().climbs:
        for row in measure(climbs):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
