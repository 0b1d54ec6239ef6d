"""The package's parts that are installed apart, and how: it is on no index, so from its clone."""

from __future__ import annotations

from typing import Final

# What the light part does without; a command that asks for one of them needs the other part.
TRAINING: Final = (
    "torch", "pandas", "pyarrow", "pydantic", "lightning", "transformers4rec", "merlin", "nvtabular", "onnx",
    "safetensors", "matplotlib", "tomli", "dask", "scipy",
)  # fmt: skip
STUDY: Final = ("implicit", "jinja2", "markupsafe", "optuna", "sqlalchemy", "threadpoolctl")
SERVING: Final = ("fastapi", "uvicorn", "prometheus_client", "python_multipart", "starlette")
_MERLIN: Final = ("train", "study")
_BY_UV: Final = (*_MERLIN, "text")  # pip refuses merlin-dataloader's metadata


def install(extra: str) -> str:
    """What to type for an extra of pyproject.toml, as a clause of a message.

    >>> install("serve")
    "in the clone of recsys-climb, pip install '.[serve]'"
    """
    uv = "uv " if extra in _BY_UV else ""
    python = " (Python 3.10 or 3.11)" if extra in _MERLIN else ""
    return f"in the clone of recsys-climb, {uv}pip install '.[{extra}]'{python}"


def missing_part(error: ModuleNotFoundError) -> str | None:
    """What has to be installed for a module that the light part does without; None for any other module."""
    missing = (error.name or "").split(".")[0]
    if missing in SERVING:
        part, extra = "the service", "serve"
    elif missing in STUDY:
        part, extra = "the study", "study"
    elif missing in TRAINING:
        part, extra = "training", "train"
    else:
        return None
    return f"{error.name}, a part of {part}: {install(extra)}"
