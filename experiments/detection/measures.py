"""Measures of a detector's performance: scikit-learn's metrics, and what matters to a platform.

Only accounts that wrote something and have a known label are judged. An account is flagged if its score is above a
threshold from worlds without a campaign (`compute_threshold`): on a real platform nobody knows who is innocent in the
present campaign.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.detection.detector import CAMPAIGN, F64, I64, UNKNOWN

PREVALENCES = (0.1, 0.01, 0.001)
GROUPS = ("dissenters", "others", "fans", "newsbots")  #: of the genuine

Flags = NDArray[np.bool_]


class EvaluatedAccounts(NamedTuple):
    """The accounts that count, [n]."""

    label: I64  #: CAMPAIGN | GENUINE
    score: F64
    flagged: Flags
    group: NDArray[np.str_]  #: which of the genuine, "" for the campaign's
    cell: NDArray[np.str_]  #: of the campaign's, "" for the genuine


def compute_threshold(scores: F64, rate: float) -> float:
    """Return the score that at most a share `rate` of genuine accounts (float64 [n]) exceeds; infinity for nobody."""
    return float(np.quantile(scores, 1.0 - rate, method="higher")) if len(scores) else float("inf")


def select_evaluated(label: I64, score: F64, limit: float, wrote: Flags, accounts: pd.DataFrame) -> EvaluatedAccounts:
    """Return the accounts that are judged, given all accounts [A].

    Args:
        label: [A] CAMPAIGN, GENUINE or UNKNOWN.
        score: [A] of a detector.
        limit: what is above it is flagged.
        wrote: [A] whether the account wrote anything.
        accounts: `TruthTables.accounts`.
    """
    kept = wrote & (label != UNKNOWN)
    role, cohort, cell = (accounts[name].to_numpy().astype(str) for name in ("role", "cohort", "cell_id"))
    group = np.where(role == "organic", np.where(cohort == "dissenter", "dissenters", "others"), np.char.add(role, "s"))
    ours = label == CAMPAIGN
    columns = (label, score, score > limit, np.where(ours, "", group), np.where(ours, cell, ""))
    return EvaluatedAccounts._make(column[kept] for column in columns)


def measure_ranking(found: EvaluatedAccounts, rate: float) -> dict[str, float]:
    """Return measures of the scores' order: AUC, average precision, and recall at a false-positive rate of `rate`.

    nan where only one kind of account is there. Recall is that of the best threshold known only in hindsight.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

    kinds = len(np.unique(found.label))
    if kinds < 2:
        return dict.fromkeys(("auc", "average_precision", "recall_at_fpr"), float("nan"))
    false, true, _ = roc_curve(found.label, found.score, drop_intermediate=False)
    return {
        "auc": float(roc_auc_score(found.label, found.score)),
        "average_precision": float(average_precision_score(found.label, found.score)),
        "recall_at_fpr": float(true[false <= rate].max()),
    }


def measure_flags(found: EvaluatedAccounts, members: int) -> dict[str, float]:
    """Return measures of the flags: recall, share of cells with `members` or more flagged, false positives.

    `false_NAME` is the share of the genuine of each of `GROUPS` that is flagged; nan where a group is empty.
    """
    ours = found.label == CAMPAIGN
    cells, place = np.unique(found.cell[ours], return_inverse=True)
    hits = np.bincount(place, found.flagged[ours], minlength=len(cells))
    shares = {"recall": ours, "false_all": ~ours} | {f"false_{name}": found.group == name for name in GROUPS}
    return {
        **{name: _compute_mean(found.flagged[rows]) for name, rows in shares.items()},
        "cell_recall": _compute_mean(hits >= members),
        "flagged": float(found.flagged.sum()),
        "members": float(ours.sum()),
        "genuine": float((~ours).sum()),
    }


def compute_precisions(label: I64, flagged: Flags) -> dict[str, float]:
    """Return the precision of flags at each of `PREVALENCES`, by weighting the genuine; of several worlds at once.

    `precision_NAME_low` takes the upper 95% limit of the false-positive rate (Clopper & Pearson 1934) in its place: no
    false alarm among few genuine accounts does not promise none among millions. nan without both kinds of account, and
    without flags.
    """
    from scipy.stats import beta
    from sklearn.metrics import precision_score

    ours, found = label == CAMPAIGN, {}
    genuine, false = int((~ours).sum()), int(flagged[~ours].sum())
    for share in PREVALENCES:
        name = f"precision_{100 * share:g}%"
        found[name] = found[f"{name}_low"] = float("nan")
        if not ours.any() or not genuine:
            continue
        weight = np.where(ours, share / ours.sum(), (1.0 - share) / genuine)
        found[name] = float(precision_score(label == CAMPAIGN, flagged, sample_weight=weight, zero_division=np.nan))
        worst = 1.0 if false == genuine else float(beta.ppf(0.95, false + 1, genuine - false))
        true = share * float(flagged[ours].mean())
        found[f"{name}_low"] = true / (true + (1.0 - share) * worst)
    return found


def _compute_mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")
