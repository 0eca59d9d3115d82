"""The report of the detector benchmark: who is found, who is wrongly flagged, what the campaign still achieved."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from experiments.report import detectors_figures as figures
from experiments.report.detectors_figures import CONTROL, format_finite
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table

TITLE = "Who finds the campaign, and how much hiding does it take?"
NULLS = ("chance", "volume")
TWIN = " cross scenario"
CAVEATS = (
    "Not modelled: what posts mean (their words are made up), pictures, devices and addresses, operators who learn.",
    "All traffic is synthetic: a detector that does well here may do badly on a platform, and vice versa. The "
    "order of detectors depends on this army, these habits of people and this way of hiding.",
    "Only accounts that wrote something are judged. Extremist propagandists are left out: they are organised, but not "
    "by the campaign.",
    "AUC and recall at a fixed rate need hindsight; flags do not: their thresholds come from worlds without a "
    "campaign. These null worlds have no fans or news bots, so false positives among those are shown separately.",
    "Precision at a prevalence weights the genuine of all seeds together; \u201cat least\u201d takes the upper 95% "
    "limit of the false-positive rate, because no false alarm among some thousands promises none among millions.",
    "If hiding stops the campaign from working, that is no failure of the detector: read each cell beside lost dissent "
    "and impressions. Lost dissent has wide intervals at few seeds.",
    "The monitor\u2019s limit is the largest that any kind of control needs by itself, from worlds not shown here: in "
    "a new world of any of these kinds the chance of an alarm is at most its rate; of another kind of event nothing is "
    "promised. \u201cIf that kind were unknown\u201d says what happens then, one kind at a time.",
    "A learner called \u201ccross scenario\u201d learned from another scenario and never saw this campaign; the "
    "difference from its twin is what does not transfer.",
)
FILES = {
    "scores.parquet": "a row a cell, seed and detector",
    "summary.parquet": "a row a cell and detector: means over seeds with 95% intervals, precisions",
    "outcomes.parquet": "a row a cell and seed: what the world became, and the same world without the campaign",
    "achieved.parquet": "a row a cell: what the campaign achieved",
    "looks.parquet": "every look of the monitor at every topic",
    "watched.parquet": "a row a cell: how the monitor did",
    "figures/": "every picture as PNG and SVG",
}
MEASURES = {  # head, digits, and what one is shown as
    "auc": ("AUC", 2, 1), "average_precision": ("average precision", 2, 1),
    "recall_at_fpr": ("recall at the fixed rate", 2, 1), "recall": ("flagged of the campaign, %", 0, 100),
    "cell_recall": ("cells found, %", 0, 100), "false_all": ("flagged of the genuine, %", 2, 100),
    "false_dissenters": ("of dissenters, %", 2, 100), "false_others": ("of others, %", 2, 100),
    "precision_10%": ("precision at 10%", 2, 1), "precision_1%": ("at 1%", 3, 1),
    "precision_1%_low": ("at 1%, at least", 3, 1), "precision_0.1%": ("at 0.1%", 3, 1),
    "precision_0.1%_low": ("at 0.1%, at least", 3, 1), "hours_to_flag": ("hours to the first right flag", 1, 1),
}  # fmt: skip


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    tables = {path.stem: _replace_underscores(pd.read_parquet(path)) for path in folder.glob("*.parquet")}
    run: dict[str, Any] = yaml.safe_load((folder / "about.yaml").read_text(encoding="utf-8"))
    summary, achieved, watched = (tables[name] for name in ("summary", "achieved", "watched"))
    return Report(
        TITLE,
        format_headline(summary),
        [text for text in _format_summary(summary, achieved, watched) if text],
        [
            Drawing(name, title, drawn, caption, title)
            for name, title, caption, drawn in _draw_pictures(tables, run["campaign"])
        ],
        [_make_cells_table(summary), _make_outcomes_table(achieved), _make_monitor_table(watched)],
        CAVEATS,
        FILES,
    )


def _format_summary(summary: pd.DataFrame, achieved: pd.DataFrame, watched: pd.DataFrame) -> list[str]:
    return [
        format_hiding(summary, achieved),
        format_transfer(summary),
        format_false_positives(summary),
        format_monitor(watched),
    ]


def _replace_underscores(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with names of the configuration as words."""
    named = [name for name in ("detector", "axis", "level") if name in table]
    return table.assign(**{name: table[name].str.replace("_", " ") for name in named})


def _draw_pictures(tables: dict[str, pd.DataFrame], campaign: dict[str, int]) -> list[tuple[str, str, str, Any]]:
    summary, achieved = tables["summary"], tables["achieved"]
    drawn = [
        ("cells", "AUC of every detector in every cell, and what the campaign still achieved there",
         "Look along a row for what defeats a detector, and below it for the cost of hiding. 0.5 is guessing.",
         figures.draw_cells(summary, achieved, "auc")),
        ("alarms", "False positives: percent flagged of the genuine",
         "Thresholds let 1 in 100 pass on quiet worlds, unless configured otherwise. Fans and news bots act together, "
         "openly; dissenters are those whom the campaign is against.",
         figures.draw_alarms(summary)),
    ]  # fmt: skip
    if (~summary["axis"].isin(["", CONTROL])).any():
        drawn.insert(1, (
            "curves", "How much hiding it takes",
            "Each panel hides in one way only. Bands: 95% intervals over seeds. Dotted: the dissent that the campaign "
            "still costs, as a share of what it costs when it does not hide.",
            figures.draw_curves(summary, achieved, "auc", "AUC")))  # fmt: skip
    looks = tables["looks"]
    drawn.append((
        "monitor", "The topic monitor: is this topic\u2019s traffic planned?",
        "One line a topic, one world a panel. Red: the topic that the campaign is on; grey ground: its hours. Dashed: "
        "the limit above which an alarm (dot) is raised. The topic monitor sees posts alone.",
        figures.draw_timeline(looks, _select_worlds(looks), campaign["start"], campaign["stop"])))  # fmt: skip
    return drawn


def _select_worlds(looks: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return the cells that the timeline shows: the open campaign, the best hidden, and the controls."""
    there = looks[["axis", "level", "rank"]].drop_duplicates()
    hidden_ = there[~there["axis"].isin(["", CONTROL])]
    shown = [("", "none", "A campaign that does not hide")] if (there["axis"] == "").any() else []
    if len(hidden_):
        last = hidden_.iloc[-1]
        shown.append((last["axis"], last["level"], f"The campaign at {last['axis']}: {last['level']}"))
    controls = there[there["axis"] == CONTROL]["level"]
    return [*shown, *((CONTROL, level, f"No campaign: {level}") for level in controls)]


def format_headline(summary: pd.DataFrame) -> str:
    """Name who ranks the open campaign's accounts best, beside the nulls."""
    known = {row["detector"]: row for row in summary[summary["axis"] == ""].to_dict("records")}
    known = {name: row for name, row in known.items() if math.isfinite(row["auc"])}
    if not known:
        return "There was no campaign, or nobody else: only false positives are reported."
    best = max([name for name in known if name not in NULLS] or [*known], key=lambda name: known[name]["auc"])
    text = f"Of a campaign that does not hide, {best} ranks members best: AUC {_format_auc(known[best])}"
    if "volume" in known and best != "volume":
        text += f"; counting posts alone gives {_format_auc(known['volume'])}"
    return f"{text}."


def format_hiding(summary: pd.DataFrame, achieved: pd.DataFrame) -> str:
    """Say how good the ranking still is in the last cell of the last axis, and what the campaign still costs."""
    cells = summary[~summary["axis"].isin(["", CONTROL])]
    if cells.empty:
        return ""
    axis, level = cells[["axis", "level"]].to_numpy().tolist()[-1]
    rows = cells[(cells["axis"] == axis) & (cells["level"] == level)].dropna(subset=["auc"])
    lost = achieved[(achieved["axis"] == axis) & (achieved["level"] == level)].iloc[0]
    if rows.empty:
        return ""
    best = rows.loc[rows["auc"].idxmax()]
    ends = format_interval(lost["lost_dissent_percent_lo"], lost["lost_dissent_percent_hi"], 0)
    return (
        f"At {axis} {level} the best is {best['detector']} (AUC {_format_cell(best, 'auc')}), which flags "
        f"{format_number(100 * best['recall'], 0)}% of the campaign; the campaign still costs "
        f"{format_number(lost['lost_dissent_percent'], 0)}% of dissent (95% {ends})."
    )


def format_transfer(summary: pd.DataFrame) -> str:
    """Compare a learner that learned from another scenario with its twin on the open campaign."""
    known = {row["detector"]: row for row in summary[summary["axis"] == ""].to_dict("records")}
    texts = [
        f"{name} ranks the open campaign by AUC {_format_cell(known[name], 'auc')} and flags "
        f"{format_number(100 * known[name]['recall'], 0)}%; if it learned from another scenario, by "
        f"{_format_cell(known[name + TWIN], 'auc')} and {format_number(100 * known[name + TWIN]['recall'], 0)}%"
        for name in known
        if name + TWIN in known and math.isfinite(known[name]["auc"])
    ]
    return f"What transfers: {'; '.join(texts)}." if texts else ""


def format_false_positives(summary: pd.DataFrame) -> str:
    """Name the detector and the group with most false alarms on worlds without a campaign."""
    controls = summary[summary["axis"] == CONTROL]
    found = [(float(row[group]), row["detector"], who, row["level"]) for _, row in controls.iterrows()
             for group, who in figures.GROUPS.items() if math.isfinite(row[group])]  # fmt: skip
    if not found:
        return ""
    share, detector, who, level = max(found, key=lambda item: item[0])
    flagged = f"{format_number(100 * share, 0)}% of {who} ({level})"
    return f"Most false positives without any campaign: {detector} flags {flagged}."


def format_monitor(watched: pd.DataFrame) -> str:
    """Say how soon the monitor sees the open campaign, and its false alarms on held-out null worlds."""
    texts = []
    for row in watched[watched["axis"].isin(["", CONTROL])].to_dict("records"):
        if row["axis"]:
            ends = format_interval(100 * row["false_rate_lo"], 100 * row["false_rate_hi"], 0)
            unseen = row["unseen_worlds"]
            other = f", {format_number(unseen, 0)} if that kind were unknown" if math.isfinite(unseen) else ""
            wrong = f"false alarms in {row['false_worlds']} of {row['worlds']} worlds (95% {ends}%{other})"
            texts.append(f"{row['level']}: {wrong}")
        elif math.isfinite(row["planned_found"]):
            ends = format_interval(100 * row["planned_found_lo"], 100 * row["planned_found_hi"], 0)
            found = f"{format_number(100 * row['planned_found'], 0)}% (95% {ends}) of the open campaign\u2019s topics"
            when = format_finite(row["hours_to_alarm"], 0)
            texts.append(f"The topic monitor calls {found} planned (median hours after the start: {when})")
    return f"{'; '.join(texts)}." if texts else ""


def _format_auc(row: Any) -> str:
    return format_estimate(row["auc"], row["auc_lo"], row["auc_hi"], 2)


def _format_cell(row: Any, name: str) -> str:
    return f"{format_number(row[name], 2)} [{format_interval(row[f'{name}_lo'], row[f'{name}_hi'], 2)}]"


def _make_cells_table(summary: pd.DataFrame) -> Table:
    rows = []
    for _, row in summary.iterrows():
        told = [format_finite(scale * float(row[name]), digits) for name, (_, digits, scale) in MEASURES.items()]
        told[0] = _format_cell(row, "auc") if math.isfinite(row["auc"]) else "unknown"
        rows.append([str(row["axis"]), str(row["level"]), str(row["detector"]), *told])
    note = "Means over seeds; AUC with its 95% interval. Precisions are of the flags of all seeds together."
    return Table(
        "Every detector in every cell",
        ["axis", "level", "detector", *(head for head, _, _ in MEASURES.values())],
        rows,
        note,
    )


def _make_outcomes_table(achieved: pd.DataFrame) -> Table:
    names = {"lost_dissent_percent": 1, "campaign_impressions": 0, "campaign_posts": 0}
    rows = [
        [str(row["axis"]), str(row["level"]),
         *(f"{format_number(row[name], digits)} [{format_interval(row[f'{name}_lo'], row[f'{name}_hi'], digits)}]"
           for name, digits in names.items())]
        for _, row in achieved.iterrows()
    ]  # fmt: skip
    heads = ["axis", "level", "lost dissent, %", "impressions of the campaign", "posts of the campaign"]
    return Table("What the campaign achieved", heads, rows, "Against the same worlds without it; 95% intervals.")


def _make_monitor_table(watched: pd.DataFrame) -> Table:
    rows = [
        [str(row["axis"]), str(row["level"]), format_number(100 * row["planned_found"], 0),
         format_finite(row["hours_to_alarm"], 0),
         f"{row['false_topics']} of {row['topics']}", f"{row['false_worlds']} of {row['worlds']}",
         format_interval(100 * row["false_rate_lo"], 100 * row["false_rate_hi"], 0),
         format_number(row["unseen_worlds"], 0)]
        for _, row in watched.iterrows()
    ]  # fmt: skip
    heads = ["axis", "level", "planned topics found, %", "hours to alarm (median)", "other topics with an alarm",
             "worlds with one", "95% of their share, %", "worlds, if that kind were unknown"]  # fmt: skip
    return Table("The topic monitor", heads, rows)
