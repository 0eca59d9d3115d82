"""The report of Daymude et al. (2025): numbers beside the published ones, and the paper's figures."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from experiments.published.daymude_2025 import PROPORTIONAL, UNIFORM
from experiments.published.daymude_kernels import choose_act
from experiments.published.daymude_sweep import EVERY
from experiments.published.daymude_targets import ACTS, AUTHORS, EXACT, MEASURES, REWRITE, WITHIN
from experiments.report.formatting import format_estimate, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION, make_canvas
from experiments.report.terminal import make_grid

Z = 1.96  #: standard errors of a 95% interval
DIGITS = {"T": 0, "S": 3, "P": 5, "P_all": 5, "P_first": 5}  #: behind the point; else 4
HEADS = ("cell", "measure", "told (s.e.)", "by", "ours (s.e.)", "difference / s.e.", "passed")
CELLS = ("cell", "runs", "suppressed, told", "suppressed, ours (s.e.)", "by", "numbers met")
EXACTLY = ("number", "of", "published", "ours", "passed")
KINDS = (UNIFORM, PROPORTIONAL)
COLOURS = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY)
#: how a person answers: name, colour; in the order of `classify_act`
ANSWERS = (("compliant", SKY), ("self-censoring", GREY), ("partial", ORANGE), ("defiant", VERMILLION))
CAVEATS = (
    "Not modelled, as not in theirs: a network, peers, a climate of opinion, removal, people who leave or are jailed; "
    "and nobody is unsure of what the authority does.",
    "The rule of comparison decides much. The authors' code compares a trial's cost with that of the round before even "
    "if that was refused, so a bad trial lowers the bar for the next. Textbook hill climbing compares with the cost of "
    "what was last accepted, and in some cells ends in leniency where theirs ends in suppression.",
    "The number of people decides too: the more there are, the more runs end in suppression at the same means. Why was "
    "not established; it is not the chance of being seen, since expected punishments give the same.",
    "Shares told by a rewrite are of an independent program, not of the paper: the textbook rule, other numbers of "
    "people, punishments without chance.",
    "The sweep has fewer points, runs, people and rounds than the paper's. No number of it was to be had, so none is "
    "judged.",
    "Boldness, severities and the person of the first two figures are our reading: the specification names none.",
    "Outcomes of one cell are correlated, and cells share seeds. Where some runs end in suppression and some do not, "
    "means have a large spread: look at the share first.",
    "This measures what a published search does, as part of a reproduction. It is no tool to find a policy: the lab "
    "has no other search over an authority's parameters.",
)


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    compared, exact, rounds, swept = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("cells", "exact", "rounds", "sweep")
    )
    drawings = [
        Drawing(
            "acts",
            "What one person says",
            draw_acts(),
            "Best act by desired dissent, at boldness 1, tolerance 0.25 and surveillance 0.2. Diamonds: published. A "
            "uniform punishment makes people say all or the tolerance; a proportional one makes them say part.",
            "The best act against desired dissent, a line for each severity, a panel for each punishment.",
        ),
        Drawing(
            "phases",
            "When a person gives in",
            draw_phases(),
            "A person who wants to say 0.75 and has boldness 1, by surveillance and severity, at tolerance 0.25.",
            "Regions of self-censorship, partial self-censorship and defiance.",
        ),
        Drawing(
            "rounds",
            "The authors' single runs, repeated",
            draw_rounds(rounds),
            "Drawn in the authors' order, with their seed: 100,000 people. Above costs per head, below what the "
            "authority does. Of each punishment the first run ends in suppression, the second in leniency.",
            "Costs and parameters over rounds in four runs.",
        ),
        Drawing(
            "shares",
            "Suppression under both rules of comparison",
            draw_shares(compared),
            "Share of runs that end suppressed, with 95% intervals; diamonds: told, by the authors' code or a rewrite.",
            "Share of runs suppressed in each cell.",
        ),
        Drawing(
            "sweep",
            "Where an authority ends",
            draw_sweep(swept),
            "Means over runs at each pair of mean desired dissent and mean boldness, starts at random; costs per head, "
            "last 100 rounds.",
            "Heat maps of costs, tolerance, severity and surveillance at the end, a row for each punishment.",
        ),
        Drawing(
            "costs",
            "Cost over rounds, by boldness",
            draw_costs(swept),
            "Total cost per head at the middle mean desired dissent of the sweep, a line for each mean boldness, dark "
            "is bold.",
            "Total cost over rounds, a panel for each punishment.",
        ),
    ]
    tables = [
        Table("Cells", CELLS, format_cells(compared), open=True),
        Table("Every number", HEADS, format_rows(compared)),
        Table("Exact numbers", EXACTLY, format_exact(exact)),
    ]
    return Report(
        "Dissent under an authority that adapts: Daymude et al. (2025) on this engine",
        format_headline(compared, exact),
        format_summary(compared, exact),
        drawings,
        tables,
        CAVEATS,
        {
            "cells.parquet": "a row a cell and measure: told, ours, standard errors, passed",
            "exact.parquet": "a row a number that is exact to six digits",
            "runs.parquet": "a row a run",
            "rounds.parquet": "a row a round of the authors' single runs",
            "sweep.parquet": "a row a run of the sweep",
            "figures/": "every picture as PNG and SVG",
        },
        [make_grid(tables[0])],
        120,
    )


def format_headline(compared: pd.DataFrame, exact: pd.DataFrame) -> str:
    """Return how many numbers are met, in one sentence."""
    judged = compared.dropna(subset=["passed"])
    parts = []
    for source, name in {AUTHORS: "the authors' code", EXACT: "the first round", REWRITE: "a rewrite"}.items():
        own = judged[judged["source"] == source]
        parts.append(f"{int(own['passed'].sum())} of {len(own)} of {name}")
    apart = _measure_distance(judged)
    far = judged.iloc[int(np.argmax(apart))].to_dict()
    digits = DIGITS.get(far["measure"], 4)
    ours = format_estimate(far["ours"], far["ours"] - Z * far["error"], far["ours"] + Z * far["error"], digits)
    told = format_number(far["target"], digits)
    return (
        f"{int(exact['passed'].sum())} of {len(exact)} exact numbers are met to six digits, and within {WITHIN:g} "
        f"combined standard errors {', '.join(parts)}; furthest off is {MEASURES[far['measure']]} at {far['cell']}, "
        f"{ours} where {told} was told."
    )


def format_summary(compared: pd.DataFrame, exact: pd.DataFrame) -> list[str]:
    """Return what was missed, if anything, and what the rule of comparison decides."""
    judged = compared.dropna(subset=["passed"])
    missed = judged[~judged["passed"].astype(bool)]
    names = [f"{MEASURES[row['measure']]} at {row['cell']}" for row in missed.to_dict("records")]
    names += [f"{row['measure']} at {row['where']}" for row in exact[~exact["passed"]].to_dict("records")]
    suppressed = compared[compared["measure"] == "S"].set_index("cell")["ours"]
    both = [
        f"{cell}: {format_number(share, 2)} and {format_number(suppressed[f'{cell}, textbook rule'], 2)}"
        for cell, share in suppressed.items()
        if f"{cell}, textbook rule" in suppressed
    ]
    found = [f"Missed: {'; '.join(names)}."] if names else []
    return [*found, f"Share of runs suppressed under their rule and the textbook one. {'; '.join(both)}."]


def format_cells(compared: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return a line a cell: its share of runs suppressed, and how many of its numbers are met."""
    lines: list[tuple[str, ...]] = []
    for cell, rows in compared.groupby("cell", sort=False):
        share = rows[rows["measure"] == "S"].iloc[0]
        judged = rows["passed"].dropna()
        told = "" if pd.isna(share["target"]) else format_number(share["target"], 3)
        ours = f"{format_number(share['ours'], 3)} ({format_number(share['error'], 3)})"
        met = f"{int(judged.sum())} of {len(judged)}" if len(judged) else ""
        lines.append((str(cell), f"{share['runs']}", told, ours, str(share["source"]), met))
    return lines


def format_rows(compared: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return every number, as words."""
    lines: list[tuple[str, ...]] = []
    for row, apart in zip(compared.to_dict("records"), _measure_distance(compared), strict=True):
        digits = DIGITS.get(row["measure"], 4)
        ours = f"{format_number(row['ours'], digits)} ({format_number(row['error'], digits)})"
        head = (str(row["cell"]), MEASURES[row["measure"]])
        if pd.isna(row["passed"]):
            lines.append((*head, "", "", ours, "", ""))
            continue
        told = f"{format_number(row['target'], digits)} ({format_number(row['target_error'], digits)})"
        verdict = "yes" if row["passed"] else "NO"
        lines.append((*head, told, str(row["source"]), ours, format_number(apart, 2), verdict))
    return lines


def format_exact(exact: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return every exact number, as words."""
    return [
        (
            str(row["measure"]),
            str(row["where"]),
            format_number(row["target"], 6),
            format_number(row["ours"], 6),
            "yes" if row["passed"] else "NO",
        )
        for row in exact.to_dict("records")
    ]


def _measure_distance(rows: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return how many combined standard errors each row is off; 0 where both are exact and the same."""
    off = np.abs((rows["ours"] - rows["target"]).to_numpy(np.float64))
    error = np.hypot(rows["error"].to_numpy(np.float64), rows["target_error"].to_numpy(np.float64))
    return np.divide(off, error, out=np.where(off > 0.0, np.inf, 0.0), where=error > 0.0)


def classify_act(act: float, desire: float, tolerance: float) -> int:
    """Return the place in ANSWERS of what a person says who wants to say `desire`."""
    if desire <= tolerance:
        return 0
    return 3 if act == desire else 1 if act == tolerance else 2


def draw_acts(severities: tuple[float, ...] = (0.3, 0.6, 1.0, 2.0)) -> Figure:
    """The best act against desired dissent, a line for each severity."""
    boldness, surveillance, tolerance = 1.0, 0.2, 0.25
    figure = make_canvas(3.1)
    wanted = np.linspace(0.0, 1.0, 1001)
    for axes, kind, place in zip(figure.subplots(1, 2, sharey=True), KINDS, (0, 1), strict=True):
        axes.axhline(tolerance, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
        for severity, colour in zip(severities, COLOURS, strict=False):
            acts = [choose_act(d, boldness, tolerance, severity, surveillance, kind == PROPORTIONAL) for d in wanted]
            axes.plot(wanted, acts, color=colour, label=f"severity {severity:g}")
            told = [
                (d, value[place])
                for (d, *where, s), value in ACTS.items()
                if s == severity and where == [boldness, surveillance, tolerance]
            ]
            for d, act in told:
                axes.plot(d, act, "D", color=colour, ms=4, mec=INK, mew=0.7, zorder=5)
        axes.set(title=f"{kind} punishment", xlabel="desired dissent")
    figure.axes[0].set(ylabel="act")
    figure.axes[0].legend(loc="upper left")
    return figure


def draw_phases(desire: float = 0.75, boldness: float = 1.0, tolerance: float = 0.25, points: int = 160) -> Figure:
    """How one person answers, by surveillance and severity."""
    figure = make_canvas(3.1)
    watched, severe = np.linspace(0.0, 1.0, points), np.linspace(0.02, 3.0, points)
    for axes, kind in zip(figure.subplots(1, 2, sharey=True), KINDS, strict=True):
        answers = [
            [
                classify_act(choose_act(desire, boldness, tolerance, s, v, kind == PROPORTIONAL), desire, tolerance)
                for v in watched
            ]
            for s in severe
        ]
        colours = ListedColormap([colour for _, colour in ANSWERS])
        axes.imshow(answers, origin="lower", aspect="auto", extent=(0, 1, 0, 3), cmap=colours, vmin=0, vmax=3)
        axes.grid(visible=False)
        axes.set(title=f"{kind} punishment", xlabel="surveillance")
    figure.axes[0].set(ylabel="severity")
    for name, colour in ANSWERS[1:]:
        figure.axes[0].plot([], [], "s", color=colour, label=name)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def draw_rounds(rounds: pd.DataFrame) -> Figure:
    """Costs and parameters of the authors' single runs."""
    runs = list(rounds.groupby(["punishment", "boldness"], sort=False))
    figure = make_canvas(4.2)
    panels = figure.subplots(2, len(runs), sharex=True, squeeze=False)
    for column, ((kind, boldness), rows) in enumerate(runs):
        costs, parameters = panels[:, column]
        costs.plot(rows["round"], rows["C"] + rows["P"], color=INK, linewidth=0.7, label="total")
        costs.plot(rows["round"], rows["C"], color=BLUE, linewidth=0.7, label="dissent")
        costs.plot(rows["round"], rows["P"], color=VERMILLION, linewidth=0.7, label="punishment")
        for name, colour, said in (("t", SKY, "tolerance"), ("v", GREEN, "surveillance"), ("s", ORANGE, "severity")):
            parameters.plot(rows["round"], rows[name], color=colour, linewidth=1.0, label=said)
        parameters.set_yscale("symlog", linthresh=1.0)
        parameters.set(xlabel="round", ylim=(0, None))
        costs.set_title(f"{kind},\nB = {boldness:g}", fontsize=8)
    for axes in panels[:, 0]:
        axes.legend(fontsize=7)
    panels[0, 0].set(ylabel="cost per head")
    return figure


def draw_shares(compared: pd.DataFrame) -> Figure:
    """Share of runs suppressed, a line a cell."""
    own = compared[compared["measure"] == "S"].reset_index(drop=True)
    figure = make_canvas(0.6 + 0.24 * len(own))
    axes = figure.subplots()
    is_textbook = own["cell"].str.endswith("textbook rule")
    for rows, colour, said in ((own[~is_textbook], BLUE, "their rule"), (own[is_textbook], ORANGE, "textbook rule")):
        low, high = ((rows["ours"] + side * Z * rows["error"]).clip(0.0, 1.0) for side in (-1, 1))
        axes.hlines(rows.index, low, high, color=colour)
        axes.plot(rows["ours"], rows.index, "o", color=colour, ms=4, label=said)
    axes.plot(own["target"], own.index, "D", color="none", mec=INK, ms=6, mew=0.9, label="told")
    axes.set_yticks(own.index, list(own["cell"]), fontsize=7)
    axes.invert_yaxis()
    axes.set(xlabel="share of runs suppressed", xlim=(-0.05, 1.05))
    axes.legend(loc="center", fontsize=7)
    return figure


def draw_sweep(swept: pd.DataFrame) -> Figure:
    """Costs and parameters at the end, by mean desired dissent and mean boldness."""
    shown = {"C": "dissent", "P": "punishment", "t": "tolerance", "s": "severity", "v": "surveillance"}
    figure = make_canvas(4.0)
    panels = figure.subplots(2, len(shown), sharex=True, sharey=True)
    for line, kind in zip(panels, KINDS, strict=True):
        for axes, (name, said) in zip(line, shown.items(), strict=True):
            own = swept[swept["punishment"] == kind]
            table = own.pivot_table(index="boldness", columns="desire", values=name)
            most = 1.0 if name in "tv" else None
            picture = axes.pcolormesh(table.columns, table.index, table, vmin=0.0, vmax=most, cmap="viridis")
            axes.grid(visible=False)
            axes.set_title(f"{said}", fontsize=8)
            bar = figure.colorbar(picture, ax=axes, location="bottom", shrink=0.9)
            bar.ax.tick_params(labelsize=6)
        line[0].set(ylabel=f"{kind}\nmean boldness")
    for axes in panels[1]:
        axes.set(xlabel="mean desire")
    return figure


def draw_costs(swept: pd.DataFrame) -> Figure:
    """Total cost over rounds at the middle mean desired dissent, a line for each mean boldness."""
    figure = make_canvas(2.8)
    desires, boldnesses = sorted(set(swept["desire"])), sorted(set(swept["boldness"]))
    own = swept[swept["desire"] == desires[len(desires) // 2]]
    for axes, kind in zip(figure.subplots(1, 2, sharey=True), KINDS, strict=True):
        for number, boldness in enumerate(boldnesses):
            rows = own[(own["punishment"] == kind) & (own["boldness"] == boldness)]
            costs = np.mean(np.stack(rows["costs"].to_list()), axis=0)
            shade = str(0.75 - 0.75 * number / max(len(boldnesses) - 1, 1))
            axes.plot(EVERY * np.arange(len(costs)), costs, color=shade, linewidth=1.0, label=f"B = {boldness:g}")
        axes.set(title=f"{kind} punishment", xlabel="round")
    figure.axes[0].set(ylabel="total cost per head")
    figure.axes[1].legend(fontsize=6, ncols=2)
    return figure
