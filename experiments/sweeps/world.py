"""What a worker of a sweep does with a task: one world under a setting."""

from collections.abc import Sequence
from typing import Any

from experiments.analysis.summary import MEASURES
from experiments.runs import Run, play, warm_up

Task = tuple[Any, int, int]  #: setting, seed, ticks
LABELS = ("family", "variant", "arm", "effort", "seed", "wall_time")


def prepare(tasks: Sequence[Task]) -> None:
    """Load the kernels that these tasks need, so that no run's time holds their loading."""
    warm_up([_run(task) for task in tasks])


def measure(task: Task) -> tuple[dict[str, float], None]:
    """Return the measures of one world, totals and means (`experiments.analysis.summary`)."""
    return {name: float(value) for name, value in play(_run(task)).row.items() if name not in LABELS}, None


def measure_hours(task: Task) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Return the measures of one world and, beside them, every hour's."""
    played = play(_run(task))
    hours = {name: [float(x) for x in played.ticks[name]] for name in ("tick", *MEASURES)}
    return {name: float(value) for name, value in played.row.items() if name not in LABELS}, hours


def _run(task: Task) -> Run:
    setting, seed, ticks = task
    return Run("sweep", "", "", "", seed, setting, ticks)
