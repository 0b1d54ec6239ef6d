"""What `benchmarks/faults.py` tries: the commands, and what they work on."""

from __future__ import annotations

import importlib
import multiprocessing
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from faults_trials import Bench, Command, forked

_TINY: Final = (
    "--ensemble",
    "none",
    "--d-model",
    "16",
    "--layers",
    "1",
    "--climb-dim",
    "16",
    "--accelerator",
    "cpu",
)
_TRAIN: Final = ("--data", "sends.parquet", "--epochs", "2", "--windows", "0.3", *_TINY)
_STUDY: Final = ("study", "sends.parquet", "--rows", "popularity,recent-popularity", "--seeds", "1",
    "--jobs", "1", "--output", "studied", "--accelerator", "cpu", "--reference", "popularity")  # fmt: skip
_TUNE: Final = (
    "tune",
    "sends.parquet",
    "--output",
    "tuned",
    "--trials",
    "2",
    "--epochs",
    "1",
    "--accelerator",
    "cpu",
)
_ON: Final = (
    "--continue",
    "run",
    "--data",
    "new.parquet",
    "--epochs",
    "1",
    "--accelerator",
    "cpu",
    "--output",
    "on",
)

_ALL: Final = (
    Command("import", ("import", "raw.csv", "-o", "imported.csv"),
            before=("raw.csv", "imported.csv", "imported.rejects.csv"),
            keeps=("imported.csv", "imported.rejects.csv")),
    Command("preprocess", ("sends.parquet", "prepared", "--overwrite"), "workflows.sends",
            before=("sends.parquet", "prepared"), keeps=("prepared",)),
    Command("train", (*_TRAIN, "--output", "new"), "train.py", (*_TRAIN, "--output", "new", "--resume"),
            before=("sends.parquet",)),
    Command("forget", ("forget", "run", "--climber", "{climber}"), before=("run",), keeps=("run",)),
    Command("export", ("export", "run", "-o", "bundle", "--overwrite"), before=("run", "bundle"),
            keeps=("bundle",), later="nothing"),
    Command("adapt", ("adapt", "run", "joining.parquet", "-o", "adapted", "--overwrite"),
            before=("run", "joining.parquet", "adapted"), keeps=("adapted",)),
    Command("continue", _ON, "train.py", (*_ON, "--resume"), before=("run", "new.parquet")),
    Command("evaluate", ("evaluate", "run"), before=("run",)),
    Command("study", _STUDY, before=("sends.parquet",)),
    Command("tune", _TUNE, before=("sends.parquet",)),
)  # fmt: skip
COMMANDS: Final = {each.name: each for each in _ALL}
_LIGHT: Final = {"import"}
_HEAVY: Final = (
    "matplotlib.backends.backend_agg", "onnx", "onnxruntime", "optuna", "recsys.adapting.climbers",
    "recsys.adapting.continuing", "recsys.adapting.forget_bundle", "recsys.adapting.forget_write",
    "recsys.cli.adapt", "recsys.cli.evaluate", "recsys.cli.export", "recsys.cli.forget", "recsys.cli.study",
    "recsys.cli.train", "recsys.cli.tune", "recsys.exporting.export", "recsys.exporting.keep",
    "recsys.study.report", "recsys.study.study", "recsys.study.worker", "recsys.training.answer",
    "recsys.training.curve", "recsys.training.kept", "recsys.training.pipeline", "recsys.training.skill",
    "recsys.training.suite", "recsys.tuning.objective", "recsys.tuning.run",
    "tensorboard.summary.writer.event_file_writer",
    "torch.onnx", "torch.utils.tensorboard", "workflows.coded", "workflows.sends.__main__",
)  # fmt: skip


def warm(names: Iterable[str]) -> None:
    """Import what the commands will, once; and let a study's cells be forks too, which were fork servers'."""
    for name in _HEAVY if set(names) - _LIGHT else ("recsys.cli.import_", "recsys.logbooks.importing.load"):
        importlib.import_module(name)
    real = multiprocessing.get_context
    multiprocessing.get_context = lambda method=None: real("fork")  # type: ignore[assignment]


def make_inputs(bench: Bench, names: Iterable[str]) -> None:
    """What the commands need, made once; all but the tables by the commands themselves."""
    needed = {each for name in names for each in COMMANDS[name].before}
    if {each for each in needed if not (bench.inputs / each).exists()} - {"{climber}"}:
        bench.inputs.mkdir(exist_ok=True)
        forked(lambda: _tables(bench.inputs), bench.home / "made")
    for name, command in list(COMMANDS.items()):
        climber = _climber(bench.inputs)
        words = tuple(word.format(climber=climber) for word in command.words)
        COMMANDS[name] = Command(**{**vars(command), "words": words})
    for name, command in _MAKERS.items():
        if name in needed and not (bench.inputs / name).exists():
            bench.reset(command)
            ended = bench.call(command.app, command.words)
            if ended.code:
                raise SystemExit(f"{name}: could not be made: {ended.text}")
            for each in command.keeps:
                if (bench.work / each).exists():
                    shutil.move(bench.work / each, bench.inputs / each)


_MAKERS: Final = {
    "imported.csv": Command(
        "",
        ("import", "old.csv", "-o", "imported.csv"),
        before=("old.csv",),
        keeps=("imported.csv", "imported.rejects.csv"),
    ),
    "prepared": Command(
        "",
        ("sends.parquet", "prepared", "--min-sends", "3"),
        "workflows.sends",
        before=("sends.parquet",),
        keeps=("prepared",),
    ),
    "run": Command("", (*_TRAIN, "--output", "run"), "train.py", before=("sends.parquet",), keeps=("run",)),
    "bundle": Command("", ("export", "run", "-o", "bundle"), before=("run",), keeps=("bundle",)),
    "adapted": Command(
        "",
        ("adapt", "run", "--climbs", "climbs.csv", "-o", "adapted"),
        before=("run", "climbs.csv"),
        keeps=("adapted",),
    ),
}


def _climber(inputs: Path) -> str:
    path = inputs / "climber"
    return path.read_text() if path.is_file() else ""


def _tables(folder: Path) -> Any:
    """Simulated sends in parts: to train on, of later days, of new climbers; and as files to import."""
    import pandas as pd

    from recsys.logbooks.simulate import simulate

    sends = simulate("bc", seed=0, scale=0.02).sort_values("date", kind="stable")
    cut = int(len(sends) * 0.9)
    sends.iloc[:cut].to_parquet(folder / "sends.parquet", index=False)
    sends.iloc[cut:].to_parquet(folder / "new.parquet", index=False)
    usual = sends.iloc[:cut]["climber_id"].value_counts().index
    (folder / "climber").write_text(usual[0])
    joining = sends[sends["climber_id"].isin(usual[1:4])]
    joining.assign(climber_id="new-" + joining["climber_id"]).to_parquet(
        folder / "joining.parquet", index=False
    )
    raw = sends.head(120).astype(object).where(sends.head(120).notna(), "")
    bad = raw.head(2).assign(date="yesterday")
    pd.concat([raw, bad]).to_csv(folder / "raw.csv", index=False)
    pd.concat([raw.head(50), bad.head(1)]).to_csv(folder / "old.csv", index=False)
    pd.DataFrame({"climb_id": ["fresh-1", "fresh-2"], "grade": ["V3", "V4"]}).to_csv(
        folder / "climbs.csv", index=False
    )
