"""Sequential recommendations for climbers, on NVIDIA Merlin.

    import recsys
    run = recsys.train("sends.csv", masking="mlm", output="runs/mine")
    recsys.load("runs/mine").recommend("ada", grade="V4:V6", region="Squamish").to_frame()

Importing this imports nothing else: what a name needs is imported when it is first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.api.adapting import adapt
    from recsys.api.climbs import Climbs, load
    from recsys.api.comparing import compare
    from recsys.api.forgetting import forget
    from recsys.api.logbooks import import_logbooks, simulate
    from recsys.api.recommendations import Recommendations
    from recsys.api.training import FinishedRun, train
    from recsys.errors import DataError, RecsysError, RunError, UsageError

_HOMES = {
    "train": "recsys.api.training",
    "FinishedRun": "recsys.api.training",
    "load": "recsys.api.climbs",
    "Climbs": "recsys.api.climbs",
    "Recommendations": "recsys.api.recommendations",
    "import_logbooks": "recsys.api.logbooks",
    "simulate": "recsys.api.logbooks",
    "compare": "recsys.api.comparing",
    "adapt": "recsys.api.adapting",
    "forget": "recsys.api.forgetting",
    "RecsysError": "recsys.errors",
    "DataError": "recsys.errors",
    "UsageError": "recsys.errors",
    "RunError": "recsys.errors",
}

__all__ = [
    "Climbs",
    "DataError",
    "FinishedRun",
    "Recommendations",
    "RecsysError",
    "RunError",
    "UsageError",
    "adapt",
    "compare",
    "forget",
    "import_logbooks",
    "load",
    "simulate",
    "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("recsys-climb")
    if name not in _HOMES:
        raise AttributeError(f"module 'recsys' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
