"""Files as rows of cells, whatever they are: text, gzip, Parquet, JSON, Excel, a folder of Parquet parts.

    sheet = open_path(Path("ticks.csv.gz"))        # or open_sheet(content, "ticks.csv.gz")
    for row in sheet.rows(","): ...

`kinds` tells by the content what a file is; what is not read is refused in one line that says what it is and
what to do. Nothing but Python is needed for text and JSON; Parquet needs pyarrow, Excel openpyxl.
"""

from recsys.bounds import MAX_BYTES
from recsys.logbooks.sheets.open import MAX_ROWS, open_path, open_sheet
from recsys.logbooks.sheets.rows import RawRow
from recsys.logbooks.sheets.sheet import Sheet

__all__ = ["MAX_BYTES", "MAX_ROWS", "RawRow", "Sheet", "open_path", "open_sheet"]
