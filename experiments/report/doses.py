"""A picture of the dose-response curve."""

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.dose import RESPONSES
from experiments.report.formatting import format_share
from experiments.report.results import Results
from experiments.report.style import BLUE, GREY, INK, VERMILLION, draw_zero_line, make_canvas

LABELS = dict(zip(RESPONSES, (("posts", VERMILLION), ("impressions", BLUE)), strict=True))
TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 0.997)


def draw_dose(results: Results) -> Figure:
    """Lost dissent, posts and impressions, at each share of the topic's posts that the army writes."""
    curve, half = results["doses"], results.get_finding("half_dose")
    figure = make_canvas(3.4)
    axes = figure.subplots()
    draw_zero_line(axes)
    for outcome, (label, colour) in LABELS.items():
        rows = curve[(curve["outcome"] == outcome) & curve["dose"].between(0, 1, inclusive="neither")].sort_values(
            "dose"
        )
        x = _compute_log_odds(rows["dose"].to_numpy(np.float64))
        axes.fill_between(x, rows["lo"], rows["hi"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, rows["value"], "o-", color=colour, ms=4, label=f"lost dissent, {label}")
    for share, text, dash in (
        (results.get_finding("army_share").value, "main setting", (0, (1, 2))),
        (half.value, "half of the lost posts", (0, (4, 2))),
    ):
        if 0 < share < 1:
            axes.axvline(float(_compute_log_odds(np.array(share))), color=GREY, linestyle=dash, linewidth=1, label=text)
    low, high = axes.get_xlim()
    ticks = np.array(TICKS)
    shown = ticks[(_compute_log_odds(ticks) >= low) & (_compute_log_odds(ticks) <= high)]
    axes.set_xticks(_compute_log_odds(shown), [format_share(share) for share in shown], color=INK)
    axes.set_xlabel("dose: the army\u2019s share of the posts on the topic, log odds")
    axes.set_ylabel("% of what stands without the operation")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _compute_log_odds(share: np.ndarray) -> np.ndarray:
    return np.log(share / (1 - share))
