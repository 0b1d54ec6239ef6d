"""A bundle: everything to recommend with, for ONNX Runtime and NumPy alone.

    BUNDLE/bundle.json        format, version, length of a window, inputs of the model, facts of the run
           method.json        what answers, weight and temperature (`recsys.recommending.answering`)
           model.onnx         of a network: windows and prompts to scores; the batch is free
           model.npz          of a counting method: its arrays; an ensemble has both
           features.json      vocabularies, means and deviations, bin edges, flags
           climbs.json        the catalogue, in the order of the scores
           histories.json     the climbers, and the distinct texts of their sends
           skill.npz          ability and difficulty (recsys.skill); bundles may lack it
           arrays.npz         embeddings of climbs and climbers; the sends, as indices in those texts
           MODEL_CARD.md  manifest.json

There is no pickle in it: JSON, NumPy's arrays of plain numbers, and a graph without code. Whatever is read
is checked (types, shapes, ranges), since whoever wrote the files wrote their manifest as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys import columns as c
from recsys import run_files
from recsys.arrays import Array
from recsys.columns import CLIMBER, CLIMBER_VECTOR, FIRST_VALUE_ID
from recsys.errors import RunError
from recsys.manifest import check_manifest
from recsys.recommending.answering import Answering, read_about, read_method
from recsys.recommending.catalogue import read_catalogue
from recsys.recommending.climber_vectors import ClimberVectors, Stored
from recsys.recommending.encoding import encoded, read_part
from recsys.recommending.features import ArrayBatch, read_features
from recsys.recommending.fields import LONGEST_WINDOW, REMEDY, Fields
from recsys.recommending.hardness import load_skill
from recsys.recommending.logbook import Logbook, numbers_of_days
from recsys.recommending.runtime import Graph
from recsys.recommending.stored import CLIMBER_VECTORS, EMBEDDINGS, OFFSETS, read_histories

BUNDLE: Final = run_files.OF_BUNDLE
FORMAT: Final = 3
READ: Final = (
    1,
    2,
    FORMAT,
)  # the first had no method.json: transformers alone; the second no days that are sets
MODEL, CONSTANTS, CLIMBS, HISTORIES, ARRAYS = (
    "model.onnx", "features.json", "climbs.json", "histories.json", "arrays.npz",
)  # fmt: skip
# Of a network, without METHOD.
FILES: Final = (BUNDLE, MODEL, CONSTANTS, CLIMBS, HISTORIES, ARRAYS, run_files.CARD)
CODED: Final = (c.CLIMB_ID, c.REGION, c.GRADE)  # texts of a send, kept as indices in a list of distinct ones
# How days without an order were read; the first where nothing is said.
DAYS: Final = ("file", "set", "seeded")
WRITTEN: Final = (c.COMMENT, c.BETA)  # of which is kept only whether there were any


def files_of(method: Answering) -> list[str]:
    """What the bundle of a method holds, but for its manifest."""
    plain = [name for name in FILES if name != MODEL or method.network is not None]
    return [*plain, run_files.METHOD, *([] if method.counted is None else [run_files.COUNTS])]


class Bundle:
    """The backend that needs no Merlin (see `recsys.recommending.backend.Backend`). Safe to share by threads.

    Parameters
    ----------
    folder:
        A bundle whose manifest has been checked; `Bundle.open` does both.
    """

    def __init__(self, folder: Path) -> None:
        about = Fields.read(folder / BUNDLE)
        if about.get("format") not in READ:
            found = repr(about.get("format"))[:40]
            raise RunError(f"{folder}: bundle format {found}, this version reads {FORMAT}; {REMEDY}")
        self.attributes: Sequence[str] = about.texts("attributes", same=False)
        if tuple(self.attributes) != c.ATTRIBUTES:
            about.refuse("attributes", f"are not all of {', '.join(c.ATTRIBUTES)}")
        self.facts: object = about.get("facts") if "facts" in about else None
        self.window = about.integer("length", 1, LONGEST_WINDOW)
        self.day: str = about.choice("day", DAYS, DAYS[0])
        self.catalogue = read_catalogue(folder / CLIMBS)
        self.features = read_features(folder / CONSTANTS)
        self.has_time = self.features.has_time
        self._texts, self.climbers = _read_texts(folder / HISTORIES)
        distinct = {name: len(texts) for name, texts in self._texts.items()}
        if about.get("format") != 1 and not (folder / run_files.METHOD).is_file():
            raise RunError(f"{folder}: {run_files.METHOD} is missing; {REMEDY}")
        said, n_items = read_about(folder), len(self.catalogue)
        embedded = n_items if said.network else None
        n_ids = len(self.features.vocabularies[CLIMBER]) + FIRST_VALUE_ID
        self._arrays = read_histories(folder / ARRAYS, len(self.climbers), distinct, embedded, n_ids)
        self.skill = load_skill(folder, len(self.catalogue))
        self._index = {climber: index for index, climber in enumerate(self.climbers)}
        network = Graph(folder / MODEL, self._trial(), n_items, self.window).logits if said.network else None
        self.method = read_method(folder, network, said, n_items)
        self.reads_prompt, self.length = self.method.reads_prompt, self.method.length(self.window)
        self.embeddings = self._arrays[EMBEDDINGS] if network is not None else self.method.vectors
        self._people: ClimberVectors | None = None  # of a bundle made before they were kept too
        if CLIMBER_VECTORS in self._arrays:
            table = self._arrays[CLIMBER_VECTORS]
            self._people = ClimberVectors(table, self.embeddings, self.catalogue, self._index, self._stored)

    @classmethod
    def open(cls, folder: Path) -> Bundle:
        """A bundle, its manifest checked before anything of it is used.

        Raises
        ------
        RunError
            A file is missing, was changed, or is of another format.
        """
        listed = check_manifest(folder)
        there = (run_files.METHOD, run_files.COUNTS) if (folder / run_files.METHOD).is_file() else ()
        optional = read_about(folder).lacks()
        for name in (*FILES, *there):
            if name not in (*listed, *optional):
                raise RunError(f"{folder}: its manifest does not list {name}; export it again")
        return cls(folder)

    def logbook(self, climber: str) -> Logbook | None:
        """A stored logbook, or None."""
        index = self._index.get(climber)
        if index is None:
            return None
        start, end = self._arrays[OFFSETS][index : index + 2]
        numbers = (c.RATING, c.DAY) if self.has_time else (c.RATING,)  # plain order is no day
        columns: dict[str, Any] = {name: self._arrays[name][start:end] for name in numbers}
        if c.DAY_INDEX in self._arrays:  # bundles of earlier versions lack it
            columns[c.DAY_NUMBER] = self._day_numbers[start:end]
        for name in (*CODED, *WRITTEN):
            columns[name] = self._words[name][self._arrays[name][start:end].astype(np.int64)]
        return Logbook.of(columns)

    @cached_property
    def _day_numbers(self) -> Array:
        """What the sends of one day share, float64 [n_sends]."""
        return numbers_of_days(self._arrays[c.DAY_INDEX])

    @cached_property
    def _words(self) -> dict[str, Array]:
        """What each code of a column stands for, object; the last index, code -1, is blank."""
        words: dict[str, list[str | None]] = {name: [*self._texts[name], None] for name in CODED}
        words |= {name: [None, "yes"] for name in WRITTEN}
        return {name: np.array(each, dtype=object) for name, each in words.items()}

    @property
    def greets(self) -> bool:
        """Whether newcomers are read as those with like logbooks (`recsys.recommending.climber_vectors`)."""
        return self._people is not None

    def reads(self, climber: str | None) -> int:
        """Sends of a climber's logbook that are read (see `Backend`)."""
        if self._people is None or climber in self._index:
            return self.length
        return self._people.reads(int(self._ids([climber])[0]), climber, self.length)

    def encode(self, logbooks: Sequence[Logbook], climbers: Sequence[str | None]) -> ArrayBatch:
        """Windows that end at each logbook's last send (see `Backend`)."""
        ids = self._ids(climbers)
        vectors = None if self._people is None else self._people.of(ids, climbers, logbooks)
        read = read_part(logbooks, self.length)
        return encoded(self.method, self.features.encode(read), read, ids, vectors, self.window)

    def _ids(self, climbers: Sequence[str | None]) -> Array:
        """Ids of climbers, int64 [n]: one that is not in the vocabulary is unknown, not null.

        Null was never seen in training.
        """
        return self.features.ids(CLIMBER, [each or "" for each in climbers])

    def _stored(self) -> Stored:
        """Everybody's logbooks, for whom a newcomer is like."""
        of_texts = [self.catalogue.indices.get(each, -1) for each in self._texts[c.CLIMB_ID]]
        climbs = np.array([*of_texts, -1])[self._arrays[c.CLIMB_ID]]
        return Stored(self._ids(self.climbers), np.diff(self._arrays[OFFSETS]), climbs)

    def logits(self, batch: ArrayBatch) -> Array:
        """Scores of every climb whose softmax is its probability, float32 [batch, n_items]."""
        return self.method.logits(batch)

    def _trial(self) -> ArrayBatch:
        """Two windows of the smallest and of the largest values that a logbook can come to."""
        ends = np.array([[1], [0]]) * np.ones(self.window)  # [2, length]
        trial: ArrayBatch = {
            name: (ends * largest).astype(kind) for name, (largest, kind) in self.features.ranges.items()
        }
        trial[CLIMBER] = trial[CLIMBER][:, -1]
        if CLIMBER_VECTORS in self._arrays:
            vectors = self._arrays[CLIMBER_VECTORS]
            trial[CLIMBER_VECTOR] = np.stack([vectors.max(0), vectors.min(0)])
        days = np.arange(1, self.window + 1)
        trial[c.DAY_NUMBER] = np.stack([days, days == self.window]).astype(np.int64)
        return {**trial, c.GIVEN: np.repeat([[True], [False]], len(self.attributes), axis=1)}


def _read_texts(path: Path) -> tuple[dict[str, Sequence[str]], Sequence[str]]:
    """histories.json: the distinct texts of each coded column, and the climbers."""
    fields = Fields.read(path)
    return {name: fields.texts(name) for name in CODED}, fields.texts(c.CLIMBER_ID, same=False)
