"""What is written in a format comes back from it; data of others lose nothing silently, and nothing is guessed."""

import gzip
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from experiments.detection.activity import read_activity
from experiments.detection.dataset import Dataset
from experiments.detection.export import FORMATS, export
from experiments.detection.importing import Imported, import_data
from experiments.detection.reading import base, pages
from experiments.detection.reading.base import POSTS, Asked
from experiments.detection.reading.cleaning import Seen
from experiments.detection.reading.formats import READERS, recognise_format
from experiments.detection.reading.moments import parse_moments
from experiments.detection.reading.tables import split_list
from experiments.running.work import Work
from sim.actors.evasion import Evasion
from sim.errors import InputError
from tests.test_dataset import SEED, recorded
from tests.worlds import LIVELY, START

APP = import_module("experiments.import").APP
IDS = ["post_id", "account_id", "repost_of", "reply_to"]
#: files of each format, and the columns of posts and accounts that it can hold
HELD: dict[str, tuple[list[str], list[str], list[str]]] = {
    "parquet": ([""], POSTS.names, ["created_at", "followers", "following"]),
    "cnt": (["cnt.csv"], [*IDS, "time", "kind", "urls", "text"], []),
    "v1": (["v1.jsonl"], [name for name in POSTS.names if name not in ("deleted", "replies")],
           ["created_at", "followers", "following"]),
    "v2": (["v2.jsonl"], [name for name in POSTS.names if name != "deleted"], ["created_at", "followers", "following"]),
    "io_archive": (["io_archive.csv"], [name for name in POSTS.names if name != "deleted"], ["followers", "following"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world, folder = tmp_path_factory.mktemp("world"), tmp_path_factory.mktemp("out")
    knobs = Evasion(paraphrase="template", splitting=2, deletion=0.3)
    export(Dataset(recorded(world, LIVELY), SEED, START, knobs), folder, FORMATS, lambda n: None)
    return folder


def bring(files: list[Path], kind: str, folder: Path, **asked: Any) -> tuple[pd.DataFrame, pd.DataFrame, Imported]:
    folder.mkdir(exist_ok=True)
    found = import_data(files, kind, Asked(**asked), folder)
    return pd.read_parquet(folder / "posts.parquet"), pd.read_parquet(folder / "accounts.parquet"), found


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# ---- round trips


@pytest.mark.parametrize("kind", HELD)
def test_a_format_comes_back_with_all_that_it_can_hold(kind: str, out: Path, tmp_path: Path) -> None:
    files, columns, profile = HELD[kind]
    posts, accounts, found = bring([out / name for name in files], kind, tmp_path)
    wrote = pd.read_parquet(out / "posts.parquet")
    wrote = wrote if kind == "parquet" else wrote[~wrote["deleted"]].reset_index(drop=True)
    if kind == "io_archive":
        wrote["time"] = wrote["time"] // 60 * 60
    pd.testing.assert_frame_equal(posts[columns], wrote[columns], check_dtype=False, check_categorical=False)
    assert found.counts["read"] == found.counts["kept"] == len(wrote)
    there = pd.read_parquet(out / "accounts.parquet").set_index("account_id")
    got = accounts.set_index("account_id")
    assert set(wrote["account_id"]) <= set(got.index)
    pd.testing.assert_frame_equal(got[profile], there.loc[got.index, profile], check_dtype=False)
    if kind == "io_archive":
        assert (got["created_at"] == there.loc[got.index, "created_at"] // 86_400 * 86_400).all()


def test_every_format_that_holds_posts_has_a_reader() -> None:
    assert {*HELD, "coortweet"} == {*FORMATS} - {"cosharing", "graphml", "twibot"}
    assert set(READERS) == {*HELD, "coortweet", "csv"} == set(import_module("experiments.import").FORMATS)


def test_the_files_of_coortweet_come_back_as_posts(out: Path, tmp_path: Path) -> None:
    files = [out / "coortweet" / f"{trace}.csv" for trace in ("hashtag", "repost", "text", "url")]
    posts, _, found = bring(files, "coortweet", tmp_path)
    wrote = pd.read_parquet(out / "posts.parquet")
    wrote = wrote[~wrote["deleted"]].sort_values("post_id", ignore_index=True)
    posts = posts.sort_values("post_id", ignore_index=True)
    own = wrote["kind"] != "repost"
    for name in ("post_id", "account_id", "time", "repost_of"):
        assert posts[name].tolist() == wrote[name].tolist()
    for name in ("hashtags", "urls", "text"):
        assert posts[name].tolist() == wrote[name].where(own, "").tolist()
    assert (posts["kind"] == "repost").tolist() == (~own).tolist()
    assert found.counts["rows of one post that were joined"] > 0
    assert "left out: duplicates" not in found.counts


def test_an_export_and_its_import_have_the_same_traces(out: Path, tmp_path: Path) -> None:
    bring([out], "parquet", tmp_path)
    one, other = read_activity(out, "all"), read_activity(tmp_path, "all")
    pd.testing.assert_frame_equal(one.posts, other.posts)
    pd.testing.assert_frame_equal(one.accounts, other.accounts)
    assert one.parts
    assert not other.parts
    for kind, (files, *_) in HELD.items():
        assert recognise_format(out / files[0]) == kind
    assert recognise_format(out / "coortweet" / "url.csv") == "coortweet"


def test_pieces_make_no_difference(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prints = {}
    for kind in ("v1", "cnt"):
        prints[kind] = bring([out / HELD[kind][0][0]], kind, tmp_path / kind)[2]
    monkeypatch.setattr(pages, "ROWS", 7)
    monkeypatch.setattr(base, "BLOCK", 4000)
    assert len(list(READERS["cnt"](out / "cnt.csv", Asked()))) > 3
    for kind, found in prints.items():
        assert bring([out / HELD[kind][0][0]], kind, tmp_path / f"{kind}-again")[2] == found


# ---- data of others


def test_ids_stay_text_whatever_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "object_id,account_id,content_id,timestamp_share",
                 "1234567890123456789,007,99999999999999999999,10", "deadbeef,1e5,x,11.9")  # fmt: skip
    posts, accounts, _ = bring([path], "coortweet", tmp_path / "out", trace="repost")
    assert posts["post_id"].tolist() == ["99999999999999999999", "x"]
    assert posts["repost_of"].tolist() == ["1234567890123456789", "deadbeef"]
    assert accounts["account_id"].tolist() == ["007", "1e5"]
    assert posts["time"].tolist() == [10, 11]
    table = pa.table({"object_id": [12.0, 3.0], "account_id": ["a", "b"], "content_id": [2**60, 2**60 + 1],
                      "timestamp_share": [1.0, 2.0]})  # fmt: skip
    table.to_pandas().to_parquet(tmp_path / "repost.parquet")
    posts, *_ = bring([tmp_path / "repost.parquet"], "coortweet", tmp_path / "out")
    assert posts["post_id"].tolist() == [str(2**60), str(2**60 + 1)]
    assert posts["repost_of"].tolist() == ["12", "3"]


def test_ids_that_pandas_changed_are_put_right_or_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "\ufeffid;user;when;rt", "1;7.0;5;", "2;7;6;1.0", "3;NaN;7;", "4;none;8;nan",
                 "5;1.2e+18;9;NULL", "6;7.5;9;", "7;1e5;9;")  # fmt: skip
    columns = {"post_id": "id", "account_id": "user", "time": "when", "repost_of": "rt"}
    posts, accounts, found = bring([path], "csv", tmp_path / "out", columns=columns)
    assert posts["account_id"].tolist() == ["7", "7", "1.2e+18", "7.5", "1e5"]
    assert posts["repost_of"].tolist() == ["", "1", "", "", ""]
    assert posts["kind"].tolist() == ["original", "repost", "original", "original", "original"]
    assert accounts["account_id"].tolist() == ["1.2e+18", "1e5", "7", "7.5"]
    assert [found.counts[words] for words in (base.WHOLE, base.NOBODY, base.LOST)] == [2, 4, 1]
    assert found.counts["left out: no account_id"] == 2


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz"])
def test_a_table_may_have_any_separator(sign: str, name: str, tmp_path: Path) -> None:
    text = "".join(f"{line}\n" for line in ("id,user,when", "1,u,5", '2,"v,;|",6')).replace("user", '"a ""user"""')
    text = text.replace("id,", f"id{sign}").replace(",when", f"{sign}when").replace("1,u,5", sign.join("1u5"))
    text = text.replace("2,", f"2{sign}").replace(",6", f"{sign}6")
    packed = text.encode() if name != "a.csv.gz" else gzip.compress(text.encode())
    for begin in (b"", f"sep={sign}\r\n".encode()) if name == "a.csv" else (b"",):
        (tmp_path / name).write_bytes(begin + packed)
        columns = {"post_id": "id", "account_id": 'a "user"', "time": "when"}
        posts, *_ = bring([tmp_path / name], "csv", tmp_path / "out", columns=columns)
        assert posts["account_id"].tolist() == ["u", "v,;|"]


def test_duplicates_and_gaps_are_counted(tmp_path: Path) -> None:
    header = "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls"
    lines = [header, "t1,7,x,,,hello,10,", "t2,7,x,t1,,hello,11,", "t1,7,x,,,hello,10,", ",7,x,,,no id,12,",
             "t3,,x,,,no account,12,", "t4,7,x,,,no time,,", "t5,7,x,,,odd time,noon,"]  # fmt: skip
    one = write(tmp_path / "one.csv", *lines)
    other = write(tmp_path / "other.csv", header, "t2,7,x,t1,,hello,11,", "t6,8,y,,t1,hi,13,https://a.example")
    posts, accounts, found = bring([one, other], "cnt", tmp_path / "out")
    assert posts["post_id"].tolist() == ["1", "2", "6"]
    assert posts["kind"].tolist() == ["original", "repost", "reply"]
    assert found.counts == {
        "read": 9, "kept": 3, "left out: no post_id": 1, "left out: no account_id": 1, "left out: no time": 2,
        "left out: duplicates": 2, "kind: original": 1, "kind: repost": 1, "kind: reply": 1, "empty: repost_of": 2,
        "empty: reply_to": 2, "empty: hashtags": 3, "empty: urls": 2, "accounts": 2, "accounts that posted": 2,
    }  # fmt: skip
    assert accounts["name"].tolist() == ["x", "y"]
    assert (found.first, found.last) == (10, 13)


def test_what_was_seen_is_known_across_pieces() -> None:
    seen, rng = Seen(), np.random.default_rng(3)
    known: set[str] = set()
    for _ in range(40):
        ids = [str(number) for number in rng.integers(0, 3000, rng.integers(1, 400))]
        expected = []
        for one in ids:
            expected.append(one not in known)
            known.add(one)
        assert seen.find_new(pa.array(ids)).tolist() == expected
    assert sum(map(len, seen._runs)) == len(known)
    assert len(seen._runs) <= 12


def test_a_compressed_file_with_line_breaks_and_odd_lines(tmp_path: Path) -> None:
    post = {"id": 5, "id_str": "5", "created_at": "Wed Jan 01 00:00:07 +0000 2020", "text": "RT @a: cut\u2026",
            "user": {"id_str": "9", "screen_name": "b", "followers_count": 3, "location": ""},
            "retweeted_status": {"id_str": "4", "full_text": "not cut\nat all", "user": {"id_str": "8"},
                                 "entities": {"hashtags": [{"text": "x"}, {"text": "y"}]}}}  # fmt: skip
    quote = {"id_str": "6", "created_at": "Wed Jan 01 00:00:08 +0000 2020", "text": "@c @d hm", "user": {"id_str": "9"},
             "is_quote_status": True, "in_reply_to_status_id_str": "3"}  # fmt: skip
    with gzip.open(tmp_path / "a.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(f"{json.dumps(post)}\n\n{{broken\n[1]\n{json.dumps(quote)}\n")
    posts, accounts, found = bring([tmp_path / "a.jsonl.gz"], "v1", tmp_path / "out")
    assert posts["text"].tolist() == ["not cut\nat all", "@d hm"]
    assert posts["hashtags"].tolist() == ["x y", ""]
    assert posts["time"].tolist() == [1577836807, 1577836808]
    assert found.counts["left out: lines that are no JSON object"] == 2
    assert found.counts["quotes, kept as posts of their own"] == 1
    assert accounts["account_id"].tolist() == ["8", "9"]
    assert recognise_format(tmp_path / "a.jsonl.gz") == "v1"


def test_columns_of_any_table_are_named_by_the_user(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "id\tuser\twhen\tbody\ttags\tfans\trt",
                 "1\tu\t2021-06-01 12:00\thi\t['a', 'b']\t7\t",
                 "2\tv\t2021-06-01T12:00:01+02:00\tho\tc,d\t8\t1")  # fmt: skip
    columns = {"post_id": "id", "account_id": "user", "time": "when", "text": "body", "hashtags": "tags",
               "followers": "fans", "repost_of": "rt"}  # fmt: skip
    posts, accounts, found = bring([path], "csv", tmp_path / "out", columns=columns, zone="Europe/Paris")
    noon = int(pd.Timestamp("2021-06-01 10:00", tz="UTC").timestamp())
    assert posts["time"].tolist() == [noon, noon + 1]
    assert posts["hashtags"].tolist() == ["a b", "c d"]
    assert posts["kind"].tolist() == ["original", "repost"]
    assert accounts["followers"].tolist() == [7, 8]
    assert found.zone == "Europe/Paris, as was said"
    numbers = write(tmp_path / "b.csv", "id,user,when", "1,u,1600000000500")
    columns = {"post_id": "id", "account_id": "user", "time": "when"}
    assert bring([numbers], "csv", tmp_path / "out", columns=columns, unit="ms")[0]["time"].tolist() == [1_600_000_000]
    with pytest.raises(InputError, match=r"after 2100: add unit=ms if its times are milliseconds"):
        bring([numbers], "csv", tmp_path / "out", columns=columns)


def test_times_say_their_zone_or_are_told_it() -> None:
    column = pa.array(["2020-01-01T00:00:00Z", "2020-01-01 01:00:00.9+01:00", "2020-01-01", None, "soon"])
    assert parse_moments(column, "UTC", "x").to_pylist() == [1577836800, 1577836800, 1577836800, None, None]
    assert parse_moments(column[:2], "", "x").to_pylist() == [1577836800, 1577836800]
    with pytest.raises(InputError, match="x has times without a time zone, such as 2020-01-01: add zone=UTC"):
        parse_moments(column, "", "x")
    skipped = pa.array(["2021-03-28 02:30", "2021-10-31 02:30"])  # there is no such time in Paris, and there are two
    assert parse_moments(skipped, "Europe/Paris", "x").to_pylist() == [None, None]
    with pytest.raises(InputError, match="zone=Nowhere is unknown"):
        parse_moments(column, "Nowhere", "x")


def test_lists_in_a_cell() -> None:
    cells = pa.array(["['a', 'b']", "[a, b]", '["a","b"]', "a b", "a,b", "[]", "", "['a']", "['https://a.example/x']"])
    assert split_list(cells).to_pylist() == ["a b"] * 5 + ["", "", "a", "https://a.example/x"]


# ---- the app


def test_the_app_tells_what_it_met(out: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    APP.start([str(out / "io_archive.csv"), "format=io_archive", "out=in"])
    said = capsys.readouterr().out
    assert "\ntimes: UTC, as the archive's description says; minutes, seconds are not told\n" in said
    assert said.endswith("results: in\n")
    assert {path.name for path in (tmp_path / "in").iterdir()} == {
        "posts.parquet", "accounts.parquet", "follows.parquet", "README.md", "config.yaml", "about.yaml", "run.yaml",
    }  # fmt: skip
    assert "| kept | " in (tmp_path / "in" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["a.csv"], "format has no value: add format=coortweet"),
        (["format=cnt"], "data has no value: add FILE"),
        (["a.csv", "format=xml"], "format=xml is unknown: choose one of: cnt, coortweet, csv"),
        (["a.csv", "format=coortweet"], "a.csv does not say what was shared: add trace=NAME"),
        (["b.csv", "format=coortweet", "trace=url"], "b.csv has no column object_id"),
        (["nowhere.csv", "format=cnt"], "nowhere.csv is not there: name a file"),
        (["nowhere.json", "format=v1"], "nowhere.json is not there: name a file"),
        (["/dev/zero", "format=v1"], "/dev/zero is a pipe or a device, which may never end: name an ordinary file"),
        (["b.csv", "format=v2"], "b.csv does not begin with a JSON object: give one a line"),
        (["b.csv", "format=csv"], "columns says nothing of post_id: add it, as in columns='{post_id: NAME"),
        (["b.csv", "format=csv", "columns={id: x}"], "columns has id, which is no column of ours"),
        (["b.csv", "format=csv", "columns={post_id: z, account_id: x, time: y}"], "b.csv has no column z"),
        (["b.csv", "format=csv", "columns=x"], "columns=x must be names, each with the name of a column"),
        (["b.csv", "format=csv", "columns={post_id: x, account_id: x, time: y}"],
         "b.csv has times without a time zone, such as 2020-01-01: add zone=UTC"),
        (["b.csv", "format=csv", "columns={post_id: x, account_id: x, time: x}"], "b.csv holds no post with an id"),
        (["b.csv", "format=csv", "columns={post_id: x, account_id: x, time: x, kind: x}"], "b.csv has the kind one"),
        (["a.csv", "format=cnt", "zone=Mars"], "zone=Mars is unknown: say UTC, or a place such as Europe/Paris"),
        (["empty.csv", "format=cnt"], "empty.csv cannot be read (Empty CSV file)"),
        ([".", "format=parquet"], ". holds no posts.parquet"),
        (["b.csv", "format=parquet"], "b.csv has no column post_id"),
        (["wide.csv", "format=cnt"], "wide.csv is UTF-16 or UTF-32, which is not read here: save it as UTF-8"),
        (["old.csv", "format=coortweet", "trace=url"], "old.csv cannot be read (In CSV column #0: CSV conversion"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(words: list[str], line: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", "object_id,account_id,content_id,timestamp_share", "1,2,3,4")
    write(tmp_path / "b.csv", "x,y", "one,2020-01-01")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "wide.csv").write_text("a,b\n", encoding="utf-16")
    (tmp_path / "old.csv").write_bytes(b"object_id,account_id,content_id,timestamp_share\n\xe9,2,3,4\n")
    with pytest.raises(SystemExit) as leave:
        APP.start(words)
    told = capsys.readouterr()
    assert (leave.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(line)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_another_command_writes_is_refused(out: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    with Work(tmp_path / "in") as work:
        work.begin()
        with pytest.raises(SystemExit):
            APP.start([str(out / "io_archive.csv"), "format=io_archive", "out=in"])
    assert "is in use by another run: wait for it, or name another folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_pieces_of_a_large_file_are_not_held(out: Path, tmp_path: Path) -> None:
    """Twice the posts take as many bytes more as ids are remembered by, and not as the posts have."""
    import tracemalloc

    lines = (out / "v1.jsonl").read_text(encoding="utf-8").splitlines()
    peaks = []
    for times in (1, 3):
        path = tmp_path / f"{times}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for turn in range(times):
                file.writelines(line.replace('"id":1', f'"id":{turn + 1}', 1) + "\n" for line in lines)
        tracemalloc.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pages, "ROWS", 200)
            for batch in READERS["v1"](path, Asked()):
                assert len(batch.posts) <= 200
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + sys.getsizeof(lines)
