"""What a platform shows of a recorded world: every reference leads somewhere, and chance is keyed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.detection import surface
from experiments.detection.dataset import Dataset, read_dataset
from experiments.panel import PanelOptions
from experiments.recorder import Recorder
from sim.actors.evasion import Evasion
from sim.mechanisms.returns import Returns
from sim.platform.moderation import Moderation
from sim.rng import make_key
from sim.setting import Setting
from sim.state.posts import KINDS
from sim.world import World
from tests.worlds import LIVELY, START, lively

SEED, TICKS = 5, 72


def recorded(folder: Path, setting: Setting, ticks: int = TICKS, seed: int = SEED) -> Path:
    folder.mkdir(exist_ok=True)
    with Recorder(folder, PanelOptions(0, 24, ())) as recorder:
        world = World(setting, rng=seed, archive=recorder)
        recorder.begin(world)
        world.run(ticks)
        recorder.finish(world)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("world"), LIVELY)


def dataset(folder: Path, **knobs: object) -> Dataset:
    return Dataset(folder, SEED, START, Evasion(**knobs))  # type: ignore[arg-type]


def test_tables_are_sorted_and_refer_to_each_other(folder: Path) -> None:
    (accounts, posts, follows), truth = read_dataset(dataset(folder))
    for ids in (accounts["account_id"], posts["post_id"]):
        assert ids.is_unique
        assert ids.is_monotonic_increasing
        assert ids.dtype == np.int64
    assert posts["account_id"].isin(accounts["account_id"]).all()
    assert follows[["source", "target"]].stack().isin(accounts["account_id"]).all()
    assert truth.accounts["account_id"].tolist() == accounts["account_id"].tolist()
    assert truth.posts["post_id"].tolist() == posts["post_id"].tolist()
    assert list(posts["kind"].cat.categories) == list(KINDS)
    standing = posts[~posts["deleted"]].set_index("post_id")
    reposts, replies = (standing[standing["kind"] == kind] for kind in ("repost", "reply"))
    assert len(reposts)
    assert reposts["repost_of"].isin(posts["post_id"]).all()
    assert replies["reply_to"].isin(posts["post_id"]).all()
    author = posts.set_index("post_id")["account_id"]
    assert (author[replies["reply_to"]].to_numpy() == replies["reply_to_account"]).all()
    assert (author[reposts["repost_of"]].astype(str).to_numpy() == reposts["mentions"]).all()
    assert (author[reposts["repost_of"]].index < reposts.index).all()


def test_a_repost_looks_like_what_it_reposts(folder: Path) -> None:
    posts = read_dataset(dataset(folder))[0].posts.set_index("post_id")
    reposts = posts[(posts["kind"] == "repost") & ~posts["deleted"]]
    content = posts.loc[reposts["repost_of"]]
    for name in ("text", "hashtags", "urls"):
        same = content[name].to_numpy() == reposts[name].to_numpy()
        assert same[~content["deleted"].to_numpy()].all()


def test_time_is_read_from_an_id(folder: Path) -> None:
    posts = read_dataset(dataset(folder))[0].posts
    milliseconds = (posts["post_id"].to_numpy() >> 22) + surface.SNOWFLAKE
    assert (milliseconds // 1000 == posts["time"]).all()
    assert posts["time"].between(surface.EPOCH, surface.EPOCH + 3600 * TICKS - 1).all()


def test_nothing_is_left_of_a_deleted_post(folder: Path) -> None:
    posts = read_dataset(dataset(folder, deletion=0.5))[0].posts
    gone = posts[posts["deleted"]]
    assert len(gone)
    assert (gone[["repost_of", "reply_to", "reply_to_account"]] == -1).all(axis=None)
    assert (gone[["text", "hashtags", "urls", "mentions"]] == "").all(axis=None)


def test_the_truth_knows_cells_and_orders(folder: Path) -> None:
    view, truth = read_dataset(dataset(folder))
    trolls = truth.accounts[truth.accounts["role"] == "troll"]
    assert trolls["cell_id"].nunique() == 5
    ordered = view.posts[(truth.posts["order_id"] >= 0).to_numpy()]
    first = ordered.groupby("account_id")["time"].min()
    assert truth.accounts.set_index("account_id")["activated_at"].loc[first.index].tolist() == first.tolist()
    people = truth.accounts["role"] == "organic"
    assert (truth.accounts.loc[people, "activated_at"] == -1).all()
    assert set(truth.accounts.loc[people, "cohort"]) <= {"uncommitted", "dissenter", "loyalist", "sympathiser"}


def test_people_look_the_same_without_the_army(folder: Path, tmp_path: Path) -> None:
    """Until the campaign begins, each person's posts have the same words in both worlds."""
    other = recorded(tmp_path, lively(army={"size": 0}), START)
    columns, seen = ["time", "account_id", "kind", "hashtags", "urls", "text"], []
    for where in (folder, other):
        view, truth = read_dataset(dataset(where))
        people = truth.accounts.loc[truth.accounts["role"] == "organic", "account_id"]
        early = view.posts["time"] < surface.EPOCH + 3600 * START
        theirs = view.posts.loc[early & view.posts["account_id"].isin(people) & ~view.posts["deleted"], columns]
        seen.append({tuple(row) for row in theirs.itertuples(index=False)})
    later_removed = seen[0] ^ seen[1]
    assert len(later_removed) < 0.05 * len(seen[0])
    assert not {row[:3] for row in seen[0] - seen[1]} & {row[:3] for row in seen[1] - seen[0]}


def test_operators_who_come_back_have_accounts_of_their_own(tmp_path: Path) -> None:
    """Accounts of a reserve have the highest rows; those that nobody opened are in no table."""
    wave = Moderation(report_toxic=0.5, threshold=1, lag=0, capacity=200, strikes=1, suspension=1000)
    setting = replace(LIVELY, moderation=wave, returns=Returns(delay=1.0, aged=0.0))
    recorded(tmp_path, setting)
    view, truth = read_dataset(dataset(tmp_path))
    posts = pd.read_parquet(tmp_path / "posts.parquet")
    kept = pd.read_parquet(tmp_path / "accounts.parquet")
    late = kept.loc[kept["opened_at"] > 0, "account_id"]
    assert posts["author"].isin(late).any()
    assert len(kept) < kept["account_id"].max() + 1
    assert len(view.accounts) == len(truth.accounts) == len(kept)
    opened = surface.EPOCH + 3600 * kept["opened_at"]
    count = view.accounts["created_at"] >= surface.EPOCH
    assert count.sum() == (opened > surface.EPOCH).sum()
    written = view.posts.groupby("account_id").size().sort_values().tolist()
    assert written == posts.groupby("author").size().sort_values().tolist()
    first = view.posts.groupby("account_id")["time"].min()
    made = view.accounts.set_index("account_id")["created_at"]
    assert (first >= made.loc[first.index] // 3600 * 3600).all()
    author = view.posts.set_index("post_id")["account_id"]
    replies = view.posts[(view.posts["kind"] == "reply") & ~view.posts["deleted"]]
    assert (author[replies["reply_to"]].to_numpy() == replies["reply_to_account"]).all()


def test_pieces_of_any_length_make_the_same_whole(folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("experiments.table_writer.TableWriter.__init__.__defaults__", (97,))
    small = dataset(recorded(tmp_path, LIVELY))
    assert sum(1 for _ in small.iterate_pieces()) > 10
    pieces, whole = ([*view, *truth] for view, truth in (read_dataset(small), read_dataset(dataset(folder))))
    for mine, theirs in zip(pieces, whole, strict=True):
        pd.testing.assert_frame_equal(mine, theirs)


def test_numbers_are_permuted() -> None:
    number = np.arange(2**22)
    for key in (1, 2):
        assert np.array_equal(np.sort(surface.permute(number, make_key(key, np.uint64(3)))), number)
    ids = surface.permute(number, make_key(1, np.uint64(3)))
    assert abs(np.corrcoef(ids, number)[0, 1]) < 0.01
