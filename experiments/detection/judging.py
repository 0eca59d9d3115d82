"""Judge scores that somebody else's tool gave to the accounts of one export: how good, and how sure that is.

Only accounts that wrote something and whose label is known are judged. Extremists are organised, but not by the
campaign, and people who were hired wrote by order and by themselves: both count nowhere. An account that
the file does not name scores below all that it names.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta

from experiments.detection.cases import label_accounts
from experiments.detection.detector import CAMPAIGN, F64, GENUINE, I64, UNKNOWN
from experiments.detection.formats.canonical import TRUTH
from experiments.detection.measures import (
    GROUPS,
    PREVALENCES,
    EvaluatedAccounts,
    Flags,
    compute_threshold,
    select_evaluated,
)
from experiments.detection.reading.scores import Scores
from experiments.detection.view import TruthTables
from sim.errors import InputError
from sim.rng import draw_each, keyed_hash, make_key, stream

CONFIDENCE = 0.95
COUNT = "post count"  #: the baseline
_DRAW = stream("judge/draw")


class Labelled(NamedTuple):
    """The accounts of an export, [A]."""

    ids: "pd.Index[str]"
    label: I64
    posts: NDArray[np.integer[Any]]  #: that each wrote, deleted ones included
    truth: pd.DataFrame  #: columns of `TruthTables.accounts`


class Judgement(NamedTuple):
    """The result."""

    #: measure, of (COUNT or the tool's name), value, lo, hi (95%), n (how many accounts or cells it is a share of)
    measures: pd.DataFrame
    #: of, false (share of the genuine above each score), recall
    curves: pd.DataFrame
    limit: float  #: above it an account is flagged
    notes: list[str]


def read_labelled(folder: Path) -> Labelled:
    """Read who wrote how much in an export, and who was organised.

    Raises:
        InputError: `folder` is no export with its truth.
    """
    needed = [folder / "posts.parquet", folder / TRUTH / "truth_accounts.parquet"]
    for path in needed:
        if not path.is_file():
            missing = path.relative_to(folder).as_posix()
            raise InputError(f"data={folder} holds no {missing}: name what infowar-lab export has written as parquet")
    truth = pd.read_parquet(needed[1])
    ids = pd.Index(truth["account_id"].astype(str))
    posts = pd.read_parquet(needed[0], columns=["account_id"])["account_id"].astype(str)
    each = posts.value_counts().reindex(ids, fill_value=0).to_numpy(np.int64)
    label = label_accounts(TruthTables(truth, pd.DataFrame()))
    hired = (label == GENUINE) & (truth["activated_at"] >= 0).to_numpy()
    return Labelled(ids, np.where(hired, UNKNOWN, label), each, truth)


def judge(
    name: str, data: Labelled, scores: Scores, limit: float | None, rate: float, members: int, draws: int, seed: int
) -> Judgement:
    """Judge scores beside the number of posts.

    Args:
        name: of the tool, in tables.
        data: whom they are about.
        scores: of the tool.
        limit: above it an account is flagged; None for the score that a share `rate` of these genuine accounts exceeds,
            which uses hindsight.
        rate: share of the genuine.
        members: of a cell that must be flagged for it to count as found.
        draws: of the bootstrap.
        seed: of these.

    Raises:
        InputError: the data have no campaign, or nobody genuine, who wrote.
    """
    given = scores.score.reindex(data.ids).to_numpy(np.float64)
    unnamed = np.isnan(given)
    score = np.where(unnamed, _find_bottom(scores.score), given)
    wrote = data.posts > 0
    genuine = wrote & (data.label == GENUINE)
    for kind, words in ((CAMPAIGN, "nobody of a campaign"), (GENUINE, "nobody genuine")):
        if not (wrote & (data.label == kind)).any():
            raise InputError(f"{words} wrote anything in these data: export a world with a campaign and people")
    bound = compute_threshold(score[genuine], rate) if limit is None else limit
    found = select_evaluated(data.label, score, bound, wrote, data.truth)
    count = data.posts[wrote & (data.label != UNKNOWN)].astype(np.float64)
    rows = [
        *_measure_rankings(name, found, count, draws, seed),
        *_measure_flags(name, found, members),
    ]
    curves = pd.concat(
        [_trace_curve(of, rank(found.label, values)) for of, values in ((name, found.score), (COUNT, count))]
    )
    missing = int((unnamed & wrote & (data.label != UNKNOWN)).sum())
    notes = [*scores.notes]
    if missing:
        notes.append(f"{missing:,} of {len(found.label):,} accounts are not named, and score below all that are")
    return Judgement(pd.DataFrame(rows), curves.reset_index(drop=True), bound, notes)


def find_limit(data: Labelled, scores: Scores, rate: float) -> float:
    """Return the score that a share `rate` of the genuine of a quiet world exceeds: a limit without hindsight."""
    given = scores.score.reindex(data.ids).to_numpy(np.float64)
    score = np.where(np.isnan(given), _find_bottom(scores.score), given)
    return compute_threshold(score[(data.posts > 0) & (data.label == GENUINE)], rate)


def _find_bottom(score: "pd.Series[float]") -> float:
    """Return the score of who is not named: 0 where all are positive, as weights are, else 1 below the lowest."""
    lowest = float(score.min())
    return 0.0 if lowest > 0 else lowest - 1.0


class Ranking(NamedTuple):
    """Accounts [n] from the highest score down, ready to be weighed again and again."""

    order: I64  #: [n]
    ends: I64  #: last place of each score, in that order
    ours: Flags  #: [n] of the campaign, in that order

    def weigh(self, weight: F64) -> tuple[float, float]:
        """Return AUC and average precision of weighted accounts [n], ties as in scikit-learn; nan for one kind."""
        sorted_ = weight[self.order]
        hits, all_ = (np.cumsum(column)[self.ends] for column in (np.where(self.ours, sorted_, 0.0), sorted_))
        false, new = all_ - hits, np.diff(hits, prepend=0.0)
        if not hits[-1] or not false[-1]:
            return float("nan"), float("nan")
        precision = np.divide(hits, all_, out=np.zeros(len(all_)), where=all_ > 0)
        area = np.diff(false, prepend=0.0) @ (hits - new / 2) / (hits[-1] * false[-1])
        return float(area), float(new @ precision / hits[-1])


def rank(label: I64, score: F64) -> Ranking:
    """Return accounts by their score."""
    order = np.argsort(-score, kind="stable").astype(np.int64)
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1).astype(np.int64)
    return Ranking(order, ends, (label == CAMPAIGN)[order])


def _measure_rankings(name: str, found: EvaluatedAccounts, count: F64, draws: int, seed: int) -> list[dict[str, Any]]:
    """Return AUC and average precision of the tool, of the number of posts, and their difference.

    Intervals: percentile bootstrap over accounts, members and genuine each among their own, the same draws for both.
    """
    rankings = [rank(found.label, score) for score in (found.score, count)]
    points = np.array([one.weigh(np.ones(len(found.label))) for one in rankings])
    drawn = np.empty((draws, 2, 2))
    for draw in range(draws):
        weight = _draw_weights(found.label, draw, seed)
        drawn[draw] = [one.weigh(weight) for one in rankings]
    tails = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
    ends, gap = np.quantile(drawn, tails, axis=0), np.quantile(drawn[:, 0] - drawn[:, 1], tails, axis=0)
    rows = []
    for place, measure in enumerate(("auc", "average_precision")):
        for one, of in enumerate((name, COUNT)):
            rows.append(_make_row(measure, of, (points[one, place], *ends[:, one, place]), len(found.label)))
        difference = points[0, place] - points[1, place]
        rows.append(_make_row(f"{measure}_more", name, (difference, *gap[:, place]), len(found.label)))
    return rows


def _draw_weights(label: I64, draw: int, seed: int) -> F64:
    """Return how often each account is drawn, with replacement, from those of its label; float64 [n]."""
    weight = np.zeros(len(label))
    u = draw_each(keyed_hash(make_key(seed, _DRAW), np.arange(len(label), dtype=np.uint64)), draw)
    for kind in (GENUINE, CAMPAIGN):
        there = np.flatnonzero(label == kind)
        weight[there] = np.bincount((u[there] * len(there)).astype(np.int64), minlength=len(there))
    return weight


def _measure_flags(name: str, found: EvaluatedAccounts, members: int) -> list[dict[str, Any]]:
    """Return recall, false alarms by group, cells found, and precision at platforms' prevalence, with intervals."""
    ours = found.label == CAMPAIGN
    cells, place = np.unique(found.cell[ours], return_inverse=True)
    hit = np.bincount(place, found.flagged[ours], minlength=len(cells)) >= members
    parts: dict[str, Flags] = {"recall": found.flagged[ours], "false_all": found.flagged[~ours]}
    parts |= {f"false_{group}": found.flagged[found.group == group] for group in GROUPS} | {"cells": hit}
    shares = [_make_row(measure, name, compute_share(flags), len(flags)) for measure, flags in parts.items()]
    return shares + [
        _make_row(
            f"precision_{100 * share:g}%",
            name,
            _compute_precision(parts["recall"], parts["false_all"], share),
            len(found.label),
        )
        for share in PREVALENCES
    ]


def compute_share(flags: Flags, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Return a share and its exact limits (Clopper & Pearson 1934); nan for none."""
    n, k = len(flags), int(flags.sum())
    if not n:
        return float("nan"), float("nan"), float("nan")
    tail = (1 - confidence) / 2
    lo = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    hi = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return k / n, lo, hi


def _compute_precision(hits: Flags, alarms: Flags, prevalence: float) -> tuple[float, float, float]:
    """Return the precision of flags at a prevalence, and limits that hold with at least 95%: both shares' at 97.5%."""
    inner = (1 + CONFIDENCE) / 2
    (recall, least, most), (false, fewest, worst) = compute_share(hits, inner), compute_share(alarms, inner)

    def weigh(true: float, wrong: float) -> float:
        flagged = prevalence * true + (1 - prevalence) * wrong
        return prevalence * true / flagged if flagged else float("nan")

    return weigh(recall, false), weigh(least, worst), weigh(most, fewest)


def _make_row(measure: str, of: str, estimate: Sequence[float], n: int) -> dict[str, Any]:
    value, lo, hi = map(float, estimate)
    return {"measure": measure, "of": of, "value": value, "lo": lo, "hi": hi, "n": n}


def _trace_curve(of: str, ranking: Ranking) -> pd.DataFrame:
    """Return the share of the genuine and of the campaign above each score, from the highest down."""
    hits, false = (np.cumsum(ours)[ranking.ends] for ours in (ranking.ours, ~ranking.ours))
    return pd.DataFrame({"of": of, "false": false / false[-1], "recall": hits / hits[-1]})
