"""The report of the docking: their curve, ours in the limit, what moves the tipping point, remaining differences."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from rich.table import Table as Grid

from experiments.analysis.tipping import TIPPING_SHARE
from experiments.facts.facts import FACTS
from experiments.report.docking_figure import draw_curves
from experiments.report.formatting import format_interval, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.results import ABOUT

TITLE = "Docking: our model beside the spiral of silence with bots"
LIMIT, ROSS, DATA, ALL = "limit", "Ross et al. 2019", "climate as small as in data", "all of these"
UNKNOWN_CLIMATE = "limit, true climate unknown at first"
R_BAND = next((fact.parts[0].low, fact.parts[0].high) for fact in FACTS if fact.number == 13)  #: its band of r
MIN_SEEDS = 30  #: seeds below which a point says little
TABLES = ("docking", "tipping", "shifts", "gap", "answers", "lift", "climate", "values")
FILES = {
    "docking.parquet": "P(win) by variant and bots, with 95% Wilson intervals",
    "tipping.parquet": "bots at which two runs in three are won, with 95% bootstrap intervals",
    "shifts.parquet": "each variant against the limit, paired by seed",
    "gap.parquet": "their model with each assumption of ours against theirs, paired by seed",
    "answers.parquet": "P(win) with 2 to 4% bots",
    "lift.parquet": "P(win) with 2 to 4% bots less that with fewest, paired by seed",
    "climate.parquet": "r of fact 13 in each variant, in the runs with fewest bots",
    "values.parquet": "every value in which a variant differs from the limit",
    "runs.parquet": "a row a run",
}
CAVEATS = (
    "Not modelled in either: what posts say, newcomers, and bots who learn.",
    "What the limit lacks on purpose, 1: people who begin without knowing the true climate. In theirs inner confidence "
    "says nothing of others at first; ours begin with the true share of their side, as people do who have lived on the "
    "platform before the campaign, so that whatever happens later is the campaign's doing. No value turns this off; "
    "the row of the true climate unknown at first sets every perceived climate to 1/2 by hand before the first hour.",
    "What the limit lacks on purpose, 2: confidence that adds up without bound. Our perceived climate is a share "
    "between 0 and 1 that follows what was seen lately (exponential smoothing), since people are asked for such a "
    "share in the studies behind fact 13; a majority can be lost again. A slow rate with a steep weight would come "
    "close to adding up, but would magnify what people know at first.",
    "More differences: in theirs a person hears how many neighbours speak, once each, and moves by a share of them; in "
    "ours each post moves the climate, so the well-connected move faster, and posts (a geometric number, drawn anew "
    "each hour around a personal threshold) are counted and not speakers. Thresholds are normal in log-odds, theirs "
    "half-logistic; half of the people speak at first, in theirs 24%. A run lasts a fixed time, theirs until nobody "
    "moves. Our army's members have a lognormal number of followers drawn at random; their bots have m, drawn by "
    "degree. The graph (preferential attachment, m links), the even odds of either side and the hour's delay of what "
    "is heard are the same.",
    "Giving their model an assumption of ours changes that one alone, with values derived from the limit's (no value "
    "was set to match a curve); it ends after the limit's hours. Not carried over: what a feed does within the hour.",
    "Intervals cover chance alone, each at 95% by itself: of twenty variants without effect, one would seem to have "
    "one.",
    "Tipping points are read off straight lines between the points, on the nearest curve that does not fall.",
    "Percentages of bots do not carry over to other sizes of population (see python -m experiments.reproduce).",
)
MOVE_HEADS = (
    "variant", "wins with 2-4% bots, %", "difference, points", "more than without bots, points", "two in three at",
    "moved by, bots", "r of fact 13",
)  # fmt: skip


class DockingResults:
    """The tables of a result folder, by name."""

    def __init__(self, folder: Path) -> None:
        self.tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
        self.asked: list[int] = yaml.safe_load((folder / ABOUT).read_text(encoding="utf-8"))["asked"]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def get_row(self, table: str, variant: str) -> "pd.Series[float] | None":
        """Return the row of `variant`, None if there is none."""
        rows = self.tables[table][self.tables[table]["variant"] == variant]
        return None if rows.empty else rows.drop(columns="variant").iloc[0]

    @property
    def max_bots(self) -> int:
        """The most bots with which every variant was played."""
        return int(self["docking"].groupby("variant")["bots"].max().min())

    @property
    def seeds(self) -> int:
        """Runs a point of ours."""
        ours = self["docking"]["variant"] == LIMIT
        return int(self["docking"].loc[ours, "seeds"].min())

    @property
    def bots_range(self) -> str:
        """The numbers of bots for which the answer is given, in words."""
        low, high = min(self.asked), max(self.asked)
        return f"{low} to {high}" if high > low else str(low)


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    found = DockingResults(folder)
    relaxed = found["shifts"].query("variant != @UNKNOWN_CLIMATE")
    drawing = Drawing(
        "docking",
        "Who wins, by number of bots, and what one assumption changes",
        draw_curves(found["docking"], relaxed, found.asked),
        "Left: their model, ours in the limit, and ours with a climate effect as small as in data; look for where "
        f"each crosses two in three. Right: how much more or less often the bots' side wins with {found.bots_range} "
        "bots when one assumption is relaxed, in the same seeds; an interval that does not cross the line shows a "
        "difference.",
        "P(the bots' side wins) against the number of bots, and paired differences from the limit.",
    )
    tables = make_tables(found)
    shown = [_make_grid(table) for table in tables[:2]]
    return Report(TITLE, format_headline(found), format_summary(found), [drawing], tables, CAVEATS, FILES, shown, 150)


def _make_grid(table: Table) -> Grid:
    grid = Grid(box=None, header_style="dim", padding=(0, 2, 0, 0), title=table.title, title_justify="left")
    for name in table.columns:
        grid.add_column(name)
    for row in table.rows:
        grid.add_row(*row)
    return grid


def format_headline(found: DockingResults) -> str:
    """Say how often the bots' side wins with 2 to 4% bots: in theirs, in the limit, and with climate as in data."""
    parts = [
        f"{_format_wins(found, ROSS)} in the model of Ross et al.",
        f"{_format_wins(found, LIMIT)} in ours in their limit",
    ]
    if found.get_row("answers", DATA) is not None:
        parts.append(
            f"{_format_wins(found, DATA)} in ours with a climate effect as small as in data, {format_verdict(found)}"
        )
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"With {found.bots_range} bots, 2 to 4% of the people, the bots' side wins {listed} ({found.seeds} seeds)."


def _format_wins(found: DockingResults, variant: str) -> str:
    row = found.get_row("answers", variant)
    if row is None:
        return "an unknown share"
    return f"{format_number(100 * row['value'], 0)}% of runs (95% interval {_format_percent(row['lo'], row['hi'])})"


def format_verdict(found: DockingResults) -> str:
    """Say whether two runs in three are won with 2 to 4% bots and a climate effect as small as in data."""
    row = found.get_row("answers", DATA)
    if row is None or not (np.isfinite(row["lo"]) and np.isfinite(row["hi"])):
        return "where too few runs leave open whether it tips"
    if row["hi"] < TIPPING_SHARE:
        return "so tipping at 2 to 4% does not survive there"
    return "so tipping survives there" if row["lo"] >= TIPPING_SHARE else "which leaves open whether tipping survives"


def format_summary(found: DockingResults) -> list[str]:
    """Return the sentences after the headline, a warning of few seeds first."""
    few = f"Warning: {found.seeds} seeds a point are too few to tell variants apart; say seeds={MIN_SEEDS} or more."
    sentences = [few] if found.seeds < MIN_SEEDS else []
    return [*sentences, *format_moves(found), *format_climate(found), *format_gap(found)]


def format_moves(found: DockingResults) -> list[str]:
    """Say which relaxed assumptions move the tipping point and where to, and for which no effect was found."""
    told, silent = [], []
    for row in found["shifts"].query("variant != @UNKNOWN_CLIMATE").to_dict("records"):
        if not (row["win_lo"] > 0 or row["win_hi"] < 0):
            silent.append(f"{row['variant']} ({_format_signed(row, 'win')})")
            continue
        ends = found.get_row("tipping", str(row["variant"]))
        by = f"by {_format_shift(pd.Series(row))} bots, " if np.isfinite(row["move"]) else ""
        where = _format_tipping(ends, found.max_bots)
        told.append(f"{row['variant']} ({by}to: {where}; wins {_format_signed(row, 'win')} points)")
    limit = _format_tipping(found.get_row("tipping", LIMIT), int(found["docking"]["bots"].max()))
    sentences = [f"Tipping point (two runs in three) in the limit: {limit}. "]
    sentences[0] += f"It is moved by {'; '.join(told)}." if told else "No relaxed assumption was found to move it."
    if silent:
        sentences.append(
            f"No difference from the limit was found in {found.seeds} seeds for (change of wins with "
            f"{found.bots_range} bots, points): {'; '.join(silent)}."
        )
    return sentences


def format_climate(found: DockingResults) -> list[str]:
    """Say how small the climate effect is in the variant that claims it, and whether bots still help there."""
    r, more, last = (found.get_row(name, DATA) for name in ("climate", "lift", "tipping"))
    if r is None or more is None or last is None:
        return ["The climate effect as small as in data was not simulated."]
    low, high = R_BAND
    fits = "as small as in data" if low <= r["value"] <= high else "not the one in data"
    limit = found.get_row("climate", LIMIT)
    strong = "" if limit is None else f"; in the limit it is {format_number(limit['value'], 2)}"
    return [
        f"Where the climate effect should be as small as in data, r is {_format_r(r)} in the runs with fewest bots, "
        f"which is {fits} (fact 13: {low:.2f} to {high:.2f}){strong}. There {found.bots_range} bots change the wins by "
        f"{_format_signed(_to_row(more), '')} points; two in three: {_format_tipping(last, found.max_bots)}."
    ]


def format_gap(found: DockingResults) -> list[str]:
    """Say how far our limit is from their model, with and without our assumptions, and which assumption matters."""
    rows = {row["variant"]: row for row in found["gap"].to_dict("records")}
    ours, theirs, given = (found.get_row("answers", name) for name in (LIMIT, ROSS, ALL))
    if ours is None or theirs is None or given is None:
        return []
    together = _format_signed(rows.pop(ALL), "win")
    named = [row for row in rows.values() if row["win_lo"] > 0 or row["win_hi"] < 0]
    listed = "; ".join(
        f"{r['variant']} {_format_signed(r, 'win')}" for r in sorted(named, key=lambda row: -abs(row["win"]))
    )
    told = (
        f"With {found.bots_range} bots our limit is {_format_difference(ours, theirs)} points from theirs. Their "
        f"model with all of our limit's assumptions that it can take changes by {together}, which leaves "
        f"{_format_difference(ours, given)}. Each alone: {listed or 'none makes a difference'} (they do not add up)."
    )
    untold = found["shifts"].query("variant == @UNKNOWN_CLIMATE").to_dict("records")
    said = [
        f"Our limit changes by {_format_signed(row, 'win')} points if people do not know the true climate at first."
        for row in untold
    ]
    return [" ".join([told, *said])]


def _format_difference(one: "pd.Series[float]", other: "pd.Series[float]") -> str:
    """Return the difference of two independent answers in points with its 95% interval."""
    gap = float(one["value"] - other["value"])
    half = float(np.hypot(one["hi"] - one["value"], other["hi"] - other["value"]))
    return _format_signed({"gap": gap, "gap_lo": gap - half, "gap_hi": gap + half}, "gap")


def make_tables(found: DockingResults) -> list[Table]:
    """Return what moves the tipping point, what the limit's gap is made of, the curves, and the values that differ."""
    wins = [
        (
            str(row["variant"]),
            str(row["bots"]),
            format_number(100 * row["wins"]),
            _format_percent(row["lo"], row["hi"], 1),
        )
        for row in found["docking"].to_dict("records")
    ]
    paired = (
        "Differences are paired by seed; 95% intervals in brackets. r: correlation of perceived climate with speaking, "
        "in the runs with fewest bots. Moved by: read off the numbers of bots that both curves have."
    )
    given = "One assumption of our limit in their model, the rest theirs; against their model in the same seeds."
    return [
        Table("What moves the tipping point", MOVE_HEADS, _make_move_rows(found, LIMIT, "shifts"), paired, open=True),
        Table(
            "Their model with assumptions of ours",
            MOVE_HEADS[:-1],
            _make_move_rows(found, ROSS, "gap"),
            given,
            open=True,
        ),
        Table(
            "Values that differ from the limit",
            ("variant", "value", "limit", "here"),
            _make_value_rows(found),
            open=True,
        ),
        Table("The curves", ("variant", "bots", "wins, %", "95% interval"), wins),
    ]


def _make_move_rows(found: DockingResults, reference: str, differences: str) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name in (reference, *found[differences]["variant"]):
        at, more, ends, r = (found.get_row(table, name) for table in ("answers", "lift", "tipping", "climate"))
        change = found.get_row(differences, name)
        most = int(found["docking"].query("variant == @name")["bots"].max())
        rows.append(
            [
                name,
                _format_cell(100 * at) if at is not None else "",
                _format_signed(_to_row(change), "win") if change is not None else "(reference)",
                _format_signed(_to_row(more), "") if more is not None else "",
                _format_tipping(ends, most),
                _format_shift(change) if change is not None else "(reference)",
                *([_format_r(r)] if r is not None else []),
            ]
        )
    return rows


def _make_value_rows(found: DockingResults) -> list[Sequence[str]]:
    return [
        (str(row["variant"]), str(row["key"]), str(row["limit"]), str(row["value"]))
        for row in found["values"].to_dict("records")
    ]


def _to_row(series: "pd.Series[float]") -> dict[str, float]:
    """Return the row of a table of value, lo and hi with its value under "" too, as `_format_signed` reads it."""
    return {str(name): float(value) for name, value in series.items()} | {"": float(series.iloc[0])}


def _format_cell(row: "pd.Series[float]") -> str:
    return f"{format_number(row['value'], 0)} [{format_interval(row['lo'], row['hi'], 0)}]"


def _format_percent(lo: float, hi: float, digits: int = 0) -> str:
    return format_interval(100 * lo, 100 * hi, digits)


def _format_r(row: "pd.Series[float]") -> str:
    return f"{format_number(row['value'], 2)} [{format_interval(row['lo'], row['hi'], 2)}]"


def _format_signed(row: Mapping[Any, Any], name: str) -> str:
    """Return "+3 [1 to 5]" in percentage points of the columns `name`, `name`_lo and `name`_hi."""
    value, lo, hi = (
        100 * float(row[key]) for key in (name, f"{name}_lo" if name else "lo", f"{name}_hi" if name else "hi")
    )
    return f"{_add_sign(value)} [{format_interval(lo, hi, 0)}]"


def _add_sign(value: float) -> str:
    return f"{'+' if value >= 0.5 else ''}{format_number(value, 0)}"


def _format_tipping(ends: "pd.Series[float] | None", most: int) -> str:
    """Return from how many bots on two runs in three are won, with the interval."""
    if ends is None:
        return "unknown"
    found, lo, hi = float(ends["bots"]), float(ends["lo"]), float(ends["hi"])
    if np.isinf(lo):
        return f"not reached within {most} bots"
    if lo <= 0 and np.isinf(hi):
        return f"not placed by these runs within 0 to {most} bots"
    upper = f"more than {most}" if np.isinf(hi) else format_number(hi, 0)
    if np.isinf(found):
        return f"not reached within {most} bots [{format_number(lo, 0)} to {upper}]"
    return f"from {format_number(found, 0)} bots on [{format_number(lo, 0)} to {upper}]"


def _format_shift(change: "pd.Series[float]") -> str:
    """Return by how many bots the tipping point moved, with the interval."""
    move, lo, hi = (float(change[name]) for name in ("move", "move_lo", "move_hi"))
    if np.isnan(move):
        return "neither tips"
    ends = [_format_end(end) for end in (lo, hi)]
    return f"{_format_end(move)} [{ends[0]} to {ends[1]}]" if np.isfinite(move) or lo != hi else "out of reach"


def _format_end(value: float) -> str:
    return "out of reach" if value == np.inf else "from out of reach" if value == -np.inf else _add_sign(value)
