"""Indices are right where the answer is known, and the app gives them for worlds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.sensitivity import compute_indices, sample_points
from experiments.app import resumable_app
from experiments.report import sensitivity as report
from experiments.running.jobs import Job
from experiments.running.local import LocalEngine
from experiments.sensitivity import main
from experiments.sweep import main as sweep
from sim.errors import InputError
from tests.looks import common_look
from tests.sweep_tasks import ishigami, prepare
from tests.test_design import SMALL

pytest.importorskip("SALib")
KEYS = ["x1", "x2", "x3"]
# Ishigami & Homma 1990 with a = 7, b = 0.1: known in closed form (Saltelli et al. 2008, p. 179).
FIRST, TOTAL = [0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]


def asked(places: np.ndarray, folder: Path) -> np.ndarray:
    """Return the answers of Ishigami's function, by the engine of a sweep."""
    jobs = [Job(str(n), "", 0, "", tuple(place)) for n, place in enumerate(places.tolist())]
    engine = LocalEngine(ishigami, prepare, 2, folder)
    answer = {out.run_id: out.metrics["y"] for harvest in engine.run_jobs(jobs) for out in harvest.outcomes}
    return np.array([answer[job.run_id] for job in jobs])


def test_sobol_finds_ishigami_s_known_indices(tmp_path: Path) -> None:
    places = sample_points("sobol", KEYS, 1024, 1)
    assert places.shape == (1024 * 5, 3)
    found = compute_indices("sobol", KEYS, places, asked(places, tmp_path), 1).set_index(["index", "key"])
    for name, known in (("S1", FIRST), ("ST", TOTAL)):
        rows = found.loc[name]
        np.testing.assert_allclose(rows["value"], known, atol=0.05)
        assert (abs(rows["value"] - known) <= 1.5 * rows["half"] + 0.01).all()


def test_morris_ranks_a_model_whose_effects_are_known() -> None:
    places = sample_points("morris", KEYS, 20, 1)
    assert places.shape == (20 * 4, 3)
    found = compute_indices("morris", KEYS, places, places @ [3.0, -1.0, 0.0], 1).set_index(["index", "key"])
    np.testing.assert_allclose(found.loc["mu_star"]["value"], [3.0, 1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(found.loc["sigma"]["value"], 0.0, atol=1e-9)


def test_the_figure_has_the_intervals_and_the_most_important_on_top() -> None:
    rows = [("a", "S1", 0.1, 0.05), ("b", "S1", 0.5, 0.1), ("a", "ST", 0.2, 0.05), ("b", "ST", 0.6, 0.1)]
    found = pd.DataFrame(rows, columns=["key", "index", "value", "half"])
    axes = report.draw_indices(found, "mean fear").axes[0]
    assert axes.get_xlabel() == "share of the variance of mean fear"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b"]
    (bars,) = axes.containers[0].lines[2]
    ends = [segment[:, 0].tolist() for segment in bars.get_segments()]
    np.testing.assert_allclose(ends, [[0.05, 0.15], [0.4, 0.6]])
    assert report.format_headline(found, "mean fear") == (
        "Mean fear depends most on b: ST 0.60 (95% interval 0.50 to 0.70)."
    )


@pytest.mark.parametrize("method", ["morris", "sobol"])
@pytest.mark.parametrize("value", [0.0, 7.3])
def test_an_outcome_that_does_not_vary_has_no_winner(method: str, value: float) -> None:
    places = sample_points(method, KEYS, 4, 1)
    found = compute_indices(method, KEYS, places, np.full(len(places), value), 1)
    assert len(found) == 2 * len(KEYS)
    assert report.format_headline(found, "mean fear") == (
        "Mean fear is the same at every point, so no parameter matters to it in these ranges."
    )


def test_the_app_plays_and_reports(
    command_line: Callable[..., None], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ranges = 'sensitivity.ranges=["army.size=int(interval(0,30))","feed.engagement=interval(0,2)"]'
    command_line(*SMALL, ranges, "sensitivity.draws=2", "seeds=1", "workers=1", "sweep.outcome=army_posts", "out=out")
    resumable_app("sensitivity", main)
    assert "Army posts difference depends most on army.size" in capfd.readouterr().out
    found = pd.read_parquet(tmp_path / "out/sensitivity.parquet")
    assert set(found["key"]) == {"army.size", "feed.engagement"}
    common_look(tmp_path / "out/report.html")
    before = (tmp_path / "out/report.html").read_text()
    assert "<svg" in before
    command_line(*SMALL, ranges, "sensitivity.draws=2", "seeds=1", "workers=1", "sweep.outcome=suspended", "out=none")
    resumable_app("sensitivity", main)
    assert "Suspended difference is the same at every point" in capfd.readouterr().out
    command_line(*SMALL, 'sweep.grid=["army.size=0,5"]', "seeds=1", "workers=1", "out=out")
    with pytest.raises(SystemExit) as leave:
        resumable_app("sweep", sweep)
    assert leave.value.code == 2
    assert capfd.readouterr().err.startswith("out=out holds a sensitivity analysis, whose report a sweep would replace")
    assert (tmp_path / "out/report.html").read_text() == before


MISTAKES = {
    "sweep.measures=[withheld_over]": "sweep.measures has withheld_over, which no world of this sweep has: its name",
    "sensitivity.method=guess": "sensitivity.method=guess is unknown: choose one of: morris, sobol",
    'sweep.grid=["army.size=3"]': "sweep.grid is not for sensitivity",
    "sensitivity.draws=1": "sensitivity.draws=1 must be a whole number from 2",
}


@pytest.mark.parametrize("word", MISTAKES)
def test_mistakes_are_one_line(word: str, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> None:
    command_line(word)
    with pytest.raises(SystemExit) as leave:
        resumable_app("sensitivity", main)
    err = capfd.readouterr().err
    assert (leave.value.code, err.count("\n")) == (2, 1)
    assert err.startswith(MISTAKES[word])


def test_sobol_wants_a_power_of_two_and_both_two_keys() -> None:
    with pytest.raises(InputError, match="so say 64 or 128"):
        sample_points("sobol", KEYS, 100, 1)
    with pytest.raises(InputError, match="two parameters or more"):
        sample_points("morris", KEYS[:1], 4, 1)
