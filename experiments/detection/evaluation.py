"""Evaluation of detectors: trained and calibrated on some worlds, judged on others, never on the same one.

Worlds differ by seed, so that no account of a world that is judged was ever seen in training, and each world is judged
whole: accounts of one run are never split into those trained on and those tested.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.detection.cases import Case, iterate_views, join_cases, label_accounts, simulate_case
from experiments.detection.detector import CAMPAIGN, F64, UNKNOWN, Detector
from experiments.detection.measures import Flags, compute_threshold, measure_flags, measure_ranking, select_evaluated
from experiments.detection.topic_monitor import TopicMonitor
from experiments.detection.topics import HOUR
from experiments.detection.view import PlatformView
from sim.errors import InputError
from sim.setting import Setting


@dataclass(frozen=True)
class BenchmarkJob:
    """One world to be played: which cell of the benchmark, under which setting."""

    axis: str
    level: str
    rank: int  #: of the level in its axis
    seed: int
    setting: Setting
    ticks: int

    @property
    def labels(self) -> dict[str, Any]:
        """Columns that name this world in the tables."""
        return {name: getattr(self, name) for name in ("axis", "level", "rank", "seed")}


@dataclass(frozen=True)
class EvaluationCriteria:
    """How detectors are judged."""

    rate: float  #: share of genuine accounts of null worlds that may be flagged
    members: int  #: of a cell that must be flagged for it to count as found
    hours: tuple[int, ...]  #: after the campaign's start at which flags are looked at, besides the end


@dataclass(frozen=True)
class DetectorPanel:
    """Trained detectors with the thresholds of each moment at which they are asked."""

    detectors: Mapping[str, Detector]
    limits: Mapping[tuple[str, int], float]  #: by detector and hour; END is the end of the run
    monitor: TopicMonitor
    criteria: EvaluationCriteria


@dataclass(frozen=True)
class JobResult:
    """What one world leaves: rows for the tables."""

    scores: list[dict[str, Any]]
    windows: pd.DataFrame
    outcome: dict[str, Any]


END = -1  #: in place of an hour
CROSS_SCENARIO = "_cross_scenario"  #: after the name of a learner that learned from another scenario


def simulate(world: BenchmarkJob) -> Case:
    """Simulate a world for training or calibration."""
    return simulate_case(world.setting, world.seed, world.ticks)


def observe(task: tuple[TopicMonitor, BenchmarkJob]) -> pd.DataFrame:
    """Simulate a null world and return what the monitor sees of it."""
    monitor, world = task
    return monitor.compute_windows(simulate_case(world.setting, world.seed, world.ticks).view)


def simulate_outcome(world: BenchmarkJob) -> dict[str, float]:
    """Simulate a world of which only the outcome is needed."""
    return simulate_case(world.setting, world.seed, world.ticks).outcome


def train(
    detectors: Mapping[str, Detector], training: Sequence[Case], other_scenario: Sequence[Case]
) -> dict[str, Detector]:
    """Train learners; return all detectors, and a twin of each learner, `NAME_cross_scenario`, trained there.

    Args:
        detectors: by name.
        training: worlds of the campaign that is judged, of other seeds; at least one if any detector is supervised.
        other_scenario: worlds of another scenario; without any there are no twins.

    Raises:
        InputError: there is nothing to learn from.
    """
    twins: dict[str, Detector] = {}
    for name, detector in detectors.items():
        if detector.supervised:
            if other_scenario:
                twins[name + CROSS_SCENARIO] = deepcopy(detector).fit(*join_cases(list(other_scenario)))
            detector.fit(*join_cases(list(training)))
    return {**detectors, **twins}


def set_thresholds(
    detectors: Mapping[str, Detector], null: Sequence[Case], monitor: TopicMonitor, rules: EvaluationCriteria
) -> DetectorPanel:
    """Set the threshold of every detector at every moment.

    Args:
        detectors: by name, trained.
        null: worlds without a campaign, not used for training; those without organic coordination set thresholds.
        monitor: calibrated.
        rules: how detectors are judged.

    Raises:
        InputError: a detector's scores are not one finite number an account.
    """
    limits: dict[tuple[str, int], float] = {}
    for name, detector in detectors.items():
        pooled: dict[int, list[F64]] = {}
        for case in (case for case in null if not _is_coordinated(case)):
            for hour, view in _list_views(case, rules.hours):
                kept = _has_posts(view) & (label_accounts(case.truth) != UNKNOWN)
                pooled.setdefault(hour, []).append(_compute_scores(name, detector, view)[kept])
        limits |= {(name, hour): compute_threshold(np.concatenate(parts), rules.rate) for hour, parts in pooled.items()}
    return DetectorPanel(detectors, limits, monitor, rules)


def evaluate(task: tuple[DetectorPanel, BenchmarkJob]) -> JobResult:
    """Simulate one world and apply all detectors and the monitor to it."""
    judge, world = task
    case = simulate_case(world.setting, world.seed, world.ticks)
    scores = [world.labels | {"detector": name} | _evaluate_detector(judge, name, case) for name in judge.detectors]
    looks = judge.monitor.watch_topics(case.view).assign(**world.labels)
    looks["hour"] = (looks["time"] - case.start) / HOUR
    looks["planned"] = looks["topic"].isin(find_planned_topics(case, looks["topic"].unique().tolist()))
    return JobResult(scores, looks, world.labels | case.outcome)


def find_planned_topics(case: Case, topics: Sequence[str]) -> list[str]:
    """Return the campaign's topics: those whose hashtag is in more than a tenth of its ordered posts."""
    ordered = case.view.posts["hashtags"][(case.truth.posts["order_id"] >= 0).to_numpy()]
    serving = case.truth.accounts.loc[label_accounts(case.truth) == CAMPAIGN, "account_id"]
    ordered = ordered[case.view.posts["account_id"].isin(serving)]
    carried = [(" " + ordered + " ").str.contains(f" {topic} ", regex=False) for topic in topics]
    return [topic for topic, on in zip(topics, carried, strict=True) if len(on) and on.mean() > 0.1]


def _evaluate_detector(judge: DetectorPanel, name: str, case: Case) -> dict[str, float]:
    detector, label, rules = judge.detectors[name], label_accounts(case.truth), judge.criteria
    score = _compute_scores(name, detector, case.view)
    found = select_evaluated(label, score, judge.limits[name, END], _has_posts(case.view), case.truth.accounts)
    ours = found.label == CAMPAIGN
    counts = {"hits": float(found.flagged[ours].sum()), "false_alarms": float(found.flagged[~ours].sum())}
    first = {"hours_to_flag": _measure_flag_delay(judge, name, case, score)}
    return measure_ranking(found, rules.rate) | measure_flags(found, rules.members) | counts | first


def _measure_flag_delay(judge: DetectorPanel, name: str, case: Case, last: F64) -> float:
    """Return hours from the first order to the first moment at which a member is flagged; nan for never.

    `last` are the scores at the end of the run.
    """
    ours = label_accounts(case.truth) == CAMPAIGN
    acted = case.truth.accounts.loc[ours, "activated_at"]
    if not (acted >= 0).any():
        return float("nan")
    first, end = int(acted[acted >= 0].min()), int(case.view.posts["time"].max()) + 1
    for hour, view in _list_views(case, judge.criteria.hours):
        second = end if hour == END else case.start + HOUR * hour
        if second <= first:
            continue
        score = last if hour == END else _compute_scores(name, judge.detectors[name], view)
        if (score[ours] > judge.limits[name, hour]).any():
            return (second - first) / HOUR
    return float("nan")


def _compute_scores(name: str, detector: Detector, view: PlatformView) -> F64:
    """Return a detector's scores.

    Raises:
        InputError: they are not one finite number an account.
    """
    score = np.asarray(detector.score(view), np.float64)
    if score.shape != (len(view.accounts),):
        raise InputError(f"detectors.{name} gave scores of shape {score.shape} for {len(view.accounts)} accounts")
    if not np.isfinite(score).all():
        raise InputError(
            f"detectors.{name} gave scores that are no finite numbers: give 0 to accounts that it cannot judge"
        )
    return score


def _list_views(case: Case, hours: tuple[int, ...]) -> list[tuple[int, PlatformView]]:
    return [*iterate_views(case, hours), (END, case.view)]


def _has_posts(view: PlatformView) -> Flags:
    return np.isin(view.accounts["account_id"].to_numpy(), view.posts["account_id"].to_numpy())


def _is_coordinated(case: Case) -> bool:
    return bool(case.truth.accounts["role"].isin(["fan", "newsbot"]).any())
