"""Scores of any tool are read as they are, and judged as scikit-learn and exact limits have it."""

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score

from experiments.detection import judging
from experiments.detection.coaction import CoAction
from experiments.detection.dataset import Dataset, read_dataset
from experiments.detection.detector import CAMPAIGN, GENUINE
from experiments.detection.export import export
from experiments.detection.judging import (
    COUNT,
    Judgement,
    Labelled,
    find_limit,
    judge,
    rank,
    read_labelled,
)
from experiments.detection.measures import PREVALENCES, compute_precisions
from experiments.detection.reading.scores import Scores, read_scores
from experiments.judge import APP
from experiments.report.judge import compose, format_gain
from sim.actors.evasion import Evasion
from sim.errors import InputError
from tests.looks import common_look, manual_has_files
from tests.test_dataset import SEED, recorded
from tests.worlds import LIVELY, START

IDS = pd.Index(["1", "2", "3", "4", "5", "6"])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset(recorded(tmp_path_factory.mktemp("world"), LIVELY), SEED, START, Evasion())


@pytest.fixture(scope="module")
def data(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    export(dataset, folder, ("parquet", "graphml"), lambda n: None)
    return folder


def make_labelled(members: int = 40, people: int = 160) -> Labelled:
    """Return members in four cells, and people of two groups, a fan, an extremist and somebody silent."""
    roles = ["troll"] * members + ["organic"] * people + ["fan", "extremist", "organic"]
    n = len(roles)
    truth = pd.DataFrame({"account_id": [str(row) for row in range(n)], "role": roles, "campaign_id": ""})
    truth["cohort"] = [
        ("dissenter" if row % 2 else "loyalist") if role == "organic" else "" for row, role in enumerate(roles)
    ]
    truth["cell_id"] = [f"cell-{row % 4}" if role == "troll" else "" for row, role in enumerate(roles)]
    label = np.array([CAMPAIGN] * members + [GENUINE] * (people + 1) + [-1, GENUINE])
    posts = np.array([3] * (n - 1) + [0])
    return Labelled(pd.Index(truth["account_id"]), label, posts, truth)


def judged(labelled: Labelled, score: np.ndarray, limit: float | None = None, draws: int = 50) -> Judgement:
    given = pd.Series(score, index=labelled.ids[: len(score)])
    return judge("tool", labelled, Scores(given, []), limit, 0.01, 3, draws, 1)


def value(found: Judgement, measure: str, of: str = "tool") -> tuple[float, float, float, int]:
    row = found.measures.set_index(["measure", "of"]).loc[(measure, of)]
    return row["value"], row["lo"], row["hi"], int(row["n"])


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# ---- measures


@pytest.mark.parametrize("seed", range(4))
def test_rankings_are_those_of_scikit_learn_with_ties_and_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label, score = rng.integers(0, 2, 300), rng.integers(0, 12, 300).astype(float)
    weight = rng.integers(0, 4, 300).astype(float)
    area, precision = rank(label, score).weigh(weight)
    assert area == pytest.approx(roc_auc_score(label, score, sample_weight=weight))
    assert precision == pytest.approx(average_precision_score(label, score, sample_weight=weight))
    assert np.isnan(rank(label, score).weigh(np.where(label == 1, 0.0, 1.0))).all()


def test_who_is_unknown_or_silent_counts_nowhere() -> None:
    labelled = make_labelled()
    score = np.zeros(len(labelled.ids))
    score[:40] = 1
    found = judged(labelled, score)
    assert value(found, "auc") == (1, 1, 1, 201)
    spoilt = score.copy()
    spoilt[[201, 202]] = 99  # the extremist, and who wrote nothing
    pd.testing.assert_frame_equal(judged(labelled, spoilt).measures, found.measures)
    spoilt[200] = 99  # the fan
    assert value(judged(labelled, spoilt), "auc")[0] < 1


def test_flags_are_counted_by_group_and_cell_with_exact_limits() -> None:
    labelled = make_labelled()
    score = np.zeros(len(labelled.ids))
    score[[0, 4, 8, 1, 5, 2]] = 5  # three of cell 0, two of cell 1, one of cell 2
    score[[41, 43, 200]] = 3  # two dissenters and the fan
    found = judged(labelled, score, limit=2.0)
    assert value(found, "recall")[0] == 6 / 40
    assert value(found, "cells")[0] == 1 / 4
    assert value(found, "false_dissenters")[::3] == (2 / 80, 80)
    assert value(found, "false_others")[::3] == (0, 80)
    assert value(found, "false_fans")[::3] == (1, 1)
    assert np.isnan(value(found, "false_newsbots")[0])
    exact = binomtest(3, 161).proportion_ci(0.95)
    assert value(found, "false_all")[:3] == pytest.approx((3 / 161, exact.low, exact.high))
    label = np.array([CAMPAIGN] * 40 + [GENUINE] * 161)
    told = compute_precisions(label, np.concatenate([score[:40], score[40:201]]) > 2)
    for share in PREVALENCES:
        name = f"precision_{100 * share:g}%"
        point, lo, hi, _ = value(found, name)
        assert point == pytest.approx(told[name])
        assert lo < point < hi
    strict = judged(labelled, score, limit=4.0)
    assert (value(strict, "false_all")[0], value(strict, "precision_1%")[0]) == (0, 1)
    assert value(strict, "precision_0.1%")[1] < 0.05, "no false alarm among few does not promise none"
    assert np.isnan(value(judged(labelled, score, limit=9.0), "precision_1%")[0])


def test_a_limit_is_hindsight_or_of_a_quiet_world() -> None:
    labelled = make_labelled()
    score = np.arange(len(labelled.ids), dtype=float)[::-1]
    found = judged(labelled, score)
    assert value(found, "false_all")[0] <= 0.01
    assert value(found, "recall")[0] == 1
    quiet = Scores(pd.Series(score[40:200] / 100, index=labelled.ids[40:200]), [])
    limit = find_limit(labelled, quiet, 0.01)
    assert ((score[40:200] / 100) > limit).mean() <= 0.01
    assert judged(labelled, score, limit).limit == limit


def test_intervals_hold_the_point_shrink_with_accounts_and_come_again() -> None:
    rng = np.random.default_rng(1)
    spans = []
    for size in (40, 160):
        labelled = make_labelled(size, 4 * size)
        score = rng.normal(size=len(labelled.ids)) + (labelled.label == CAMPAIGN)
        found = judged(labelled, score, draws=200)
        pd.testing.assert_frame_equal(found.measures, judged(labelled, score, draws=200).measures)
        for measure in ("auc", "average_precision"):
            point, lo, hi, _ = value(found, measure)
            assert lo < point < hi
        spans.append(value(found, "auc")[2] - value(found, "auc")[1])
    assert spans[1] < 0.7 * spans[0]


def test_the_difference_from_counting_posts_is_told_with_its_sign() -> None:
    labelled = make_labelled()
    perfect = (labelled.label == CAMPAIGN).astype(float)
    assert format_gain(judged(labelled, perfect).measures).startswith("It does better than counting posts")
    worst = -perfect - np.arange(len(perfect)) / 1000
    assert format_gain(judged(labelled, worst).measures).startswith("It does worse than counting posts")
    same = labelled.posts.astype(float)
    assert format_gain(judged(labelled, same).measures).startswith("It was not found to differ")


def test_who_is_not_named_scores_below_all_that_are() -> None:
    labelled = make_labelled()
    found = judge("tool", labelled, Scores(pd.Series(-5.0, index=labelled.ids[:40]), []), None, 0.01, 3, 10, 1)
    assert value(found, "auc")[0] == 1
    assert found.notes == ["161 of 201 accounts are not named, and score below all that are"]
    weights = judge("tool", labelled, Scores(pd.Series(2.0, index=labelled.ids[:40]), []), 1.0, 0.01, 3, 10, 1)
    assert value(weights, "recall")[0] == 1
    assert value(weights, "auc", COUNT)[0] == 0.5


def test_people_who_were_hired_are_not_judged(data: Path, tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    pd.read_parquet(data / "posts.parquet").to_parquet(tmp_path / "posts.parquet")
    truth = pd.read_parquet(data / "truth" / "truth_accounts.parquet")
    person = int(np.flatnonzero(truth["role"] == "organic")[0])
    truth.loc[person, "activated_at"] = 7
    truth.to_parquet(tmp_path / "truth" / "truth_accounts.parquet")
    one, other = read_labelled(data), read_labelled(tmp_path)
    assert (one.label[person], other.label[person]) == (GENUINE, -1)
    assert (one.label != other.label).sum() == 1


# ---- files


def test_a_table_of_scores(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "account_id,score", "2,0.5", "1,7", "99,3")
    found = read_scores(path, IDS)
    assert found.score.to_dict() == {"2": 0.5, "1": 7.0}
    assert found.notes == ["scores are score by account_id", "1 accounts that are not in the data left out"]
    more = write(tmp_path / "b.csv", "userid,rank,risk", "u1,1,0.5", "u2,2,0.25")
    assert read_scores(more, IDS, column="risk").score.to_dict() == {"1": 0.5, "2": 0.25}
    one = write(tmp_path / "c.tsv", "id\tanything", "5\t1e-3")
    assert read_scores(one, IDS).score.to_dict() == {"5": 0.001}


def test_a_table_of_scores_that_a_spreadsheet_saved(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "\ufeffaccount_id;score", "2.0;0,5", "1;7", ";1", "NaN;2")
    found = read_scores(path, IDS)
    assert found.score.to_dict() == {"2": 0.5, "1": 7.0}
    assert "2 rows without an account, left out" in found.notes
    pairs = write(tmp_path / "b.csv", "from;to;weight", "1.0;2.0;4,5", "1;3;2")
    assert read_scores(pairs, IDS).score.to_dict() == {"1": 6.5, "2": 4.5, "3": 2.0}
    twice = write(tmp_path / "c.csv", "account_id,score", "1,2", "1.0,3")
    with pytest.raises(InputError, match="has account 1 twice"):
        read_scores(twice, IDS)


def test_pairs_as_coortweet_writes_them(tmp_path: Path) -> None:
    groups = write(tmp_path / "groups.csv", "object_id,content_id,content_id_y,account_id,account_id_y,time_delta",
                   "a,11,12,1,2,3", "a,11,13,1,3,4", "b,14,15,2,1,5")  # fmt: skip
    assert read_scores(groups, IDS).score.to_dict() == {"1": 3.0, "2": 2.0, "3": 1.0}
    edges = write(tmp_path / "edges.csv", "from,to,weight,avg_time_delta", "1,2,4,1", "1,3,2,1", "5,5,9,0")
    assert read_scores(edges, IDS).score.to_dict() == {"1": 6.0, "2": 4.0, "3": 2.0}
    assert read_scores(edges, IDS, by="degree").score.to_dict() == {"1": 2.0, "2": 1.0, "3": 1.0}


def test_networks_of_the_toolkit_and_of_igraph(tmp_path: Path) -> None:
    toolkit = nx.DiGraph()  # both directions, and its own loops
    for one, other, weight in (("1", "2", 4), ("2", "1", 4), ("1", "3", 2), ("3", "1", 2), ("4", "4", 8)):
        toolkit.add_edge(one, other, weight=weight, edge_type="co_retweet")
    nx.write_graphml(toolkit, tmp_path / "o.graphml")
    found = read_scores(tmp_path / "o.graphml", IDS)
    assert found.score.to_dict() == {"1": 6.0, "2": 4.0, "3": 2.0, "4": 0.0}
    assert read_scores(tmp_path / "o.graphml", IDS, by="degree").score["1"] == 2
    igraph = nx.relabel_nodes(toolkit.to_undirected(), {name: f"n{name}" for name in toolkit})
    nx.set_node_attributes(igraph, {f"n{name}": name for name in toolkit}, "name")
    nx.write_graphml(igraph, tmp_path / "r.graphml")
    other = read_scores(tmp_path / "r.graphml", IDS)
    assert other.score.sort_index().to_dict() == found.score.sort_index().to_dict()
    assert other.notes[0].startswith("accounts are nodes' name of a network")


def test_our_own_network_scores_as_the_detector_does(dataset: Dataset, data: Path) -> None:
    view, _ = read_dataset(dataset)
    labelled = read_labelled(data)
    found = read_scores(data / "graphml" / "coordination.graphml", labelled.ids).score.reindex(labelled.ids)
    expected = pd.Series(CoAction().score(view), index=view.accounts["account_id"].astype(str)).reindex(labelled.ids)
    assert found.tolist() == expected.tolist()
    assert expected.max() > 0


# ---- the app


def test_the_app_judges_and_reports(data: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    graph = data / "graphml" / "coordination.graphml"
    APP.start([f"data={data}", f"scores={graph}", "limit=3", "draws=20"])
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("coordination.graphml tells the campaign from the genuine with an AUC of ")
    assert "Flagged is what scores above 3: as was said." in said
    common_look(tmp_path / "out" / "judge" / "report.html")
    manual_has_files("judge", tmp_path / "out" / "judge")
    APP.start([f"data={data}", f"scores={graph}", f"null={data}", f"null_scores={graph}", "draws=20"])
    assert "of a quiet world exceed it at most" in " ".join(capsys.readouterr().out.split())
    assert compose(tmp_path / "out" / "judge").summary[1].startswith("Read as: accounts are nodes of a network of ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["scores=a.csv"], "data has no value: add data=DIR"),
        (["data=DATA"], "scores has no value: add scores=FILE"),
        (["DATA", "scores=a.csv"], "DATA is no KEY=VALUE"),
        (["data=.", "scores=a.csv"], "data=. holds no posts.parquet: name what infowar-lab export has written"),
        (
            ["data=DATA", "scores=nowhere"],
            "scores=nowhere is no file: name a table of account_id and score",
        ),
        (
            ["data=DATA", "scores=a.csv"],
            "scores=a.csv knows no account of the data (its first is zz): say whose",
        ),
        (
            ["data=DATA", "scores=b.csv"],
            "scores=b.csv knows no account of the data (its first is 1.2e+18): read ids",
        ),
        (["data=DATA", "scores=c.csv"], "scores=c.csv has account 1 twice: give one score each"),
        (["data=DATA", "scores=d.csv"], "scores=d.csv has no column account_id"),
        (["data=DATA", "scores=e.csv"], "scores=e.csv has the score high: give a finite number to every account"),
        (["data=DATA", "scores=e.csv", "column=x"], "scores=e.csv has no column x: say column=NAME"),
        (["data=DATA", "scores=g.csv"], "scores=g.csv has no column beside account_id: add one of scores"),
        (["data=DATA", "scores=f.graphml"], "scores=f.graphml cannot be read as GraphML"),
        (["data=DATA", "scores=a.csv", "null=DATA"], "null and null_scores belong together"),
        (["data=DATA", "scores=a.csv", "by=size"], "by=size is unknown: choose one of: degree, weight"),
        (["data=DATA", "scores=a.csv", "rate=1"], "rate=1 must be a number above 0 and below 1"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], line: str, data: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", "account_id,score", "zz,1")
    write(tmp_path / "b.csv", "account_id,score", "1.2e+18,1")
    write(tmp_path / "c.csv", "account_id,score", "1,1", "1,2")
    write(tmp_path / "d.csv", "who,score", "1,1")
    write(tmp_path / "e.csv", "account_id,score", "1,high")
    write(tmp_path / "f.graphml", "<nothing>")
    write(tmp_path / "g.csv", "account_id", "1")
    with pytest.raises(SystemExit) as leave:
        APP.start([word.replace("=DATA", f"={data}") for word in words])
    told = capsys.readouterr()
    assert (leave.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(line)
    assert not (tmp_path / "out").exists()


def test_a_world_without_a_campaign_cannot_be_judged() -> None:
    labelled = make_labelled()
    quiet = labelled._replace(label=np.where(labelled.label == CAMPAIGN, judging.UNKNOWN, labelled.label))
    with pytest.raises(InputError, match="nobody of a campaign wrote anything in these data"):
        judged(quiet, np.zeros(len(labelled.ids)))
