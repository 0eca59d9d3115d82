"""One recorded world: the files agree with the world, and the truth stays apart."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import run
from experiments.app import app
from sim.state.posts import Ledger, Posts
from sim.world import World
from tests.looks import common_look, manual_has_files

SMALL = ["population.size=120", "army.size=12", "extremists.size=3", "ticks=70", "campaign.start=10", "seeds=2"]
PANEL = ["record.people=0.5", "record.every=24", "record.columns=[fear,withheld]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "result"
    argv, sys.argv = sys.argv, ["run", *SMALL, *PANEL, f"out={out}"]
    try:
        app("run", run.main)
    finally:
        sys.argv = argv
    return out


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def test_every_file_stands_in_the_manual(folder: Path):
    manual_has_files("run", folder)


def test_every_post_is_recorded_once_in_order_of_time(folder: Path):
    posts, ticks = read(folder, "posts"), read(folder, "ticks")
    for seed, ours in posts.groupby("seed"):
        assert (ours["post_id"].to_numpy() == np.arange(len(ours))).all()
        assert ours["time"].is_monotonic_increasing
        hours = ticks[ticks["seed"] == seed]
        assert len(ours) == hours[["organic_posts", "army_posts", "extremist_posts"]].to_numpy().sum()


def test_truth_is_apart_and_names_every_ordered_post(folder: Path):
    posts, told, who = read(folder, "posts"), read(folder, "truth/posts"), read(folder, "truth/accounts")
    assert not {"role", "order", "tactic", "dissent", "officer", "key"} & set(posts.columns)
    accounts = set(read(folder, "accounts").columns)
    known = {"followers", "following", "opened_at", "predecessor", "written", "has_left", "suspended_until"}
    assert accounts == {"seed", "account_id", *known}
    assert {"role", "officer", "fear", "stance_principal", "willingness", "cohort"} <= set(who.columns)
    joined = posts.merge(told, on=["seed", "post_id"], validate="1:1")
    joined = joined.merge(who, left_on=["seed", "author"], right_on=["seed", "account_id"], validate="m:1")
    assert ((joined["role"] == "troll") == (joined["tactic"] >= 0)).all()
    assert (joined["role"] == "troll").any()
    assert ((joined["role"] == "organic") == (joined["order"] < 0)).all()
    assert not joined.loc[joined["role"] != "organic", "dissent"].any()


def test_seeds_make_different_worlds(folder: Path):
    ticks = read(folder, "ticks")
    one, two = (ticks[ticks["seed"] == seed]["organic_posts"].to_numpy() for seed in (1, 2))
    assert (one != two).any()


def test_follows_are_the_graph(folder: Path):
    follows, accounts = read(folder, "follows"), read(folder, "accounts")
    assert set(follows["follower"]) | set(follows["followed"]) <= set(accounts["account_id"])
    assert (follows["follower"] != follows["followed"]).all()


def test_half_of_the_people_of_each_world_are_followed_day_by_day(folder: Path):
    panel = read(folder, "truth/panel")
    assert set(panel.columns) == {"seed", "tick", "account_id", "fear", "withheld"}
    for _, ours in panel.groupby("seed"):
        assert ours["tick"].value_counts().to_dict() == {23: 60, 47: 60}
        assert ours["account_id"].max() < 120
    one, two = (set(panel.loc[panel["seed"] == seed, "account_id"]) for seed in (1, 2))
    assert one != two


def test_a_mistake_in_what_to_record_is_one_line(command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]):
    command_line("record.columns=[faer]")
    with pytest.raises(SystemExit) as leave:
        app("run", run.main)
    assert leave.value.code == 2
    assert capfd.readouterr().err == "record.columns has faer, which no account has: did you mean fear?\n"


def test_the_report_says_what_happened(folder: Path):
    common_look(folder / "report.html")
    page = (folder / "report.html").read_text("utf-8")
    assert "Dissenting posts an hour" in page
    assert "one world has no interval and no comparison" in page


def test_the_archive_gets_each_post_once_however_small_the_memory():
    got: list[np.ndarray] = []

    def keep(first: int, posts: Posts) -> None:
        got.append(np.arange(first, first + len(posts.key)))

    world = World(rng=1)
    world.state.ledger = Ledger(2 * 3600, keep, capacity=64)
    world.run(12)
    world.state.ledger.close()
    serials = np.concatenate(got)
    assert len(got) > 2
    assert (serials == np.arange(len(serials))).all()
