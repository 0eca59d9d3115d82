"""Measures of traces on a table whose answers are known; comparisons are fair; a published campaign is as described."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis import traces as measures
from experiments.analysis.comparing import ALIKE, OPEN, OTHER, Rule, _summarise, compare, count_marks, name_apart
from experiments.analysis.traces import DAY, MEASURES, Sample, measure
from experiments.detection.activity import UNTOLD, Shown, read_activity
from experiments.detection.surface import make_topic_pattern
from experiments.report.traces import compose
from experiments.traces import APP
from sim.errors import InputError
from tests.conftest import ROOT
from tests.looks import common_look, manual_has_files

REAL = ROOT.parent / "shared" / "data" / "russian_coord_tweets.parquet"

# account, time, kind, thing, origin
ROWS = [
    (0, 0, "repost", 0, -100), (0, 100, "repost", 1, -3600), (0, 300, "repost", 2, UNTOLD),
    (1, 1, "repost", 0, -100), (1, 105, "repost", 1, -3600),
    (2, 50, "repost", 0, -100),
    (3, 10, "original", -1, UNTOLD),
    (4, 20, "original", -1, UNTOLD), (4, 4000, "repost", 2, UNTOLD),
]  # fmt: skip
COLUMNS = ["account", "time", "kind", "thing", "origin"]
nan = float("nan")
PROFILES = pd.DataFrame({
    "created_at": [-10.0 * DAY, -11.0 * DAY, -12.0 * DAY, -400.0 * DAY, nan],
    "followers": [10.0, 20.0, 30.0, 40.0, 100.0],
    "following": [0.0, 0.0, 0.0, 1.0, 1.0],
    "name": ["a", "bb", "ccc", None, "dddd"],
    "location": ["", "", "x", None, "y"],
})  # fmt: skip
KNOWN = {
    "posts_median": 2, "posts_p99": 2.96, "posts_gini": 10 / 45, "one_post": 40, "repost_share": 100 * 7 / 9,
    "reposts_mean": 1.75, "reposts_median": 1.5, "reposts_p99": 2.97, "reposts_gini": 0.25, "reposts_top10": nan,
    "one_repost": 50, "cascade_top": 3, "cascade_p99": 2.98, "cascade_once": 0, "gap_median": 104, "burstiness": nan,
    "co_repost_1s_accounts": 50, "co_repost_1s_pairs": 250, "co_repost_1s_heavy": 0, "co_repost_1s_largest": 1,
    "co_repost_10s_accounts": 50, "co_repost_10s_pairs": 250, "co_repost_10s_heavy": 100, "co_repost_10s_largest": 2,
    "co_repost_60s_accounts": 75, "co_repost_60s_pairs": 750, "co_repost_60s_heavy": 100 / 3,
    "co_repost_60s_largest": 2, "often_once": nan, "often_twice": nan,
    "peak_hour": 8 / 4.5, "minutes_top1": 100 * 5 / 9, "peak_minute": 5, "day_peak": 100 * 8 / 9, "night": 0,
    "delay_median": 150, "delay_hour": 60, "followers_ratio": 76 / 30, "following_ratio": nan, "busiest_week": 75,
    "age_median": 11.5 + (1 + 50) / 2 / DAY, "no_location": 50, "name_length": np.std([1, 2, 3, 4], ddof=1),
}  # fmt: skip
#: what another denominator would give: all accounts, all reposts, or all accounts with a profile or not
WRONG = {
    "one_repost": 100 * 2 / 5, "reposts_mean": 7 / 5, "co_repost_1s_accounts": 100 * 2 / 5,
    "co_repost_60s_accounts": 100 * 3 / 5, "co_repost_60s_pairs": 600, "delay_hour": 100 * 3 / 7,
    "busiest_week": 100 * 3 / 5, "no_location": 100 * 2 / 5, "minutes_top1": 100 * 5 / 7, "one_post": 100 * 3 / 5,
}  # fmt: skip


def make_sample(
    rows: list[tuple[int, int, str, int, int]], profiles: pd.DataFrame = PROFILES, hours: int = 2
) -> Sample:
    return Sample(pd.DataFrame(rows, columns=COLUMNS), profiles, 0, 3600 * hours)


def make_shown(name: str, rows: list[tuple[int, int, str, int, int]], accounts: int, **more: object) -> Shown:
    posts = pd.DataFrame(rows, columns=COLUMNS).assign(matches=True)
    identity = np.arange(accounts, dtype=np.uint64) * np.uint64(7919)
    profiles = pd.DataFrame({"identity": identity, "name": None, "location": None})
    profiles = profiles.assign(created_at=nan, followers=nan, following=nan)
    return Shown(name, posts, profiles, **({"parts": {}, "notes": ()} | more))  # type: ignore[arg-type]


# ---- measures


def test_every_measure_has_a_known_answer() -> None:
    found = measure(make_sample(ROWS))
    assert found.keys() == KNOWN.keys()
    assert found == pytest.approx(KNOWN, nan_ok=True)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_denominator_would_give_another_number(name: str) -> None:
    found = measure(make_sample(ROWS))[name]
    assert found != pytest.approx(WRONG[name])
    assert found == pytest.approx(KNOWN[name])


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = [ROWS[place] for place in (8, 2, 5, 1, 7, 0, 3, 6, 4)]
    assert measure(make_sample(shuffled)) == pytest.approx(KNOWN, nan_ok=True)


def test_busy_accounts_are_those_with_ten_reposts() -> None:
    one = [(0, 1000 * thing, "repost", thing, UNTOLD) for thing in range(10)]
    other = [(1, 1000 * thing + 60, "repost", thing, UNTOLD) for thing in range(2)]
    third = [(2, 9000 + 61, "repost", 9, UNTOLD)]
    found = measure(make_sample([*one, *other, *third]))
    assert (found["often_once"], found["often_twice"]) == (100, 100)
    assert found["co_repost_60s_accounts"] == pytest.approx(200 / 3)
    fewer = measure(make_sample([*one[:9], *other, *third]))
    assert np.isnan(fewer["often_once"])
    once = measure(make_sample([*one, *other[:1], *third]))
    assert (once["often_once"], once["often_twice"]) == (100, 0)


def test_burstiness_of_a_clock_of_chance_and_of_bursts() -> None:
    def of(gaps: np.ndarray) -> float:
        return measures.compute_burstiness(pd.Series(gaps, index=np.zeros(len(gaps))))

    assert of(np.full(20, 60.0)) == -1
    assert abs(of(np.random.default_rng(1).exponential(60, 20_000))) < 0.02
    assert of(np.array([1.0] * 99 + [1e6])) > 0.7
    assert np.isnan(of(np.full(9, 60.0)))


def test_concentration() -> None:
    assert measures.compute_gini(np.full(5, 3.0)) == 0
    assert measures.compute_gini(np.array([0.0, 0, 0, 8])) == 0.75
    assert measures.compute_top_share(np.array([1.0] * 9 + [11])) == pytest.approx(55)
    assert np.isnan(measures.compute_gini(np.zeros(0)))


def test_reposts_alone_tell_no_posts() -> None:
    found = measure(make_sample([row for row in ROWS if row[2] == "repost"]))
    assert np.isnan([found[name] for name in ("posts_median", "one_post", "repost_share")]).all()
    assert found["one_repost"] == 50


def test_posts_without_reposts_tell_no_cascades_and_nothing_fails() -> None:
    found = measure(make_sample([row for row in ROWS if row[2] == "original"]))
    assert np.isnan([found[name] for name in ("reposts_mean", "cascade_top", "delay_hour", "gap_median")]).all()
    assert found["posts_median"] == 1


def test_every_measure_says_its_unit_and_what_it_is() -> None:
    assert len({one.name for one in MEASURES}) == len({one.label for one in MEASURES}) == len(MEASURES)
    assert all(one.unit and (one.means or one.name == "peak_minute") for one in MEASURES)


# ---- comparisons


def test_only_kinds_that_all_have_are_compared() -> None:
    both, reposts = make_shown("both", ROWS, 5), make_shown("r", [row for row in ROWS if row[2] == "repost"], 5)
    found = compare([both, reposts], Rule(days=1))
    assert found.kinds == "repost"
    assert found.samples["posts"].tolist() == [7, 7]
    assert set(found.measures["mark"]) == {ALIKE, ""}
    with pytest.raises(InputError, match="both has no kind of post that all others have: compare them in pairs"):
        compare([both, make_shown("replies", [(0, 5, "reply", -1, UNTOLD)], 1)], Rule())


def test_windows_are_as_long_as_the_shortest_and_lie_where_most_is() -> None:
    long = [(0, DAY * day, "repost", 0, UNTOLD) for day in range(40)]
    long += [(1, DAY * 20 + second, "repost", second, UNTOLD) for second in range(50)]
    short = [(0, hour * 3600, "repost", 0, UNTOLD) for hour in range(48)]
    samples = compare([make_shown("long", long, 2), make_shown("short", short, 1)], Rule(accounts=0)).samples
    assert samples["days"].tolist() == [2, 2]
    assert samples["begin"].tolist() == [19 * DAY, 0]
    assert samples["posts"].tolist() == [52, 48]


def test_as_many_accounts_are_drawn_of_each_by_who_they_are() -> None:
    rows = [(account, 60 * account, "repost", account % 7, UNTOLD) for account in range(100)]
    large, small = make_shown("large", rows, 100), make_shown("small", rows[:40], 40)
    found = compare([large, small], Rule(draws=5))
    assert found.samples["drawn"].tolist() == [40, 40]
    assert found.samples["draws"].tolist() == [5, 1]
    pd.testing.assert_frame_equal(found.measures, compare([large, small], Rule(draws=5)).measures)
    other = compare([large, small], Rule(draws=5, seed=2)).measures
    assert not found.measures.equals(other)
    turned = make_shown("large", [(99 - row[0], *row[1:]) for row in rows[::-1]], 100)
    turned = turned._replace(accounts=turned.accounts.iloc[::-1].reset_index(drop=True))
    pd.testing.assert_frame_equal(compare([turned, small], Rule(draws=5)).measures, found.measures)
    assert compare([large, small], Rule(accounts=0)).samples["drawn"].tolist() == [100, 40]


def test_a_part_stands_as_a_data_set_of_its_own() -> None:
    campaign = np.array([True, True, False, False, False])
    whole = make_shown("whole", ROWS, 5, parts={"campaign": campaign})
    alone = make_shown("alone", [row for row in ROWS if row[0] < 2], 5)
    found = compare([whole, alone], Rule(accounts=0, days=1)).measures.set_index(["column", "measure"])["value"]
    shared = [one.name for one in MEASURES if not one.name.startswith(("posts_", "one_post", "repost_share"))]
    assert found["whole: campaign"][shared].to_dict() == pytest.approx(found["alone"][shared].to_dict(), nan_ok=True)


def test_marks() -> None:
    def mark(first: list[float], other: list[float]) -> str:
        rows = [{"column": "a", "x": value} for value in first] + [{"column": "b", "x": value} for value in other]
        found = _summarise(pd.DataFrame(rows).rename(columns={"x": "one_repost"}), 2.0)
        assert found["mark"].iloc[0] in (ALIKE, "")
        return str(found["mark"].iloc[1])

    assert mark([10], [20]) == mark([10], [5]) == mark([0], [0]) == ALIKE
    assert mark([10], [20.1]) == mark([10], [4.9]) == mark([0], [1]) == mark([1], [0]) == OTHER
    assert mark([10, 11, 30], [25]) == mark([0, 0, 1], [1]) == OPEN
    assert mark([nan], [3]) == mark([-1], [1]) == ""


def test_marks_are_counted_and_names_told_apart() -> None:
    table = pd.DataFrame({"column": ["a"] * 4, "mark": [ALIKE, OTHER, "", ALIKE]})
    assert count_marks(table, "a") == {ALIKE: 2, OPEN: 0, OTHER: 1}
    shown = [make_shown(name, ROWS, 5) for name in ("x", "y", "x")]
    assert [one.name for one in name_apart(shown)] == ["x (1)", "y", "x (2)"]


# ---- reading


def test_a_topic_is_told_by_its_words_and_tags() -> None:
    text = pd.Series(["w2000", "w2999", "h0000", "h0031", "w3000", "w0200", "h0032", "h00310", "w20001"])
    assert text.str.contains(make_topic_pattern(0)).tolist() == [True] * 4 + [False] * 5
    assert text.str.contains(make_topic_pattern(1)).tolist() == [False] * 4 + [True, False, True, False, False]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `infowar-lab export` writes it: two people, a member, an extremist."""
    folder = tmp_path_factory.mktemp("data") / "ours"
    (folder / "truth").mkdir(parents=True)
    rows = [
        ("11", "1", 50, "original", "", "w2001 w0001", False), ("12", "2", 60, "repost", "11", "w2001 w0001", False),
        ("13", "3", 61, "repost", "11", "w2001 w0001", False), ("14", "1", 70, "original", "", "w3001", False),
        ("15", "4", 80, "repost", "11", "w2001 w0001", False), ("16", "3", 90, "repost", "", "", True),
        ("17", "2", 99, "repost", "99", "w2002", False), ("17", "2", 99, "repost", "99", "w2002", False),
    ]  # fmt: skip
    names = ["post_id", "account_id", "time", "kind", "repost_of", "text", "deleted"]
    pd.DataFrame(rows, columns=names).assign(hashtags="").to_parquet(folder / "posts.parquet")
    people = {"account_id": ["1", "2", "3", "4"], "created_at": [0, 1, 2, 3], "followers": [5, 6, 7, 8]}
    pd.DataFrame(people | {"following": 1}).to_parquet(folder / "accounts.parquet")
    told = pd.DataFrame({"account_id": ["1", "2", "3", "4"], "role": ["organic", "organic", "troll", "extremist"]})
    told.to_parquet(folder / "truth" / "truth_accounts.parquet")
    return folder


def test_an_export_is_read_with_its_topic_and_parts(export: Path) -> None:
    found = read_activity(export)
    assert found.posts["matches"].tolist() == [True, True, True, False, True, True]
    assert found.posts["kind"].tolist() == ["original", "repost", "repost", "original", "repost", "repost"]
    assert found.posts["origin"].tolist() == [UNTOLD, 50, 50, UNTOLD, 50, UNTOLD]
    assert {name: members.tolist() for name, members in found.parts.items()} == {
        "people": [True, True, False, False],
        "campaign": [False, False, True, False],
    }, "whose label is not known is of no part"
    assert found.accounts["followers"].tolist() == [5, 6, 7, 8]
    assert found.notes == ["1 left out: duplicates", "on the topic: 83% of its posts"]
    assert read_activity(export, "all").posts["matches"].all()
    assert read_activity(export, "w3").posts["matches"].sum() == 1


def test_tables_of_coortweet_are_read_alike_from_both_kinds_of_file(tmp_path: Path) -> None:
    table = pd.DataFrame({"object_id": ["a", "a", "b"], "account_id": ["x", "y", "x"], "content_id": ["1", "2", "3"],
                          "timestamp_share": [10.0, 12.0, 15.0]})  # fmt: skip
    table.to_csv(tmp_path / "some.csv", index=False)
    table.astype({"account_id": "category"}).to_parquet(tmp_path / "some.parquet")
    one, other = (read_activity(tmp_path / f"some.{kind}") for kind in ("csv", "parquet"))
    pd.testing.assert_frame_equal(one.posts, other.posts)
    assert one.posts["time"].tolist() == [10, 12, 15]
    assert one.notes == ["taken as reposts, since its name does not say what was shared"]
    assert one.parts == {}


def test_the_published_campaign_is_measured_as_its_description_says() -> None:
    if not REAL.is_file():
        pytest.skip(f"{REAL.name} is not in ../shared/data")
    found = compare([read_activity(REAL)], Rule(days=14))
    value = found.measures.set_index("measure")["value"]
    told = {"reposts_mean": 3.6, "one_repost": 53, "cascade_top": 818, "cascade_p99": 73, "cascade_once": 65,
            "gap_median": 12_800, "co_repost_1s_accounts": 1.9, "co_repost_10s_accounts": 12.9,
            "co_repost_60s_accounts": 38, "co_repost_60s_heavy": 0.9, "co_repost_60s_largest": 4,
            "peak_hour": 11.3}  # fmt: skip
    assert value[list(told)].to_dict() == pytest.approx(told, rel=0.03)
    assert found.samples["accounts"].tolist() == [5800]
    whole = compare([read_activity(REAL)], Rule(days=226)).measures.set_index("measure")["value"]
    expected = {"reposts_top10": 53, "delay_hour": 43, "burstiness": 0.34, "often_once": 88}
    assert whole[list(expected)].to_dict() == pytest.approx(expected, rel=0.03)


# ---- the app


def test_the_app_compares_and_reports(export: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(export, tmp_path / "a=b")  # a name that needs its key
    APP.start([f"data=[{export},a=b]", "out=both"])
    said = capsys.readouterr().out
    assert "Within a factor of 2 of ours are" in " ".join(said.split())
    common_look(tmp_path / "both" / "report.html")
    manual_has_files("traces", tmp_path / "both")
    APP.start([str(export), "parts=false", "out=one"])
    assert capsys.readouterr().out.startswith("No data set was given to compare ours with.")
    common_look(tmp_path / "one" / "report.html")
    assert compose(tmp_path / "one").headline.startswith("No data set")
    assert pd.read_parquet(tmp_path / "one" / "traces.parquet")["column"].unique().tolist() == ["ours"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "data has no value: add DATA"),
        (["nowhere"], "nowhere is not there: name a file, or a folder that infowar-lab export or import has written"),
        (["."], ". holds no posts.parquet: name a folder that infowar-lab export or import has written"),
        (["x.csv"], "x.csv is of no known format: say infowar-lab import x.csv format=csv columns=... first"),
        (["x.csv", "day=3"], "day is not a known key: did you mean days?"),
        (["x.csv", "days=0"], "days=0 must be auto, or a whole number from 1 to 10000"),
        (["x.csv", "days=3", "days=4"], "days is set twice: say it once"),
        (["ours", "topic=("], "topic=( is no expression ("),
        (["ours", "topic=zzz"], "ours has no post on the topic: say another topic, or topic=all"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], line: str, export: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    shutil.copytree(export, tmp_path / "ours")
    with pytest.raises(SystemExit) as leave:
        APP.start(words)
    told = capsys.readouterr()
    assert (leave.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(line)
    assert not (tmp_path / "out").exists()
