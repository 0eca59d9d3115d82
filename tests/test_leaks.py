"""Data tell the organised by what they do and by nothing else; each knob of the surface wipes out a trace."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from experiments.detection import surface
from experiments.detection.dataset import Dataset, read_dataset
from experiments.detection.formats.base import AccountTexts
from experiments.detection.surface import Content
from experiments.detection.view import PlatformView, TruthTables
from experiments.settings import build_setting
from sim.actors.evasion import PARAPHRASES, Evasion
from sim.rng import draw_each
from sim.setting import Setting
from tests.test_conf import composed
from tests.test_dataset import SEED, recorded
from tests.worlds import lively

FULL = build_setting(composed("export", "evasion=full")).evasion


def shown(folder: Path, setting: Setting, ticks: int) -> tuple[PlatformView, TruthTables, NDArray[np.bool_]]:
    """Return what a world shows, the truth, and whose accounts are organised."""
    recorded(folder, setting, ticks)
    view, truth = read_dataset(Dataset(folder, SEED, setting.campaign.start, setting.evasion))
    return view, truth, (truth.accounts["role"] != "organic").to_numpy()


def separation(feature: NDArray[np.float64] | pd.Series, organised: NDArray[np.bool_]) -> float:  # type: ignore[type-arg]
    """Return the AUC of a feature in its better direction."""
    known = ~np.isnan(np.asarray(feature, float))
    auc = roc_auc_score(organised[known], np.asarray(feature, float)[known])
    return float(max(auc, 1.0 - auc))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[PlatformView, TruthTables, NDArray[np.bool_]]:
    """A world whose organised accounts have no orders, and talk of everyday things as people do."""
    setting = lively(population={"size": 500}, army={"size": 150}, extremists={"size": 0}, campaign={"intensity": 0.0})
    evasion = replace(FULL, everyday=8.0)
    return shown(tmp_path_factory.mktemp("quiet"), replace(setting, evasion=evasion), 48)


def test_ids_and_order_say_nothing_of_quiet_accounts(
    quiet: tuple[PlatformView, TruthTables, NDArray[np.bool_]],
) -> None:
    view, _, organised = quiet
    ids = view.accounts["account_id"].to_numpy()
    first = view.posts.reset_index().groupby("account_id")["post_id"].agg(lambda posts: (posts & (2**22 - 1)).mean())
    features = {
        "row": np.arange(len(ids)),
        "lower bits": ids & (2**22 - 1),
        "parity": ids & 1,
        "created": view.accounts["created_at"],
        "lower bits of posts": first.reindex(ids),
        "name": names_of(view),
    }
    found = {name: separation(feature, organised) for name, feature in features.items()}
    assert max(found.values()) <= 0.6, found


def names_of(view: PlatformView) -> NDArray[np.float64]:
    people = AccountTexts(pa.Table.from_pandas(view.accounts))
    return np.array([int(name[1:], 16) for name in people.name.to_pylist()], float)


def test_words_say_nothing_of_quiet_accounts(quiet: tuple[PlatformView, TruthTables, NDArray[np.bool_]]) -> None:
    view, _, organised = quiet
    posts = view.posts[~view.posts["deleted"] & (view.posts["kind"] != "repost")]
    posts = posts.drop_duplicates("account_id")  # one each, or means would tell how much an account writes
    words = posts["text"].str.split()
    features = posts.assign(
        length=words.str.len(),
        general=words.map(lambda row: np.mean([int(word[1:]) < surface.GENERAL for word in row])),
        distinct=words.map(lambda row: len(set(row)) / len(row)),
        first=words.map(lambda row: int(row[0][1:]) % 1000),
        tags=posts["hashtags"].str.count("h"),
        linked=posts["urls"] != "",
    ).set_index("account_id")
    ids = view.accounts["account_id"]
    names = ("length", "general", "distinct", "first", "tags", "linked")
    found = {name: separation(features[name].astype(float).reindex(ids), organised) for name in names}
    assert max(found.values()) <= 0.6, found


def profile_tree(view: PlatformView, organised: NDArray[np.bool_]) -> float:
    """Return the AUC of a tree of depth 3 on the profile alone, on accounts it has not seen."""
    profile = view.accounts.drop(columns="account_id")
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    scores = cross_val_predict(tree, profile, organised, cv=5, method="predict_proba")[:, 1]
    return float(roc_auc_score(organised, scores))


def test_profiles_say_nothing_where_all_is_hidden_and_all_where_nothing_is(tmp_path: Path) -> None:
    setting = build_setting(composed("run", "population.size=1500", "army.size=300", "extremists.size=60"))
    found = {}
    for name, evasion in (("full", FULL), ("none", Evasion())):
        view, _, organised = shown(tmp_path / name, replace(setting, evasion=evasion), 1)
        found[name] = profile_tree(view, organised)
    assert found["full"] < 0.6, found
    assert found["none"] > 0.9, found


# ---- knobs of the surface


@pytest.fixture(scope="module")
def copies() -> Content:
    """Copies of four texts on the contested topic, all written by order."""
    n = 400
    return Content(
        key=(draw_each(np.arange(n, dtype=np.uint64), 9) * 2**60).astype(np.uint64),
        time=np.arange(n),
        topic=np.zeros(n, np.int64),
        template=np.arange(n) % 4,
        stance_principal=np.ones(n),
        stance_extremist=-np.ones(n),
        ordered=np.ones(n, np.bool_),
    )


def alike(content: Content, paraphrase: str) -> float:
    """Return the mean share of words that two copies of one text have in common, in the same places."""
    texts = [text.split() for text in surface.make_texts(content, Evasion(paraphrase=paraphrase), 1).to_pylist()]
    pairs = [(texts[i], texts[i + 4]) for i in range(len(texts) - 4)]
    assert all(len(one) == len(other) for one, other in pairs)
    return float(np.mean([np.mean([a == b for a, b in zip(*pair, strict=True)]) for pair in pairs]))


def test_paraphrase_makes_copies_less_alike(copies: Content) -> None:
    levels = [alike(copies, paraphrase) for paraphrase in PARAPHRASES]
    assert levels[0] == 1.0
    assert all(one > other + 0.1 for one, other in pairwise(levels)), levels


def test_splitting_spreads_slogans_and_links(copies: Content) -> None:
    most = []
    for splitting in (1, 2, 4, 8):
        evasion = Evasion(splitting=splitting)
        tags = pd.Series(surface.make_hashtags(copies, evasion).to_pylist()).str.split().str[-1]
        links = pd.Series(surface.make_links(copies, evasion, 1).to_pylist())
        assert tags.nunique() == splitting
        assert links[links != ""].nunique() == splitting
        most.append(tags.value_counts(normalize=True).iloc[0])
    assert most == sorted(most, reverse=True)
    assert most[0] == 1.0


def test_a_slogan_is_no_mark_of_an_order(copies: Content) -> None:
    """Supporters take the same tags up in their own words."""
    own = surface.make_hashtags(copies._replace(ordered=np.zeros(400, np.bool_)), Evasion())
    slogan = surface.make_hashtags(copies, Evasion()).to_pylist()[0].split()[-1]
    assert 0.02 < np.mean([slogan in tags.split() for tags in own.to_pylist()]) < 0.5


def test_deletion_takes_ordered_posts_alone(copies: Content) -> None:
    gone = [
        surface.select_deleted(copies.key, copies.ordered, Evasion(deletion=share)).mean() for share in (0.0, 0.3, 0.9)
    ]
    assert gone == pytest.approx([0.0, 0.3, 0.9], abs=0.06)
    assert not surface.select_deleted(copies.key, ~copies.ordered, Evasion(deletion=1.0)).any()


def test_maturity_hides_the_batch(tmp_path: Path) -> None:
    found = []
    for share in (0.0, 0.5, 1.0):
        setting = replace(lively(army={"size": 80}, extremists={"size": 0}), evasion=Evasion(maturity=share))
        view, _, organised = shown(tmp_path / str(share), setting, 1)
        found.append(separation(view.accounts["created_at"], organised))
    assert found[0] > found[1] + 0.1 > found[2] + 0.2
