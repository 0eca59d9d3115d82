"""The benchmark judges fairly: metrics are right, nobody is tested on what it learned from, and the app says it all."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from scipy.stats import binom

from experiments.analysis.detectors import clopper_pearson, summarise_monitor, summarise_scores
from experiments.configuration import CONF
from experiments.detection.cases import Case, join_cases, label_accounts, simulate_case
from experiments.detection.coaction import CoAction
from experiments.detection.cosharing import CoSharing
from experiments.detection.detector import CAMPAIGN, GENUINE, UNKNOWN, Detector
from experiments.detection.duplicates import NearDuplicates
from experiments.detection.evaluation import (
    BenchmarkJob,
    DetectorPanel,
    EvaluationCriteria,
    evaluate,
    find_planned_topics,
    set_thresholds,
    train,
)
from experiments.detection.learners import Boosted, Outliers
from experiments.detection.measures import (
    EvaluatedAccounts,
    compute_precisions,
    compute_threshold,
    measure_flags,
    measure_ranking,
    select_evaluated,
)
from experiments.detection.nulls import Chance, Volume
from experiments.detection.topic_monitor import TopicMonitor, compute_rank
from experiments.detection.topics import STATISTICS, collect_traffic, compute_statistics, find_topics
from experiments.detectors import Detectors, make_jobs, prepare_benchmark, remove_campaign
from experiments.experiment import Given, start
from experiments.settings import apply_overrides, build_setting
from sim.actors.fans import Fans
from sim.actors.newsbots import NewsBots
from sim.errors import InputError
from tests.conftest import ROOT
from tests.looks import common_look
from tests.views import view_of
from tests.worlds import START, lively

TICKS = START + 36
CAMPAIGNING = replace(
    lively(army={"size": 24, "span": 6, "rate": 6.0, "jitter": 20.0}), forces=(Fans(size=8, topic=2), NewsBots(size=5))
)
CALM = CAMPAIGNING.replace({"army.size": 0, "extremists.size": 0})
QUIET = replace(CALM, forces=())
RULES = EvaluationCriteria(rate=0.05, members=2, hours=(6, 24))


@pytest.fixture(scope="module")
def case() -> Case:
    return simulate_case(CAMPAIGNING, 3, TICKS)


@pytest.fixture(scope="module")
def calm() -> list[Case]:
    return [simulate_case(QUIET, 7, TICKS), simulate_case(CALM, 8, TICKS)]


@pytest.fixture(scope="module")
def seated(case: Case, calm: list[Case]) -> DetectorPanel:
    detectors = {"chance": Chance(), "co-repost": CoAction(window=1800), "boosting": Boosted("behaviour")}
    return set_thresholds(train(detectors, [case], []), calm, calibrated(calm, step=12), RULES)


def calibrated(calm: list[Case], step: int) -> TopicMonitor:
    """Return a monitor that knows two calm worlds: both say what is rare, each is a kind of its own."""
    monitor = TopicMonitor(min_posts=8, step=step, rate=0.5)
    looks = [monitor.compute_windows(one.view) for one in calm]
    return monitor.calibrate(looks, {"quiet": looks[:1], "calm": looks[1:]})


def accounts(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_measures_are_those_counted_by_hand() -> None:
    label = np.array([1, 1, 1, 0, 0, 0, 0, -1, 0])
    score = np.array([9.0, 7.0, 1.0, 8.0, 2.0, 1.0, 0.0, 99.0, 50.0])
    wrote = np.array([True] * 8 + [False])
    told = accounts(
        role=["troll"] * 3 + ["organic", "organic", "fan", "newsbot", "extremist", "organic"],
        cohort=[""] * 3 + ["dissenter", "uncommitted", "", "", "", "dissenter"],
        cell_id=["a", "a", "b", "", "", "", "", "", ""],
    )
    found = select_evaluated(label, score, 6.5, wrote, told)
    assert found.label.tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert found.group.tolist() == ["", "", "", "dissenters", "others", "fans", "newsbots"]
    ranked = measure_ranking(found, rate=0.25)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[:3] for b in score[3:7]]
    assert ranked["auc"] == pytest.approx(np.mean(pairs))
    assert ranked["average_precision"] == pytest.approx((1 / 3) * (1 + 2 / 3 + 3 / 6))
    assert ranked["recall_at_fpr"] == pytest.approx(2 / 3)
    flags = measure_flags(found, members=2)
    assert (flags["recall"], flags["cell_recall"], flags["false_all"]) == pytest.approx((2 / 3, 0.5, 0.25))
    assert measure_flags(found, members=3)["cell_recall"] == 0.0
    at_the_limit = select_evaluated(label, score, 7.0, wrote, told)
    assert at_the_limit.flagged.tolist() == [True, False, False, True, False, False, False]
    assert [flags[f"false_{group}"] for group in ("dissenters", "others", "fans", "newsbots")] == [1.0, 0.0, 0.0, 0.0]


def test_precision_falls_with_prevalence_and_promises_less_than_it_shows() -> None:
    label = np.repeat([CAMPAIGN, GENUINE], [100, 1000])
    flagged = np.zeros(1100, bool)
    flagged[:80], flagged[100:110] = True, True
    found = compute_precisions(label, flagged)
    for share in (0.1, 0.01, 0.001):
        expected = share * 0.8 / (share * 0.8 + (1 - share) * 0.01)
        assert found[f"precision_{100 * share:g}%"] == pytest.approx(expected)
        assert found[f"precision_{100 * share:g}%_low"] < expected
    none_false = compute_precisions(label, flagged & (label == CAMPAIGN))
    assert none_false["precision_1%"] == 1.0
    assert none_false["precision_1%_low"] < 0.8
    assert math.isnan(compute_precisions(label, np.zeros(1100, bool))["precision_1%"])
    assert math.isnan(compute_precisions(label[:100], flagged[:100])["precision_1%"])


def test_a_threshold_lets_at_most_its_share_pass() -> None:
    rng = np.random.default_rng(1)
    for scores in (
        rng.random(1000),
        rng.random(1050),
        np.repeat([0.0, 1.0], [990, 10]),
        np.zeros(50),
        rng.integers(0, 3, 200) * 1.0,
    ):
        assert (scores > compute_threshold(scores, 0.01)).mean() <= 0.01
    assert compute_threshold(np.zeros(0), 0.01) == math.inf


def test_labels_know_whom_the_campaign_employs(case: Case) -> None:
    label = label_accounts(case.truth)
    role = case.truth.accounts["role"].to_numpy()
    assert set(role[label == CAMPAIGN]) == {"troll"}
    assert set(role[label == UNKNOWN]) == {"extremist"}
    assert set(role[label == GENUINE]) == {"organic", "fan", "newsbot"}
    assert case.outcome["campaign_posts"] > 0
    assert case.outcome["campaign_impressions"] > 0


def test_worlds_are_joined_whole_and_none_twice(case: Case, calm: list[Case]) -> None:
    view, label = join_cases([case, calm[0]])
    assert len(label) == len(view.accounts) == len(case.view.accounts) + len(calm[0].view.accounts)
    assert view.accounts["account_id"].is_monotonic_increasing
    assert (label == CAMPAIGN).sum() == (label_accounts(case.truth) == CAMPAIGN).sum()
    with pytest.raises(ValueError, match="share accounts: give them different seeds"):
        join_cases([case, case])


class Spy(Detector):
    """Remembers the accounts that it learned from and those that it judged."""

    supervised = True

    def __init__(self) -> None:
        self.learned: set[int] = set()
        self.judged: set[int] = set()

    def fit(self, view, labels):
        self.learned |= set(view.accounts["account_id"])
        return self

    def score(self, view):
        self.judged |= set(view.accounts["account_id"])
        return np.zeros(len(view.accounts))


def test_no_account_is_judged_by_who_learned_from_its_world(case: Case, calm: list[Case]) -> None:
    spy = Spy()
    seated = set_thresholds(train({"spy": spy}, [case], []), calm, calibrated(calm, step=12), RULES)
    evaluate((seated, BenchmarkJob("", "none", 0, 4, CAMPAIGNING, TICKS)))
    assert spy.learned == set(case.view.accounts["account_id"])
    assert len(spy.judged) > 400
    assert not spy.learned & spy.judged


@pytest.mark.parametrize(
    ("scores", "line"),
    [
        (lambda n: np.full(n, np.nan), "detectors.mine gave scores that are no finite numbers: give 0 to"),
        (lambda n: np.zeros(3), r"detectors.mine gave scores of shape \(3,\) for \d+ accounts"),
    ],
)
def test_scores_that_are_none_are_one_line(scores: Callable[[int], np.ndarray], line: str, calm: list[Case]) -> None:
    class Broken(Detector):
        def score(self, view):
            return scores(len(view.accounts))

    with pytest.raises(InputError, match=line):
        set_thresholds({"mine": Broken()}, calm, TopicMonitor(), RULES)


def test_labels_change_the_scores_of_learners_alone(case: Case) -> None:
    rng = np.random.default_rng(1)
    label = label_accounts(case.truth)
    twisted = rng.permutation(label)
    for make in (Chance, Volume, CoAction, CoSharing, NearDuplicates, Outliers, Boosted):
        right, wrong = (make().fit(case.view, told).score(case.view) for told in (label, twisted))
        assert np.array_equal(right, wrong) != make.supervised, make.__name__


def test_one_world_is_judged(seated: DetectorPanel) -> None:
    verdict = evaluate((seated, BenchmarkJob("axis", "level", 2, 4, CAMPAIGNING, TICKS)))
    rows = {row["detector"]: row for row in verdict.scores}
    assert set(rows) == {"chance", "co-repost", "boosting"}
    assert rows["boosting"]["auc"] > 0.9
    assert rows["co-repost"]["auc"] > 0.6
    assert 0.3 < rows["chance"]["auc"] < 0.7
    assert rows["boosting"]["members"] == 24
    assert 0 < rows["boosting"]["hours_to_flag"] <= 36
    assert verdict.outcome["rank"] == 2
    assert set(verdict.windows[verdict.windows["planned"]]["topic"]) == {"h0000"}


def test_a_world_without_a_campaign_has_false_alarms_alone(seated: DetectorPanel) -> None:
    verdict = evaluate((seated, BenchmarkJob("control", "calm", 0, 5, CALM, TICKS)))
    for row in verdict.scores:
        assert math.isnan(row["auc"])
        assert math.isnan(row["recall"])
        assert math.isnan(row["hours_to_flag"])
        assert 0.0 <= row["false_all"] <= 1.0
    assert not verdict.windows["planned"].any()
    assert verdict.outcome["campaign_impressions"] == 0


def test_a_world_of_the_campaign_alone_has_no_false_alarms() -> None:
    found = EvaluatedAccounts(
        np.ones(3, int), np.arange(3.0), np.array([True, True, False]), np.array([""] * 3), np.array(["a"] * 3)
    )
    assert math.isnan(measure_ranking(found, 0.1)["auc"])
    assert measure_flags(found, 1)["recall"] == pytest.approx(2 / 3)
    assert math.isnan(measure_flags(found, 1)["false_all"])


def test_topics_are_hashtags_used_together() -> None:
    tags = pd.Series(["a", "b", "b", "c", "x", "y", "a", "c"], index=[0, 0, 1, 1, 2, 2, 3, 3])
    named = find_topics(tags)
    assert named["a"] == named["b"] == named["c"] != named["x"] == named["y"]
    assert find_topics(tags[:0]) == {}


def test_statistics_of_traffic_are_those_counted_by_hand() -> None:
    posts = [
        {"by": 0, "at": 0, "text": "a a a", "hashtags": "h"},
        {"by": 1, "at": 30, "text": "a a a", "hashtags": "h"},
        {"by": 1, "at": 50, "text": "b b b", "hashtags": "h"},
        {"by": 2, "at": 7200, "text": "a a a", "hashtags": "h"},
        {"by": 2, "at": 7210, "kind": "repost", "repost_of": 5, "hashtags": "h"},
        {"by": 0, "at": 7260, "kind": "repost", "repost_of": 5, "hashtags": "h"},
    ]
    rows, time, _ = collect_traffic(view_of(3, posts))
    others = np.zeros(24)
    found = compute_statistics(rows, 2.0, others)
    assert tuple(found) == STATISTICS
    assert found["synchrony"] == pytest.approx(4 / 6)
    assert found["repetition"] == pytest.approx(3 / 4)
    assert found["pace"] == pytest.approx(np.log(2))
    assert found["surge"] == pytest.approx(np.log(7 / 3))
    p = np.array([4, 1, 4] + [1] * 21) / 30
    assert found["clock"] == pytest.approx(float((p * np.log(p * 24)).sum()))
    assert len(time) == 6
    assert compute_statistics(rows, float("nan"), others)["surge"] == 0.0


def test_the_monitor_sees_the_campaign_and_keeps_its_rate_where_it_was_set(calm: list[Case], case: Case) -> None:
    monitor = TopicMonitor(min_posts=8, step=6)
    with pytest.raises(ValueError, match="must be calibrated"):
        monitor.score_windows(monitor.compute_windows(calm[0].view))
    monitor = calibrated(calm, step=6)
    assert monitor.limit == max(monitor.limits.values())
    assert not any(monitor.watch_topics(one.view)["alarm"].any() for one in calm)
    watched_ = monitor.watch_topics(case.view)
    contested = watched_[watched_["topic"] == "h0000"]
    before, after = (
        contested[early]["score"].max() for early in (contested["time"] <= case.start, contested["time"] > case.start)
    )
    assert after > before
    assert after > monitor.limits["quiet"]  # fans of so small a world are as loud as its army
    assert find_planned_topics(case, watched_["topic"].unique().tolist()) == ["h0000"]


def test_the_monitor_has_nothing_to_say_of_nothing() -> None:
    monitor = TopicMonitor()
    assert monitor.compute_windows(view_of(0, [])).empty
    assert monitor.compute_windows(view_of(1, [{"by": 0, "at": 5, "hashtags": "h"}])).empty
    with pytest.raises(InputError, match="no topic of a null world has 20 posts in 24 h"):
        monitor.calibrate([monitor.compute_windows(view_of(0, []))], {})
    with pytest.raises(InputError, match=r"TopicMonitor.rate=1.0 must be above 0 and below 1"):
        TopicMonitor(rate=1.0)
    with pytest.raises(InputError, match=r"TopicMonitor.step=0 must be at least 1"):
        TopicMonitor(step=0)


def test_summaries_pool_what_is_pooled_and_average_the_rest() -> None:
    row = {"axis": "", "level": "none", "rank": 0, "detector": "d", "average_precision": 1.0, "recall_at_fpr": 1.0,
           "cell_recall": 1.0, "false_all": 0.0, "false_dissenters": 0.0, "false_others": 0.0, "false_fans": np.nan,
           "false_newsbots": np.nan, "members": 10.0, "genuine": 100.0, "false_alarms": 0.0}  # fmt: skip
    scores = pd.DataFrame([
        row | {"seed": 1, "auc": 0.8, "recall": 0.5, "hits": 5.0, "hours_to_flag": 4.0},
        row | {"seed": 2, "auc": 1.0, "recall": 1.0, "hits": 10.0, "hours_to_flag": np.nan},
    ])  # fmt: skip
    found = summarise_scores(scores).iloc[0]
    assert (found["auc"], found["recall"], found["flagged_worlds"]) == pytest.approx((0.9, 0.75, 0.5))
    assert found["hours_to_flag"] == math.inf
    assert found["precision_1%"] == 1.0
    assert math.isnan(found["false_fans"])
    looks = pd.DataFrame({"topic": list("aabb"), "hour": [-6, 6, -6, 6], "planned": [True, True, False, False]})
    looks = looks.assign(axis="", level="none", rank=0, seed=1, alarm=[True, True, True, False])
    seen = summarise_monitor(looks.assign(score=2.0), {"none": 5.0, "other": 1.0}).iloc[0]
    assert (seen["planned_found"], seen["hours_to_alarm"], seen["false_topics"], seen["topics"]) == (1.0, 6.0, 1, 1)
    assert (seen["false_worlds"], seen["worlds"], seen["unseen_worlds"]) == (1, 1, 1.0)


def test_exact_intervals_hold_the_binomial_tails() -> None:
    share, low, high = clopper_pearson(3, 15)
    assert share == 0.2
    assert binom.sf(2, 15, low) == pytest.approx(0.025)
    assert binom.cdf(3, 15, high) == pytest.approx(0.025)
    assert clopper_pearson(0, 20)[1:] == pytest.approx((0.0, 1 - 0.025 ** (1 / 20)))
    assert clopper_pearson(4, 4)[2] == 1.0
    assert all(math.isnan(end) for end in clopper_pearson(0, 0))


def seen_in(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    """Return what a monitor might see of a calm world: three topics, four looks each, alike within the world."""
    loud = rng.gamma(0.5) * scale
    rows = {name: loud + rng.gamma(2.0, scale, 12) for name in STATISTICS}
    return pd.DataFrame({"topic": np.repeat(list("abc"), 4), "time": np.tile(np.arange(4), 3), "posts": 20} | rows)


def test_each_kind_of_calm_world_has_the_limit_of_its_rank_and_the_largest_holds() -> None:
    rng = np.random.default_rng(2)
    kinds = {kind: [seen_in(rng, scale) for _ in range(9)] for kind, scale in {"quiet": 1.0, "protest": 4.0}.items()}
    monitor = TopicMonitor(rate=0.2).calibrate([seen_in(rng, 2.0) for _ in range(8)], kinds)
    for kind, worlds in kinds.items():
        highest = sorted(monitor.score_windows(looks)["score"].max() for looks in worlds)
        assert monitor.limits[kind] == highest[7]
    assert monitor.limit == monitor.limits["protest"] > monitor.limits["quiet"]


@pytest.mark.slow
def test_of_every_kind_of_calm_world_no_more_than_the_rate_raise_an_alarm() -> None:
    rng, rate, worlds, trials = np.random.default_rng(5), 0.2, 9, 250
    scales = {"quiet": 1.0, "fans": 2.0, "protest": 4.0}
    alarms, by_one_limit = dict.fromkeys(scales, 0), 0
    for _ in range(trials):
        usual = [seen_in(rng, scale) for scale in (1.0, 8.0) for _ in range(8)]
        kinds = {kind: [seen_in(rng, scale) for _ in range(worlds)] for kind, scale in scales.items()}
        monitor = TopicMonitor(rate=rate).calibrate(usual, kinds)
        new = {kind: monitor.score_windows(seen_in(rng, scale)) for kind, scale in scales.items()}
        for kind in scales:
            alarms[kind] += bool(new[kind]["alarm"].any())
        pooled = np.sort([monitor.score_windows(looks)["score"].max() for part in kinds.values() for looks in part])
        by_one_limit += bool(new["protest"]["score"].max() > pooled[compute_rank(len(pooled), rate) - 1])
    margin = 3 * math.sqrt(rate * (1 - rate) / trials)
    assert max(alarms.values()) / trials <= rate + margin
    assert by_one_limit / trials > rate + margin  # one limit for all kinds together wrongs the loudest


def test_the_rank_is_that_of_split_conformal_prediction() -> None:
    for worlds, rate in ((19, 0.05), (20, 0.05), (39, 0.05), (40, 0.05), (9, 0.1), (10, 0.3), (1, 0.5)):
        assert compute_rank(worlds, rate) == math.ceil(round((worlds + 1) * (1 - rate), 9))
    with pytest.raises(InputError, match=r"18 null worlds of a kind are too few for rate=0.05: give 19 or more"):
        compute_rank(18, 0.05)


def test_a_twin_learns_elsewhere_alone(case: Case, calm: list[Case]) -> None:
    spy = Spy()
    known = train({"spy": spy, "chance": Chance()}, [calm[0]], [case])
    assert list(known) == ["spy", "chance", "spy_cross_scenario"]
    twin = known["spy_cross_scenario"]
    assert isinstance(twin, Spy)
    assert spy.learned == set(calm[0].view.accounts["account_id"])
    assert twin.learned == set(case.view.accounts["account_id"])
    with pytest.raises(InputError, match="cannot learn without the campaign's accounts: train on a world"):
        train({"boosting": Boosted()}, [case], calm)


@pytest.fixture(scope="module")
def default() -> DictConfig:
    return composed()


def composed(*words: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("detectors", list(words))
    OmegaConf.resolve(config)
    return config


def test_every_cell_is_a_setting_and_seeds_are_apart(default: DictConfig) -> None:
    config = composed("population.size=60", "seeds=2")
    worlds = list(make_jobs(Given(config), Detectors.read(config).benchmark))
    axes = default.benchmark.axes
    assert {world.axis for world in worlds} == {"", "control", *axes}
    assert len(worlds) == 2 * (1 + sum(len(words) for words in axes.values()) + 3)
    open_ = worlds[0].setting
    for world in worlds[1:26]:
        assert (world.setting == open_) is False, (world.axis, world.level)
    quiet = next(world for world in worlds if world.level == "quiet")
    assert (quiet.setting.army.size, quiet.setting.extremists.size, quiet.setting.forces) == (0, 0, ())
    protest = next(world for world in worlds if world.level == "protest_day")
    assert len(protest.setting.events) == 1
    assert len(protest.setting.forces) == 2
    bare = remove_campaign(worlds[0])
    assert bare.army.size == 0
    assert bare.forces == open_.forces
    assert remove_campaign(next(world for world in worlds if world.level == "full")) == bare


def test_overrides_on_top_of_a_configuration(default: DictConfig) -> None:
    config = apply_overrides(default, ["population.size=77"])
    assert build_setting(apply_overrides(config, ["evasion=full", "evasion.jitter=60"])).evasion.jitter == 60.0
    assert build_setting(apply_overrides(config, ["scenario=quiet"])).population.size == 77
    assert build_setting(config).army.size == 60
    for words, message in {
        "evasion.jiter=3": "evasion.jiter=3 names no key: did you mean evasion.jitter",
        "evasion=ful": "evasion=ful is unknown: did you mean full",
        "evasion.jitter=[": r"evasion.jitter=\[ cannot be read: say KEY=VALUE",
        "nonsense": "nonsense is not of the form KEY=VALUE: see --help",
    }.items():
        with pytest.raises(InputError, match=message):
            apply_overrides(config, [words])


SLOW = ("co_repost_1h", "co_reply_60s", "co_hashtag_url_60s", "co_sharing", "near_duplicates", "isolation_forest")
SMALL = [
    *(f"detectors.{name}=null" for name in SLOW),
    *(
        "population.size=150",
        "army.size=12",
        "ticks=48",
        "campaign.start=24",
        "campaign.dose=saturation",
        "campaign.hours=24",
        "seeds=1",
        "workers=1",
    ),
    *("benchmark.null_seeds=1", "benchmark.train_seeds=1", "benchmark.hours=[12]", "benchmark.only=[content]"),
    *("benchmark.monitor_seeds=1", "monitor.rate=0.5", "benchmark.cross_scenario=[army.size\\=20]"),
    *("benchmark.axes.content=[evasion.paraphrase\\=rewrite]", "monitor.min_posts=5", "out=out"),
    *("~benchmark.controls.protest_day", "+detectors.nightly._target_=my_detectors.Nightly"),
]


def test_the_app_judges_and_reports_with_the_detector_of_the_how_to(
    command_line: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = re.findall(r"```python\n(.*?)```", (ROOT / "docs/detection.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    (tmp_path / "my_detectors.py").write_text(own)  # the one that the how-to shows
    monkeypatch.syspath_prepend(tmp_path)
    command_line(*SMALL)
    start(Detectors)
    said = capfd.readouterr().out
    assert "Of a campaign that does not hide" in said
    assert "results: out" in said
    scores = pd.read_parquet(tmp_path / "out/scores.parquet")
    assert set(scores["level"]) == {"none", "rewrite", "quiet", "fans_and_news_bots"}
    assert len(scores) == 4 * 6
    assert set(scores["detector"]) >= {"gradient_boosting", "gradient_boosting_cross_scenario", "nightly"}
    assert scores.loc[scores["detector"] == "nightly", "auc"].between(0.0, 1.0).any()
    assert "What transfers: gradient boosting ranks" in said
    common_look(tmp_path / "out/report.html")
    page = (tmp_path / "out/report.html").read_text()
    assert page.count("<figure") == 4
    achieved = pd.read_parquet(tmp_path / "out/achieved.parquet")
    assert (achieved.loc[achieved["axis"] == "control", "campaign_impressions"] == 0).all()
    assert (achieved.loc[achieved["axis"] != "control", "campaign_impressions"] > 0).all()


MISTAKES = {
    "benchmark.only=[contents]": "benchmark.only has contents, which is no axis: did you mean content?",
    "benchmark.rate=0.0": "benchmark.rate=0.0 must be a number above 0 and below 1",
    "benchmark.members=0": "benchmark.members=0 must be a whole number from 1",
    "benchmark.hours=[6,3]": "benchmark.hours=[6, 3] must be a rising list, each item a whole number from 1",
    "benchmark.train_seeds=0": "detectors.gradient_boosting must learn: say benchmark.train_seeds=1",
    "ticks=40": "ticks=40 ends before the campaign starts in hour 48: say ticks=96 or more",
    "+detectors.mine._target_=sim.campaigns.Campaign": "detectors.mine is a sim.campaigns.Campaign: derive from",
    "detectors=null": "detectors is empty: name one",
    "benchmark.axes.content=3": "benchmark.axes.content=3 must be a list, each item KEY=VALUE or GROUP=CHOICE, as in "
    "'[\"KEY=VALUE\"]'",
    "benchmark.monitor_seeds=9": "9 null worlds of a kind are too few for rate=0.05: give 19 or more",
    "benchmark.cross_scenario=[scenario=flooded_hashtag]": "benchmark.cross_scenario is the scenario that is judged",
    "benchmark.controls=null": "benchmark.controls=null must be one or more names, each with a list, each item "
    "KEY=VALUE or GROUP=CHOICE, as in '{quiet: [\"scenario=quiet\"]}'",
    "benchmark.cross_scenario=[x]": "benchmark.cross_scenario[0]=x must be KEY=VALUE or GROUP=CHOICE",
    "benchmark.train=[x]": "benchmark.train[0]=x must be KEY=VALUE or GROUP=CHOICE",
    "benchmark.axes.content=[x]": "benchmark.axes.content[0]=x must be KEY=VALUE or GROUP=CHOICE",
    "benchmark.controls.quiet=[x]": "benchmark.controls.quiet[0]=x must be KEY=VALUE or GROUP=CHOICE",
    "monitor.rate=2.0": "monitor.rate=2.0 must be a number above 0 and below 1",
}


@pytest.mark.parametrize("word", MISTAKES)
def test_mistakes_are_one_line_and_told_before_any_world_is_played(word: str, default: DictConfig) -> None:
    config = default.copy()
    OmegaConf.set_struct(config, False)
    key, _, text = word.removeprefix("+").partition("=")
    OmegaConf.update(config, key, OmegaConf.create(f"value: {text}").value, merge=False)
    with pytest.raises(InputError) as told:
        prepare_benchmark(Given(config), Detectors.read(config))
    assert str(told.value).startswith(MISTAKES[word])
    assert "\n" not in str(told.value)


def test_a_mistake_leaves_the_app_with_code_2(
    command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    command_line("benchmark.only=[contents]")
    with pytest.raises(SystemExit) as leave:
        start(Detectors)
    err = capfd.readouterr().err
    assert (leave.value.code, err) == (2, f"{MISTAKES['benchmark.only=[contents]']}\n")
