"""Frames of sends on their way into a workflow: in order, in pieces of climbers, on the right device."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from recsys import columns as c

if TYPE_CHECKING:
    import pandas as pd
    from merlin.schema import Schema

    from recsys.arrays import Array

INPUTS: Final = (
    c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.ROW, c.REGION, c.GRADE, c.RATING, c.COMMENT, c.BETA,
)  # fmt: skip
NUMBERS: Final = (c.DAY, c.RATING)
PIECE: Final = 250_000  # sends that are transformed at a time: what bounds the memory


def device(accelerator: str = "auto") -> tuple[bool, str]:
    """Whether the workflow runs on the CPU, and which engine was chosen and why, in one line.

    Parameters
    ----------
    accelerator:
        As ``--accelerator`` says: "cpu" takes pandas wherever it runs.
    """
    if accelerator == "cpu":
        return True, "NVTabular on pandas (accelerator cpu)"
    from merlin.core.dispatch import HAS_GPU, cudf

    if not HAS_GPU:
        return True, "NVTabular on pandas (no CUDA device)"
    if cudf is None:
        return True, "NVTabular on pandas (a CUDA device, but cudf is not installed)"
    return False, "NVTabular on cudf (a CUDA device with cudf)"


def ordered(sends: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Those columns, blank where they are lacking, each climber's rows together and ``row`` counting up.

    Texts become categories (see `workflows.coded`), numbers float64.
    """
    import numpy as np
    import pandas as pd

    from workflows.coded import code_text, first_rows

    columns: dict[str, Any] = {}
    for name in names:
        if name not in sends:
            columns[name] = np.full(len(sends), np.nan) if name in NUMBERS else _blank(len(sends))
        elif name in NUMBERS:
            columns[name] = sends[name].to_numpy(np.float64, na_value=np.nan)
        else:
            columns[name] = sends[name].to_numpy() if name == c.ROW else code_text(sends[name])
    frame = pd.DataFrame(columns, copy=False)
    codes = frame[c.CLIMBER_ID].cat.codes.to_numpy()
    starts = first_rows(frame[c.CLIMBER_ID])
    rows = frame[c.ROW].to_numpy()
    steps = np.diff(rows) > 0
    steps[starts[1:] - 1] = True  # from one climber to the next
    if len(starts) == len(np.unique(codes[starts])) and steps.all():
        return frame
    return frame.iloc[np.lexsort((rows, codes))].reset_index(drop=True)


def bounds(frame: pd.DataFrame, size: int) -> Array:
    """Where to cut an ordered frame into pieces of whole climbers, some `size` rows: int64 [n_pieces + 1]."""
    import numpy as np

    from workflows.coded import first_rows

    starts = np.append(first_rows(frame[c.CLIMBER_ID]), len(frame))
    wanted = np.arange(0, len(frame), size)
    return np.unique(np.append(starts[np.searchsorted(starts, wanted)], len(frame)))


def dataset(frame: pd.DataFrame, on_cpu: bool, plain: bool = False) -> Any:
    """An ordered frame as an NVTabular dataset; on pandas its first partition is one climber's.

    Merlin runs the whole graph on the first partition once more, only to see the types that come out.
    """
    import numpy as np
    import nvtabular as nvt

    schema = input_schema(frame.columns)
    if not on_cpu or plain:
        return nvt.Dataset(plain_text(frame), npartitions=1, cpu=on_cpu, schema=schema)
    import uuid

    from dask.dataframe.io.io import from_map

    cuts = np.union1d(bounds(frame, PIECE), bounds(frame, 1)[:2]).tolist()
    pieces = [slice(start, end) for start, end in itertools.pairwise(cuts)]
    parts = from_map(frame.__getitem__, pieces, meta=frame.iloc[:0], token=uuid.uuid4().hex)
    return nvt.Dataset(parts, cpu=True, schema=schema)


def plain_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its texts as strings, as cudf takes them and NVTabular's own operators."""
    return frame.astype({name: object for name in frame.columns if frame[name].dtype.name == "category"})


def input_schema(names: Sequence[str]) -> Schema:
    """What a workflow takes: text but for days and ratings, which are float64, and rows, which are int64."""
    import numpy as np
    from merlin.schema import ColumnSchema, Schema

    kinds = {c.ROW: np.int64, **dict.fromkeys(NUMBERS, np.float64)}
    return Schema([ColumnSchema(name, dtype=np.dtype(kinds.get(name, object))) for name in names])


def _blank(n: int) -> Any:
    import numpy as np
    import pandas as pd

    return pd.Categorical.from_codes(np.full(n, -1, dtype=np.int8), categories=[])


@contextmanager
def quiet() -> Iterator[None]:
    """Hide Merlin's notes on its own internals (dtype mappings, global Dask clients)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
