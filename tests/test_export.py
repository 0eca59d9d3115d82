"""Every format has its schema and gives back what the platform showed; the data do not say who is organised."""

import csv
import json
import re
from ast import literal_eval
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from experiments.detection.card import READING
from experiments.detection.coaction import CoAction
from experiments.detection.dataset import Dataset, read_dataset
from experiments.detection.export import FORMATS, export, read_formats
from experiments.detection.formats.canonical import IDS, CanonicalWriter, load
from experiments.detection.formats.pages import PAGE
from experiments.detection.formats.tables import ARCHIVE
from experiments.detection.view import PlatformView, TruthTables
from sim.actors.evasion import Evasion
from sim.errors import InputError
from tests.test_dataset import SEED, recorded
from tests.worlds import LIVELY, START

KNOBS = Evasion(paraphrase="template", splitting=2, deletion=0.3)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("world"), LIVELY)


@pytest.fixture(scope="module")
def dataset(world: Path) -> Dataset:
    return Dataset(world, SEED, START, KNOBS)


@pytest.fixture(scope="module")
def whole(dataset: Dataset) -> tuple[PlatformView, TruthTables]:
    return read_dataset(dataset)


@pytest.fixture(scope="module")
def out(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    counted: list[int] = []
    export(dataset, folder, FORMATS, counted.append)
    assert sum(counted) == dataset.size
    return folder


@pytest.fixture(scope="module")
def standing(whole: tuple[PlatformView, TruthTables]) -> pd.DataFrame:
    """What other formats hold: posts that are not deleted, ids as text."""
    posts = whole[0].posts
    posts = posts[~posts["deleted"]].reset_index(drop=True)
    return posts.assign(**{name: posts[name].astype(str).replace("-1", "") for name in IDS if name in posts})


POST_IDS = ("post_id", "repost_of", "reply_to")


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def same(found: pd.Series, expected: pd.Series) -> None:  # type: ignore[type-arg]
    assert found.astype(str).tolist() == expected.astype(str).tolist()


# ---- formats


def test_parquet_comes_back_as_it_was(out: Path, whole: tuple[PlatformView, TruthTables]) -> None:
    for found, expected in zip([*load(out)[0], *load(out)[1]], [*whole[0], *whole[1]], strict=True):
        by = ["source", "target"] if "source" in expected else list(expected.columns[:1])
        found = found.sort_values(by).reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert pd.read_parquet(out / "posts.parquet")["post_id"].map(type).eq(str).all()
    assert {path.name for path in (out / "truth").iterdir()} == {"truth_accounts.parquet", "truth_posts.parquet"}


def test_the_toolkits_table(out: Path, standing: pd.DataFrame) -> None:
    found = table(out / "cnt.csv")
    names = "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls"
    assert list(found.columns) == names.split(",")
    pairs = {"message_id": "post_id", "user_id": "account_id", "repost_id": "repost_of", "reply_id": "reply_to",
             "message": "text", "timestamp": "time", "urls": "urls"}  # fmt: skip
    for ours, theirs in pairs.items():
        same(found[ours].str.removeprefix("t") if theirs in POST_IDS else found[ours], standing[theirs])
    assert found.groupby("user_id")["username"].nunique().eq(1).all()
    links = table(out / "cnt_links.csv")
    pd.testing.assert_frame_equal(links, found[found["urls"] != ""].reset_index(drop=True))
    assert len(links)


def test_every_id_survives_pandas_by_its_defaults(out: Path) -> None:
    tables = [path for path in out.rglob("*.csv") if path.name != "io_archive.csv"]
    for path in tables:
        found, expected = pd.read_csv(path).fillna(""), table(path)
        for name in expected:
            if "id" in name.lower():
                same(found[name], expected[name])
    assert len(tables) == 12


def test_the_card_says_how_pandas_reads_what_its_defaults_spoil(
    out: Path, standing: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out)
    lines = {name: re.match("`(.+?)`", READING[name])[1] for name in READING}  # type: ignore[index]
    known = {"pd": pd, "json": json, "open": lambda name: Path(name).read_text().splitlines()}
    read = {name: eval(line, known) for name, line in lines.items()}
    same(read["cnt"]["repost_id"].fillna("").str[1:], standing["repost_of"])
    same(read["io_archive"]["retweet_tweetid"], standing["repost_of"])
    same(read["v1"]["in_reply_to_status_id_str"].fillna(""), standing["reply_to"])
    assert set(read["v2"]["id"]) == set(standing["post_id"])
    assert set(read["parquet"]["post_id"]) >= set(standing["post_id"])


def test_the_tables_of_what_was_shared(out: Path, standing: pd.DataFrame) -> None:
    own, reposts = standing[standing["kind"] != "repost"], standing[standing["kind"] == "repost"]
    expected = {
        "repost": reposts.assign(thing=reposts["repost_of"]),
        "text": own.assign(thing=own["text"]),
        "hashtag": own.assign(thing=own["hashtags"].str.split()).explode("thing").dropna(subset="thing"),
        "url": own.assign(thing=own["urls"].str.split()).explode("thing").dropna(subset="thing"),
    }
    for trace, rows in expected.items():
        found = table(out / "coortweet" / f"{trace}.csv")
        assert list(found.columns) == ["object_id", "account_id", "content_id", "timestamp_share"]
        assert len(found)
        for ours, theirs in zip(found.columns, ("thing", "account_id", "post_id", "time"), strict=True):
            same(found[ours], rows[theirs])
        if trace != "text":
            plain = table(out / "cosharing" / f"{trace}.csv")
            assert list(plain.columns) == ["userid", "feature_shared"]
            same(plain["userid"], rows["account_id"])
            same(plain["feature_shared"], rows["thing"])


def test_the_archive(out: Path, standing: pd.DataFrame) -> None:
    found = table(out / "io_archive.csv")
    assert tuple(found.columns) == ARCHIVE
    same(found["tweetid"], standing["post_id"])
    same(found["retweet_tweetid"], standing["repost_of"])
    same(found["in_reply_to_userid"], standing["reply_to_account"])
    same(found["hashtags"].map(literal_eval).str.join(" "), standing["hashtags"])
    same(found["urls"].map(literal_eval).str.join(" "), standing["urls"])
    same(found["user_mentions"].map(literal_eval).str.join(" "), standing["mentions"])
    reposts = standing["kind"] == "repost"
    same(found["is_retweet"], reposts)
    assert found.loc[reposts, "tweet_text"].str.match(r"RT @u[0-9a-f]{12}: w\d+").all()
    minutes = pd.to_datetime(found["tweet_time"]).astype("datetime64[s]").astype(np.int64)
    same(minutes, standing["time"] // 60 * 60)


def test_version_1_posts(out: Path, standing: pd.DataFrame, whole: tuple[PlatformView, TruthTables]) -> None:
    rows = [json.loads(line) for line in (out / "v1.jsonl").read_text().splitlines()]
    found = pd.DataFrame(rows)
    same(found["id_str"], standing["post_id"])
    same(found["id"], standing["post_id"])
    times = pd.to_datetime(found["created_at"], format="%a %b %d %H:%M:%S %z %Y")
    same(times.dt.tz_localize(None).astype("datetime64[s]").astype(np.int64), standing["time"])
    same(pd.Series([row["user"]["id_str"] for row in rows]), standing["account_id"])
    same(found["in_reply_to_status_id_str"].fillna(""), standing["reply_to"])
    same(found["in_reply_to_user_id_str"].fillna(""), standing["reply_to_account"])
    same(
        pd.Series([" ".join(tag["text"] for tag in row["entities"]["hashtags"]) for row in rows]), standing["hashtags"]
    )
    reposted = pd.Series([row.get("retweeted_status", {}).get("id_str", "") for row in rows])
    same(reposted, standing["repost_of"])
    inner = [row["retweeted_status"] for row in rows if "retweeted_status" in row]
    assert all(name in post for post in inner for name in rows[0] if name.startswith("in_reply_to"))  # read by BLOC
    whose = pd.Series([post["user"]["id_str"] for post in inner])
    same(whose, standing.loc[standing["kind"] == "repost", "mentions"])
    accounts = whole[0].accounts.astype(str).set_index("account_id")
    users = {row["user"]["id_str"]: row["user"] for row in rows}
    assert all(str(user["followers_count"]) == accounts.loc[name, "followers"] for name, user in users.items())


def test_version_2_pages(out: Path, standing: pd.DataFrame) -> None:
    pages = [json.loads(line) for line in (out / "v2.jsonl").read_text().splitlines()]
    assert [len(page["data"]) for page in pages[:-1]] == [PAGE] * (len(pages) - 1)
    rows = [row for page in pages for row in page["data"]]
    same(pd.Series([row["id"] for row in rows]), standing["post_id"])
    same(pd.Series([row["author_id"] for row in rows]), standing["account_id"])
    named = {"retweeted": "repost_of", "replied_to": "reply_to"}
    for how, column in named.items():
        refers = [row.get("referenced_tweets", [{}])[0] for row in rows]
        same(pd.Series([one["id"] if one.get("type") == how else "" for one in refers]), standing[column])
    for page in pages:
        ids = {user["id"] for user in page["includes"]["users"]}
        mentioned = {user["id"] for row in page["data"] for user in row["entities"]["mentions"]}
        assert ids == {row["author_id"] for row in page["data"]} | mentioned
        assert page["meta"]["result_count"] == len(page["data"])


def test_networks(out: Path, whole: tuple[PlatformView, TruthTables], standing: pd.DataFrame) -> None:
    view = whole[0]
    follows, reposts, together = (
        nx.read_graphml(out / "graphml" / f"{name}.graphml") for name in ("follows", "reposts", "coordination")
    )
    nodes = set(view.accounts["account_id"].astype(str))
    assert set(follows) == set(reposts) == set(together) == nodes
    assert set(follows.edges) == set(view.follows.astype(str).itertuples(index=False, name=None))
    rows = standing[standing["kind"] == "repost"]
    expected = rows.groupby(["account_id", "mentions"], observed=True).size()
    assert {(a, b): d["weight"] for a, b, d in reposts.edges(data=True)} == expected.to_dict()
    ids = view.accounts["account_id"].astype(str).to_numpy()
    ties = CoAction().compute_ties(view)
    found = {(frozenset((a, b)), d["weight"]) for a, b, d in together.edges(data=True)}
    assert found == {(frozenset((ids[t.source], ids[t.target])), t.weight) for t in ties.itertuples()}
    assert found


def test_twibots_folder(out: Path, whole: tuple[PlatformView, TruthTables], standing: pd.DataFrame) -> None:
    view, truth = whole
    users = json.loads((out / "twibot" / "user.json").read_text())
    label, split, edge = (table(out / "twibot" / f"{name}.csv") for name in ("label", "split", "edge"))
    ids = ("u" + view.accounts["account_id"].astype(str)).tolist()
    assert [user["id"] for user in users] == label["id"].tolist() == split["id"].tolist() == ids
    assert (label["label"] == "bot").tolist() == (truth.accounts["role"] != "organic").tolist()
    assert split["split"].value_counts(normalize=True)["train"] == pytest.approx(0.7, abs=0.1)
    assert set(split["split"]) == {"train", "val", "test"}
    counts = edge["relation"].value_counts()
    assert counts["post"] == len(standing)
    assert counts["following"] == len(view.follows)
    assert counts["retweeted"] == (standing["kind"] == "repost").sum()
    assert counts["replied_to"] == (standing["reply_to"] != "").sum()


def test_every_table_ends_its_header_where_it_should(out: Path) -> None:
    for path in out.rglob("*.csv"):
        with path.open(newline="") as file:
            lengths = {len(row) for row in csv.reader(file)}
        assert len(lengths) == 1, path


def test_the_fingerprint_is_that_of_the_rows(dataset: Dataset, tmp_path: Path) -> None:
    first = export(dataset, tmp_path, ("cnt",), lambda n: None)
    assert first == export(dataset, tmp_path, ("parquet",), lambda n: None)
    other = Dataset(dataset.folder, SEED, START, Evasion())
    assert export(other, tmp_path, ("cnt",), lambda n: None) != first
    rows = pa.table({"account_id": [1, 2, -1], "time": [4, 5, 6]})
    prints = []
    for cuts in ([rows], [rows[:1], rows[1:]]):
        parquet = CanonicalWriter(None)
        for part in cuts:
            parquet.add("accounts", part)
        prints.append(parquet.close())
    assert prints[0] == prints[1]


@pytest.mark.parametrize(
    ("formats", "line"),
    [
        ([], r"formats=\[\] must be a list such as 'formats=\[cnt,v2\]'; there are parquet, cnt"),
        ("cnt", "formats=cnt must be a list"),
        (3, "formats=3 must be a list"),
        (["cmt"], "formats has cmt, which is unknown: did you mean cnt"),
        ([4], "formats has 4, which is unknown"),
    ],
)
def test_a_mistake_is_one_line(formats: Any, line: str) -> None:
    with pytest.raises(InputError, match=line):
        read_formats(formats)


def test_what_is_asked_for_comes_once_and_in_order() -> None:
    assert read_formats(["v2", "cnt", "v2"]) == ("cnt", "v2")


def test_no_data_set_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no accounts.parquet: name a folder that experiments.export has writ"):
        load(tmp_path)
