"""A DataFrame in the place of a file: whatever pandas holds, written once as the readers read it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recsys.api.arguments import place
from recsys.errors import DataError, RecsysError, UsageError

if TYPE_CHECKING:
    import pandas as pd

_CALLED: Final = "the DataFrame"


@contextmanager
def as_file(data: Any) -> Iterator[str | None]:
    """The path of the data: its own, or that of a Parquet file that lives as long as it is read.

    Raises
    ------
    UsageError
        It is neither, or a name of its columns is there twice.
    DataError
        A value of the DataFrame cannot be written; errors of reading name the DataFrame, not the file.
    """
    if data is None or isinstance(data, (str, Path)):
        yield None if data is None else str(place(data, "data"))
        return
    if not hasattr(data, "to_parquet"):
        raise UsageError(f"data is a {type(data).__name__}; give a DataFrame or the path of a file")
    with tempfile.TemporaryDirectory(prefix="recsys-") as folder:
        path = Path(folder) / "dataframe.parquet"
        _plain(data).to_parquet(path, index=False)
        try:
            yield str(path)
        except RecsysError as error:
            error.rename("is Parquet that ", "")
            error.rename(str(path), _CALLED)
            error.rename(path.name, _CALLED)
            raise


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The same, with names that are text, and as text what Arrow has no one type for.

    Ids of a column are integers and texts by turns, UUIDs, or larger than 64 bits; what is sparse is dense.
    """
    frame = _with_index(frame)
    names = [str(each) for each in frame.columns]
    twice = next((each for at, each in enumerate(names) if each in names[:at]), None)
    if twice is not None:
        raise UsageError(f"{_CALLED} has the column {twice!r} twice; rename or remove one")
    frame = frame.set_axis(names, axis=1)
    return frame.assign(**{name: column for name in names if (column := _odd(frame[name])) is not None})


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what its index is named for as columns: set_index("date") takes none away."""
    there = set(map(str, frame.columns))
    named = [name for name in frame.index.names if name is not None and str(name) not in there]
    return frame.reset_index(level=named) if named else frame


def _odd(column: pd.Series) -> Any:
    """A column in place of one that Parquet does not take as it is; None where it does."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(column.dtype, pd.SparseDtype):
        return column.sparse.to_dense()
    if isinstance(column.dtype, pd.PeriodDtype):
        day = pd.Timedelta(days=1)
        filled = column.dropna().dt
        days = bool((filled.end_time - filled.start_time < day).all())
        return column.dt.to_timestamp() if days else column.astype(str).where(column.notna(), None)
    try:
        pa.Array.from_pandas(column)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        texts = column.astype(object).map(str, na_action="ignore")
        for row, text in enumerate(texts, 1):
            if isinstance(text, str) and not _is_unicode(text):
                remedy = "write it as Unicode"
                problem = f"{column.name} holds text that is none"
                raise DataError(problem, path=_CALLED, row=row, value=text, remedy=remedy) from None
        return texts
    return None


def _is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8: it has no half of a pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
