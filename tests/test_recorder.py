"""The recorder: row groups of one size, a keyed panel of people, mistakes in one line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from experiments.panel import COLUMNS, Panel, PanelOptions, read_panel_options
from experiments.recorder import HIDDEN_COLUMNS, Recorder
from experiments.table_writer import TableWriter
from sim.errors import InputError
from sim.state.posts import Posts
from sim.world import World
from tests.worlds import LIVELY, Shelves, fingerprint, lively, played

WEEK = 168
ASKED = PanelOptions(40, 12, ("fear", "stance_principal", "has_left"))


@pytest.mark.parametrize("parts", [[0], [3], [10], [4, 0, 7, 1], [35, 2]])
def test_a_table_has_all_rows_in_order_and_full_groups(tmp_path: Path, parts: list[int]):
    table, rows = TableWriter(tmp_path / "deep/table.parquet", 10), np.arange(sum(parts))
    view = np.zeros(max(parts))
    for part in np.split(rows, np.cumsum(parts)[:-1]):
        view[: len(part)] = part
        table.add({"row": part, "name": np.array(["even", "odd"])[part % 2], "view": view[: len(part)]})
        view[:] = -1
    table.close()
    written = pd.read_parquet(tmp_path / "deep/table.parquet")
    np.testing.assert_array_equal(written["row"], rows)
    np.testing.assert_array_equal(written["view"], rows)
    assert (written["name"] == np.where(rows % 2, "odd", "even")).all()
    about = pq.ParquetFile(tmp_path / "deep/table.parquet").metadata
    sizes = [about.row_group(group).num_rows for group in range(about.num_row_groups)]
    assert sizes[:-1] == [10] * (len(rows) // 10 - (len(rows) % 10 == 0 and len(rows) > 0))
    assert sum(sizes) == len(rows)


def test_a_table_without_rows_is_no_file(tmp_path: Path):
    TableWriter(tmp_path / "table.parquet").close()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week of the lively world, recorded through a memory of half a day."""
    out = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch, Recorder(out, ASKED) as recorder:
        patch.setattr("sim.world.WINDOW_SECONDS", 12 * 3600)
        world = World(LIVELY, rng=5, archive=recorder)
        recorder.begin(world)
        world.run(WEEK)
        assert world.state.truth.log_length < world.state.ledger.end / 2, "the log is emptied as the posts leave"
        recorder.finish(world)
        assert world.state.truth.log_length == 0
        assert fingerprint(world) == fingerprint(closed(played(LIVELY, WEEK)))
    return out


def closed(world: World) -> World:
    world.state.ledger.close()
    return world


def test_posts_are_those_of_the_ledger(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sim.world.WINDOW_SECONDS", 12 * 3600)
    shelves = Shelves()
    world = played(LIVELY, WEEK, archive=shelves)
    posts, written = shelves.posts(world), pd.read_parquet(folder / "posts.parquet")
    assert set(written.columns) == {"post_id", "seed", *Posts._fields} - HIDDEN_COLUMNS
    for name in sorted(set(Posts._fields) - HIDDEN_COLUMNS - {"kind"}):
        np.testing.assert_array_equal(written[name], getattr(posts, name), name)
    told = pd.read_parquet(folder / "truth/posts.parquet")
    order, tactic = world.state.truth.pop_orders(posts.key)
    np.testing.assert_array_equal(told["order"], order)
    np.testing.assert_array_equal(told["tactic"], tactic)
    np.testing.assert_array_equal(told["dissent"], posts.dissent)


class Album:
    """An observer that copies the columns of the panel after every hour."""

    def __init__(self) -> None:
        self.pages = []

    def observe(self, step):
        self.pages.append({name: getattr(step.accounts, name).copy() for name in ASKED.columns})
        return {}


def test_the_panel_holds_the_columns_of_the_same_people_every_so_many_hours(folder: Path, monkeypatch):
    monkeypatch.setattr("sim.world.WINDOW_SECONDS", 12 * 3600)
    album = Album()
    played(LIVELY, WEEK, album)
    panel = pd.read_parquet(folder / "truth/panel.parquet")
    assert list(panel.columns) == ["seed", "tick", "account_id", *ASKED.columns]
    assert panel["tick"].unique().tolist() == list(range(11, WEEK, 12))
    for tick, wave in panel.groupby("tick"):
        assert wave["account_id"].tolist() == sorted(set(panel["account_id"]))
        for name in ASKED.columns:
            np.testing.assert_array_equal(wave[name], album.pages[tick][name][wave["account_id"]])
    assert panel["account_id"].nunique() == 40
    assert panel["fear"].nunique() > 40


def test_the_panel_is_of_the_same_people_without_the_army(tmp_path: Path):
    table = TableWriter(tmp_path / "panel.parquet")
    with_army, without = (Panel(World(s, rng=5), ASKED, table) for s in (LIVELY, lively(army={"size": 0})))
    np.testing.assert_array_equal(with_army.rows, without.rows)


def test_nobody_is_followed_unless_asked(tmp_path: Path):
    with Recorder(tmp_path, read_panel_options({"people": 0, "every": 24, "columns": ["fear"]})) as recorder:
        world = World(LIVELY, rng=5, archive=recorder)
        before = len(world.observers)
        recorder.begin(world)
        world.run(2)
        recorder.finish(world)
        assert len(world.observers) == before
    assert not (tmp_path / "truth/panel.parquet").exists()


def test_what_a_configuration_asks_for():
    record = {"people": "all", "every": 1, "columns": ["fear", "has_left", "fear"]}
    assert read_panel_options(record) == (1.0, 1, ("fear", "has_left"))
    assert read_panel_options({**record, "people": 0.25}).people == 0.25
    assert "key" not in COLUMNS


@pytest.mark.parametrize("record", [3, None, {"people": 3}])
def test_what_to_record_is_a_group_of_keys(record: object):
    with pytest.raises(InputError, match=r"^record=.* must have people, every and columns: set one of them"):
        read_panel_options(record)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("people", "some", "record.people=some must be 0, a number of people, a share such as 0.1, or all: say"),
        ("people", -1, "record.people=-1 must be 0, a number"),
        ("people", 1.5, "record.people=1.5 must be 0, a number"),
        ("people", True, "record.people=True must be 0, a number"),
        ("people", None, "record.people=None must be 0, a number"),
        ("every", 0, "record.every=0 must be a whole number of hours, at least 1: say record.every=24"),
        ("every", 1.5, "record.every=1.5 must be a whole number"),
        ("columns", "fear", r"record.columns=fear must be a list of columns, such as record.columns=\[fear\]"),
        ("columns", [], r"record.columns=\[\] must be a list of columns"),
        ("columns", ["faer"], "record.columns has faer, which no account has: did you mean fear"),
        ("columns", ["key"], "record.columns has key, which no account has"),
        ("columns", [3], "record.columns has 3, which no account has"),
    ],
)
def test_a_mistake_is_one_line(key: str, value: object, line: str):
    with pytest.raises(InputError, match=line) as error:
        read_panel_options({"people": 10, "every": 24, "columns": ["fear"]} | {key: value})
    assert "\n" not in str(error.value)
