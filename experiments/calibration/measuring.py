"""Measures for a calibration: the wanted numbers of the facts, and the headline, in worlds of one seed."""

from collections.abc import Sequence
from pathlib import Path

from experiments.calibration.moments import list_parts
from experiments.facts.table import SeedWorlds
from experiments.sweeps import world
from experiments.sweeps.graphs import map_graph
from sim.setting import Setting

LOST = "lost dissent, %"
UNARMED = ", no army"  #: behind the name of a number: the same in worlds without an army
Task = tuple[Setting, str, int, int, tuple[str, ...]]  #: as of a sweep, and what is wanted


def list_measures() -> list[str]:
    """Return everything that can be measured."""
    return [*list_parts(), *(name + UNARMED for name in list_parts()), LOST]


def prepare(tasks: Sequence[Task], folder: Path) -> None:
    """Load the kernels that these tasks need."""
    world.prepare([task[:4] for task in tasks], folder)


def measure(task: Task, folder: Path) -> tuple[dict[str, float], None]:
    """Return what is wanted, by name; `folder` keeps big graphs."""
    setting, files, seed, ticks, wanted = task
    return measure_seed(map_graph(setting, folder / "graphs", files), seed, ticks, wanted), None


def measure_seed(setting: Setting, seed: int, ticks: int, wanted: Sequence[str]) -> dict[str, float]:
    """Return what is wanted of one seed, by name; only the worlds that it needs are played."""
    worlds, known = SeedWorlds(setting, seed, ticks), list_parts()
    found = {}
    for name in wanted:
        if name != LOST:
            part = known[name.removesuffix(UNARMED)][1]
            found[name] = part.scale * part.measure(worlds.unarmed if name.endswith(UNARMED) else worlds)
    if LOST in wanted:
        found[LOST] = measure_lost_dissent(setting, seed, ticks)
    return {name: float(value) for name, value in found.items()}


def measure_lost_dissent(setting: Setting, seed: int, ticks: int) -> float:
    """Return the dissent lost to the operation, % of what stands without it, in one pair of worlds."""
    import pandas as pd

    from experiments.analysis.losses import compute_losses
    from experiments.runs import simulate_group
    from experiments.suppression import make_pairs

    played = simulate_group(list(make_pairs("main", "full", setting, [seed], ticks)))
    return float(compute_losses(pd.DataFrame([one.row for one in played]))["lost_percent"].iloc[0])
