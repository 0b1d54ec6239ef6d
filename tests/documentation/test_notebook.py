"""The notebook runs in a kernel of its own, and the copy that is kept shows what it shows."""

from __future__ import annotations

import importlib.util

import nbformat

from tests.documentation.pages import ROOT


def test_the_notebook_runs(monkeypatch):
    spec = importlib.util.spec_from_file_location("notebook", ROOT / "docs" / "making" / "notebook.py")
    making = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(making)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    kept = nbformat.read(making.NOTEBOOK, as_version=4)
    code = [cell for cell in making.execute().cells if cell.cell_type == "code"]
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
    shown = [[output.output_type for output in cell.outputs] for cell in code]
    assert shown == [
        [output.output_type for output in cell.outputs] for cell in kept.cells if cell.cell_type == "code"
    ], "run python docs/making/notebook.py"
