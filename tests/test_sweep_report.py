"""A sweep's tables and pictures say what its runs say."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.pairing import interval
from experiments.analysis.sweeps import by_point, seeds_needed
from experiments.folder import describe
from experiments.report import sweep_figures
from experiments.report.__main__ import main
from experiments.report.sweep import write
from experiments.sweeps.reading import dataset, effect, tidy
from experiments.sweeps.store import Outcome, Store
from sim.errors import InputError

METRICS = ("dissent_posts", "dissent_removed", "acts")


def made(folder: Path, values: list[dict[str, Any]], failing: set[int] = frozenset()) -> Path:
    """Write a sweep whose posts fall by 10 a step and by the seed, with point 0 as the baseline of all."""
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
                metrics = {"dissent_posts": 100.0 - 10 * n + n * seed, "dissent_removed": 1.0, "acts": 5.0}
                store.write([
                    Outcome(f"r{n}-{seed}", f"p{n}", seed, "c", "error" if bad else "ok", "E: bad" if bad else "", 1.0,
                            {} if bad else metrics)
                ])  # fmt: skip
        store.write([Outcome("old", "p0", 1, "older code", "ok", "", 1.0, {"dissent_posts": 7.0})])
        describe(folder, {"seed": 1}, {"facts": {"Seeds": 3}})
    return folder


ONE = [{"army.size": size} for size in (0, 30, 60)]
TWO = [{"army.size": size, "feed": feed} for size in (0, 30) for feed in ("a", "b")]
THREE = [point | {"graph.x": x} for point in TWO for x in (0.5, 1.5, 2.5)]
LOOSE = [{"a": float(n), "b": n * n % 7, "c": str(n)} for n in range(6)]


def test_every_row_is_a_paired_difference_beside_its_level(tmp_path: Path) -> None:
    frame = tidy(made(tmp_path / "out", ONE, failing={1}))
    assert len(frame) == 9
    row = frame[(frame["army.size"] == 60) & (frame["seed"] == 3)].iloc[0]
    assert (row["dissent_posts"], row["dissent_posts_difference"], row["lost_dissent"]) == (86.0, -14.0, 14.0)
    assert row["lost_dissent_percent"] == pytest.approx(100 * 14 / 99)
    failed = frame[frame["status"] != "ok"]
    assert failed[["army.size", "seed", "error"]].values.tolist() == [[30, 2, "E: bad"]]
    assert failed["dissent_posts_difference"].isna().all()
    assert effect(frame, "acts") == "acts_difference"
    with pytest.raises(InputError, match="did you mean lost_dissent"):
        effect(frame, "lost_disent")


def test_means_are_over_the_seeds_that_succeeded(tmp_path: Path) -> None:
    frame = tidy(made(tmp_path / "out", ONE, failing={1}))
    points = by_point(frame, ["army.size"], "dissent_posts").set_index("army.size")
    assert points["seeds"].tolist() == [3, 2, 3]
    assert points["failed"].tolist() == [0, 1, 0]
    assert tuple(points.loc[60, ["value", "lo", "hi"]]) == tuple(interval([82.0, 84.0, 86.0]))


def test_more_seeds_are_asked_for_as_the_root_says() -> None:
    assert seeds_needed(2.0, 10, 2.0) == 10
    assert seeds_needed(2.4, 10, 2.0) == 15
    assert seeds_needed(20.0, 10, 2.0) == 20
    assert seeds_needed(float("nan"), 1, 2.0) == 2


def test_a_dataset_has_a_dimension_for_each_key_and_one_for_seeds(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    found = dataset(made(tmp_path / "out", TWO))
    assert dict(found.sizes) == {"army.size": 2, "feed": 2, "seed": 3}
    assert float(found["dissent_posts"].sel({"army.size": 30, "feed": "b", "seed": 3})) == 79.0


@pytest.mark.parametrize("values", [[{}], ONE, TWO, THREE, LOOSE], ids=["none", "one", "two", "three", "loose"])
def test_a_report_is_one_page_that_marks_what_failed(values: list[dict[str, Any]], tmp_path: Path) -> None:
    folder = made(tmp_path / "out", values, failing={len(values) - 1})
    write(folder, "lost_dissent")
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == 2
    assert "runs that failed" in page
    assert "E: bad" in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert {path.name for path in (folder / "figures").iterdir()} >= {"lost_dissent.svg", "lost_dissent.png"}
    with Store(str(folder), METRICS) as store:
        assert len(store.status()) == 3 * len(values) + 1


@pytest.mark.parametrize(
    ("values", "panels"), [(ONE, ["army.size"]), (TWO, ["army.size"]), (THREE, ["army.size", "army.size"])]
)
def test_curves_for_one_maps_for_two_small_multiples_for_three(
    values: list[dict[str, Any]], panels: list[str], tmp_path: Path
) -> None:
    frame = tidy(made(tmp_path / "out", values, failing={1}))
    keys = list(values[0])
    points = by_point(frame, keys, "dissent_posts")
    figure, _ = sweep_figures.picture(points, keys, "posts")
    drawn = [axes for axes in figure.axes if axes.get_xlabel() or axes.get_title().startswith("feed")]
    cells = [text.get_text() for axes in figure.axes for text in axes.texts]
    if len(keys) == 1:
        (axes,) = drawn
        line = axes.containers[0].lines[0]
        np.testing.assert_array_equal(line.get_xdata(), [0, 30, 60])
        np.testing.assert_array_equal(line.get_ydata(), points["value"])
    else:
        assert len(cells) == len(values)
        assert sum("failed" in cell for cell in cells) == 1
    if len(keys) == 3:
        titles = [axes.get_title() for axes in figure.axes]
        assert [title for title in titles if "=" in title] == ["feed = a", "feed = b"]


def test_the_command_writes_the_report_and_says_mistakes_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "out", ONE)
    main([str(folder), "acts"])
    assert (folder / "report.html").is_file()
    assert capsys.readouterr().out.startswith("Acts, difference to the baseline runs from")
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
        write(folder)


def test_unsorted_words_keep_their_order(tmp_path: Path) -> None:
    frame = pd.DataFrame({"feed": ["b", "a"], "value": [1.0, 2.0], "lo": 0.0, "hi": 3.0, "seeds": 2, "failed": 0})
    figure = sweep_figures.curve(frame, "feed", "posts")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["b", "a"]
