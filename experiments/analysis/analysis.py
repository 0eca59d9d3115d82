"""From runs to every table of the report, in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from experiments.analysis.arms import ADDITIVE, ALL, EFFORTS, NONE
from experiments.analysis.contrasts import compute_contrasts, compute_outcomes
from experiments.analysis.dose import compute_doses, find_half_dose, summarise_doses
from experiments.analysis.groups import summarise_groups
from experiments.analysis.losses import check_cells, compute_losses, summarise_knockouts
from experiments.analysis.mixes import fit_slopes, select_mixes, summarise_mixes
from experiments.analysis.pairing import compute_interval
from experiments.analysis.priors import compute_prior_spread
from experiments.analysis.recovery import (
    CENSORED,
    LATE,
    NO_DEFICIT,
    RECOVERED,
    compute_median_time,
    summarise_recoveries,
)
from experiments.analysis.robustness import REVERSED, summarise_robustness
from experiments.analysis.shapley import compute_interactions, decompose
from experiments.analysis.summary import FIXED, FURTHER
from experiments.analysis.timeline import compute_deficits, summarise_timeline
from experiments.analysis.transitions import (
    summarise_causes,
    summarise_daily_changes,
    summarise_flows,
    total_changes,
)
from experiments.analysis.turning import find_turning_point

FindingRow = tuple[str, float, float, float, int, str]


@dataclass(frozen=True)
class Analysis:
    """The tables of one experiment, each written as NAME.parquet."""

    summary: pd.DataFrame  #: a row a main arm, effort and seed
    losses: pd.DataFrame  #: `losses.compute_losses`, all families
    contrasts: pd.DataFrame  #: `contrasts.compute_contrasts`
    causes: pd.DataFrame  #: `transitions.summarise_causes`
    flows: pd.DataFrame  #: `transitions.summarise_flows`
    groups: pd.DataFrame  #: `groups.summarise_groups`
    knockouts: pd.DataFrame  #: `losses.summarise_knockouts`
    decomposition: pd.DataFrame  #: `shapley.decompose`
    interactions: pd.DataFrame  #: `shapley.compute_interactions`
    doses: pd.DataFrame  #: `dose.summarise_doses`
    mixes: pd.DataFrame  #: `mixes.summarise_mixes`
    robustness: pd.DataFrame  #: `robustness.summarise_robustness`
    recovery: pd.DataFrame  #: `recovery.summarise_recoveries`
    timeline: pd.DataFrame  #: `timeline.summarise_timeline`
    daily_changes: pd.DataFrame  #: `transitions.summarise_daily_changes`
    findings: pd.DataFrame  #: `name, value, lo, hi, seeds, note`: the numbers that sentences are made of

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def analyse(
    runs: pd.DataFrame,
    ticks: pd.DataFrame,
    transitions: pd.DataFrame,
    groups: pd.DataFrame,
    tactics: Sequence[str],
    start: int,
    stop: int,
) -> Analysis:
    """Return every table.

    Args:
        runs: a row a run: `family` (main | knockout | dose | robustness | fight_back | mix | prior), `variant`, `arm`,
            `effort`, `seed`, `wall_time` and the measures of `summary.summarise_run`. Family "main", variant "full",
            has in some seeds every arm at both efforts (`arms.duplicate_shared_arms`); the other seeds and families
            need the arms "none" and "all", additive. `variant` of "fight_back" and "dose" is the share as text ("0.3"),
            of "mix" two shares ("0.5/0.15"), of "prior" the draw.
            `army_share` is the army's share of the contested topic's posts during the campaign.
        ticks: hourly measures of the main arms: `arm, effort, seed, tick` and `summary.MEASURES`.
        transitions: of every main arm: `transitions.count_transitions`, with `arm`, `effort`, `seed`.
        groups: of the arm "all" in every seed: `groups.count_by_group`, with `seed`.
        tactics: in order, as used in the names of arms.
        start, stop: the campaign's first tick and the tick after its last.

    Raises:
        IdentityError: the counts of intentions do not add up.
        ValueError: an arm is missing.
    """
    check_cells(ticks)
    effects, losses = compute_outcomes(runs), compute_losses(runs)
    main = runs[runs["family"] == "main"].reset_index(drop=True)
    main_effects = effects[effects["family"] == "main"]
    main_losses = losses[losses["family"] == "main"]
    totals = total_changes(transitions, main_losses)
    main_effects = main_effects.merge(totals.drop(columns="baseline"), on=["arm", "effort", "seed"], validate="1:1")
    recovery = summarise_recoveries(compute_deficits(ticks), start, stop)
    table, doses, mixes = summarise_robustness(effects), compute_doses(runs, effects), select_mixes(effects)
    return Analysis(
        summary=main[[*FIXED, *FURTHER, "army_share"]],
        losses=losses,
        contrasts=compute_contrasts(main),
        causes=summarise_causes(transitions, totals),
        flows=summarise_flows(transitions),
        groups=summarise_groups(groups),
        knockouts=summarise_knockouts(losses),
        decomposition=decompose(main_effects, tactics, EFFORTS),
        interactions=compute_interactions(main_effects, tactics, EFFORTS),
        doses=summarise_doses(doses),
        mixes=summarise_mixes(mixes),
        robustness=table,
        recovery=recovery,
        timeline=summarise_timeline(ticks),
        daily_changes=summarise_daily_changes(transitions, start, int(ticks["tick"].max()) + 1),
        findings=collect_findings(main, effects, table, recovery, doses, mixes),
    )


def collect_findings(
    main_runs: pd.DataFrame,
    effects: pd.DataFrame,
    table: pd.DataFrame,
    recovery: pd.DataFrame,
    doses: pd.DataFrame,
    mixes: pd.DataFrame,
) -> pd.DataFrame:
    """Return the headline, its dose, its range over priors, how it depends on people's reactions, and recovery."""
    operated = main_runs[(main_runs["arm"] == ALL) & (main_runs["effort"] == ADDITIVE)]
    whole = effects[(effects["arm"] == ALL) & (effects["effort"] == ADDITIVE)]
    whole = whole.rename(columns={"lost_dissent_percent": "value"})
    main = whole[whole["family"] == "main"].set_index("seed")["value"]
    spread = compute_prior_spread(whole.loc[whole["family"] == "prior", ["variant", "seed", "value"]], main)
    rows = [
        ("lost_dissent_percent", *compute_interval(main), int(main.notna().sum()), ""),
        ("army_share", *compute_interval(operated["army_share"]), len(operated), ""),
        ("voices", *compute_interval(main_runs.loc[main_runs["arm"] == NONE, "voices"]), len(operated), ""),
        ("half_dose", *find_half_dose(doses), doses["seed"].nunique(), ""),
        ("prior_range", spread.value, spread.low, spread.high, spread.draws, ""),
        ("variance_parameters", spread.parameters, np.nan, np.nan, spread.draws, ""),
        ("variance_seeds", spread.seeds, np.nan, np.nan, int(main.notna().sum()), ""),
        *((f"slope_{name}", *slope, mixes["seed"].nunique(), "") for name, slope in fit_slopes(mixes).items()),
        *_collect_fight_back(whole[whole["family"] == "fight_back"], table),
        *_collect_recovery(recovery[recovery["arm"] == ALL]),
    ]
    return pd.DataFrame(rows, columns=["name", "value", "lo", "hi", "seeds", "note"])


def _collect_fight_back(whole: pd.DataFrame, table: pd.DataFrame) -> list[FindingRow]:
    shares = whole["variant"].astype(float)
    turn = find_turning_point(whole.assign(dose=shares)[["dose", "seed", "value"]])
    ends = (shares.min(), shares.max()) if len(shares) else (np.nan, np.nan)
    signs = table.loc[(table["family"] == "fight_back") & (table["outcome"] == "lost_dissent_percent"), "sign"]
    return [
        ("fight_back_turn", *turn, whole["seed"].nunique(), REVERSED if (signs == REVERSED).any() else ""),
        ("fight_back_tried", np.nan, *ends, shares.nunique(), ""),
    ]


def _collect_recovery(recovery: pd.DataFrame) -> list[FindingRow]:
    pooled, each = recovery[recovery["seed"] == -1].iloc[0], recovery[recovery["seed"] != -1]
    deficit = each[each["outcome"] != NO_DEFICIT]
    median = compute_median_time(deficit["hours"], deficit["outcome"] == RECOVERED)
    counts = each["outcome"].value_counts()
    note = f"{counts.get(CENSORED, 0)} censored, {counts.get(NO_DEFICIT, 0)} without a deficit"
    low, high = (deficit["hours"].min(), deficit["hours"].max()) if len(deficit) else (np.nan, np.nan)
    return [
        ("recovery_hours", median, low, high, len(deficit), note),
        ("recovery_hours_pooled", pooled["hours"], np.nan, np.nan, len(each), pooled["outcome"]),
        ("remaining_pooled", pooled["remaining"], np.nan, np.nan, len(each), LATE if pooled["is_late"] else ""),
        ("overshoot_pooled", pooled["overshoot"], np.nan, np.nan, len(each), ""),
    ]
