"""A picture of the loss under each mix of reactions to fear."""

import numpy as np
from matplotlib.figure import Figure

from experiments.report.formatting import format_interval, format_number
from experiments.report.results import Results
from experiments.report.style import INK, make_canvas


def draw_mixes(results: Results) -> Figure:
    """Lost dissent by the share of people who withdraw when afraid and the share who fight back."""
    table = results["mixes"]
    surface = table.pivot(index="fight", columns="withdraw", values="value")
    figure = make_canvas(1.4 + 0.55 * len(surface))
    axes = figure.subplots()
    most = 1.3 * max(float(table["value"].abs().max()), 1.0)
    axes.pcolormesh(surface, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.6)
    withdraw, fight = (list(axis.to_numpy(np.float64)) for axis in (surface.columns, surface.index))
    for row in table.to_dict("records"):
        text = f"{format_number(float(row['value']))}\n[{format_interval(row['lo'], row['hi'])}]"
        x, y = withdraw.index(row["withdraw"]), fight.index(row["fight"])
        axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8, color=INK)
    axes.set_xticks(0.5 + np.arange(len(withdraw)), [f"{format_number(100 * share, 0)}%" for share in withdraw])
    axes.set_yticks(0.5 + np.arange(len(fight)), [f"{format_number(100 * share, 0)}%" for share in fight])
    axes.set_xlabel("people who speak less when afraid")
    axes.set_ylabel("who speak more")
    axes.grid(visible=False)
    return figure
