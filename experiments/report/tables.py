"""The tables of the suppression report, in words: used on the page and on the terminal."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from experiments.analysis.arms import ADDITIVE, ALL
from experiments.analysis.dose import RESPONSES
from experiments.analysis.robustness import HEADLINES
from experiments.analysis.transitions import GAINED, LOST, NET
from experiments.report import formatting
from experiments.report.formatting import CAUSES, KNOCKOUTS, OUTCOMES, format_interval, format_number
from experiments.report.page import Table
from experiments.report.results import Results

#: outcome of `compute_contrasts` -> (heading, unit, scale, digits)
EFFECTS = {
    "lost_dissent_percent": ("lost dissent", "%", 1.0, 1),
    "lost_dissent": ("lost dissent", "posts", 1.0, 0),
    "lost_dissent_impressions_percent": ("lost impressions", "%", 1.0, 1),
    "lost_impressions_nondissenters_percent": ("lost impressions, non-dissenters", "%", 1.0, 1),
    "visibility_shift": ("dissent\u2019s share of what is seen", "points", 100.0, 1),
    "perceived_support_shift": ("perceived support", "points", 100.0, 1),
    "true_support_shift": ("true support", "points", 100.0, 1),
    "perceived_supporters_shift": ("perceived supporters", "accounts", 1.0, 1),
    "true_supporters_shift": ("genuine supporters seen", "accounts", 1.0, 1),
    "loyal_posts_shift_percent": ("contested posts of loyalists", "%", 1.0, 1),
    "uncommitted_posts_shift_percent": ("contested posts of the uncommitted", "%", 1.0, 1),
    "everyday_posts_shift_percent": ("everyday posts", "%", 1.0, 1),
}
ENDS = {"value": "", "lo": "_lo", "hi": "_hi"}


def make_arms_table(results: Results) -> Table:
    """Return lost dissent, visibility and perceived support of every arm."""
    shown = ("lost_dissent_percent", "lost_dissent_impressions_percent", "visibility_shift", "perceived_support_shift")
    table = results["contrasts"]
    table = table[(table["arm"] != ALL) | (table["effort"] == ADDITIVE)]
    rows = []
    for (arm, effort), group in table.groupby(["arm", "effort"], sort=False):
        by = group.set_index("outcome").to_dict("index")
        cells = [_format_cell(by[name], *EFFECTS[name][2:]) for name in shown]
        loss = by["lost_dissent"]
        rows.append(
            [str(arm), "both" if arm == ALL else str(effort), *cells, format_number(loss["pairing_factor"]),
             str(loss["seeds"])]
        )  # fmt: skip
    heads = [f"{EFFECTS[name][0]}, {EFFECTS[name][1]}" for name in shown]
    note = (
        "Difference from the same worlds without the operation; 95% interval over seeds in brackets. "
        "Pairing factor: variance of the loss between unpaired worlds over that between paired worlds."
    )
    return Table("Every arm", ["arm", "effort", *heads, "pairing factor", "seeds"], rows, note, open=True)


def make_outcomes_table(results: Results) -> Table:
    """Return all outcomes of the whole operation."""
    table = results["contrasts"].query("arm == 'all' and effort == 'additive'")
    by = table.set_index("outcome").to_dict("index")
    rows = [
        [head, unit, _format_cell(by[name], scale, digits), format_number(by[name]["pairing_factor"])]
        for name, (head, unit, scale, digits) in EFFECTS.items()
    ]
    return Table(
        "Every outcome of the whole operation", ["outcome", "unit", "effect [95% interval]", "pairing factor"], rows
    )


CHANGES = {LOST: "lost, all", GAINED: "gained, all", NET: "net: gained \u2212 lost"}


def make_causes_table(results: Results) -> Table:
    """Return lost and gained posts by cause, which sum exactly to the net change."""
    table = results["causes"].query("arm == 'all' and effort == 'additive'")
    rows = [
        [
            CHANGES[row["change"]] if row["cause"] == "total" else f"{row['change']}: {CAUSES[row['cause']]}",
            _format_cell(row, 1.0, 1),
            format_number(row["median"]),
            format_number(row["percent"]),
        ]
        for row in table[(table["cause"] == "total") | (table["value"] != 0)].to_dict("records")
    ]
    note = (
        "Lost: the post stands without the operation and not with it; the cause is what became of the same intention "
        "with it. Gained: the reverse; the cause is what became of it without the operation. Gained minus lost is the "
        "net change in every world. The parts and their means add up, their medians need not."
    )
    heads = ["change", "mean [95% interval]", "median", "% of baseline"]
    return Table("Lost and gained posts by cause, posts a world", heads, rows, note)


def make_knockouts_table(results: Results) -> Table:
    """Return the loss without each pathway; the title tells if this rests on fewer seeds than the arms."""
    rows = [
        [
            KNOCKOUTS.get(row["knockout"], row["knockout"]),
            format_number(row["full"], 0),
            format_number(row["without"], 0),
            _format_cell({**row, "value": row["reduction"]}, 1.0, 0),
            f"{format_number(100 * row['share'], 0)} "
            f"[{format_interval(100 * row['share_lo'], 100 * row['share_hi'], 0)}]",
            str(row["seeds"]),
        ]
        for row in results["knockouts"].to_dict("records")
    ]
    heads = [
        "pathway",
        "loss",
        "loss without it",
        "disappears, posts [95% interval]",
        "disappears, % [95% interval]",
        "seeds",
    ]
    note = (
        "The pathway is switched off in both worlds, for the whole run. Pathways overlap, so shares need not sum to "
        "100. They differ from the causes above: a cause says what one intention lacked in its moment, all else as the "
        "campaign had made it; a run without the pathway also has what follows, as posts that prompt others, or people "
        "who stay."
    )
    arms = results["summary"].groupby("arm")["seed"].nunique().min()
    seeds = results["knockouts"]["seeds"].max()
    fewer = f", on {seeds} of the {arms} seeds of every arm" if rows and seeds < arms else ""
    return Table(f"Whole-run knock-outs{fewer}", heads, rows, note)


def make_tactics_table(results: Results) -> Table:
    """Return Shapley values and all interactions."""
    shares = results["decomposition"].assign(what="Shapley value")
    pairs = results["interactions"].rename(columns={"pair": "tactic", "measure": "what"})
    pairs["what"] = pairs["what"].map({"index": "interaction index", "alone": "interaction, these two alone"})
    rows = []
    for row in pd.concat([shares, pairs]).to_dict("records"):
        head, unit, scale = OUTCOMES[row["outcome"]]
        rows.append([f"{head}, {unit}", row["effort"], row["tactic"], row["what"], _format_cell(row, scale, 1)])
    note = "Exact Shapley values over all subsets; in every seed they sum to the effect of the whole operation."
    return Table("Which tactic", ["outcome", "effort", "tactic", "measure", "value [95% interval]"], rows, note)


def make_robustness_table(results: Results) -> Table:
    """Return which signs survive other assumptions, one row for each variant; no rows if none was tried."""
    table = results["robustness"]
    rows = []
    for (family, variant), group in table.groupby(["family", "variant"], sort=False):
        by = group.set_index("outcome").to_dict("index")
        loss, seen, belief = (by[name] for name in HEADLINES)
        others = (f"{_format_cell(row, scale, 1)} {row['sign']}" for row, scale in ((seen, 1.0), (belief, 100.0)))
        main = str(family).startswith("main")
        gap = "" if main else _format_cell({end: loss[f"difference{tail}"] for end, tail in ENDS.items()}, 1.0, 1)
        sign = "(reference)" if family == "main" else str(loss["sign"])
        cells = [
            format_number(loss["value"]),
            f"[{format_interval(loss['lo'], loss['hi'])}]",
            gap,
            sign,
            *others,
            str(loss["seeds"]),
        ]
        rows.append([formatting.format_variant(str(family), str(variant)), *cells])
    heads = ["assumption", "lost, %", "95% interval", "difference, points", "its sign"]
    heads += ["lost impressions, %", "perceived support, points", "seeds"]
    note = (
        "95% intervals in brackets. The difference is to the main setting in the same seeds, world by world. The sign "
        f"compares the effect itself with that of the main setting. {formatting.format_no_difference(results)}"
    )
    return Table("Which signs survive", heads, rows if formatting.has_variants(results) else [], note)


def make_groups_table(results: Results) -> Table:
    """Return what each group of dissenters loses."""
    table = results["groups"]
    rows = []
    for (kind, group), part in table.groupby(["kind", "group"], sort=False):
        by = part.set_index("measure").to_dict("index")
        cells = [_format_cell(by[name], 1.0, 1) for name in ("net_percent", "lost", "gained")]
        share = format_number(by["share_of_loss"]["value"], 0)
        rows.append([f"{kind}: {group}", format_number(part["people"].iloc[0], 0), *cells, share])
    note = (
        "Net loss in % of what the group\u2019s posts are without the operation. Attacked: received a toxic post since "
        "the campaign began. Deciles of activity (contested intentions a day) and of followers are among dissenters."
    )
    heads = ["dissenters", "people", "net loss, % of theirs", "lost posts", "gained posts", "% of all net loss"]
    return Table("Who loses", heads, rows, note)


def make_doses_table(results: Results) -> Table:
    """Return the dose-response curve as numbers; no rows if no dose was tried."""
    table = results["doses"]
    posts, seen = (table[table["outcome"] == outcome].to_dict("records") for outcome in RESPONSES)
    rows = [
        [
            f"{row['intensity']:g}",
            f"{formatting.format_share(row['dose'])}",
            _format_cell(row, 1.0, 1),
            _format_cell(other, 1.0, 1),
            str(row["seeds"]),
        ]
        for row, other in zip(posts, seen, strict=True)
    ]
    note = "The dose is the mean over seeds of the army\u2019s share of the posts on the topic during the campaign."
    note += " The work is `campaign.intensity` at `campaign.dose=saturation`."
    heads = ["work, share of the army\u2019s most", "dose", "lost dissent, %", "lost impressions, %", "seeds"]
    return Table("Dose and response", heads, rows, note)


def make_all_tables(results: Results) -> list[Table]:
    """Return all tables that have rows, in the order of the page."""
    makers: list[Callable[[Results], Table]] = [
        make_doses_table,
        make_arms_table,
        make_outcomes_table,
        make_causes_table,
        make_groups_table,
        make_knockouts_table,
        make_tactics_table,
        make_robustness_table,
    ]
    return [table for make in makers if (table := make(results)).rows]


def _format_cell(row: Mapping[Hashable, Any], scale: float, digits: int) -> str:
    value, lo, hi = (scale * float(row[name]) for name in ("value", "lo", "hi"))
    return f"{format_number(value, digits)} [{format_interval(lo, hi, digits)}]"
