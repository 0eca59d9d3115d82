"""One look for every picture: colour-blind safe (Okabe & Ito), quiet axes, the same bytes for the same numbers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE, INK = "#8A8F98", "#E9ECEF", "#22262B"
WIDTH = 7.8

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    "svg.hashsalt": "report",
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
}


@contextmanager
def apply_style() -> Iterator[None]:
    """Draw and save inside this: the caller's own matplotlib settings and backend are left alone.

    Not `rc_context`: a process that serves the live page keeps its settings elsewhere, where that restores nothing.
    """
    settings: dict[Any, Any] = {**mpl.rcParamsDefault, **STYLE}
    settings.pop("backend", None)
    before: dict[Any, Any] = {name: mpl.rcParams[name] for name in settings}
    try:
        mpl.rcParams.update(settings)
        yield
    finally:
        mpl.rcParams.update(before)


def make_canvas(height: float) -> Figure:
    """Return an empty figure of the page's width, `height` in inches, laid out so that nothing overlaps."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_zero_line(axes: Axes, *, vertical: bool = False) -> None:
    """Mark "no effect"."""
    draw = axes.axvline if vertical else axes.axhline
    draw(0, color=INK, linewidth=0.9, zorder=1)


def save_figure(figure: Figure, folder: Path, name: str) -> str:
    """Write NAME.png and NAME.svg into `folder`; return the SVG cut for use inside an HTML page.

    The SVG holds no date, so the same numbers give the same bytes on the same versions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figure.draw_without_rendering()
    figure.set_layout_engine(None)  # laid out once; saving need not do it again
    figure.savefig(folder / f"{name}.png", metadata={"Software": None})
    path = folder / f"{name}.svg"
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    return inline_svg(path.read_text(encoding="utf-8"), name)


def inline_svg(svg: str, name: str) -> str:
    """Return the `<svg>` element alone: no prolog, metadata or namespaces, ids made unique by `name`."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    head, rest = svg.split(">", 1)
    svg = re.sub(r'\s(width|height)="[^"]*"', "", head) + ">" + rest
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    return svg.replace("url(#", f"url(#{name}-")
