"""ONNX Runtime: imported here alone, so that it never reports to its maker."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys.arrays import Array
from recsys.errors import RunError
from recsys.recommending.graph_check import CheckedGraph

_TENSORS: Final = {"int64": "tensor(int64)", "float32": "tensor(float)", "bool": "tensor(bool)"}


def onnxruntime(part: str = "") -> Any:
    """The package, or one of its modules (``quantization``), with its telemetry switched off.

    Since 1.32 its wheels, once imported, write an id under ``~/.cache`` and open connections to Microsoft;
    the variable is read at import. Who sets it otherwise is obeyed.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return importlib.import_module(f"onnxruntime.{part}".rstrip("."))


def session(model: Path) -> Any:
    """An ONNX Runtime session on the CPU that waits without spinning.

    A run has as many threads as ``OMP_NUM_THREADS`` says, or as there are cores.
    """
    ort = onnxruntime()
    options = ort.SessionOptions()
    named = os.environ.get("OMP_NUM_THREADS", "")
    options.intra_op_num_threads = int(named) if named.isdigit() else 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what fails is told by the error alone
    try:
        providers = ["CPUExecutionProvider"]
        return ort.InferenceSession(str(model), options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise RunError(f"{model}: cannot be loaded ({_line(error)}); export it again") from error


class Graph:
    """A bundle's graph: from windows and prompts to scores.

    Parameters
    ----------
    path:
        The file.
    trial:
        A batch as it will be asked, the largest values of each feature among its own. The graph must take it,
        and answer with a finite score for each climb.
    n_items:
        Climbs to score.
    window:
        Sends in a window.

    Raises
    ------
    RunError
        The graph cannot be loaded, or not be asked so, or holds what no export of ours does.
    """

    def __init__(self, path: Path, trial: Mapping[str, Array], n_items: int, window: int) -> None:
        self._checked = CheckedGraph(path, window, n_items)
        self._checked.check(trial)
        self._path, self._n_items, self._session = path, n_items, session(path)
        try:
            inputs = {each.name: each.type for each in self._session.get_inputs()}
        except UnicodeDecodeError as error:
            raise RunError(f"{path}: its inputs have names that are no text; export it again") from error
        self._names = list(inputs)
        for name, kind in inputs.items():
            if name not in trial or kind != _TENSORS[trial[name].dtype.name]:
                raise RunError(f"{path}: asks for {name[:80]!r} as {kind}; export it again")
        self.logits(trial)

    def logits(self, batch: Mapping[str, Array]) -> Array:
        """Scores of every climb, float32 [batch, n_items]."""
        self._checked.check(batch)
        try:
            scores = np.asarray(self._session.run(None, {name: batch[name] for name in self._names})[0])
        except Exception as error:  # as above
            raise RunError(f"{self._path}: cannot answer ({_line(error)}); export it again") from error
        n = len(next(iter(batch.values())))
        if scores.shape != (n, self._n_items) or scores.dtype != np.float32 or not np.isfinite(scores).all():
            raise RunError(f"{self._path}: answers with no score for every climb; export it again")
        return scores


def _line(error: Exception) -> str:
    """What ONNX Runtime says, in a line that can be printed."""
    text = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return "".join(each if each.isprintable() else "?" for each in text)
