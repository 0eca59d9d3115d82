"""A sweep's tables and pictures say what its runs say."""

import re
import shutil
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.transforms import Bbox

from experiments.analysis.pairing import compute_interval
from experiments.analysis.sweeps import average_by_point, estimate_seeds_needed
from experiments.folder import write_metadata
from experiments.report import sweep_figures
from experiments.report.__main__ import main
from experiments.report.page import write_report
from experiments.report.style import apply_style
from experiments.report.sweep import compose, format_headline
from experiments.running.outcomes import DIED, OK, TIMEOUT, Outcome
from experiments.sweeps.reading import dataset, find_effect_column, tidy
from experiments.sweeps.sealing import seal, unseal
from experiments.sweeps.store import Store
from sim.errors import InputError
from tests.conftest import ROOT
from tests.looks import common_look

METRICS = ("dissent_posts", "dissent_removed", "acts")


def made(folder: Path, values: list[dict[str, Any]], failing: set[int] = frozenset()) -> Path:
    """Write a sweep whose posts fall by 10 a step and differ by the seed, with point 0 as the baseline of all."""
    import json

    with Store(str(folder), METRICS) as store:
        rows = [
            {"values": json.dumps(point), "point": f"p{n}", "baseline": "p0", "code": "c", "config": "{}"}
            for n, point in enumerate(values)
        ]
        store.write_design(rows)  # type: ignore[arg-type]
        for n in range(len(values)):
            for seed in (1, 2, 3):
                bad = n in failing and seed == 2
                metrics = {"dissent_posts": 100.0 + 2 * seed - 10 * n + n * seed, "dissent_removed": 1.0, "acts": 5.0}
                store.write([
                    Outcome(f"r{n}-{seed}", f"p{n}", seed, "c", "error" if bad else "ok", "E: bad" if bad else "", 1.0,
                            {} if bad else metrics)
                ])  # fmt: skip
        store.write([Outcome("old", "p0", 1, "older code", "ok", "", 1.0, {"dissent_posts": 7.0})])
        write_metadata(folder, {"seed": 1}, {"facts": {"Seeds": 3}})
    return folder


ONE = [{"army.size": size} for size in (0, 30, 60)]
TWO = [{"army.size": size, "feed": feed} for size in (0, 30) for feed in ("a", "b")]
THREE = [point | {"graph.x": x} for point in TWO for x in (0.5, 1.5, 2.5)]
LOOSE = [{"a": float(n), "b": n * n % 7, "c": str(n)} for n in range(6)]


def test_every_row_is_a_paired_difference_beside_its_level(tmp_path: Path) -> None:
    frame = tidy(made(tmp_path / "out", ONE, failing={1}))
    assert len(frame) == 9
    row = frame[(frame["army.size"] == 60) & (frame["seed"] == 3)].iloc[0]
    assert (row["dissent_posts"], row["dissent_posts_difference"], row["lost_dissent"]) == (92.0, -14.0, 14.0)
    assert row["lost_dissent_percent"] == pytest.approx(100 * 14 / 105)
    failed = frame[frame["status"] != "ok"]
    assert failed[["army.size", "seed", "error"]].values.tolist() == [[30, 2, "E: bad"]]
    assert failed["dissent_posts_difference"].isna().all()
    assert find_effect_column(frame, "acts") == "acts_difference"
    with pytest.raises(InputError, match="did you mean lost_dissent"):
        find_effect_column(frame, "lost_disent")


def test_means_are_over_the_seeds_that_succeeded(tmp_path: Path) -> None:
    frame = tidy(made(tmp_path / "out", ONE, failing={1}))
    points = average_by_point(frame, ["army.size"], "dissent_posts").set_index("army.size")
    assert points["seeds"].tolist() == [3, 2, 3]
    assert points["failed"].tolist() == [0, 1, 0]
    assert tuple(points.loc[60, ["value", "lo", "hi"]]) == tuple(compute_interval([84.0, 88.0, 92.0]))


def test_a_run_that_failed_and_succeeded_has_succeeded(tmp_path: Path) -> None:
    folder = made(tmp_path / "out", ONE, failing={0, 1})
    copied = made(tmp_path / "copied", ONE)
    shutil.copytree(copied / "runs", folder / "runs", dirs_exist_ok=True)
    frame = tidy(folder)
    assert (len(frame), set(frame["status"])) == (9, {"ok"})
    pd.testing.assert_frame_equal(frame, tidy(copied))


def test_more_seeds_are_asked_for_as_the_root_says() -> None:
    assert estimate_seeds_needed(2.0, 10, 2.0) == 10
    assert estimate_seeds_needed(2.4, 10, 2.0) == 15
    assert estimate_seeds_needed(20.0, 10, 2.0) == 20
    assert estimate_seeds_needed(float("nan"), 1, 2.0) == 2


def test_a_dataset_has_a_dimension_for_each_key_and_one_for_seeds(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    found = dataset(made(tmp_path / "out", TWO))
    assert dict(found.sizes) == {"army.size": 2, "feed": 2, "seed": 3}
    assert float(found["dissent_posts"].sel({"army.size": 30, "feed": "b", "seed": 3})) == 85.0


def test_what_a_run_can_become_is_written_in_one_file() -> None:
    words = [f'"{status}"' for status in (OK, DIED, TIMEOUT)]
    files = {path for path in (ROOT / "experiments").rglob("*.py") if any(word in path.read_text() for word in words)}
    assert [path.name for path in files] == ["outcomes.py"]


@pytest.mark.parametrize("values", [[{}], TWO, LOOSE], ids=["none", "two", "loose"])
def test_a_report_is_one_page_that_marks_what_failed(values: list[dict[str, Any]], tmp_path: Path) -> None:
    folder = made(tmp_path / "out", values, failing={len(values) - 1})
    write_report(partial(compose, folder, "lost_dissent"), folder)
    common_look(folder / "report.html")
    page = (folder / "report.html").read_text()
    assert "1 failed and is marked." in page
    assert page.count("<svg") == 2
    assert "runs that failed" in page
    assert "E: bad" in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert {path.name for path in (folder / "figures").iterdir()} >= {"lost_dissent.svg", "lost_dissent.png"}
    with Store(str(folder), METRICS) as store:
        assert len(store.read_status()) == 3 * len(values) + 1


@pytest.mark.parametrize("values", [ONE, TWO, THREE], ids=["one", "two", "three"])
def test_curves_for_one_maps_for_two_small_multiples_for_three(values: list[dict[str, Any]], tmp_path: Path) -> None:
    frame = tidy(made(tmp_path / "out", values, failing={1}))
    keys = list(values[0])
    points = average_by_point(frame, keys, "dissent_posts")
    with apply_style():
        figure, _ = sweep_figures.draw_picture(points, keys, "posts")
    cells = [text.get_text() for axes in figure.axes for text in axes.texts]
    if len(keys) == 1:
        (axes,) = figure.axes
        line = axes.containers[0].lines[0]
        np.testing.assert_array_equal(line.get_xdata(), [0, 30, 60])
        np.testing.assert_array_equal(line.get_ydata(), points["value"])
        (crosses,) = [line for line in axes.lines if line.get_label() == sweep_figures.FAILED]
        np.testing.assert_array_equal(crosses.get_xdata(), [30])
    else:
        assert len(cells) == len(values)
        assert sum("\u00d71" in cell for cell in cells) == 1
    if len(keys) == 3:
        titles = [axes.get_title("left") for axes in figure.axes]
        assert [title for title in titles if "=" in title] == ["feed = a", "feed = b"]


def test_the_command_writes_the_report_and_says_mistakes_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "out", ONE)
    main([str(folder), "acts"])
    assert (folder / "report.html").is_file()
    assert capsys.readouterr().out.startswith("Acts, difference to the baseline is 0.00 at every point.")
    assert not (folder / "_work/seal.json").exists()
    seal(folder)
    main([str(folder)])
    capsys.readouterr()
    assert unseal(folder, "out"), "what the command itself wrote is no change"
    mistakes = {
        ("nowhere",): "nowhere is no folder of a sweep",
        (str(folder), "lost_disent"): "lost_disent is no outcome of this sweep: did you mean",
        (): "the following arguments are required: DIR",
    }
    for words, line in mistakes.items():
        with pytest.raises(SystemExit) as leave:
            main(list(words))
        err = capsys.readouterr().err
        assert (leave.value.code, err.count("\n")) == (2, 1)
        assert err.startswith(line)


def test_a_sweep_without_any_run_yet_is_said(tmp_path: Path) -> None:
    folder = made(tmp_path / "out", ONE)
    for path in (folder / "runs").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(InputError, match="holds no run of its design yet"):
        write_report(partial(compose, folder), folder)


def test_an_outcome_that_nothing_moves_is_said(tmp_path: Path) -> None:
    points = average_by_point(tidy(made(tmp_path / "out", ONE)), ["army.size"], "acts")
    assert format_headline(points, ["army.size"], "acts") == "Acts is 5.00 at every point."


def test_unsorted_words_keep_their_order() -> None:
    frame = pd.DataFrame({"feed": ["b", "a"], "value": [1.0, 2.0], "lo": 0.0, "hi": 3.0, "seeds": 2, "failed": 0})
    figure = sweep_figures.draw_curve(frame, "feed", "posts")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["b", "a"]


def test_a_point_of_one_seed_has_no_bar() -> None:
    frame = pd.DataFrame({"x": [1, 2], "value": [1.0, 2.0], "lo": [np.nan, 1.0], "hi": [np.nan, 4.0]})
    frame[["seeds", "failed"]] = [[1, 0], [3, 0]]
    with apply_style():
        figure, caption = sweep_figures.draw_picture(frame, ["x"], "posts")
    (bars,) = figure.axes[0].containers[0].lines[2]
    drawn = [segment[:, 1].tolist() for segment in bars.get_segments() if len(segment)]
    assert drawn == [[1.0, 4.0]]
    assert caption == sweep_figures.INTERVALS
    lone = frame.assign(lo=np.nan, hi=np.nan)
    assert sweep_figures.draw_picture(lone, ["x"], "posts")[1] == sweep_figures.ALONE


@pytest.mark.parametrize(
    ("across", "up", "panels", "value", "shown"),
    [(2, 2, 1, 3.0, True), (8, 5, 5, -123.4, True), (12, 2, 1, 123456.0, True), (16, 4, 3, 123456.0, False)],
)
def test_the_numbers_of_a_map_fit_their_cells_or_are_left_out(
    across: int, up: int, panels: int, value: float, shown: bool
) -> None:
    rows = [(x / 7, y, z) for x in range(across) for y in range(up) for z in range(panels)]
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).assign(value=value, lo=value - 9, hi=value + 9, seeds=3)
    frame["failed"] = [int(n == 1) for n in range(len(frame))]
    keys = ["x", "y", "z"] if panels > 1 else ["x", "y"]
    with apply_style():
        figure, caption = sweep_figures.draw_picture(frame, keys, "posts")
        figure.draw_without_rendering()
    maps = [axes for axes in figure.axes if axes.get_xlabel() == "x"]
    assert len(maps) == panels
    for axes in maps:
        assert len(axes.texts) == (across * up if shown else 0)
        for text in axes.texts:
            x, y = text.get_position()
            cell = Bbox(axes.transData.transform([(x - 0.5, y - 0.5), (x + 0.5, y + 0.5)]))
            box = text.get_window_extent()
            assert cell.x0 <= box.x0 <= box.x1 <= cell.x1
            assert cell.y0 <= box.y0 <= box.y1 <= cell.y1
        ends = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert all(one.x1 <= other.x0 for one, other in pairwise(ends))
    assert caption.endswith(sweep_figures.MAPPED if shown else sweep_figures.COLOURED)
