"""The report of a contest: harm by number of rivals, and how visible each organisation is."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.contests import compute_gaps, find_crossing
from experiments.report import style
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table

ORGANISATIONS = {
    "army": ("a brigade of the army", style.VERMILLION),
    "committee": ("one committee", style.BLUE),
    "committees": ("a committee for each rival", style.GREEN),
}
PANELS = {
    "posts": ("Contested posts that the rivals no longer voice", 1.0),
    "impressions": ("Impressions that the rivals lose", 1.0),
    "flagged": ("Accounts that share content within a minute, %", 100.0),
    "suspended": ("Accounts that moderation suspends, %", 100.0),
}
CAVEATS = (
    "Not modelled: rivals who answer by organising, operators who learn, and budgets that grow with success.",
    "Budgets have an arbitrary unit. The costs of a soldier, an amateur and command are assumptions, and the crossing "
    "depends on them.",
    "Members take turns at the tactics, so an organisation with one member uses only the first of them.",
    "Co-posting within a minute is the simplest thing that an outsider can count. An organisation that it hardly sees "
    "may be visible in other ways.",
    "An illustration: people, graph and operations are synthetic, and posts carry no text.",
)
FILES = {
    "contest.parquet": "a row a seed, organisation and breadth: what the rivals lost, and what an outsider sees of it",
    "curves.parquet": "means over seeds with 95% intervals",
    "run.yaml": "what was run, resolved",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    table, curves = (pd.read_parquet(folder / f"{name}.parquet") for name in ("contest", "curves"))
    drawings = [
        Drawing(
            "harm",
            "Harm by number of rivals",
            draw_curves(curves, ("posts", "impressions")),
            f"{format_caption(table)} Bands are 95% intervals over seeds.",
            "Posts and impressions lost by the rivals, against the number of rivals.",
        ),
        Drawing(
            "visible",
            "How visible each organisation is",
            draw_curves(curves, ("flagged", "suspended")),
            "Look at the price of command: accounts that act together are seen together. For the left panel an "
            "outsider only needs to know who posted what and when. Abuse shares no content, so only accounts that "
            "smear are seen.",
            "Shares of accounts flagged for co-posting and suspended, against the number of rivals.",
        ),
    ]
    summary = [format_comparison(table, "army", other, "posts") for other in ("committee", "committees")]
    return Report(
        "Army against committee", format_headline(table), summary, drawings, [_make_table(curves)], CAVEATS, FILES
    )


def format_headline(table: pd.DataFrame) -> str:
    """Say where the brigade overtakes the committee, or that it does not, and where that is clear."""
    gap = compute_gaps(table, "army", "committee", "posts")
    even = find_crossing(gap)
    sure = gap[(gap["lo"] > 0) | (gap["hi"] < 0)]["breadth"]
    known = f"the interval of the difference excludes 0 at {', '.join(map(str, sure)) if len(sure) else 'no number of'}"
    last = gap.iloc[-1]
    most = (
        f"at {last['breadth']:.0f} the brigade silences {format_estimate(last['value'], last['lo'], last['hi'])} more "
        f"posts, and {known} rivals"
    )
    if not math.isnan(even):
        return (
            f"For the same money a brigade and one committee silence as much at {format_number(even)} rivals; {most}."
        )
    ahead = "a brigade" if gap["value"].mean() > 0 else "one committee"
    return f"For the same money {ahead} silences more on average, and the curves do not cross; {most}."


def format_caption(table: pd.DataFrame) -> str:
    """Say what to look at: where the brigade and a committee are equal, if at all, and where a budget is too small."""
    if math.isnan(find_crossing(compute_gaps(table, "army", "committee", "posts"))):
        said = "Look at how the distance grows with the number of rivals; no curve of posts overtakes the other."
    else:
        said = (
            "Look at where the curves of the brigade and of one committee cross: on one side the committee does more "
            "harm for the same money, on the other the brigade, as far as the bands tell."
        )
    nobody = sorted(set(table.loc[table["members"] == 0, "breadth"]))
    if nobody:
        rivals = " and ".join(map(str, nobody))
        said += f" At {rivals} rivals an organisation without members does no harm: its budget pays for nobody."
    return said


def format_comparison(table: pd.DataFrame, one: str, other: str, measure: str) -> str:
    """Say how much more harm `one` does than `other`, at the smallest and at the largest breadth."""
    gap = compute_gaps(table, one, other, measure)
    parts = [
        f"{format_number(row['value'])} [{format_interval(row['lo'], row['hi'])}] at {row['breadth']:.0f}"
        for row in gap.iloc[[0, -1]].to_dict("records")
    ]
    pair = f"{ORGANISATIONS[one][0].capitalize()} against {ORGANISATIONS[other][0]}"
    return f"{pair}, {measure} lost more: {', '.join(parts)}."


def draw_curves(curves: pd.DataFrame, measures: tuple[str, str]) -> Figure:
    """Return two panels, one for each measure, with a curve for each organisation."""
    figure = style.make_canvas(3.4)
    for axes, measure in zip(figure.subplots(1, 2), measures, strict=True):
        _draw_panel(axes, curves[curves["measure"] == measure], *PANELS[measure])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, title: str, scale: float) -> None:
    for organisation, (label, colour) in ORGANISATIONS.items():
        part = rows[rows["organisation"] == organisation]
        axes.fill_between(
            part["breadth"], scale * part["lo"], scale * part["hi"], color=colour, alpha=0.15, linewidth=0
        )
        axes.plot(part["breadth"], scale * part["value"], color=colour, marker="o", markersize=3.5, label=label)
    axes.set_xscale("log", base=2)
    ticks: Any = sorted(rows["breadth"].unique())
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_title(title)
    axes.set_xlabel("rivals")


def _make_table(curves: pd.DataFrame) -> Table:
    rows = []
    for (organisation, breadth), group in curves.groupby(["organisation", "breadth"], sort=False):
        by = group.set_index("measure").to_dict("index")
        cells = []
        for name, scale in (("posts", 1), ("impressions", 1), ("flagged", 100), ("suspended", 100)):
            one = by[name]
            cells.append(
                f"{format_number(scale * one['value'])} [{format_interval(scale * one['lo'], scale * one['hi'])}]"
            )
        size = [format_number(by[name]["value"], 0) for name in ("members", "written", "flagged_people")]
        rows.append([ORGANISATIONS[str(organisation)][0], str(breadth), *cells, *size])
    heads = ["organisation", "rivals", "posts lost", "impressions lost", "co-posting, %", "suspended, %", "members",
             "posts written", "people flagged"]  # fmt: skip
    note = "Means over seeds with 95% t-intervals. People flagged: false positives."
    return Table("Every organisation", heads, rows, note)
