"""A training's logs that were damaged: their epochs are left out, nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.training.curve import draw_curve, draw_reliability, learning_curve

LOG = "epoch,step,train_loss,validation_prompted_recall@10\n0,9,2.5,\n0,9,,0.1\n1,19,2.25,\n1,19,,0.2\n"


@pytest.fixture
def folder(tmp_path):
    for number, text in enumerate([LOG, LOG.replace("\n0,", "\n2,").replace("\n1,", "\n3,")]):
        (tmp_path / "logs" / "csv" / f"version_{number}").mkdir(parents=True)
        (tmp_path / "logs" / "csv" / f"version_{number}" / "metrics.csv").write_text(text)
    return tmp_path


def test_one_row_an_epoch_of_all_logs(folder):
    (folder / "logs" / "csv" / "version_x").mkdir()
    (folder / "logs" / "csv" / "version_x" / "metrics.csv").write_text("no log")
    curve = learning_curve(folder)
    assert curve["epoch"].tolist() == [1, 2, 3, 4]
    assert curve["train_loss"].tolist() == [2.5, 2.25, 2.5, 2.25]
    assert curve["validation_prompted_recall@10"].tolist() == [0.1, 0.2, 0.1, 0.2]


def test_whatever_is_flipped_or_cut_no_training_ends_of_it(folder, capsys):
    log = folder / "logs" / "csv" / "version_1" / "metrics.csv"
    content = log.read_bytes()
    places = np.random.default_rng(0).integers(0, 8 * len(content), 20)
    flipped = [
        content[: b // 8] + bytes([content[b // 8] ^ 1 << b % 8]) + content[b // 8 + 1 :] for b in places
    ]
    cut = [content[:size] for size in range(0, len(content), 16)]
    lost = (
        b"",
        b"\x00\xff",
        content.replace(b"2,9", b"1e300,9"),
        content.replace(b"train_loss", b"train_losr"),
    )
    for each in (*flipped, *cut, *lost):
        log.write_bytes(each)
        curve = learning_curve(folder)
        assert {1, 2} <= {*curve["epoch"]}, each
        assert curve["train_loss"].dtype == float
        assert curve["epoch"].between(1, 1e9).all(), each
    said = capsys.readouterr().err
    assert "version_1/metrics.csv: cannot be read (" in said
    assert "its epochs are left out of the learning curve" in said


def test_the_picture_is_drawn_without_any_log_that_can_be_read(folder, capsys):
    for log in folder.glob("logs/csv/*/metrics.csv"):
        log.write_text("no log\n1\n")
    draw_curve(folder)
    assert (folder / "learning_curve.png").stat().st_size > 1000
    assert capsys.readouterr().err.count("warning: ") == 2


def test_reliability_is_drawn_the_same_twice(tmp_path):
    bins = [{"said": 0.001 * 2**i, "was": 0.001 * 2**i * (i % 3), "count": 9} for i in range(8)]
    written = []
    for calibration in ({"unprompted": {"bins": bins}, "prompted": {"bins": bins[:2]}}, {}) * 2:
        draw_reliability(tmp_path, calibration)  # a bin of which none came has no place on a logarithm
        written.append((tmp_path / "reliability.png").read_bytes())
    assert written[0] == written[2] != written[1] == written[3]


def test_networks_have_lines_of_their_own(tmp_path, monkeypatch):
    from recsys.training import curve

    for part in (1, 2):
        (tmp_path / "logs" / str(part) / "csv" / "version_0").mkdir(parents=True)
        (tmp_path / "logs" / str(part) / "csv" / "version_0" / "metrics.csv").write_text(LOG)
    drawn = []
    monkeypatch.setattr(curve, "_save", lambda figure, path: drawn.append(figure))
    draw_curve(tmp_path)
    loss, recall = drawn[0].axes
    assert [each.get_label() for each in loss.lines] == ["network 1", "network 2"]
    assert [each.get_linestyle() for each in loss.lines] == ["-", "--"]
    assert [each.get_linestyle() for each in recall.lines] == ["-", "--"]
    assert loss.get_legend() is not None
