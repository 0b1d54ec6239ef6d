"""ONNX Runtime: imported here alone, so that it never reports to its maker."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from recsys.errors import RunError


def onnxruntime(part: str = "") -> Any:
    """The package, or one of its modules (``quantization``), with its telemetry switched off.

    Since 1.32 its wheels, once imported, write an id under ``~/.cache`` and open connections to Microsoft;
    the variable is read at import. Who sets it otherwise is obeyed.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return importlib.import_module(f"onnxruntime.{part}".rstrip("."))


def session(model: Path, threads: int = 0) -> Any:
    """An ONNX Runtime session on the CPU that waits without spinning.

    Parameters
    ----------
    model:
        The graph.
    threads:
        Threads of one run; 0 takes ``OMP_NUM_THREADS``, or as many as there are cores.
    """
    ort = onnxruntime()
    options = ort.SessionOptions()
    named = os.environ.get("OMP_NUM_THREADS", "")
    options.intra_op_num_threads = threads or (int(named) if named.isdigit() else 0)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise RunError(
            f"{model}: cannot be loaded ({str(error).splitlines()[0]}); export it again"
        ) from error
