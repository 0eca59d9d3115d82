"""Tables of the report of defences: what each does, whom it hits, and where an effect is found."""

import math
from typing import Any

import pandas as pd

from experiments.analysis.defences import classify_variations
from experiments.report.formatting import format_interval, format_number
from experiments.report.page import Table
from sim.observers.harm import GROUPS

NAMES = {name: f"{name}s" for name in ("dissenter", "loyalist", "sympathiser")}


def get_outcome(rows: pd.DataFrame, defence: str, outcome: str) -> dict[str, Any]:
    """Return value, lo, hi and seeds of one outcome of one defence."""
    found = rows[(rows["defence"] == defence) & (rows["outcome"] == outcome)].to_dict("records")
    return {str(name): value for name, value in found[0].items()}


def format_name(name: str) -> str:
    """Return a defence's or a variation's name in words."""
    return name.replace("_", " ")


def _format_precision(rows: pd.DataFrame, defence: str) -> str:
    one = get_outcome(rows, defence, "precision")
    if not math.isfinite(one["lo"]):
        return "nobody surely"
    return f"{format_number(one['value'], 0)} [{format_interval(max(one['lo'], 0.0), min(one['hi'], 100.0), 0)}]"


def format_cell(rows: pd.DataFrame, defence: str, outcome: str, digits: int = 1, unit: str = "") -> str:
    """Return a mean with its interval in words."""
    one = get_outcome(rows, defence, outcome)
    return f"{format_number(one['value'], digits)}{unit} [{format_interval(one['lo'], one['hi'], digits)}]"


def make_effects_table(rows: pd.DataFrame) -> Table:
    """Return what each defence does to dissent and to the innocent, and what it costs."""
    heads = ["defence", "restored, posts", "restored, %", "seen, restored, %", "without operation, posts",
             "civil posts limited", "people shut out",
             "of shut out organised, %", "prompts", "suspensions", "front, %"]  # fmt: skip
    lines = [
        [format_name(str(name)), format_cell(rows, name, "restored"), format_cell(rows, name, "restored_percent", 0),
        format_cell(rows, name, "seen_percent", 0), format_cell(rows, name, "quiet_effect"),
         format_cell(rows, name, "limited_posts", 0), format_cell(rows, name, "shut_out"),
         _format_precision(rows, name), format_number(get_outcome(rows, name, "prompts")["value"]),
         format_number(get_outcome(rows, name, "suspensions")["value"]),
         format_number(100 * get_outcome(rows, name, "front")["value"], 0)]
        for name in dict.fromkeys(rows["defence"])
    ]  # fmt: skip
    title = f"What each defence does: {format_name(str(rows['variation'].iloc[0]))}"
    note = (
        "Against the same seeds without a defence, a world; 95% intervals in brackets. Seen: impressions of dissent "
        "among non-dissenters, of those that the operation costs. Without operation: the same where there is no "
        "operation. Front: share of resampled sets of seeds in which nothing beats it, including no defence. "
        "Shut out: suspended or on a block list; the share of the organised among them is the precision."
    )
    return Table(title, heads, lines, note, open=True)


def make_brief_table(rows: pd.DataFrame) -> Table:
    """Return what fits a terminal."""
    heads = ["defence", "restored", "seen, %", "limited", "shut out"]
    lines = [
        [format_name(str(name)), format_cell(rows, name, "restored", 0), format_cell(rows, name, "seen_percent", 0),
         *(format_number(get_outcome(rows, name, harm)["value"], 0) for harm in ("limited_posts", "shut_out"))]
        for name in dict.fromkeys(rows["defence"])
    ]  # fmt: skip
    return Table(f"To dissent, and to the innocent: {format_name(str(rows['variation'].iloc[0]))}", heads, lines)


def make_found_table(table: pd.DataFrame, names: list[str]) -> Table:
    """Return in which variations each defence was found to have an effect."""
    singles = table[table["family"] != "pairs"]
    variations = [str(name) for name in dict.fromkeys(singles["variation"])]
    found = {name: classify_variations(singles, name, variations) for name in names}
    lines = [
        [
            format_name(name),
            *(", ".join(format_name(v) for v in said if said[v] == which) or "-" for which in ("more", "less")),
        ]
        for name, said in found.items()
    ]
    return Table("Where an effect is found", ["defence", "more dissent stands", "less dissent stands"], lines)


def make_harm_table(rows: pd.DataFrame) -> Table:
    """Return whom each defence hits, by cohort."""
    kinds = {"limited_posts": "posts", "shut_out": "accounts"}
    heads = [f"{word}, {NAMES.get(whom, whom)}" for word in kinds.values() for whom in GROUPS]
    lines = [
        [
            format_name(str(name)),
            *(format_number(get_outcome(rows, name, f"{kind}_{whom}")["value"]) for kind in kinds for whom in GROUPS),
        ]
        for name in dict.fromkeys(rows["defence"])
    ]
    note = "Means over seeds, more than without the defence, under the operation. Of the organised all posts count."
    return Table("Whom each defence hits, by cohort", ["defence", *heads], lines, note)


def make_robustness_table(table: pd.DataFrame, names: list[str]) -> Table:
    """Return what the interval of each defence says in each variation."""
    singles = table[table["family"] != "pairs"]
    variations = [str(name) for name in dict.fromkeys(singles["variation"])]
    lines = [[format_name(name), *classify_variations(singles, name, variations).values()] for name in names]
    few = {str(name): int(part["seeds"].max()) for name, part in singles.groupby("variation")}
    seeds = ", ".join(f"{format_name(name)} {few[name]}" for name in variations)
    deficit = singles[(singles["outcome"] == "deficit") & (singles["defence"] == names[0])].set_index("variation")["lo"]
    without = [format_name(name) for name in variations if not deficit[name] > 0]
    note = f"Effect on dissent that stands, by its 95% interval. Seeds: {seeds}."
    note += f" No deficit that these seeds can tell from 0: {', '.join(without)}." if without else ""
    return Table("Where an effect is found", ["defence", *map(format_name, variations)], lines, note, open=True)


def make_pair_tables(table: pd.DataFrame, both: pd.DataFrame) -> list[Table]:
    """Return the effects of every two defences together; nothing without pairs."""
    if both.empty:
        return []
    whole = make_effects_table(table[table["family"] == "pairs"])
    gains = {row["pair"]: row for row in both.to_dict("records")}
    cells = [f"{format_number(row['gain'])} [{format_interval(row['lo'], row['hi'])}]" for row in gains.values()]
    lines = [[*line[:2], cell, *line[2:]] for line, cell in zip(whole.rows, cells, strict=True)]
    heads = [*whole.columns[:2], "beyond the better alone", *whole.columns[2:]]
    return [Table("Every pair of defences", heads, lines, whole.note)]
