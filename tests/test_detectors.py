"""Detectors find what they say they look for, see nothing else, and say what is wrong in one line."""

import ast
import re
import resource
import sys
import time
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from benchmarks.coaction import make_flood
from experiments.detection.coaction import CoAction
from experiments.detection.cosharing import CoSharing, compute_tfidf, count_actions
from experiments.detection.detector import Detector
from experiments.detection.duplicates import NearDuplicates
from experiments.detection.features import compute_features
from experiments.detection.learners import Boosted, Outliers
from experiments.detection.measures import measure_flags, measure_ranking, select_evaluated
from experiments.detection.nulls import Chance, Volume
from experiments.detection.traces import TRACES, extract_trace
from experiments.detection.view import PlatformView
from sim.errors import InputError
from tests.conftest import ROOT
from tests.views import crowd, view_of

ALL = [
    Chance(),
    Volume(),
    CoAction(),
    CoAction("hashtag_url", window=300),
    CoAction("text"),
    CoSharing(),
    NearDuplicates(),
    Outliers(),
    Boosted(),
]


@pytest.fixture(scope="module")
def drilled() -> tuple[PlatformView, np.ndarray]:
    return crowd()


@pytest.fixture(scope="module")
def trained() -> list[Detector]:
    return [detector.fit(*crowd(seed=2)) for detector in ALL]


def naive_ties(view: PlatformView, kind: str, window: int) -> Counter[tuple[int, int]]:
    actions = list(zip(*(column.tolist() for column in extract_trace(view, kind)), strict=True))
    met: Counter[tuple[int, int]] = Counter()
    for (a, thing, t), (b, other, u) in combinations(actions, 2):
        if a != b and thing == other and abs(t - u) <= window:
            met[min(a, b), max(a, b)] += 1
    return met


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40), st.integers(0, 2)), max_size=30),
    st.integers(0, 15),
    st.integers(1, 3),
)
def test_co_actions_are_those_of_a_naive_loop(rows: list[tuple[int, int, int]], window: int, least: int) -> None:
    view = view_of(6, [{"by": by, "at": at, "kind": "repost", "repost_of": of} for by, at, of in rows])
    expected = {pair: n for pair, n in naive_ties(view, "repost", window).items() if n >= least}
    detector = CoAction(window=window, min_coactions=least)
    ties = detector.compute_ties(view)
    found = dict(zip(zip(ties["source"], ties["target"], strict=True), ties["weight"], strict=True))
    assert found == expected
    strength = [sum(n for pair, n in expected.items() if a in pair) for a in range(6)]
    np.testing.assert_array_equal(detector.score(view), strength)


def test_of_a_crowd_only_the_nearest_count() -> None:
    view = view_of(5, [{"by": n, "at": n, "kind": "repost", "repost_of": 7} for n in range(5)])
    ties = CoAction(window=60, min_coactions=1, crowd=2).compute_ties(view)
    assert {*zip(ties["source"], ties["target"], strict=True)} == {
        (a, b) for a, b in combinations(range(5), 2) if b - a <= 2
    }


@pytest.mark.slow
def test_a_million_posts_on_one_hashtag_take_less_than_a_minute_and_4_gib() -> None:
    """All in one hour, by 20,000 posters: pairs would be billions."""
    CoAction("hashtag").score(make_flood(1000, 50, 1))
    view = make_flood(1_000_000, 20_000, 1)
    begun = time.process_time()
    score = CoAction("hashtag").score(view)
    assert time.process_time() - begun < 60.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 * 2**20 * (1024 if sys.platform == "darwin" else 1)
    assert (score > 0).sum() > 10_000


def test_traces_say_who_did_what() -> None:
    view = view_of(
        3,
        [
            {"by": 0, "at": 1, "hashtags": "h1 h2", "urls": "u1", "text": "a b c"},
            {
                "by": 1,
                "at": 2,
                "hashtags": "h2",
                "urls": "u1 u2",
                "text": "a b c",
                "kind": "reply",
                "reply_to_account": 100,
            },
            {"by": 2, "at": 3, "hashtags": "h2", "urls": "u1", "text": "a b c", "kind": "repost", "repost_of": 1000},
            {"by": 2, "at": 4, "hashtags": "h1", "text": "a b c", "deleted": True},
        ],
    )
    found = {kind: [part.tolist()[:2] for part in extract_trace(view, kind)] for kind in TRACES}
    who = {kind: sorted(extract_trace(view, kind).account.tolist()) for kind in TRACES}
    assert who == {
        "repost": [2],
        "reply": [1],
        "hashtag": [0, 0, 1],
        "url": [0, 1, 1],
        "hashtag_url": [0, 0, 1, 1],
        "text": [0, 1],
    }
    assert found["text"][1] == [0, 0]
    tag, link = extract_trace(view, "hashtag"), extract_trace(view, "url")
    assert (len(set(tag.thing)), len(set(link.thing)), len(set(extract_trace(view, "hashtag_url").thing))) == (2, 2, 3)


def test_cosines_are_those_of_scikit_learn_s_own_vectors(drilled: tuple[PlatformView, np.ndarray]) -> None:
    view = drilled[0]
    shared = count_actions(extract_trace(view, "repost"), len(view.accounts), min_actions=1)
    assert (np.bincount(shared.indices, minlength=shared.shape[1])[np.unique(shared.indices)] > 1).all()
    source, target, likeness = CoSharing(floor=1e-9, neighbours=10**6).compute_ties(shared)
    words = []
    for a in range(shared.shape[0]):
        cells = range(*shared.indptr[a : a + 2])
        words.append(" ".join(f"t{shared.indices[c]}" for c in cells for _ in range(int(shared.data[c]))))
    vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(words)
    expected = (vectors @ vectors.T).toarray()
    got = np.zeros_like(expected)
    got[source, target] = likeness
    np.testing.assert_allclose(got, np.triu(expected, 1), atol=1e-12)
    assert compute_tfidf(shared).shape == shared.shape


def test_neighbours_bound_the_ties(drilled: tuple[PlatformView, np.ndarray]) -> None:
    view = drilled[0]
    shared = count_actions(extract_trace(view, "repost"), len(view.accounts), min_actions=1)
    assert len(CoSharing(floor=1e-9, neighbours=3).compute_ties(shared)[0]) <= 3 * len(view.accounts)


def test_near_duplicates_are_those_of_exact_jaccard_where_it_is_clear() -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(f"w{n}" for n in rng.choice(10**6, 12, replace=False)) for _ in range(40)]
    near = [" ".join([*text.split(" ")[:11], "other"]) for text in texts[:15]]  # Jaccard 11/13
    group = NearDuplicates().find_groups(texts + near)
    assert (group[40:] == group[:15]).all()
    assert len(set(group[:40].tolist())) == 40
    view = view_of(3, [{"by": 0, "at": 1, "text": texts[0]}, {"by": 1, "at": 2, "text": near[0]},
                       {"by": 2, "at": 3, "text": texts[5]}, {"by": 2, "at": 4, "text": texts[5]}])  # fmt: skip
    assert NearDuplicates().score(view).tolist() == [1.0, 1.0, 0.0]


def test_features_are_those_of_a_plain_loop() -> None:
    posts = [
        {"by": 0, "at": 0, "text": "a b c"},
        {"by": 0, "at": 100, "text": "a b c", "hashtags": "h1"},
        {"by": 0, "at": 400, "kind": "repost", "repost_of": 5},
        {"by": 0, "at": 90_000, "kind": "reply", "reply_to_account": 101, "text": "d e f"},
        {"by": 1, "at": 90_000, "text": "d e f"},
    ]
    table = compute_features(view_of(3, posts))
    first = table.iloc[0]
    assert first["log_posts"] == pytest.approx(np.log(5))
    assert first["posts_per_active_day"] == 2.0
    assert first["active_hours"] == 2.0
    assert (first["reposts"], first["replies"], first["hashtags"]) == (0.25, 0.25, 0.25)
    gaps = np.array([100, 300, 89_600])
    assert first["log_median_gap"] == pytest.approx(np.log1p(300))
    assert first["burstiness"] == pytest.approx((gaps.std() - gaps.mean()) / (gaps.std() + gaps.mean()))
    assert first["night"] == 1.0
    assert first["rhythm"] == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert first["own_repeats"] == pytest.approx(1 / 3)
    assert first["echoed"] == pytest.approx(1 / 3)
    assert first["sources"] == 1.0
    assert first["age_days"] == pytest.approx(1 + 90_000 / 86_400)
    assert table.iloc[2][["reposts", "night", "rhythm", "log_median_gap", "active_hours"]].isna().all()


@pytest.mark.parametrize("words", ["", None, "   ", "yes", "Nice :)"])
def test_missing_and_very_short_texts_are_no_shared_content(words: str | None) -> None:
    view = view_of(4, [{"by": by, "at": at, "text": words} for by in range(4) for at in range(by, 90, 9)])
    assert not len(extract_trace(view, "text").account)
    assert not CoAction("text").score(view).any()
    assert not NearDuplicates(shortest=1).score(view).any()
    table = compute_features(view)
    assert (table[["own_repeats", "echoed"]] == 0).all(axis=None)


@pytest.mark.parametrize(
    "words", ["a b c", "abcdefghijkl", "\u4eca\u65e5\u306f\u3068\u3066\u3082\u826f\u3044\u5929\u6c17\u3067\u3059"]
)
def test_texts_that_say_something_are_shared_content(words: str) -> None:
    view = view_of(2, [{"by": by, "at": at, "text": words} for by in range(2) for at in range(3)])
    assert (CoAction("text").score(view) > 0).all()


def test_what_is_missing_is_nothing_that_is_shared() -> None:
    posts = [{"by": by, "at": at, "kind": kind} for by in range(3) for at in range(4) for kind in ("reply", "repost")]
    view = view_of(3, posts)
    gaps = dict.fromkeys(("hashtags", "urls", "mentions", "text", "repost_of", "reply_to", "reply_to_account"), np.nan)
    view = view._replace(posts=view.posts.assign(**gaps, deleted=None))
    for kind in TRACES:
        assert not len(extract_trace(view, kind).account)
    assert compute_features(view)[["hashtags", "urls", "mentions"]].eq(0).all(axis=None)


@pytest.mark.parametrize("number", range(len(ALL)), ids=lambda n: ALL[n].name)
def test_accounts_may_stand_in_any_order(
    number: int, trained: list[Detector], drilled: tuple[PlatformView, np.ndarray]
) -> None:
    view, _ = drilled
    order = np.random.default_rng(1).permutation(len(view.accounts))
    mixed = view._replace(accounts=view.accounts.iloc[order].reset_index(drop=True), posts=view.posts.iloc[::-1])
    one, other = (trained[number].score(shown) for shown in (view, mixed))
    np.testing.assert_allclose(other, one[order], atol=1e-9)


def test_an_account_with_two_rows_is_refused() -> None:
    view = view_of(2, [{"by": 0, "at": 1}])
    twice = pd.concat([view.accounts, view.accounts.iloc[:1]])
    with pytest.raises(InputError, match="account 100 has two rows among the accounts: keep one"):
        extract_trace(view._replace(accounts=twice), "text")


@pytest.mark.parametrize("number", range(len(ALL)), ids=lambda n: ALL[n].name)
def test_a_drilled_campaign_is_found_by_all_but_the_nulls(
    number: int, trained: list[Detector], drilled: tuple[PlatformView, np.ndarray]
) -> None:
    view, labels = drilled
    score = trained[number].score(view)
    assert score.dtype == np.float64
    assert score.shape == labels.shape
    assert np.isfinite(score).all()
    found = roc_auc_score(labels, score)
    assert 0.3 < found < 0.7 if number == 0 else found > 0.9


def test_more_jitter_hides_from_co_action() -> None:
    found = [
        np.mean([roc_auc_score(labels, CoAction().score(view)) for view, labels in
                 (crowd(jitter=jitter, seed=seed) for seed in range(3))])
        for jitter in (10.0, 600.0, 20_000.0)
    ]  # fmt: skip
    assert found[0] > 0.99
    assert found[0] > found[1] > found[2]


def test_time_does_not_matter_to_what_is_shared() -> None:
    for detector in (CoSharing(), NearDuplicates()):
        found = [
            roc_auc_score(labels, detector.score(view)) for view, labels in (crowd(jitter=10.0), crowd(jitter=9e3))
        ]
        assert min(found) > 0.95, detector.name


def test_a_learner_of_shuffled_labels_knows_nothing_of_the_true_ones() -> None:
    """With as many labels of each kind a shuffle and its opposite are as likely, and rank accounts the other way."""
    rng = np.random.default_rng(1)
    view, labels = crowd(people=60, members=60, seed=4)
    other, truth = crowd(people=60, members=60, seed=5)
    learner = Boosted()
    assert roc_auc_score(truth, learner.fit(view, labels).score(other)) > 0.95
    found = [roc_auc_score(truth, learner.fit(view, rng.permutation(labels)).score(other)) for _ in range(80)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("number", range(len(ALL)), ids=lambda n: ALL[n].name)
def test_nothing_one_account_and_silence_are_scored(number: int, trained: list[Detector]) -> None:
    for accounts, posts in ((0, []), (1, []), (1, [{"by": 0, "at": 3, "text": "a b c d e f g"}]), (4, [])):
        score = trained[number].score(view_of(accounts, posts))
        assert score.shape == (accounts,)
        assert np.isfinite(score).all()


@pytest.mark.parametrize("number", range(len(ALL)), ids=lambda n: ALL[n].name)
def test_where_everybody_is_organised_scores_are_told_and_nothing_is_learned(
    number: int, trained: list[Detector]
) -> None:
    view, labels = crowd(people=0, members=12)
    assert labels.all()
    score = trained[number].score(view)
    assert score.shape == (12,)
    assert np.isfinite(score).all()
    told = pd.DataFrame({"role": ["troll"] * 12, "cohort": "", "cell_id": "troll-1"})
    found = select_evaluated(labels, score, float(np.median(score)) - 1e-9, np.ones(12, np.bool_), told)
    assert all(np.isnan(value) for value in measure_ranking(found, 0.01).values())
    flags = measure_flags(found, 3)
    assert (flags["genuine"], flags["cell_recall"]) == (0.0, 1.0)
    assert np.isnan(flags["false_all"])
    if ALL[number].supervised:
        with pytest.raises(InputError, match="cannot learn without genuine accounts: train on a world that has some"):
            type(ALL[number])().fit(view, labels)


@pytest.mark.parametrize("number", range(len(ALL)), ids=lambda n: ALL[n].name)
def test_the_order_of_posts_does_not_matter(
    number: int, trained: list[Detector], drilled: tuple[PlatformView, np.ndarray]
) -> None:
    view = drilled[0]
    mixed = view.posts.sample(frac=1.0, random_state=1)
    scores = [trained[number].score(view._replace(posts=posts)) for posts in (view.posts, mixed)]
    np.testing.assert_allclose(*scores, rtol=1e-9)


def test_labels_are_checked() -> None:
    view, labels = crowd(people=20, members=4)
    with pytest.raises(InputError, match="cannot learn without the campaign's accounts: train on a world"):
        Boosted().fit(view, np.zeros_like(labels))
    with pytest.raises(InputError, match="cannot learn without genuine accounts"):
        Boosted().fit(view, np.ones_like(labels))
    with pytest.raises(InputError, match="got 3 labels for 24 accounts: give one each"):
        Boosted().fit(view, labels[:3])
    with pytest.raises(ValueError, match="must be fitted before it can score"):
        Boosted().score(view)


def test_the_unknown_are_left_out_of_training() -> None:
    view, labels = crowd(people=60, members=20)
    wrong = labels.copy()
    wrong[::3] = -1
    mistaken = np.where(wrong == -1, 1 - labels, labels)
    left_out, misled = (roc_auc_score(labels, Boosted().fit(view, told).score(view)) for told in (wrong, mistaken))
    assert left_out > 0.95 > misled


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: CoAction(window=-1), "CoAction.window=-1 must be at least 0"),
        (lambda: CoAction(min_coactions=0), "CoAction.min_coactions=0 must be at least 1"),
        (lambda: CoAction("retweet").score(view_of(1, [])), "CoAction.kind=retweet is unknown: choose one of: hashtag"),
        (lambda: CoSharing(floor=0.0), "CoSharing.floor=0.0 must be above 0 and at most 1"),
        (lambda: CoSharing(company=0), "CoSharing.company=0 must be at least 1"),
        (lambda: NearDuplicates(threshold=1.0), "NearDuplicates.threshold=1.0 must be above 0 and below 1"),
        (lambda: NearDuplicates(shortest=0), "NearDuplicates.shortest=0 must be at least 1"),
        (lambda: Volume().score(view_of(1, [{"by": 7, "at": 0}])), "a post is by account 107, which is not among"),
    ],
)
def test_mistakes_are_one_line(build, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        build()


BLIND = (
    "detector",
    "traces",
    "nulls",
    "coaction",
    "cosharing",
    "duplicates",
    "features",
    "learners",
    "topics",
    "topic_monitor",
    "view",
)


@pytest.mark.parametrize("module", BLIND)
def test_detectors_import_nothing_that_knows_the_truth(module: str) -> None:
    source = (ROOT / "experiments" / "detection" / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("sim", "experiments"):
            name = node.module or ""
            plain = name in ("sim.errors", "sim.rng", "sim.kernels", "experiments.extras")
            assert plain or name.rpartition(".")[2] in (*BLIND, "detection"), name
