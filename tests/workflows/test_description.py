"""The plain description of a workflow: the same workflow again, and no pickle opened on the way to it."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys import columns as c
from recsys.config.run import RunConfig
from recsys.errors import RunError
from recsys.files import write_json
from recsys.runs import Run
from tests.builders.commands import call

TEXTS = {
    c.CLIMB_ID: ["x", "y", "z", "é"],
    c.REGION: [None, "Squamish", "Font"],
    c.GRADE: [None, "V4", "6B+", "7a", "project"],
    c.COMMENT: [None, "", " ", "crimpy"],
    c.BETA: [None, "heel hook"],
}
OPTIONAL = (c.REGION, c.GRADE, c.RATING, c.COMMENT, c.BETA)


def draw(n: int = 60, seed: int = 0) -> pd.DataFrame:
    """Sends of three climbers with every column, nulls in all that may have them."""
    draws = np.random.default_rng(seed)
    columns = {name: draws.choice(np.array(values, object), n) for name, values in TEXTS.items()}
    columns[c.RATING] = draws.choice([np.nan, 1, 2.5, 5], n)
    columns[c.CLIMBER_ID] = np.repeat(["a", "b", "c"], n // 3)
    columns[c.DAY] = np.tile(np.sort(draws.uniform(0, 900, n // 3)), 3)
    return pd.DataFrame({**columns, c.ROW: np.arange(n)})


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    assert list(left.columns) == list(right.columns)
    for name in left.columns:
        for p, q in zip(left[name], right[name], strict=True):
            np.testing.assert_array_equal(p, q, err_msg=name)


def stated(schema) -> dict:
    """A schema without the folders in it."""
    kept = {}
    for column in schema:
        properties = {k: v for k, v in column.properties.items() if k != "cat_path"}
        kept[column.name] = (sorted(map(str, column.tags)), properties, str(column.dtype), column.is_list)
    return kept


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """By the columns that are lacking: as fit, and rebuilt."""
    from workflows import sends as workflow_of

    found = {}
    for lacking in LACKING:
        folder = tmp_path_factory.mktemp("fitted")
        fit = workflow_of.fit(draw().drop(columns=list(lacking)), folder, has_time=c.GRADE not in lacking)
        found[lacking] = fit, workflow_of.load(folder)
    return found


SENDS = st.fixed_dictionaries(
    {
        **{name: st.sampled_from([*values, "never seen"]) for name, values in TEXTS.items()},
        c.RATING: st.one_of(st.just(np.nan), st.floats(-1, 6)),
        c.DAY: st.one_of(st.sampled_from([0.0, 0.25, 3.0]), st.floats(-1e5, 1e5)),
        c.CLIMBER_ID: st.sampled_from(["a", "c", "nobody"]),
    }
)


LACKING = ((), *((name,) for name in OPTIONAL), OPTIONAL)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(LACKING),
    st.lists(SENDS, min_size=1, max_size=12),
    st.sets(st.sampled_from(OPTIONAL)),
)
def test_rebuilt_transforms_as_fitted(fitted, lacking, rows, dropped):
    """Nulls, texts never seen, strangers, columns that are lacking, climbers whose rows are apart."""
    from workflows import sends as workflow_of

    fit, rebuilt = fitted[lacking]
    sends = pd.DataFrame(rows).drop(columns=list(dropped)).assign(**{c.ROW: np.arange(len(rows))})
    same(workflow_of.transform(fit, sends), workflow_of.transform(rebuilt, sends))


def test_rebuilt_states_the_same_schema(fitted):
    for fit, rebuilt in fitted.values():
        assert stated(rebuilt.output_schema) == stated(fit.output_schema)
        assert stated(rebuilt.input_schema) == stated(fit.input_schema)


def test_description_survives_its_file(fitted, tmp_path):
    from workflows.sends import description

    for fit, rebuilt in fitted.values():
        assert description.describe(rebuilt) == description.describe(fit)
        description.write(fit, tmp_path)
        assert description.read(tmp_path) == description.describe(fit)


def test_nothing_logged_has_no_mean(tmp_path):
    """Grades that nobody can read: NVTabular's mean is NaN, which JSON has not."""
    from workflows import sends as workflow_of

    sends = draw().assign(**{c.GRADE: "project"})
    fit = workflow_of.fit(sends, tmp_path)
    same(workflow_of.transform(fit, sends), workflow_of.transform(workflow_of.load(tmp_path), sends))
    assert json.loads((tmp_path / "workflow.json").read_text())["numbers"]["grade"]["mean"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format 2, this version reads 1; train anew"),
        ({"columns": ["climb_id", "row"]}, "columns have to be among"),
        ({"columns": ["climber_id", "climb_id", "row", "__class__"]}, "columns have to be among"),
        ({"numbers": {}}, "numbers have to be those of the columns"),
        ({"not_logged": "x"}, "not_logged"),
        ({"shortest": -1}, "shortest"),
        ({"more": 1}, "more"),
    ],
)
def test_a_description_that_cannot_be_used_is_one_line(tmp_path, change, said):
    from workflows import sends as workflow_of

    workflow_of.fit(draw(), tmp_path)
    path = tmp_path / "workflow.json"
    write_json(path, json.loads(path.read_text()) | change)
    with pytest.raises(RunError, match=said) as raised:
        workflow_of.load(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_file_of_values_that_is_gone_or_broken_is_one_line(tmp_path):
    from workflows import sends as workflow_of

    workflow_of.fit(draw(), tmp_path)
    path = tmp_path / "categories" / "unique.region.parquet"
    values = pd.read_parquet(path)
    pd.concat([values, values.tail(1)]).to_parquet(path)
    with pytest.raises(RunError, match=r"unique\.region\.parquet: has '.*' twice"):
        workflow_of.vocabulary(tmp_path, "region")
    path.write_bytes(b"no parquet")
    with pytest.raises(RunError, match=r"unique\.region\.parquet: cannot be read"):
        workflow_of.load(tmp_path)
    path.unlink()
    with pytest.raises(RunError, match=r"unique\.region\.parquet: cannot be read"):
        workflow_of.load(tmp_path)


class Malicious:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def written(folder: Path) -> Run:
    """A finished run whose network was not trained."""
    from recsys.model.prompted_transformer import build_model
    from recsys.model.weights import save_weights
    from recsys.training.prepare import prepare_run

    rows = [(f"p{i}", f"x{(i + j) % 9}", f"2024-01-{j + 1:02d}") for i in range(12) for j in range(8)]
    data = folder / "sends.csv"
    pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE]).to_csv(data, index=False)
    run = Run(folder / "run")
    run.folder.mkdir()
    model = {"d_model": 8, "layers": 1, "climb_dim": 8}
    asked = RunConfig(data=str(data), model=model, training={"accelerator": "cpu", "epochs": 1})
    prepared, config = prepare_run(run, asked)
    save_weights(build_model(prepared.schema, config.model), run.folder)
    write_json(run.folder / "metrics.json", {})
    (run.folder / "MODEL_CARD.md").write_text("# A stranger's\n")
    run.write_manifest(trained=True)
    return run


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> tuple[Path, Path]:
    """A finished run with a pickle that makes a file, its manifest written to match; and that file."""
    folder = tmp_path_factory.mktemp("stranger")
    run, marker = written(folder), folder / "executed"
    (run.folder / "workflow" / "workflow.pkl").write_bytes(pickle.dumps(Malicious(marker)))
    run.write_manifest(trained=True)
    return run.folder, marker


def _prepared(run: Path) -> None:
    from recsys.sequences.prepare import load_prepared

    load_prepared(run)


def _resumed(run: Path) -> None:
    from recsys.training.prepare import reopen_run

    reopen_run(Run.open(run))


def _recommended(run: Path) -> None:
    from recsys.api.opening import open_recommender
    from recsys.recommending.request import Request

    assert open_recommender(run).recommend(Request(climber="p1", k=3))


def _trained(run: Path) -> None:
    from recsys.training.trained import TrainedRun

    TrainedRun(Run.open(run))


def _evaluated(run: Path) -> None:
    from recsys.cli.evaluate import evaluate

    evaluate(run, "test", None, False)


def _exported(run: Path) -> None:
    from recsys.exporting.export import export

    export(Run.open(run), run.parent / "bundle", overwrite=True)


ENTRIES = [_prepared, _resumed, _recommended, _trained, _evaluated, _exported]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.__name__[1:])
def test_a_strangers_pickle_is_never_opened(stranger, entry):
    run, marker = stranger
    entry(run)
    assert not marker.exists()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.__name__[1:])
def test_a_run_without_a_description_is_refused(stranger, entry, tmp_path):
    """As older versions left it; its pickle stays closed too."""
    import shutil

    run, marker = tmp_path / "run", stranger[1]
    shutil.copytree(stranger[0], run)
    shutil.rmtree(run / "bundle", ignore_errors=True)
    (run / "workflow" / "workflow.json").unlink()
    Run(run).write_manifest(trained=True)
    remedy = rf"train anew, or, if you know who made it, recsys export {run} -o {run}/bundle trust:"
    with pytest.raises(RunError, match=rf"has no workflow\.json.*{remedy}"):
        entry(run)
    assert not marker.exists()


def test_what_is_told_of_a_run_without_a_description_works(tmp_path, capsys):
    """Commands that only ask a run have no `trust`: they go by the bundle that is made with it."""
    from recsys.adapting.vocabulary import shrink_workflow

    run = written(tmp_path).folder
    (run / "workflow" / "workflow.json").unlink()
    Run(run).write_manifest(trained=True)
    assert call("recsys", "recommend", run, "--climber", "p1") == 2
    told = re.search(r"recsys (export .* --trust):", capsys.readouterr().err)
    assert call("recsys", *told[1].split()) == 0
    assert call("recsys", "recommend", run, "--climber", "p1") == 0
    assert call("recsys", "monitor", run, tmp_path / "none.csv") == 2
    assert "none.csv" in capsys.readouterr().err  # it came as far as the sends
    with pytest.raises(RunError, match=rf"{run}/workflow/workflow\.json: is not there.*; train anew"):
        shrink_workflow(run / "workflow", tmp_path / "fresh", {})


def test_a_pickle_that_is_trusted_is_loaded(tmp_path):
    """Without a description, as an older version left it, and on request alone."""
    from workflows import sends as workflow_of

    fit = workflow_of.fit(draw(), tmp_path)
    (tmp_path / "workflow.json").unlink()
    same(
        workflow_of.transform(workflow_of.load(tmp_path, trust=True), draw()),
        workflow_of.transform(fit, draw()),
    )


def test_the_pickle_names_no_function_of_one_python(tmp_path):
    """A lambda in it is byte code of the Python that wrote it, which another version refuses."""
    import pickletools

    from workflows import sends as workflow_of

    workflow_of.fit(draw(), tmp_path)
    words = {
        str(argument)
        for _, argument, _ in pickletools.genops((tmp_path / "workflow.pkl").read_bytes())
        if argument
    }
    assert not any("CodeType" in word or "_make_function" in word for word in words)
