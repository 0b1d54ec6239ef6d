"""``recsys export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.shared import TRUST


def export(
    run: Annotated[Path, typer.Argument(help="a run's folder, runs/NAME")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the bundle's folder, to be made")],
    int8: Annotated[
        bool, typer.Option("--int8", help="int8 weights, if recall@10 on the test part stays within 1%")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the folder")] = False,
    trust: Annotated[bool, TRUST] = False,
) -> None:
    """Turn a trained run into a bundle: ONNX and plain files, to recommend without Merlin or PyTorch."""
    from recsys.console import progress, say
    from recsys.exporting.copied import copy_kept
    from recsys.runs import Run
    from recsys.stores import shown, staged_folder

    opened = Run.open(run)
    with staged_folder(output, overwrite) as folder:
        opened.check_export(folder)
        size = None if int8 else copy_kept(opened, folder, overwrite)
        if size is None:
            with progress("importing Transformers4Rec"):
                from recsys.exporting.export import export as write

            size = write(opened, folder, int8, overwrite, trust)["bytes"]
    say(f"a bundle with a model of {size / 1e6:.1f} MB written to {shown(output)}")
