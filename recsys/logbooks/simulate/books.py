"""A library of early readers, simulated: series by level, children who grow into the next one.

The paper's closing question, books read by young readers, as a second domain. No publication gives such a
library's figures: every number here is an assumption. Books have a reading level (L0 to L17), a genre and
mostly a series, whose volumes stand in order. A child borrows for some years; the level rises with age
and with what was read. What is borrowed next depends on the level, on taste, on how loved a book is, and on
the next volume of the series last read.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd

from recsys.columns import SIMULATED
from recsys.logbooks.simulate.sizes import Ints

READERS: Final = 600
BOOKS: Final = 900
DAYS: Final = 1_100
FIRST_DAY: Final = 18_800  # days since the epoch: 2021-06-22
LEVELS: Final = 18
GENRES: Final = ("Animals", "Adventure", "Family", "Fairy tales", "Mysteries", "Space", "Sports", "Making")
RATED: Final = 0.25  # share of the borrowed with stars
_WIDTH: Final = 1.0  # levels, how loosely a level fits
_SERIES: Final = 2.5  # extra log-odds of the next volume
_FIRST: Final = ("Fox", "Owl", "Moon", "River", "Tiny", "Brave", "Blue", "Night", "Snow", "Golden")
_LAST: Final = ("Tales", "Friends", "Club", "Journey", "House", "Secrets", "Days", "School", "Garden", "Crew")


def simulate_books(seed: int, scale: float) -> pd.DataFrame:
    """What children borrowed, a row each, in the library's own columns (`schemas/books.toml` maps them).

    Returns
    -------
    reader_id and book_id (both start with "sim-"), borrowed ("YYYY-MM-DD"), title, genre, series, level
    ("L4"), stars (1 to 5, or null); ordered by reader and date.
    """
    rng = np.random.default_rng(np.random.SeedSequence([crc32(b"books"), seed]))
    books = _Books(max(60, round(BOOKS * min(1.0, scale**0.5))), rng)
    visits = [_borrowed(books, rng) for _ in range(max(12, round(READERS * scale)))]
    reader = np.repeat(np.arange(len(visits)), [len(days) for days, _ in visits])
    day, book = (np.concatenate([each[part] for each in visits]) for part in range(2))
    stars = np.rint(3.6 + 0.7 * books.love[book] + rng.normal(0, 0.7, len(book))).clip(1, 5).astype(np.int64)
    return pd.DataFrame(
        {
            "reader_id": [f"{SIMULATED}reader-{each:04d}" for each in reader],
            "book_id": [f"{SIMULATED}book-{each:04d}" for each in book],
            "borrowed": np.datetime_as_string((FIRST_DAY + day).astype("datetime64[D]")).astype(object),
            "title": books.title[book],
            "genre": np.array(GENRES, dtype=object)[books.genre[book]],
            "series": books.name[book],
            "level": np.array([f"L{each}" for each in range(LEVELS)], dtype=object)[books.level[book]],
            "stars": pd.arrays.IntegerArray(stars, rng.random(len(stars)) >= RATED),
        }
    )


class _Books:
    """The shelf: parallel arrays [books]; a series' volumes stand one after the other."""

    def __init__(self, n: int, rng: np.random.Generator) -> None:
        sizes: list[int] = []
        while sum(sizes) < n:
            sizes.append(1 + int(rng.geometric(0.3)))
        series = np.repeat(np.arange(len(sizes)), sizes)[:n]
        count = int(series[-1]) + 1
        volume = np.arange(n) - np.searchsorted(series, series)
        first = rng.integers(0, LEVELS, count)
        self.level = np.minimum(first[series] + volume // 3, LEVELS - 1)
        self.genre = rng.integers(0, len(GENRES), count)[series]
        self.love = (rng.normal(size=count)[series] + 0.5 * rng.normal(size=n)) / 1.2
        self.next = np.where(np.append(series[1:] == series[:-1], False), np.arange(n) + 1, -1)
        names = np.array(
            [f"{rng.choice(_FIRST)} {rng.choice(_LAST)} {each}" for each in range(count)], dtype=object
        )
        self.name = names[series]
        named = zip(self.name, volume, strict=True)
        self.title = np.array([f"{name}, volume {v + 1}" for name, v in named], dtype=object)


def _borrowed(books: _Books, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Days and books of one reader, [n_borrowed] each."""
    level, growth = float(rng.uniform(0, 9)), float(rng.uniform(2, 5)) / 365
    taste = rng.normal(0, 1.0, len(GENRES))
    odds = 0.8 * books.love + taste[books.genre]
    gap = float(rng.uniform(8, 30))
    day = int(rng.integers(0, DAYS - 60))
    end, last = min(DAYS, day + 90 + int(rng.exponential(300))), -1
    days: list[int] = []
    found: list[int] = []
    while day < end:
        for _ in range(1 + int(rng.poisson(0.8))):
            score = odds - 0.5 * ((books.level - level - rng.normal(0, 0.5)) / _WIDTH) ** 2
            if last >= 0 and books.next[last] >= 0:
                score[books.next[last]] += _SERIES
            last = int(np.argmax(score + rng.gumbel(size=len(score))))
            odds[last] = -np.inf
            days.append(day)
            found.append(last)
        wait = 1 + int(rng.exponential(gap))
        day, level = day + wait, level + growth * wait
    return np.array(days, dtype=np.int64), np.array(found, dtype=np.int64)
