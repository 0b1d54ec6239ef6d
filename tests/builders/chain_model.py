"""A model whose best chains are known: what follows a climb is drawn once and for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys import columns as c
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.counted.method import PREFIX
from recsys.recommending.logbook import read_logbook
from recsys.recommending.recommender import Recommender

N = 24


class Stub:
    """Climb i has grade V(i // 3), and what follows a climb is drawn once and for all: a Markov chain."""

    def __init__(self, fills: bool = False) -> None:
        draw = np.random.default_rng(5)
        self.catalogue = Catalogue.from_columns(
            {
                c.CLIMB_ID: [f"c{i}" for i in range(N)],
                c.GRADE: [f"V{i // 3}" for i in range(N)],
                c.REGION: ["North" if i % 2 else "South" for i in range(N)],
                c.AREA: [f"Area {i % 4}" for i in range(N)],
                c.STYLE: ["slab" if i % 3 == 0 else "roof" for i in range(N)],
                "sends": list(range(N, 0, -1)),
            }
        )
        self.follows = draw.normal(0, 1.5, (N + 1, N)).astype(np.float32)
        self.embeddings = draw.normal(size=(N, 4)).astype(np.float32)
        self.attributes, self.length, self.has_time, self.day = ("region", "grade"), 12, True, "file"
        self.climbers, self.fills, self.asked = ["me"], fills, 0
        self.facts = self.skill = None

    def reads(self, climber):
        return self.length

    def logbook(self, climber):
        days = [f"2024-01-{1 + 7 * week:02d}" for week in range(4)]
        return read_logbook(
            [{"climb_id": f"c{9 + i}", "date": d, "grade": "V3"} for i, d in enumerate(days[:2])]
        )

    def encode(self, logbooks, climbers):
        rows = [[self.catalogue.indices.get(x, N) for x in b.climbs[-self.length :]] for b in logbooks]
        return {"climb": np.array([[N] * (self.length - len(r)) + r for r in rows])}

    def logits(self, batch):
        self.asked += len(batch["climb"])
        return self.follows[batch["climb"][:, -2]]

    def fill(self, batch):
        """Before the hole one climb, behind all the holes the project: their sum."""
        first, last = batch["hole"].argmax(1), batch["climb"][:, -1]
        before = batch["climb"][np.arange(len(first)), first - 1]
        return self.follows[before] + self.follows[:, last[0]][:N][None]


class Spied(Stub):
    """Keeps the logbooks that it is given, and of each the attributes that are held out to it."""

    def __init__(self, fills: bool = False) -> None:
        super().__init__(fills)
        self.attributes = ("region", "grade", "elapsed_days")
        self.books, self.given = [], []

    def encode(self, logbooks, climbers):
        self.books.extend(logbooks)
        return super().encode(logbooks, climbers)

    def logits(self, batch):
        self.given.extend([self.attributes[i] for i in np.flatnonzero(row)] for row in batch[c.GIVEN])
        return super().logits(batch)


class Dated(Spied):
    """Keeps the days that a counting method would read, of all sends but the one asked for."""

    def __init__(self) -> None:
        super().__init__(fills=True)
        self.days = []

    def encode(self, logbooks, climbers):
        days = [[np.nan] * (9 - len(book)) + book.columns[c.DAY].tolist() for book in logbooks]
        return {**super().encode(logbooks, climbers), PREFIX + c.DAY: np.array(days, np.float32)}

    def logits(self, batch):
        self.days.append(batch[PREFIX + c.DAY][:, :-1])
        return super().logits(batch)

    def fill(self, batch):
        self.days.append(batch[PREFIX + c.DAY][:, :-1])
        return super().fill(batch)


def somewhere(**columns) -> Recommender:
    """The stub with other columns in its catalogue."""
    stub = Stub()
    stub.catalogue = replace(stub.catalogue, **columns)
    return Recommender(stub)


def one_crag(**columns) -> Recommender:
    return somewhere(areas=[None] * N, regions=["North"] * N, **columns)


def fan(centre: int, near: tuple[int, ...]) -> np.ndarray:
    """Embeddings of which some climbs point as the centre does, and the others away from it, each its way."""
    angles = np.linspace(np.pi / 2, np.pi, N)
    angles[[centre, *near]] = 0.0
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
