"""From a row a detector, cell and seed to a row a detector and cell: means over seeds, and what is pooled."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.pairing import compute_interval, ratio_of_means
from experiments.detection.detector import CAMPAIGN, GENUINE
from experiments.detection.measures import compute_precisions

CELL = ["axis", "level", "rank"]
MEANS = (
    "auc", "average_precision", "recall_at_fpr", "recall", "cell_recall", "false_all", "false_dissenters",
    "false_others", "false_fans", "false_newsbots",
)  # fmt: skip


def summarise_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each cell and detector.

    Args:
        scores: a row for each cell, seed and detector, as `experiments.detection.evaluation` returns them.

    Returns:
        each of `MEANS` with its 95% t-interval over seeds (`NAME_lo`, `NAME_hi`); precisions of the flags of all seeds
        together; `flagged_worlds`, the share of worlds in which somebody was rightly flagged; `hours_to_flag`, the
        median hours from the first order to that, infinite where it never happened in half of the worlds.
    """
    groups = scores.groupby([*CELL, "detector"], sort=False)
    rows = [dict(zip([*CELL, "detector"], key, strict=True)) | _summarise_group(group) for key, group in groups]
    return pd.DataFrame(rows)


def _summarise_group(group: pd.DataFrame) -> dict[Hashable, Any]:
    found: dict[Hashable, Any] = {"seeds": len(group)}
    for name in MEANS:
        ends = np.clip(compute_interval(group[name].to_numpy()), 0.0, 1.0)  # all are shares
        found |= dict(zip(_name_interval(name), ends.tolist(), strict=True))
    hours = group["hours_to_flag"].to_numpy(np.float64)
    some = bool((group["members"] > 0).any())
    found["hours_to_flag"] = float(np.median(np.where(np.isnan(hours), np.inf, hours))) if some else float("nan")
    found["flagged_worlds"] = float(np.isfinite(hours).mean()) if some else float("nan")
    return found | compute_precisions(*_pool_flags(group))


def _pool_flags(group: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and flags of all accounts of all seeds, from how many there were."""
    counts = group[["hits", "members", "false_alarms", "genuine"]].sum().astype(int)
    ours, theirs = counts["members"], counts["genuine"]
    label = np.repeat([CAMPAIGN, GENUINE], [ours, theirs])
    parts = [counts["hits"], ours - counts["hits"], counts["false_alarms"], theirs - counts["false_alarms"]]
    return label, np.repeat([True, False, True, False], parts)


def summarise_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return what the campaign achieved in each cell, with 95% intervals over seeds.

    Args:
        outcomes: a row for each cell and seed: outcomes of the world, and `NAME_without` of the same world without the
            campaign.

    Returns:
        `lost_dissent_percent` (ratio of means, Fieller's interval), `campaign_impressions`, `campaign_posts` (means).
    """
    rows = []
    for key, group in outcomes.groupby(CELL, sort=False):
        row: dict[Hashable, Any] = dict(zip(CELL, key, strict=True))
        without, with_ = (group[name].to_numpy(np.float64) for name in ("standing_dissent_without", "standing_dissent"))
        lost = [100.0 * end for end in ratio_of_means(without - with_, without)]
        row |= dict(zip(_name_interval("lost_dissent_percent"), lost, strict=True))
        for name in ("campaign_impressions", "campaign_posts"):
            row |= dict(zip(_name_interval(name), compute_interval(group[name].to_numpy(np.float64)), strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def summarise_monitor(looks: pd.DataFrame, limits: Mapping[str, float]) -> pd.DataFrame:
    """Return the monitor's performance in each cell, all topics of all seeds together.

    Args:
        looks: a row for each cell, seed, topic and look: score, alarm, planned (whether the campaign is on the topic),
            hour (since the campaign's start).
        limits: of the monitor, by kind of null world: the levels of the controls.

    Returns:
        `planned_found`: share of the `planned` topics that raised an alarm after the start; `hours_to_alarm`: the
        median over them, infinite where it never came; `false_topics`, `topics`: topics that are not planned and raised
        an alarm at any time, and how many there are; `false_worlds`, `worlds`, `false_rate`: worlds with such a topic,
        those with any, and their share; `unseen_worlds`: how many it would be in a control if the other kinds alone had
        set the limit. Shares come with exact 95% intervals (Clopper & Pearson 1934).
    """
    rows = []
    for key, group in looks.groupby(CELL, sort=False):
        row: dict[Hashable, Any] = dict(zip(CELL, key, strict=True))
        raised = group.groupby(["seed", "topic", "planned"]).apply(_find_first_alarm).reset_index(name="hour")
        planned = raised["planned"].to_numpy(np.bool_)
        after = raised["hour"].to_numpy(np.float64)
        null_world = group[~group["planned"]].groupby(["seed", "topic"])["alarm"].max()
        row["planned"] = int(planned.sum())
        row |= dict(
            zip(
                _name_interval("planned_found"),
                clopper_pearson(int(np.isfinite(after[planned]).sum()), planned.sum()),
                strict=True,
            )
        )
        row["hours_to_alarm"] = float(np.median(after[planned])) if planned.any() else float("nan")
        worlds = null_world.groupby("seed").max()
        row |= {"false_topics": int(null_world.sum()), "topics": len(null_world)}
        row |= {"false_worlds": int(worlds.sum()), "worlds": len(worlds)}
        row |= dict(zip(_name_interval("false_rate"), clopper_pearson(int(worlds.sum()), len(worlds)), strict=True))
        others = [limit for kind, limit in limits.items() if kind != row["level"]]
        asked = row["level"] in limits and bool(others)
        highest = group.groupby("seed")["score"].max()
        row["unseen_worlds"] = float((highest > max(others)).sum()) if asked else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def clopper_pearson(found: int, of: int) -> tuple[float, float, float]:
    """Return a share and its exact 95% interval (Clopper & Pearson 1934); nan of none."""
    from scipy.stats import beta

    if not of:
        return (float("nan"),) * 3
    low = float(beta.ppf(0.025, found, of - found + 1)) if found else 0.0
    high = float(beta.ppf(0.975, found + 1, of - found)) if found < of else 1.0
    return found / of, low, high


def _find_first_alarm(topic: pd.DataFrame) -> float:
    after = topic["hour"][topic["alarm"] & (topic["hour"] > 0)]
    return float(after.min()) if len(after) else float("inf")


def _name_interval(name: str) -> tuple[str, str, str]:
    return name, f"{name}_lo", f"{name}_hi"
