"""The picture of speed: time of an activation in each phase, by size of the world."""

from pathlib import Path
from typing import Any

from benchmarks.phases import PHASES
from experiments.report import style
from experiments.report.style import BLACK, BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION, YELLOW, make_canvas

COLOURS = dict(zip(PHASES, (GREY, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, SKY, YELLOW, BLACK), strict=True))
MARKS = dict(zip(PHASES, "osD^vhPX*", strict=True))


def draw_speed(sizes: list[dict[str, Any]], folder: Path) -> None:
    """Write speed.png and speed.svg into `folder`: microseconds of an activation, both axes logarithmic.

    Args:
        sizes: results of `benchmarks.measure.measure`, smallest first.
    """
    with style.apply_style():
        figure = make_canvas(4.4)
        axes = figure.subplots()
        people = [size["people"] for size in sizes]
        for phase in PHASES:
            costs = [_compute_each(size, size["ms a tick"][phase]) for size in sizes]
            axes.plot(people, costs, color=COLOURS[phase], marker=MARKS[phase], ms=5, label=phase)
        whole = [_compute_each(size, size["ms a tick"]["tick"]) for size in sizes]
        axes.plot(people, whole, color=INK, linewidth=2.6, marker="o", ms=5, label="a whole tick")
        gather = [1e6 * size["followees"] / size["edges a second of the bare gather"] for size in sizes]
        axes.plot(people, gather, color=INK, linestyle=":", marker=".", label="bare gather of the followees")
        plain = [(size["people"], size["plain Mesa, ms a tick"]["tick"], size) for size in sizes if _plain(size)]
        if plain:
            axes.plot(
                [count for count, _, _ in plain],
                [_compute_each(size, tick) for _, tick, size in plain],
                color=INK, linestyle="", marker="s", ms=8, mfc="none", label="plain Mesa, a whole tick",
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="people", title="Microseconds an activation, one thread")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        style.save_figure(figure, folder, "speed")


def _compute_each(size: dict[str, Any], milliseconds: float) -> float:
    return 1e3 * milliseconds / size["activations a tick"]


def _plain(size: dict[str, Any]) -> bool:
    return "plain Mesa, ms a tick" in size
