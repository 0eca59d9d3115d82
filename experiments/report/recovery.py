"""The report of recoveries: how long, how much is still missing, and what makes it shorter."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from experiments.analysis.recoveries import select_hardest
from experiments.report import recovery_figures as figures
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.terminal import make_grid

CAVEATS = (
    "Not modelled: people who return after they have left, newcomers, memory of the campaign beyond fear and perceived "
    "climate, and a platform or people that change their behaviour because of it.",
    "The half-life of fear is an assumption (72 h) on which recovery depends; so is that people who left never return.",
    "The time is that of the mean deficit over seeds: single small worlds have too few dissenting posts a day for a "
    "good estimate; the table shows their medians for comparison.",
    "Intervals cover chance alone, over seeds, each by itself: among many, some exclude 0 by luck. Those of times and "
    "shares are bootstrap intervals, too narrow with few seeds; those of posts an hour are t-intervals.",
)
FILES = {
    "deficits.parquet": "a row an hour, campaign and seed: dissent that does not stand because of the campaign",
    "times.parquet": "a row a campaign: time to half, what is still missing, with 95% intervals",
    "contrasts.parquet": "how much more the longest and the hardest campaign leave behind, in the same seeds",
    "speedups.parquet": "what each change does to what is missing, in the same seeds",
    "run.yaml": "what was run, resolved",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    names = ("deficits", "times", "contrasts", "speedups")
    deficits, times, ends, helped = (pd.read_parquet(folder / f"{name}.parquet") for name in names)
    start = int(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["campaign"]["start"])
    drawings = [
        Drawing(
            "curves",
            "What is missing after campaigns of several lengths",
            figures.draw_curves(deficits, times, start),
            "Look at where each curve crosses half (dotted). All are means over seeds and days with 95% intervals, as "
            "a share of the deficit in the campaign's last days. A curve that stays up has not recovered; a campaign "
            "without a deficit has no curve.",
            "Deficit after the end of the campaign, as a share of its last days, by length at full intensity.",
        ),
        Drawing(
            "remaining",
            "What is still missing when the run ends",
            figures.draw_remaining(times),
            "Look at whether longer or harder campaigns leave a larger share behind: that would be hysteresis. Hollow "
            "points: the part of people who left for good.",
            "Share of the deficit that is left in the last day, by length and intensity, with 95% intervals.",
        ),
    ]
    tables = [_make_table(times), *_make_intervention_tables(helped)]
    return Report(
        "Recovery and hysteresis",
        format_headline(times),
        [*format_summary(times, ends), *format_interventions(times, helped)],
        drawings,
        tables,
        CAVEATS,
        FILES,
        [make_grid(table, range(min(4, len(table.columns)))) for table in tables],
    )


def format_hours(value: float) -> str:
    """Return a time in words: "not within the run" for infinity."""
    return "not within the run" if math.isinf(value) else f"{format_number(value, 0)} h"


def format_hours_interval(lo: float, hi: float) -> str:
    """Return an interval of times in words."""
    if math.isnan(lo) or math.isnan(hi):
        return "unknown"
    return f"{format_number(lo, 0)} h to {format_hours(hi)}" if math.isfinite(lo) else "not within the run"


def format_headline(times: pd.DataFrame) -> str:
    """Say how the time to half depends on the length of the campaign, at the highest intensity."""
    rows = select_hardest(times)
    known = rows.dropna(subset="half_life").to_dict("records")
    none = [f"{row['hours']:.0f}" for row in rows[rows["half_life"].isna()].to_dict("records")]
    if not known:
        most = rows.iloc[int(rows["reference"].argmax())]
        ends = format_estimate(most["reference"], most["reference_lo"], most["reference_hi"], 2)
        return (
            "No campaign left a deficit that differs clearly from 0 in these seeds, so there is nothing to recover "
            f"from: {ends} dissenting posts an hour in the last days of the one with the largest deficit."
        )
    told = [
        f"{row['hours']:.0f} h: {format_hours(row['half_life'])} [{format_hours_interval(row['lo'], row['hi'])}]"
        for row in known
    ]
    text = (
        "Half of the mean deficit is made good, by length of a campaign at the whole dose and with 95% intervals - "
        f"{'; '.join(told)}"
    )
    return f"{text}; no deficit to recover from after {' and '.join(none)} h." if none else f"{text}."


def format_summary(times: pd.DataFrame, ends: pd.DataFrame) -> list[str]:
    """Return what is still missing after the shortest and the longest campaign, and which differences were found."""
    known = select_hardest(times).dropna(subset="remaining").to_dict("records")
    lines = []
    if len(known) > 1:
        words = [f"{_format_share(row)} after {row['hours']:.0f} h" for row in (known[0], known[-1])]
        lines.append(f"Of the deficit, {words[0]} and {words[1]} are missing in the last day of the run.")
    return lines + [_format_contrast(row) for row in ends.dropna(subset="lo").to_dict("records")]


def _format_contrast(row: dict[Any, Any]) -> str:
    more, unit = ("Longer", " h") if row["what"] == "hours" else ("Harder", " of the dose")
    between = f"{row['more']:g} against {row['less']:g}{unit}"
    ends = format_interval(100 * row["lo"], 100 * row["hi"], 0)
    known = f"{format_number(100 * row['change'], 0)} points [{ends}] {between}"
    if row["lo"] <= 0 <= row["hi"]:
        return f"{more} campaigns were not found to leave a larger share: {known}."
    return f"{more} campaigns leave a {'larger' if row['lo'] > 0 else 'smaller'} share: {known}."


def format_interventions(times: pd.DataFrame, helped: pd.DataFrame) -> list[str]:
    """Say which interventions leave less missing after the campaign; nothing if the campaign left no deficit."""
    if helped.empty or not select_hardest(times)["reference_lo"].iloc[-1] > 0:
        return []
    found = helped[helped["hi"] < 0].to_dict("records")
    if not found:
        return ["None of the changes tried was found to leave less missing at the end."]
    names = [
        f"{_format_name(row['intervention'])}{' (where the campaign also took less)' if row['deficit_hi'] < 0 else ''}"
        for row in found
    ]
    return [f"Less is missing at the end of the longest and hardest campaign with: {', '.join(names)}."]


def _format_share(row: dict[Any, Any]) -> str:
    if math.isnan(row["remaining"]):
        return "-"
    ends = format_interval(100 * row["remaining_lo"], 100 * row["remaining_hi"], 0)
    return f"{format_number(100 * row['remaining'], 0)}% [{ends}]"


def _format_name(name: object) -> str:
    return str(name).replace("_", " ")


def _make_table(times: pd.DataFrame) -> Table:
    heads = ["setting", "campaign", "time to half, h", "missing at end", "deficit, posts/h", "median of seeds",
             "recovered", "gone for good, %"]  # fmt: skip
    rows = [
        [_format_name(row["intervention"]), f"{row['hours']:.0f} h x {row['intensity']:g}", _format_time(row),
         _format_share(row),
         f"{format_number(row['reference'], 2)} [{format_interval(row['reference_lo'], row['reference_hi'], 2)}]",
         *(_format_seeds(row) if row["reference_lo"] > 0 else ("-",) * 3)]
        for row in times.to_dict("records")
    ]  # fmt: skip
    note = (
        "Campaign: length x share of the dose. Time to half of the mean deficit over seeds, with its bootstrap "
        "interval; \u221e: not within the run; no deficit: its 95% t-interval includes 0, so there is nothing to "
        "recover from. Median: Kaplan-Meier over seeds that have a deficit. Gone for good: what people who left would "
        "have wanted to say; they would have kept part of it to themselves, so it may exceed what is missing."
    )
    return Table("Every campaign", heads, rows, note, open=True)


def _format_time(row: dict[Any, Any]) -> str:
    if not row["reference_lo"] > 0:
        return "no deficit"
    value, lo, hi = ("\u221e" if math.isinf(row[n]) else format_number(row[n], 0) for n in ("half_life", "lo", "hi"))
    return value if value == lo == hi else f"{value} [{lo} to {hi}]"


def _format_seeds(row: dict[Any, Any]) -> tuple[str, str, str]:
    shares = f"{row['recovered']:.0f} of {row['with_deficit']:.0f}"
    return format_hours(row["median"]), shares, format_number(100 * row["leaver_share"], 0)


def _make_intervention_tables(helped: pd.DataFrame) -> list[Table]:
    if helped.empty:
        return []
    heads = ["what differs", "missing at end, posts/h", "last days, posts/h"]
    rows = [
        [_format_name(row["intervention"]),
         f"{format_number(row['remaining_change'], 2)} [{format_interval(row['lo'], row['hi'], 2)}]",
         f"{format_number(row['deficit_change'], 2)} [{format_interval(row['deficit_lo'], row['deficit_hi'], 2)}]"]
        for row in helped.to_dict("records")
    ]  # fmt: skip
    note = (
        "Deficit in the run's last day, and in the campaign's last days, against the setting as it is, in the same "
        "seeds, under the longest and hardest campaign; below 0 is less."
    )
    return [Table("What speeds up recovery", heads, rows, note, open=True)]
