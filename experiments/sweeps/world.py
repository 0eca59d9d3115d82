"""The task of a sweep's worker: one world under a setting."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from experiments.analysis.summary import MEASURES
from experiments.runs import Run, RunResult, simulate_run, warm_up
from experiments.sweeps.graphs import map_graph
from sim.setting import Setting
from sim.world import World

Task = tuple[Setting, str, int, int]  #: setting, hash of the files that its graph reads, seed, ticks


def prepare(tasks: Sequence[Task], folder: Path) -> None:
    """Load the kernels that these tasks need, so that no run's time holds their loading."""
    warm_up([_make_run(task, folder) for task in tasks])


def measure(task: Task, folder: Path, further: Sequence[str] = ()) -> tuple[dict[str, float], None]:
    """Return the measures of one world, totals and means (`experiments.analysis.summary`).

    Args:
        task: what to play.
        folder: for what the runs of one machine share.
        further: hourly measures beside `MEASURES`, each as its mean from the campaign's start on; nan where the world
            lacks it.
    """
    return _make_row(simulate_run(_make_run(task, folder)), task, further), None


def measure_hours(
    task: Task, folder: Path, further: Sequence[str] = ()
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Return the measures of one world and, beside them, every hour's."""
    played = simulate_run(_make_run(task, folder))
    known = [name for name in further if name in played.ticks]
    hours = {name: [float(x) for x in played.ticks[name]] for name in ("tick", *MEASURES, *known)}
    return _make_row(played, task, further), hours


def _make_row(played: RunResult, task: Task, further: Sequence[str]) -> dict[str, float]:
    late = played.ticks.iloc[task[0].campaign.start :]
    means = {name: float(late[name].mean()) if name in late else math.nan for name in further}
    return {name: float(played.row[name]) for name in MEASURES} | means


def find_missing_measures(settings: Iterable[Setting], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which of these hourly measures none of the worlds has, and all that they have."""
    found: set[str] = set()
    kinds: set[tuple[object, ...]] = set()
    for setting in settings:
        groups = [getattr(setting, group.name) for group in fields(setting)]
        kind = tuple(tuple(map(type, group)) if isinstance(group, tuple) else type(group) for group in groups)
        if kind not in kinds and not found.issuperset(names):
            kinds.add(kind)
            world = World(setting, rng=1)
            world.step()
            found.update(map(str, world.history))
    return [name for name in names if name not in found], sorted(found)


def _make_run(task: Task, folder: Path) -> Run:
    setting, files, seed, ticks = task
    return Run("sweep", "", "", "", seed, map_graph(setting, folder / "graphs", files), ticks)
