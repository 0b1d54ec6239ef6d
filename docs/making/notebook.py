"""Runs the notebook and keeps what its cells show: python docs/making/notebook.py [TARGET.ipynb].

Without a target the notebook itself is written anew. It runs in a folder that is thrown away.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient

NOTEBOOK: Final = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"


def execute(seconds: int = 300) -> Any:
    """The notebook with its outputs; a cell that fails raises `nbclient.exceptions.CellExecutionError`."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory(prefix="recsys-notebook-") as folder:
        NotebookClient(
            notebook,
            timeout=seconds,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which would change each time
        if cell.cell_type == "code":  # progress and warnings are not part of it
            cell.outputs = [each for each in cell.outputs if each.output_type != "stream"]
    return notebook


if __name__ == "__main__":
    nbformat.write(execute(), sys.argv[1] if len(sys.argv) > 1 else NOTEBOOK)
