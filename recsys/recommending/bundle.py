"""A bundle: everything to recommend with, for ONNX Runtime and NumPy alone.

    BUNDLE/bundle.json        format, version, length of a window, inputs of the model, facts of the run
           method.json        what answers, weight and temperature (`recsys.recommending.answering`)
           model.onnx         of a network: windows and prompts to scores; the batch is free
           model.npz          of a counting method: its arrays; an ensemble has both
           features.json      vocabularies, means and deviations, bin edges, flags
           climbs.json        the catalogue, in the order of the scores
           histories.json     the climbers, and the distinct texts of their sends
           arrays.npz         a network's embeddings of the climbs; the sends, as places in those texts
           MODEL_CARD.md  manifest.json

There is no pickle in it: JSON, NumPy arrays read with ``allow_pickle=False``, and a graph without code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import CLIMBER
from recsys.errors import RunError
from recsys.files import check_manifest, read_json
from recsys.recommending.answering import METHOD, Answering, read_about, read_method
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.counted.store import ARRAYS as COUNTED
from recsys.recommending.encoding import encoded
from recsys.recommending.features import Batch, Features
from recsys.recommending.logbook import Logbook
from recsys.recommending.runtime import session

BUNDLE: Final = "bundle.json"
FORMAT: Final = 2
READ: Final = (1, FORMAT)  # the first had no method.json: transformers alone
MODEL, FEATURES, CLIMBS, HISTORIES, ARRAYS = (
    "model.onnx", "features.json", "climbs.json", "histories.json", "arrays.npz",
)  # fmt: skip
CARD: Final = "MODEL_CARD.md"
FILES: Final = (BUNDLE, FEATURES, CLIMBS, HISTORIES, ARRAYS, CARD)  # beside the method's
CODED: Final = (c.CLIMB_ID, c.REGION, c.GRADE)  # texts of a send, kept as places in a list of distinct ones
WRITTEN: Final = (c.COMMENT, c.BETA)  # of which is kept only whether there were any


def files_of(method: Answering) -> list[str]:
    """What the bundle of a method holds, but for its manifest."""
    there = {MODEL: method.network is not None, COUNTED: method.counted is not None}
    return [*FILES, METHOD, *(name for name, is_there in there.items() if is_there)]


class Bundle:
    """The backend that needs no Merlin (see `recsys.recommending.backend.Backend`). Safe to share by threads.

    Parameters
    ----------
    folder:
        A bundle whose manifest has been checked; `Bundle.open` does both.
    """

    def __init__(self, folder: Path) -> None:
        self.about: dict[str, Any] = read_json(folder / BUNDLE)
        if self.about.get("format") not in READ:
            found = self.about.get("format")
            raise RunError(f"{folder}: bundle format {found!r}, this version reads {FORMAT}; export it again")
        self.attributes: Sequence[str] = self.about["attributes"]
        self.window: int = self.about["length"]
        self.day: str = self.about.get("day", "file")
        self.catalogue = Catalogue.from_columns(read_json(folder / CLIMBS))
        self.features = Features(**read_json(folder / FEATURES))
        self.has_time = self.features.has_time
        self._histories = read_json(folder / HISTORIES)
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            self._arrays: Mapping[str, Array] = dict(arrays)
        self.climbers: Sequence[str] = self._histories[c.CLIMBER_ID]
        self._place = {climber: place for place, climber in enumerate(self.climbers)}
        about = read_about(folder)
        if about["network"]:
            self._session = session(folder / MODEL)
            self._inputs = [each.name for each in self._session.get_inputs()]
        network = self._scores if about["network"] else None
        self.method = read_method(folder, network, about, len(self.catalogue))
        self.reads_prompt, self.length = self.method.reads_prompt, self.method.length(self.window)
        counted = self.method.counted
        alone = counted is not None and network is None
        self.embeddings = counted.embeddings if counted and alone else self._arrays["embeddings"]

    @classmethod
    def open(cls, folder: Path) -> Bundle:
        """A bundle, its manifest checked before anything of it is used.

        Raises
        ------
        RunError
            A file is missing, was changed, or is of another format.
        """
        listed = check_manifest(folder)
        about = read_about(folder)
        wanted = {MODEL: about["network"], COUNTED: about["counted"], METHOD: "format" in about}
        for name in (*FILES, *(name for name, there in wanted.items() if there)):
            if name not in listed:
                raise RunError(f"{folder}: its manifest does not list {name}; export it again")
        return cls(folder)

    def logbook(self, climber: str) -> Logbook | None:
        """A stored logbook, or None."""
        place = self._place.get(climber)
        if place is None:
            return None
        start, end = self._arrays["offsets"][place : place + 2]
        columns: dict[str, Any] = {name: self._arrays[name][start:end] for name in (c.RATING, c.DAY)}
        for name in CODED:
            texts = self._histories[name]
            columns[name] = [None if code < 0 else texts[code] for code in self._arrays[name][start:end]]
        for name in WRITTEN:
            columns[name] = ["yes" if there else None for there in self._arrays[name][start:end]]
        return Logbook.of(columns)

    def encode(self, logbooks: Sequence[Logbook], climbers: Sequence[str | None]) -> Batch:
        """Windows that end at each logbook's last send (see `Backend`)."""
        # One that is not in the vocabulary is unknown, not null: null was never seen in training.
        codes = self.features.ids(CLIMBER, [each or "" for each in climbers])
        return encoded(self.method, self.features.encode(logbooks), logbooks, codes, self.window)

    def logits(self, batch: Batch) -> Array:
        """Scores of every climb whose softmax is its probability, float32 [batch, n_items]."""
        return self.method.logits(batch)

    def _scores(self, batch: Batch) -> Array:
        """The network's own scores, float32 [batch, n_items]."""
        return np.asarray(self._session.run(None, {name: batch[name] for name in self._inputs})[0])
