"""The docking to Ross et al. 2019: who wins, where it tips, and that the model itself has no branch for it."""

import re
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from experiments import docking
from experiments.analysis import tipping
from experiments.experiment import start
from experiments.facts import opinion
from experiments.facts.recording import record_world
from experiments.published import ross_2019, ross_borrowed
from experiments.published.ross_2019 import Ross
from experiments.published.ross_borrowed import Borrowed
from experiments.report import docking as report
from experiments.runs import Run
from experiments.settings import build_setting, list_differences
from scripts.conf import CONF
from sim.setting import Setting
from sim.world import World
from tests.conftest import ROOT
from tests.looks import common_look

SMALL = [
    "population.size=60", "graph.links=2", "ticks=24", "seeds=3", "bots=[0,2,12]", "relaxed_bots=[0,2,12]",
    "workers=1", "ross_seeds=3",
]  # fmt: skip


@pytest.mark.parametrize(("loyal", "dissent", "wins"), [(3, 2, 1.0), (2, 3, 0.0), (2, 2, 0.5)])
def test_who_writes_more_in_the_last_day_wins(loyal: int, dissent: int, wins: float):
    early = pd.DataFrame({"loyal_posts": [9] * 5, "dissent_posts": [9] * 5})
    last = pd.DataFrame({"loyal_posts": [loyal] * 24, "dissent_posts": [dissent] * 24})
    assert docking.judge_win(pd.concat([early, last])) == wins


def limit(*words: str) -> tuple[Setting, dict[str, dict[str, object]]]:
    """Return the limit, and what each variant changes."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("docking", list(words))
    OmegaConf.resolve(config)
    return build_setting(config), OmegaConf.to_container(config.relaxed)


def wins_of(**curves: list[list[float]]) -> pd.DataFrame:
    """Return a table of wins from a row of (0, 20, 40 bots) a seed."""
    rows = [
        (name, bots, seed, won)
        for name, seeds in curves.items()
        for seed, line in enumerate(seeds)
        for bots, won in zip((0, 20, 40), line, strict=True)
    ]
    return pd.DataFrame(rows, columns=["variant", "bots", "seed", "won"])


def test_curves_have_wilson_intervals():
    runs = pd.DataFrame({"variant": "a", "bots": 0, "seed": range(10), "won": [1.0] * 7 + [0.0] * 3})
    row = tipping.compute_win_curves(runs).iloc[0]
    assert row["wins"] == 0.7
    assert (row["lo"], row["hi"]) == (pytest.approx(0.3968, abs=1e-3), pytest.approx(0.8922, abs=1e-3))


@pytest.mark.parametrize(
    ("wins", "where"),
    [([0.5, 0.6, 0.8], 20 + 30 * (2 / 3 - 0.6) / 0.2), ([0.7, 0.8, 0.9], 0.0), ([0.5, 0.5, 0.6], np.inf)],
)
def test_tipping_is_read_off_straight_lines(wins: list[float], where: float):
    assert tipping.find_crossing(np.array([0.0, 20.0, 50.0]), np.array(wins)) == pytest.approx(where)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_the_nearest_rising_curve_rises_keeps_the_mean_and_leaves_what_rises(wins: list[float]):
    found = tipping.fit_isotonic(np.array(wins))
    assert (np.diff(found) >= 0).all()
    assert found.mean() == pytest.approx(np.mean(wins))
    assert tipping.fit_isotonic(np.sort(wins)) == pytest.approx(np.sort(wins))


def test_a_shift_is_of_the_same_seeds_and_vanishes_for_the_same_wins():
    lines = [[0.0, float(seed % 3 > 0), 1.0] for seed in range(30)]
    table = wins_of(limit=lines, same=lines, never=[[0.0, 0.0, 0.0]] * 30)
    same, never = (
        tipping.compute_shifts(table, "limit", [20]).set_index("variant").loc[name] for name in ("same", "never")
    )
    assert (same[["win", "win_lo", "win_hi", "move", "move_lo", "move_hi"]] == 0.0).all()
    assert never["win"] == pytest.approx(-2 / 3)
    assert never["win_hi"] < 0.0
    assert never["move"] == np.inf


def test_pairing_narrows_the_interval_of_a_shift():
    lines = [[0.0, float(seed % 2), 1.0] for seed in range(40)]
    less = [[0.0, line[1] * (seed > 4), 1.0] for seed, line in enumerate(lines)]
    shift = tipping.compute_shifts(wins_of(limit=lines, less=less), "limit", [20]).iloc[0]
    apart = tipping.pool_wins(wins_of(less=less), "less", [20])
    assert shift["win_hi"] - shift["win_lo"] < apart.hi - apart.lo


def test_the_lift_is_above_the_fewest_bots_in_the_same_seed():
    assert tipping.compute_lift(wins_of(a=[[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]), "a", [20, 40]).value == 0.5


def test_their_model_that_borrows_nothing_is_theirs():
    rule = Ross(users=200, links=3, bots=6, bot_links=3)
    theirs = ross_2019.simulate_seeds(rule, range(1, 31), limit=72)
    plus, minus = theirs["plus"].to_numpy(), theirs["minus"].to_numpy()
    ours = [ross_borrowed.simulate(rule, Borrowed(), seed) for seed in range(1, 31)]
    assert ours == (0.5 * (1 + np.sign(minus - plus))).tolist()


def test_what_is_borrowed_follows_from_the_limit():
    setting, _ = limit()
    found = ross_borrowed.make_assumptions(setting, 72)
    everything = asdict(found.pop("all of these"))
    joined = {name: value for one in found.values() for name, value in asdict(one).items() if value}
    assert joined == {name: value for name, value in everything.items() if value or name in joined}
    assert everything["climate_rate"] == setting.reaction.climate_rate
    firmer = setting.replace({"population.willingness_spread": 6.0, "population.willingness": -3.0})
    other = ross_borrowed.make_assumptions(firmer, 72)["all of these"]
    assert other.weight == pytest.approx(everything["weight"] / 2)
    assert other.sharpness == pytest.approx(2 * everything["sharpness"])
    assert other.willingness == pytest.approx(-0.5 * ross_borrowed.SPREAD)


def test_the_scale_of_what_is_borrowed_is_that_of_their_thresholds():
    drawn = Ross(users=50_000, links=1).draw_instance(1)
    ahead = drawn.inner - 2 * np.arctanh(drawn.threshold)
    assert ahead.std() == pytest.approx(ross_borrowed.SPREAD, rel=0.02)
    normals = ross_borrowed._draw_normals(np.uint64(7), 50_000)
    assert (normals.mean(), normals.std()) == (pytest.approx(0.0, abs=0.02), pytest.approx(1.0, abs=0.02))
    assert abs(np.mean(normals > 1.96) - 0.025) < 0.003


def test_a_borrowed_climate_is_moved_by_each_post_as_ours_is():
    """Beside a plain loop: an own side's share that every speaking neighbour and bot moves by the rate."""
    rule = Ross(users=40, links=2, bots=4, bot_links=2)
    drawn = rule.draw_instance(5)
    ahead = drawn.inner - 2 * np.arctanh(drawn.threshold)
    side = drawn.valence.tolist()
    near = [drawn.graph.following[slice(*drawn.graph.following_start[i : i + 2])].tolist() for i in range(40)]
    share = [0.5] * 40
    for _ in range(24):
        speaks = [ahead[i] + 8.0 * (share[i] - 0.5) > 0 for i in range(40)]
        said = [[side[j] if j < 40 else -1 for j in near[i] if j >= 40 or speaks[j]] for i in range(40)]
        for i in range(40):
            own = said[i].count(side[i])
            if said[i]:
                mean = own / len(said[i])
                share[i] = mean + (share[i] - mean) * 0.9 ** len(said[i])
    last = [ahead[i] + 8.0 * (share[i] - 0.5) > 0 for i in range(40)]
    plus, minus = ross_borrowed._simulate_hours(drawn.make_people(1.0), ahead, ahead, 0.1, 8.0, 0.0, 24, np.uint64(1))
    assert plus == sum(x for x, s in zip(last, side, strict=True) if s > 0)
    assert minus == sum(x for x, s in zip(last, side, strict=True) if s < 0)
    assert 0 < plus + minus < 40


def test_knowing_the_true_climate_ties_the_outcome_to_the_majority():
    rule = Ross(users=300, links=3)
    majority = [float((rule.draw_instance(seed).valence < 0).sum() - 150) for seed in range(60)]
    told, untold = (
        [ross_borrowed.simulate(rule, Borrowed(weight=20.0, knows_climate=w), seed) for seed in range(60)]
        for w in (True, False)
    )
    assert np.corrcoef(told, majority)[0, 1] > np.corrcoef(untold, majority)[0, 1] + 0.2


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["docking", *SMALL, *words])
    start(docking.Docking)


def test_the_app_plays_every_variant_and_their_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    run(monkeypatch, f"out={tmp_path / 'out'}")
    runs = pd.read_parquet(tmp_path / "out" / "runs.parquet")
    assert (runs.groupby(["variant", "bots"]).size() == 3).all()
    _, relaxed = limit()
    assert set(runs["variant"]) >= {docking.ROSS, docking.LIMIT, docking.UNKNOWN_CLIMATE, report.ALL, *relaxed}
    common_look(tmp_path / "out" / "report.html")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    for words in ("in the model of Ross et al.", "without bound", "Warning: 3 seeds", "expression.climate_weight"):
        assert words in page
    values = pd.read_parquet(tmp_path / "out" / "values.parquet")
    for name, changes in relaxed.items():
        assert set(values.loc[values["variant"] == name, "key"]) == set(changes)


def test_r_is_that_of_fact_13_in_the_same_run():
    setting, _ = limit("population.size=200", "expression.climate_weight=1")
    recording = record_world(setting, 3, 24)
    row = docking.simulate_run(Run("", "a", "0", "equal", 3, setting, 24))
    assert row["r"] == opinion.measure_climate_correlation(recording)
    assert row["won"] == docking.judge_win(World(setting, rng=3).run(24))


def test_the_climate_effect_that_is_called_as_small_as_in_data_is():
    setting, relaxed = limit()
    run = Run("", "a", "0", "equal", 1, setting.replace(relaxed["climate as small as in data"]), 72)
    found = np.mean([docking.simulate_run(replace(run, seed=seed))["r"] for seed in (1, 2, 3, 4)])
    low, high = report.R_BAND
    assert low <= found <= high
    assert docking.simulate_run(replace(run, setting=setting))["r"] > 0.5


def test_who_is_told_nothing_begins_with_even_odds():
    setting, _ = limit("population.size=200")
    blank = World(setting, rng=3)
    assert (blank.accounts.opinion_climate != 0.5).all()
    blank.accounts.opinion_climate[:] = 0.5
    row = docking.simulate_run(Run("", docking.UNKNOWN_CLIMATE, "0", "equal", 3, setting, 24))
    assert row["won"] == docking.judge_win(blank.run(24))


def findings(folder: Path, **changes: object) -> report.DockingResults:
    """Return findings of three variants whose answers are set by `changes`: (value, lo, hi)."""
    lines = [[float(seed % 2), float(seed % 3 > 0), 1.0] for seed in range(40)]
    names = [docking.LIMIT, report.DATA, "fear"]
    ours = wins_of(**dict.fromkeys(names, lines)).assign(r=0.1)
    theirs = wins_of(**{docking.ROSS: lines, report.ALL: lines})
    tables = docking.make_tables(theirs, ours, [20]) | {
        "values": docking.tabulate_differences({docking.LIMIT: limit()[0]})
    }
    for name, table in tables.items():
        for key, numbers in changes.items():
            if key == name:
                table.loc[table["variant"] == report.DATA, list(numbers)] = list(numbers.values())
        table.to_parquet(folder / f"{name}.parquet")
    (folder / "about.yaml").write_text("asked: [20]\n")
    return report.DockingResults(folder)


@pytest.mark.parametrize(
    ("lo", "hi", "words"),
    [(0.4, 0.6, "does not survive"), (0.4, 0.7, "leaves open"), (0.7, 0.9, "survives there"), (np.nan, np.nan, "open")],
)
def test_the_verdict_is_by_the_interval(lo: float, hi: float, words: str, tmp_path: Path):
    assert words in report.format_headline(findings(tmp_path, answers={"value": 0.55, "lo": lo, "hi": hi}))


@pytest.mark.parametrize(
    ("win", "named"), [((-0.1, -0.2, -0.01), "moved by climate"), ((-0.1, -0.2, 0.01), "No difference from the limit")]
)
def test_what_moves_the_tipping_point_is_told_by_the_interval(
    win: tuple[float, float, float], named: str, tmp_path: Path
):
    found = findings(tmp_path, shifts=dict(zip(("win", "win_lo", "win_hi"), win, strict=True)))
    told = [sentence for sentence in report.format_moves(found) if "climate as small as in data" in sentence]
    assert len(told) == 1
    assert named in told[0]


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((30.0, 20.0, 41.0), "from 30 bots on [20 to 41]"),
        ((30.0, 20.0, np.inf), "from 30 bots on [20 to more than 100]"),
        ((np.inf, 60.0, np.inf), "not reached within 100 bots [60 to more than 100]"),
        ((np.inf, np.inf, np.inf), "not reached within 100 bots"),
        ((np.inf, 0.0, np.inf), "not placed by these runs within 0 to 100 bots"),
    ],
)
def test_a_tipping_point_out_of_reach_is_said_in_words(ends: tuple[float, float, float], words: str):
    assert report._format_tipping(pd.Series(ends, ["bots", "lo", "hi"]), 100) == words


def test_enough_seeds_are_no_reason_to_warn(tmp_path: Path):
    assert not any("Warning" in sentence for sentence in report.format_summary(findings(tmp_path)))


BOTS = "must be a rising list of one or more, each item a whole number from 0, as in [0,20,50]"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("bots=[]", f"bots=[] {BOTS}"),
        ("bots=[20,0]", f"bots=[20, 0] {BOTS}"),
        ("relaxed_bots=[0,2,3]", "relaxed_bots has 3, which bots=[0, 2, 12] lacks"),
        ("relaxed_bots=[0,12]", "no number from 2% to 4% of the 60 people, which is what is asked: add 2"),
        ("population.willingness_spread=0", "leaves no thresholds to compare"),
        ("ross_seeds=0", "must be a whole number from 1"),
        ("bots=[0,-1]", f"bots=[0, -1] {BOTS}"),
        ("ticks=5", "less than the day that decides"),
        ("graph=community", "graph.links is not a known key of CommunityGraph"),
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
        assert not re.search(r"\bross\b", path.read_text("utf-8").lower().replace("_", " ")), path


@pytest.mark.parametrize("name", ["fear, all withdraw", "fear, with a mix of reactions"])
def test_people_in_the_variants_with_fear_are_afraid(name: str):
    setting, relaxed = limit("population.size=200", "ticks=24")
    afraid, calm = (World(setting.replace({**c, "army.size": 20}), rng=1) for c in (relaxed[name], {}))
    for world in (afraid, calm):
        world.run(24)
    assert afraid.accounts.fear[:200].mean() > 0.02
    assert (calm.accounts.fear == 0.0).all()


def test_the_variants_with_fear_differ_in_reactions_alone():
    setting, relaxed = limit()
    one, other = (setting.replace(changes) for name, changes in relaxed.items() if name.startswith("fear"))
    assert {key for key, _, _ in list_differences(one, other)} == {
        "population.withdraw_share",
        "population.fight_share",
    }
