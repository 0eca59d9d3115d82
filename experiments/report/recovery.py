"""The report of recoveries: how long, how much is still missing, and what makes it shorter."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console
from rich.text import Text

from experiments.analysis.pairing import interval
from experiments.analysis.recovering import paths
from experiments.analysis.recovery import DAY
from experiments.report import page, style
from experiments.report.page import Page, Picture, Table
from experiments.report.terminal import grid
from experiments.report.words import measured, number, span

MAIN = "as it is"
COLOURS = (style.SKY, style.BLUE, style.VERMILLION, style.PURPLE, style.GREEN)
CAVEATS = (
    "Not modelled: people who return after they have left, newcomers, memory of the campaign beyond fear and perceived "
    "climate, and a platform or people who change their ways because of it.",
    "The half-life of fear is an assumption (72 h), and recovery inherits it; so is that who left never comes back.",
    "The time is that of the mean deficit over seeds: single small worlds write too few dissenting posts a day to be "
    "timed well, and their medians stand in the table for comparison. Intervals are of chance alone "
    "(bootstrap over seeds).",
)
FILES = {
    "deficits.parquet": "a row an hour, campaign and seed: dissent that does not stand because of the campaign",
    "times.parquet": "a row a campaign: time to half, what is still missing, with 95% intervals",
    "speedups.parquet": "what each change does to what is missing, in the same seeds",
    "run.yaml": "what was run, resolved",
}


def write(folder: Path, console: Console) -> str:
    """Write figures and report.html into `folder` from its result files, print the table; return the headline."""
    deficits, times, helped = (pd.read_parquet(folder / f"{n}.parquet") for n in ("deficits", "times", "speedups"))
    about = page.made(folder)
    start = int(_config(about["config"])["campaign"]["start"])
    sentence, lines = headline(times), [*lede(times), *_helps(helped)]
    with style.look():
        pictures = [
            Picture("What is missing after campaigns of several lengths",
                    style.save(curves(deficits, times, start), folder / "figures", "curves"),
                    "Look at where each curve crosses half (dotted). All are means over seeds and days with 95% "
                    "intervals, as a share of what the campaign's last days missed; a curve that stays up has not "
                    "recovered, and a campaign without a deficit has no curve.",
                    "Deficit after the end of the campaign, as a share of its last days, by length at full intensity."),
            Picture("What is still missing when the run ends",
                    style.save(remaining(times), folder / "figures", "remaining"),
                    "Look at whether longer or harder campaigns leave a larger share behind: that would be hysteresis. "
                    "Hollow points: the part of people who left for good.",
                    "Share of the deficit that is left in the last day, by length and intensity, with 95% intervals."),
        ]  # fmt: skip
    tables = [_table(times), *_help_table(helped)]
    whole = Page(
        "Recovery and hysteresis", sentence, lines, pictures, tables, about["facts"], CAVEATS, about["command"], FILES,
        about["versions"], about["config"],
    )  # fmt: skip
    page.write(whole, folder / "report.html")
    console.print(Text(sentence, style="bold"))
    for line in lines:
        console.print(Text(line))
    for table in tables:
        console.print(grid(table, range(min(4, len(table.columns)))))
    return sentence


def hours(value: float) -> str:
    """Return a time in words: "not within the run" for infinity."""
    return "not within the run" if math.isinf(value) else f"{number(value, 0)} h"


def between(lo: float, hi: float) -> str:
    """Return an interval of times in words."""
    if math.isnan(lo) or math.isnan(hi):
        return "unknown"
    return f"{number(lo, 0)} h to {hours(hi)}" if math.isfinite(lo) else "not within the run"


def headline(times: pd.DataFrame) -> str:
    """Say how the time to half goes with the length of the campaign, at the highest intensity."""
    rows = hardest(times)
    known = rows.dropna(subset="half_life").to_dict("records")
    none = [f"{row['hours']:.0f}" for row in rows[rows["half_life"].isna()].to_dict("records")]
    if not known:
        most = rows.iloc[int(rows["reference"].argmax())]
        ends = measured(most["reference"], most["reference_lo"], most["reference_hi"], 2)
        return (
            "No campaign left a deficit that these seeds can tell from 0, so there is nothing to recover from: "
            f"{ends} dissenting posts an hour in the last days of the one that took most."
        )
    told = [f"{row['hours']:.0f} h: {hours(row['half_life'])} [{between(row['lo'], row['hi'])}]" for row in known]
    text = (
        "Half of the mean deficit is made good, by length of a campaign at full quotas and with 95% intervals - "
        f"{'; '.join(told)}"
    )
    return f"{text}; no deficit to recover from after {' and '.join(none)} h." if none else f"{text}."


def hardest(times: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the setting as it is at the highest intensity, by length."""
    return times[(times["help"] == MAIN) & (times["intensity"] == times["intensity"].max())].sort_values("hours")


def lede(times: pd.DataFrame) -> list[str]:
    """Return what is still missing after the shortest and the longest campaign, and whether that can be told apart."""
    known = hardest(times).dropna(subset="remaining").to_dict("records")
    if len(known) < 2:
        return []
    short, long = known[0], known[-1]
    words = [
        f"{_share(row)} of the deficit is missing in the last day watched after {row['hours']:.0f} h"
        for row in (short, long)
    ]
    apart = short["remaining_hi"] < long["remaining_lo"] or long["remaining_hi"] < short["remaining_lo"]
    found = "The two can be told apart." if apart else "That longer campaigns leave a larger share was not found."
    return [f"{words[0]}, and {words[1]}. {found}"]


def _helps(helped: pd.DataFrame) -> list[str]:
    if helped.empty:
        return []
    better = [_name(row["help"]) for row in helped.to_dict("records") if row["hi"] < 0]
    if not better:
        return ["None of the changes tried was found to leave less missing at the end."]
    return [f"Less is missing at the end of the longest and hardest campaign with: {', '.join(better)}."]


def _share(row: dict[Any, Any]) -> str:
    if math.isnan(row["remaining"]):
        return "-"
    ends = span(100 * row["remaining_lo"], 100 * row["remaining_hi"], 0)
    return f"{number(100 * row['remaining'], 0)}% [{ends}]"


def _name(name: object) -> str:
    return str(name).replace("_", " ")


def curves(deficits: pd.DataFrame, times: pd.DataFrame, start: int) -> Figure:
    """Return the mean deficit after the end by length, at the highest intensity, as a share of the reference.

    Bands are 95% t-intervals over seeds of the numerator. A campaign without a deficit has no curve.
    """
    cases = paths(deficits[deficits["help"] == MAIN], start)
    figure = style.canvas(3.2)
    axes = figure.subplots()
    style.zero_line(axes)
    axes.axhline(0.5, color=style.INK, linewidth=0.9, linestyle=":")
    for place, row in enumerate(hardest(times).dropna(subset="half_life").to_dict("records")):
        case = cases[MAIN, int(row["hours"]), float(row["intensity"])]
        sums = np.cumsum(np.pad(case.deficit[:, case.stop :], ((0, 0), (1, 0))), axis=1)
        value, lo, hi = interval((sums[:, DAY:] - sums[:, :-DAY]) / (DAY * row["reference"]))
        x, colour = np.arange(len(value)), COLOURS[place % len(COLOURS)]
        axes.fill_between(x, lo, hi, color=colour, alpha=0.12, linewidth=0)
        axes.plot(x, value, color=colour, label=f"{row['hours']:.0f} h")
    axes.set_xlabel("hours after the end (mean of the 24 hours that follow)")
    axes.set_ylabel("deficit, share of the last days\u2019")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(title="length of the campaign")
    return figure


def remaining(times: pd.DataFrame) -> Figure:
    """Return what is left in the last day by length; a colour an intensity."""
    rows = times[times["help"] == MAIN]
    figure = style.canvas(3.2)
    axes = figure.subplots()
    style.zero_line(axes)
    for place, (intensity, part) in enumerate(rows.groupby("intensity")):
        x = part["hours"].to_numpy(np.float64) * (1 + 0.03 * place)
        colour = COLOURS[place % len(COLOURS)]
        axes.vlines(x, part["remaining_lo"], part["remaining_hi"], color=colour, linewidth=1.3)
        axes.plot(x, part["remaining"], "o-", color=colour, label=f"intensity {intensity:g}")
        axes.plot(x, part["gone"], "o", color=colour, markerfacecolor="white")
    axes.set_xlabel("length of the campaign, h")
    axes.set_ylabel("missing in the last day, share")
    figure.legend(loc="outside lower center", ncols=rows["intensity"].nunique())
    return figure


def _table(times: pd.DataFrame) -> Table:
    heads = ["setting", "campaign", "time to half, h", "missing at end", "deficit, posts/h", "median of seeds",
             "recovered", "gone for good, %"]  # fmt: skip
    rows = [
        [_name(row["help"]), f"{row['hours']:.0f} h x {row['intensity']:g}", _time(row), _share(row),
         f"{number(row['reference'], 2)} [{span(row['reference_lo'], row['reference_hi'], 2)}]",
         *(_seeds(row) if row["reference_lo"] > 0 else ("-",) * 3)]
        for row in times.to_dict("records")
    ]  # fmt: skip
    note = (
        "Campaign: length x share of full quotas. Time to half of the mean deficit over seeds, with its bootstrap "
        "interval; \u221e: not within the run; no deficit: it can not be told from 0 (95% t-interval), so there is "
        "nothing to recover from. Median: Kaplan-Meier over seeds that have a deficit. Gone for good: what people who "
        "left would have wanted to say, part of which they would have kept to themselves, so that it may exceed what "
        "is missing."
    )
    return Table("Every campaign", heads, rows, note, open=True)


def _time(row: dict[Any, Any]) -> str:
    if not row["reference_lo"] > 0:
        return "no deficit"
    value, lo, hi = ("\u221e" if math.isinf(row[n]) else number(row[n], 0) for n in ("half_life", "lo", "hi"))
    return value if value == lo == hi else f"{value} [{lo} to {hi}]"


def _seeds(row: dict[Any, Any]) -> tuple[str, str, str]:
    shares = f"{row['recovered']:.0f} of {row['with_deficit']:.0f}"
    return hours(row["median"]), shares, number(100 * row["gone"], 0)


def _help_table(helped: pd.DataFrame) -> list[Table]:
    if helped.empty:
        return []
    heads = ["what differs", "missing at end, posts/h", "last days, posts/h"]
    rows = [
        [_name(row["help"]), f"{number(row['remaining_change'], 2)} [{span(row['lo'], row['hi'], 2)}]",
         f"{number(row['deficit_change'], 2)} [{span(row['deficit_lo'], row['deficit_hi'], 2)}]"]
        for row in helped.to_dict("records")
    ]  # fmt: skip
    note = (
        "Deficit in the run's last day, and in the campaign's last days, against the setting as it is, in the same "
        "seeds, under the longest and hardest campaign; below 0 is less."
    )
    return [Table("What speeds recovery up", heads, rows, note, open=True)]


def _config(text: str) -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load(text)
    return found
