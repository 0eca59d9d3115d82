"""What a worker of a sweep does with a task: one world under a setting."""

from collections.abc import Sequence
from pathlib import Path

from experiments.analysis.summary import MEASURES
from experiments.runs import Run, play, warm_up
from experiments.sweeps.graphs import mapped
from sim.setting import Setting

Task = tuple[Setting, str, int, int]  #: setting, hash of the files that its graph reads, seed, ticks
LABELS = ("family", "variant", "arm", "effort", "seed", "wall_time")


def prepare(tasks: Sequence[Task], folder: Path) -> None:
    """Load the kernels that these tasks need, so that no run's time holds their loading."""
    warm_up([_run(task, folder) for task in tasks])


def measure(task: Task, folder: Path) -> tuple[dict[str, float], None]:
    """Return the measures of one world, totals and means (`experiments.analysis.summary`)."""
    return {name: float(value) for name, value in play(_run(task, folder)).row.items() if name not in LABELS}, None


def measure_hours(task: Task, folder: Path) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Return the measures of one world and, beside them, every hour's."""
    played = play(_run(task, folder))
    hours = {name: [float(x) for x in played.ticks[name]] for name in ("tick", *MEASURES)}
    return {name: float(value) for name, value in played.row.items() if name not in LABELS}, hours


def _run(task: Task, folder: Path) -> Run:
    setting, files, seed, ticks = task
    return Run("sweep", "", "", "", seed, mapped(setting, folder / "graphs", files), ticks)
