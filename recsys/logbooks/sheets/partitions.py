"""Columns of a folder of Parquet parts that stand in its folders' names ("region=Squamish/part-0.parquet").

Spark, Dask and pandas write partitioned tables so, as Hive did: the column is not in the files themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote

_BLANK: Final = "__HIVE_DEFAULT_PARTITION__"


def keys_of(part: Path, folder: Path) -> dict[str, str]:
    """The columns, by name, that the folders between say of a part; "" where the value is blank."""
    pairs = [name.partition("=") for name in part.relative_to(folder).parts[:-1] if "=" in name]
    return {unquote(name): "" if value == _BLANK else unquote(value) for name, _, value in pairs if name}
