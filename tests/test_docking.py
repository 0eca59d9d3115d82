"""The docking to Ross et al. 2019: who wins, where it tips, and that the model itself has no branch for it."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from experiments import docking
from experiments.app import app
from experiments.settings import build, changed
from scripts.conf import CONF
from sim.world import World
from tests.conftest import ROOT

SMALL = ["population.size=60", "graph.links=2", "ticks=24", "seeds=3", "bots=[0,12]", "workers=1", "ross_seeds=3"]


@pytest.mark.parametrize(("loyal", "dissent", "wins"), [(3, 2, 1.0), (2, 3, 0.0), (2, 2, 0.5)])
def test_who_writes_more_in_the_last_day_wins(loyal: int, dissent: int, wins: float):
    early = pd.DataFrame({"loyal_posts": [9] * 5, "dissent_posts": [9] * 5})
    last = pd.DataFrame({"loyal_posts": [loyal] * 24, "dissent_posts": [dissent] * 24})
    assert docking.won(pd.concat([early, last])) == wins


def test_curves_have_wilson_intervals():
    runs = pd.DataFrame({"variant": "a", "bots": 0, "seed": range(10), "won": [1.0] * 7 + [0.0] * 3})
    row = docking.curves(runs).iloc[0]
    assert row["wins"] == 0.7
    assert (row["lo"], row["hi"]) == (pytest.approx(0.3968, abs=1e-3), pytest.approx(0.8922, abs=1e-3))


@pytest.mark.parametrize(
    ("wins", "where"),
    [([0.5, 0.6, 0.8], 20 + 30 * (2 / 3 - 0.6) / 0.2), ([0.7, 0.8, 0.9], 0.0), ([0.5, 0.5, 0.6], np.nan)],
)
def test_tipping_is_read_off_straight_lines(wins: list[float], where: float):
    table = pd.DataFrame({"variant": "a", "bots": [0, 20, 50], "wins": wins, "lo": wins, "hi": wins})
    found = docking.tipping(table).iloc[0]
    assert found["tipping"] == pytest.approx(where, nan_ok=True)
    assert found["rise"] == pytest.approx(wins[-1] - wins[0])


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["docking", *SMALL, *words])
    app("docking", docking.main)


def test_the_app_plays_every_variant_and_their_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    run(monkeypatch, f"out={tmp_path / 'out'}")
    runs = pd.read_parquet(tmp_path / "out" / "runs.parquet")
    assert (runs.groupby(["variant", "bots"]).size() == 3).all()
    assert set(runs["variant"]) >= {docking.ROSS, docking.LIMIT, "climate as small as in data", "fear"}
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "in the model of Ross et al." in page
    assert "unbounded" in page or "without bound" in page


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("bots=[]", "must be rising whole numbers"),
        ("bots=[20,0]", "must be rising whole numbers"),
        ("bots=[0,-1]", "must be rising whole numbers"),
        ("ticks=5", "less than the day that decides"),
        ("graph=community", "got an unexpected keyword argument 'links'"),
        ("+relaxed.x={army.sise:1}", "names no field of army: did you mean size"),
    ],
)
def test_mistakes_are_one_line_and_code_2(
    word: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as left:
        run(monkeypatch, f"out={tmp_path / 'out'}", word)
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_the_model_has_no_branch_for_the_paper():
    for path in (ROOT / "sim").rglob("*.py"):
        assert "ross" not in path.read_text("utf-8").lower().replace("across", ""), path


@pytest.mark.parametrize("name", ["fear", "fear, climate as in data"])
def test_people_in_the_variants_with_fear_are_afraid(name: str):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("docking", ["population.size=200", "ticks=24"])
    changes = OmegaConf.to_container(config.relaxed)[name]
    afraid, calm = (World(changed(build(config), {**c, "army.size": 20}), rng=1) for c in (changes, {}))
    for world in (afraid, calm):
        world.run(24)
    assert afraid.accounts.fear[:200].mean() > 0.0
    assert (calm.accounts.fear == 0.0).all()
