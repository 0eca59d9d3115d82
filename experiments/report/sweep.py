"""The report of a sweep: how each outcome depends on parameters, and which runs failed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.sweeps import average_by_point
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.sweep_figures import draw_picture, format_short
from experiments.running.outcomes import OK
from experiments.running.progress import format_count
from experiments.sweeps.reading import DIFFERENCE, find_effect_column, read_design, tidy

OUTCOMES = ("lost_dissent", "lost_dissent_percent", "dissent_withheld", "perceived_support", "mean_fear")
UNITS = {"lost_dissent": "posts a world", "lost_dissent_percent": "% of what would have stood"}
CAVEATS = (
    "Not modelled: what lies between or beyond the points, and how parameters are related in reality.",
    "Intervals cover chance alone (95%, t, over seeds), each by itself: among many points some seem to differ by luck.",
    "A difference is to the baseline in the same seed; the baseline of a point is that point with the baseline's keys.",
    "Points where runs failed rest on the other runs; they are marked, and may be biased.",
    "People, graph and campaign are synthetic; on fear and climate, read the project's page on ethics first.",
)
FILES = {
    "runs/": "a row a run, hive-partitioned Parquet; experiments.sweeps.reading.tidy joins it with the design",
    "series/": "a row an hour of a run, if it was asked for",
    "design.parquet": "which point has which values, its baseline and its whole configuration",
}


def compose(folder: Path, *outcomes: str) -> Report:
    """Return what the report says of the result files in `folder`, with a picture an outcome.

    Args:
        folder: of a sweep.
        outcomes: what to draw first; some more follow, if any run tells of them.

    Raises:
        InputError: the folder is none of a sweep, or there is no such outcome.
    """
    frame, (_, named) = tidy(folder), read_design(folder)
    keys = [key for key in named if frame[key].nunique(dropna=False) > 1]
    others = [name for name in OUTCOMES if name in frame and (name == OUTCOMES[0] or frame[name].notna().any())]
    asked = list(outcomes) + [name for name in others if name not in outcomes]
    columns = {name: find_effect_column(frame, name) for name in asked}
    told = {name: average_by_point(frame, keys, column) for name, column in columns.items()}
    drawings = []
    for name, points in told.items():
        words = format_label(name, columns[name])
        figure, caption = draw_picture(points, keys, words)
        shown = f"Means with 95% intervals of {words}"
        drawings.append(Drawing(name, words, figure, caption, f"{shown} by {', '.join(keys)}" if keys else shown))
    first = asked[0]
    return Report(
        "A sweep",
        format_headline(told[first], keys, format_label(first, columns[first])),
        [format_state(frame)],
        drawings,
        [*(_make_table(name, points, keys) for name, points in told.items()), *_make_failure_tables(frame, keys)],
        CAVEATS,
        FILES,
    )


def format_label(name: str, column: str) -> str:
    """Return what an outcome is called in pictures."""
    words = name.replace("_", " ")
    words += ", difference to the baseline" if column.endswith(DIFFERENCE) else ""
    return f"{words} ({UNITS[name]})" if name in UNITS else words


def format_headline(points: pd.DataFrame, keys: Sequence[str], words: str) -> str:
    """Say the lowest and the highest mean of the outcome, and where they are."""
    known = points.dropna(subset="value")
    if known.empty:
        return f"No run has a value of {words}."
    ends = [known.iloc[int(at)] for at in (known["value"].argmin(), known["value"].argmax())]
    if not keys or len(known) == 1:
        return f"{_capitalise(words)}: {_format_value(ends[0])}."
    if ends[0]["value"] == ends[1]["value"]:
        return f"{_capitalise(words)} is {format_number(ends[0]['value'], 2)} at every point."
    low, high = (
        f"{_format_value(row)} at {', '.join(f'{key}={format_short(row[key])}' for key in keys)}" for row in ends
    )
    return f"{_capitalise(words)} runs from {low} to {high}."


def format_state(frame: pd.DataFrame) -> str:
    """Say how many runs the report rests on, and how many failed."""
    failed = int((frame["status"] != OK).sum())
    said = f"{failed} failed and {'is' if failed == 1 else 'are'} marked" if failed else "none failed"
    return f"{format_count(len(frame), 'run')} of points, {format_count(frame['seed'].nunique(), 'seed')}; {said}."


def _format_value(row: Any) -> str:
    return format_estimate(row["value"], row["lo"], row["hi"], 2)


def _capitalise(words: str) -> str:
    return words[0].upper() + words[1:]


def _make_table(name: str, points: pd.DataFrame, keys: Sequence[str]) -> Table:
    shown = pd.DataFrame({key: [format_short(value) for value in points[key]] for key in keys})
    shown["mean"] = [format_number(value, 3) for value in points["value"]]
    shown["95% interval"] = [format_interval(lo, hi, 3) for lo, hi in zip(points["lo"], points["hi"], strict=True)]
    shown["seeds"], shown["failed"] = points["seeds"].to_numpy(), points["failed"].to_numpy()
    return Table.from_frame(name.replace("_", " "), shown)


def _make_failure_tables(frame: pd.DataFrame, keys: Sequence[str]) -> list[Table]:
    bad = frame[frame["status"] != OK]
    return [Table.from_frame("runs that failed", bad[[*keys, "seed", "status", "error"]])] if len(bad) else []
